"""While compat is active, the elements of a Dataset are TensorFlow's tensors to whoever loops over it or maps it.

Inside, and in fit, evaluate and predict, they stay plain torch tensors and texts.
"""

from anmok.data import faces

_before = None


class TensorFlowFace(faces.Face):
    """Tensors as Tensor, text as StringTensor; lists and numbers have the formats that TensorFlow gives them."""

    lists_are_tuples = True  # tf.py_function returns a list of tensors that may differ in shape

    def shown(self, leaf):
        import torch

        from anmok.compat import tensors, texts

        if isinstance(leaf, torch.Tensor):
            return tensors.wrapped(leaf)
        return texts.StringTensor(leaf) if texts.is_text(leaf) else leaf

    def spec(self, spec):
        from anmok.compat.specs import TensorSpec

        return TensorSpec.of(spec)

    def taken(self, value):
        from anmok.compat import tensors, texts

        if isinstance(value, texts.StringTensor):
            return value.numpy()
        if isinstance(value, tensors.Tensor):
            return tensors.plain(value)
        if isinstance(value, list) and texts.is_text(value):
            return texts.StringTensor(value).numpy()
        if type(value) in (bool, int, float) or (isinstance(value, list) and value):
            made = tensors.as_tensor(value)
            return made.numpy() if isinstance(made, texts.StringTensor) else tensors.plain(made)
        return value


def set_up():
    """Put TensorFlow's face on all Datasets."""
    global _before
    _before = faces.use(TensorFlowFace())


def take_down():
    """Bring back the face that was on before."""
    faces.use(_before)
