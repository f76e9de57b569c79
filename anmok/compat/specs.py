"""TensorSpec: what tf.data says of an element's tensors."""

from anmok.compat.dtypes import TensorShape, as_dtype, string


class TensorSpec:
    """Shape (None: of any number of axes) and format of a tensor, and its name."""

    def __init__(self, shape=None, dtype="float32", name=None):
        self.shape = None if shape is None else TensorShape(shape)
        self.dtype = as_dtype(dtype)
        self.name = name

    @classmethod
    def of(cls, spec):
        """The one for a TensorSpec of anmok.data.elements; anything else as it is."""
        if not hasattr(spec, "dtype"):
            return spec
        return cls(spec.shape, string if spec.dtype is str else spec.dtype)

    @classmethod
    def from_tensor(cls, tensor, name=None):
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, tensor):
        same = as_dtype(tensor.dtype) is self.dtype
        return same and (self.shape is None or self.shape.is_compatible_with(tensor.shape))

    def __eq__(self, other):
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def __repr__(self):
        shape = "<unknown>" if self.shape is None else self.shape
        return f"TensorSpec(shape={shape}, dtype={self.dtype!r}, name={self.name!r})"
