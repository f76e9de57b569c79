"""What layers over series (B, steps, C) and images (B, H, W, C) share: which axis is which."""

from anmok.errors import ShapeError
from anmok.layers.arguments import data_format as checked_data_format
from anmok.layers.layer import Layer

_AXES = {1: ("steps",), 2: ("height", "width")}
_FORGOTTEN = {
    1: "A series needs its channel axis: x[..., None].",
    2: "A grey image needs its channel axis: images[..., None].",
}


class SpatialLayer(Layer):
    """A layer whose input has a batch axis, `rank` spatial axes, and channels (last, or first if told so)."""

    rank = 2

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = checked_data_format(type(self).__name__, data_format)
        self._channels_last = self.data_format == "channels_last"
        self._channel_axis = self.rank + 1 if self._channels_last else 1
        self._spatial_axes = tuple(range(1, self.rank + 1) if self._channels_last else range(2, self.rank + 2))

    def check_rank(self, shape):
        """Raise ShapeError unless `shape` has a batch axis, the spatial ones, and channels."""
        if not isinstance(shape, (tuple, list)) or len(shape) != self.rank + 2:
            axes = list(_AXES[self.rank])
            axes.insert(self.rank if self._channels_last else 0, "channels")
            hint = f" {_FORGOTTEN[self.rank]}" if len(shape) == self.rank + 1 else ""
            shape = tuple(shape) if isinstance(shape, tuple) else shape
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': expected (batch, {', '.join(axes)}), got {shape}.{hint}"
            )

    def channels_of(self, shape):
        """How many channels inputs of that shape have; raises ShapeError where that is not known."""
        self.check_rank(shape)
        channels = shape[self._channel_axis]
        if channels is None:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': the number of channels must be known, got {tuple(shape)}. "
                "Give it in the Input's shape, such as (None, None, 3)."
            )
        return channels

    def spatial_sizes(self, shape):
        return tuple(shape[axis] for axis in self._spatial_axes)

    def torch_view(self, x):
        """`x` as PyTorch has it, (B, C, ...): the memory stays channels last, which its kernels prefer."""
        if not self._channels_last:
            return x
        return x.permute(0, 3, 1, 2) if self.rank == 2 else x.permute(0, 2, 1)

    def keras_view(self, x):
        """Back from `torch_view`."""
        if not self._channels_last:
            return x
        return x.permute(0, 2, 3, 1) if self.rank == 2 else x.permute(0, 2, 1)
