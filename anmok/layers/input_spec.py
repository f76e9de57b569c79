"""InputSpec: what a layer of one's own says about its inputs (as in Keras)."""

from anmok.errors import ShapeError


class InputSpec:
    """Rank, shape, type and single axes that an input must have; None asks for nothing. `axes`: {axis: length}."""

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): length for axis, length in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional

    def get_config(self):
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        given = {name: value for name, value in self.get_config().items() if value not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in given.items())})"

    def _fits(self, shape):
        rank = len(shape)
        wanted = self.shape
        if wanted is not None and self.allow_last_axis_squeeze and rank != len(wanted) and 1 in (shape[-1], wanted[-1]):
            wanted, shape = (tuple(s[:-1]) if s and s[-1] == 1 else tuple(s) for s in (wanted, shape))
            rank = len(shape)
        elif self.ndim is not None and rank != self.ndim:
            return False
        if (self.max_ndim is not None and rank > self.max_ndim) or (self.min_ndim is not None and rank < self.min_ndim):
            return False
        if any(not -rank <= axis < rank or _differ(shape[axis], length) for axis, length in self.axes.items()):
            return False
        return wanted is None or (rank == len(wanted) and not any(map(_differ, shape, wanted)))


def _differ(size, wanted):
    return size is not None and wanted is not None and size != wanted


def check(layer, shapes):
    """Raise ShapeError, naming the layer, where `shapes` (of its inputs) are not as its `input_spec` says."""
    specs = layer.input_spec if isinstance(layer.input_spec, (list, tuple)) else [layer.input_spec]
    for spec, shape in zip(specs, shapes, strict=False):
        if isinstance(spec, InputSpec) and not spec._fits(tuple(shape)):
            raise ShapeError(f"{type(layer).__name__} '{layer.name}': expected {spec!r}, got shape {tuple(shape)}.")
