"""What a model costs: weights, and multiply-accumulates (MACs) for one sample, layer by layer.

Dense and the convolutions are counted by formula, positions of 'same' padding included as papers do. Of every other
layer the matrix products and convolutions in its own code are counted (Dot, a Lambda, a layer of one's own);
normalization, pooling, activations and merging make none and count 0. One MAC is two of what is called FLOPs.
"""

import math
from dataclasses import dataclass

import torch
from rich.text import Text
from torch.utils import _pytree as pytree
from torch.utils.flop_counter import FlopCounterMode

from anmok.errors import AnmokError, ArgumentError, NotBuiltError
from anmok.layers import (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from anmok.models import summary, table


@dataclass(frozen=True)
class LayerCost:
    """One layer: numbers in its weights, and multiply-accumulates for one sample, over all its calls."""

    name: str
    type: str
    output_shape: tuple  # batch first, as None; a structure of such tuples for several outputs
    params: int
    macs: int
    level: int = 0  # how deep the layer is nested


@dataclass(frozen=True)
class ModelCost:
    """A row for each layer, and the totals; a shared layer counts once in `params`, each call in `macs`."""

    name: str
    rows: tuple
    params: int
    macs: int

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


def model_cost(model, *, input_shape=None, expand_nested=False):
    """The ModelCost of a built model: weights and multiply-accumulates for one sample.

    input_shape: batch first, where the model leaves sizes open, such as (None, 224, 224, 3); a list or dict of shapes
    for several inputs. expand_nested: also a row for each layer of the models inside (their costs are within those of
    the row above). Raises NotBuiltError, or ArgumentError where a size stays unknown.
    """
    inputs = _sample(model, input_shape)
    calls = _Calls(model)
    try:
        calls.run(inputs)
    except AnmokError:
        raise
    except Exception as error:
        raise ArgumentError(
            f"Model '{model.name}' cannot be run on the `meta` device, where its multiplications are counted: {error}"
        ) from error
    rows = tuple(_rows(model, calls, expand_nested))
    return ModelCost(model.name, rows, model.count_params(), calls.total)


def print_cost(model, *, input_shape=None, expand_nested=False, line_length=None, print_fn=None):
    """Print `model_cost` as a table like that of `model.summary()`."""
    cost = model_cost(model, input_shape=input_shape, expand_nested=expand_nested)
    header = [
        ("Layer (type)", "left", 0.55),
        ("Output Shape", "left", 0.45),
        ("Param #", "right", None),
        ("MACs", "right", None),
    ]
    table.show(
        Text(f'Model: "{model.name}"', style="bold"),
        header,
        [
            [
                summary.name_text(row.name, row.type, row.level),
                summary.shape_text(summary.written(row.output_shape)),
                Text(f"{row.params:,}", style="color(34)"),
                Text(f"{row.macs:,}", style="color(34)"),
            ]
            for row in cost
        ],
        [
            Text.assemble((" Total params: ", "bold"), (f"{cost.params:,}", "color(34)")),
            Text.assemble((" Total MACs: ", "bold"), (f"{cost.macs:,}", "color(34)"), " multiply-accumulates a sample"),
        ],
        width=table.line_width(100) if line_length is None else line_length,
        print_fn=print_fn,
    )


# Formulas ----------------------------------------------------------------------------------------------------------


def _dense(layer, inputs, outputs):
    return math.prod(outputs[1:]) * inputs[-1]


def _convolution(layer, inputs, outputs):
    channels = _channels(layer, inputs) // layer.groups
    return _positions(layer, outputs) * math.prod(layer.kernel_size) * channels * layer.filters


def _depthwise(layer, inputs, outputs):
    maps = _channels(layer, inputs) * layer.depth_multiplier
    return _positions(layer, outputs) * math.prod(layer.kernel_size) * maps


def _separable(layer, inputs, outputs):
    mixing = _positions(layer, outputs) * _channels(layer, inputs) * layer.depth_multiplier * layer.filters
    return _depthwise(layer, inputs, outputs) + mixing


def _transposed(layer, inputs, outputs):
    # Every input position is spread over a whole kernel; what 'same' crops away afterwards was computed.
    return _positions(layer, inputs) * math.prod(layer.kernel_size) * _channels(layer, inputs) * layer.filters


def _positions(layer, shape):
    return math.prod(layer.spatial_sizes(shape))


def _channels(layer, shape):
    return layer.channels_of(shape)


# Exactly these classes: what somebody derives from them may compute something else, and is counted as it runs.
_FORMULAS = {
    Dense: _dense,
    Conv1D: _convolution,
    Conv2D: _convolution,
    DepthwiseConv1D: _depthwise,
    DepthwiseConv2D: _depthwise,
    SeparableConv1D: _separable,
    SeparableConv2D: _separable,
    Conv1DTranspose: _transposed,
    Conv2DTranspose: _transposed,
}


# Running -----------------------------------------------------------------------------------------------------------


class _Calls:
    """Every call of a layer during one run of the model on the `meta` device, with what it costs."""

    def __init__(self, model):
        self.model = model
        self.macs = {}  # (id of the caller, id of the layer) -> MACs of all such calls
        self.shapes = {}  # the same -> shapes of what they made
        self.total = 0
        self._open = []  # of each call under way: [layer, MACs of the calls inside, flops counted inside them, before]

    def run(self, inputs):
        hooks = []
        for layer in self.model._flatten_layers():
            hooks.append(layer.register_forward_pre_hook(self._enter))
            hooks.append(layer.register_forward_hook(self._leave, with_kwargs=True))
        try:
            with FlopCounterMode(display=False) as self._counter:
                self.model._run_on_meta((inputs,), {})
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, layer, args):
        self._open.append([layer, 0, 0, self._counter.get_total_flops()])

    def _leave(self, layer, args, kwargs, outputs):
        _, inner_macs, inner_flops, before = self._open.pop()
        flops = self._counter.get_total_flops() - before
        tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if torch.is_tensor(leaf)]
        formula = _FORMULAS.get(type(layer))
        if formula is not None:
            own = formula(layer, tuple(tensors[0].shape), tuple(outputs.shape))
        else:
            batch = max(tensors[0].shape[0], 1) if tensors and tensors[0].dim() else 1
            own = (flops - inner_flops) // (2 * batch)
        macs = own + inner_macs
        if not self._open:
            self.total = macs
            return
        caller = self._open[-1]
        caller[1] += macs
        caller[2] += flops
        key = id(caller[0]), id(layer)
        self.macs[key] = self.macs.get(key, 0) + macs
        self.shapes[key] = pytree.tree_map(lambda leaf: (None, *leaf.shape[1:]), outputs)


