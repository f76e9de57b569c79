"""tensorflow_hub: KerasLayer and load on local files and torch modules; TensorFlow's own hub holds SavedModels."""

from anmok.errors import ArgumentError
from anmok.models import Model, hub
from anmok.models.hub import from_hub

__all__ = ["KerasLayer", "__version__", "load"]

__version__ = "0.16.1"
_NOT_HERE = ("arguments", "tags", "signature", "signature_outputs_as_dict", "output_key", "load_options")


class KerasLayer(hub.KerasLayer):
    """A .keras, .h5 or .onnx file (a path or URL), a Model or a torch module as a layer; see anmok.hub.KerasLayer."""

    def __init__(self, handle, trainable=False, **kwargs):
        for name in _NOT_HERE:
            if kwargs.pop(name, None) is not None:
                raise ArgumentError(f"hub.KerasLayer: {name} is for SavedModels of TensorFlow; leave it out.")
        super().__init__(handle, trainable=trainable, **kwargs)


def load(handle, tags=None, options=None):
    """The model in a file, to be called on tensors."""
    if tags is not None or options is not None:
        raise ArgumentError("hub.load: tags and options are for SavedModels of TensorFlow; leave them out.")
    found = from_hub(handle)
    return found if isinstance(found, Model) else KerasLayer(found.module)
