"""Convolution in which each output map sees the input maps that a table gives it, as in LeNet-5."""

import torch
import torch.nn.functional as F

from anmok import initializers, outside
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.arguments import integers
from anmok.layers.padding import check_windows_fit
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer


@add
class SparseConv2D(SpatialLayer):
    """Convolution of images (B, H, W, C) to (B, H', W', len(table)) over the connections of a table, 'valid'.

    table: for each output map the numbers (from 0) of the input maps it is connected to. There is a kernel for each
    connection, so that weights (height, width, connections) and multiplications are those of the table and no more.
    Source: LeCun et al. 1998, table I. Raises ArgumentError for a table with empty or repeated entries, ShapeError for
    inputs that do not have all the maps it names.
    """

    keras_module = None  # Keras has no such layer

    def __init__(self, table, kernel_size, kernel_initializer="glorot_uniform", bias_initializer="zeros", **kwargs):
        super().__init__(**kwargs)
        self.table = tuple(tuple(maps) for maps in table)
        if not self.table or any(not maps or len(set(maps)) < len(maps) or min(maps) < 0 for maps in self.table):
            raise ArgumentError(
                f"SparseConv2D '{self.name}': the table must name one or more input maps, each once, for every output "
                f"map; got {table!r}."
            )
        self.kernel_size = integers("SparseConv2D", "kernel_size", kernel_size, 2)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self._sources = [source for maps in self.table for source in maps]
        self._fan_in = [len(maps) for maps in self.table]

    def build(self, input_shape):
        channels = self.channels_of(input_shape)
        if max(self._sources) >= channels:
            raise ShapeError(
                f"SparseConv2D '{self.name}': the table names input map {max(self._sources)} (from 0), the input has "
                f"{channels} of them."
            )
        check_windows_fit(self, "kernel", self.spatial_sizes(input_shape), self.kernel_size, (1, 1))
        shape = (*self.kernel_size, len(self._sources))
        self.kernel = self.add_weight(shape, self._scaled, name="kernel", axes=(2, 0, 1))
        self.bias = self.add_weight((len(self.table),), self.bias_initializer, name="bias")

    def _scaled(self, shape, dtype=None):
        """Kernels drawn for each output map by itself, since they have different numbers of inputs."""
        height, width, _ = shape
        drawn = [outside.plain(self.kernel_initializer((height, width, n, 1), dtype=dtype)) for n in self._fan_in]
        drawn = [kernel[..., 0] for kernel in drawn]
        return torch.cat(drawn, dim=2)

    def call(self, inputs):
        x = self.torch_view(inputs)[:, self._sources]
        y = F.conv2d(x, self.kernel.unsqueeze(1), groups=len(self._sources))
        maps = [part.sum(1) for part in y.split(self._fan_in, 1)]
        return self.keras_view(torch.stack(maps, 1) + self.bias.view(-1, 1, 1))
