"""Where a graph begins: Input and InputLayer."""

from anmok.errors import ArgumentError
from anmok.layers import registered
from anmok.layers.layer import Layer
from anmok.layers.symbolic import KerasTensor, Node
from anmok.mixed_precision import format_name
from anmok.notices import old_spelling


@registered.add
class InputLayer(Layer):
    """The place where data enters a graph; passes it on unchanged (as in Keras).

    shape: of one sample, without the batch. batch_shape: with it. dtype: of the tensors, 'float32' if not given.
    """

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        if "input_shape" in kwargs:
            old_spelling("InputLayer(input_shape=...)", "InputLayer(shape=...)")
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            old_spelling("InputLayer(batch_input_shape=...)", "InputLayer(batch_shape=...)")
            batch_shape = kwargs.pop("batch_input_shape")
        super().__init__(name=name or None, **kwargs)
        if sparse or ragged:
            raise ArgumentError("InputLayer: sparse and ragged inputs are not supported; pass dense tensors.")
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise ArgumentError(f"InputLayer: input_tensor must be a KerasTensor, got {input_tensor!r}.")
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        if batch_shape is None:
            if shape is None:
                raise ArgumentError("InputLayer needs a shape, such as shape=(28, 28, 1).")
            if isinstance(shape, int):
                old_spelling(f"Input({shape})", f"Input(shape=({shape},))")
                shape = (shape,)
            batch_shape = (batch_size, *shape)
        self.batch_shape = tuple(batch_shape)
        for length in self.batch_shape:
            if length is not None and (not isinstance(length, int) or length < 0):
                raise ArgumentError(f"InputLayer: expected a shape of whole numbers or None, got {self.batch_shape}.")
        self._input_dtype = format_name(dtype or "float32")
        self.sparse, self.ragged, self.optional = False, False, bool(optional)
        self.built = True
        output = input_tensor
        if output is None or output.node is not None:
            output = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        Node(self, (), {}, output)

    @property
    def dtype(self):
        return self._input_dtype

    def call(self, inputs):
        return inputs

    @property
    def input(self):
        return self.output

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._input_dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
    **kwargs,
):
    """A symbolic tensor to build a model on (as in Keras).

    shape: of one sample, such as (28, 28, 1), or a number for vectors. Returns a KerasTensor with the batch in front.
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
        **kwargs,
    )
    return layer.output