def _rows(model, calls, expand_nested, level=0):
    for layer in model.layers:
        key = id(model), id(layer)
        if key not in calls.macs:  # an Input, or a layer that the model's `call` leaves out
            continue
        params = layer.count_params() if layer.built else 0
        name, kind = layer.name, summary.type_name(layer)
        yield LayerCost(name, kind, calls.shapes[key], params, calls.macs[key], level)
        if expand_nested and hasattr(layer, "graph"):
            yield from _rows(layer, calls, expand_nested, level + 1)


def _sample(model, input_shape):
    """A `meta` tensor (or a structure of them) of batch size 1, or the batch size that the model fixes."""
    if not model.built or (model.graph is None and model.built_input_shape is None and input_shape is None):
        raise NotBuiltError(
            f"Model '{model.name}' is not built, so its costs are not known: give it an Input, or call it on data or "
            "build((None, ...)) first."
        )
    if model.graph is None:
        shapes, structure = _flat_shapes(model.built_input_shape if input_shape is None else input_shape)
        dtypes = ["float32"] * len(shapes)
    else:
        tensors, structure = pytree.tree_flatten(model.graph.inputs)
        shapes, dtypes = [tensor.shape for tensor in tensors], [tensor.dtype for tensor in tensors]
        if input_shape is not None:
            given, _ = _flat_shapes(input_shape)
            shapes = [_agreed(*pair) for pair in _paired(given, tensors, model)]
    for shape in shapes:
        if None in shape[1:]:
            raise ArgumentError(
                f"Model '{model.name}' takes inputs of shape {shape}: give input_shape=, all sizes after the batch, to "
                "count multiplications."
            )
    tensors = [
        torch.empty([shape[0] or 1, *shape[1:]], dtype=getattr(torch, dtype), device="meta")
        for shape, dtype in zip(shapes, dtypes, strict=True)
    ]
    return pytree.tree_unflatten(tensors, structure)


def _is_shape(entry):
    return isinstance(entry, (list, tuple)) and all(size is None or isinstance(size, int) for size in entry)


def _flat_shapes(structure):
    shapes, description = pytree.tree_flatten(structure, is_leaf=_is_shape)
    if not shapes or not all(_is_shape(shape) for shape in shapes):
        raise ArgumentError(f"Expected input_shape like (None, 224, 224, 3), or a list of such, got {structure!r}.")
    return [tuple(shape) for shape in shapes], description


def _paired(given, tensors, model):
    if len(given) != len(tensors):
        raise ArgumentError(f"Model '{model.name}' has {len(tensors)} inputs, input_shape names {len(given)}.")
    return zip(given, tensors, strict=True)


def _agreed(given, tensor):
    if len(given) == len(tensor.shape) - 1:
        given = (None, *given)
    fits = len(given) == len(tensor.shape) and all(
        None in (size, own) or size == own for size, own in zip(given, tensor.shape, strict=True)
    )
    if not fits:
        raise ArgumentError(f"input_shape {given} does not fit the model's input of shape {tensor.shape}.")
    return tuple(own if size is None else size for size, own in zip(given, tensor.shape, strict=True))
