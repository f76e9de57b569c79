"""A network described by a recipe (see reading), run with torch's operators."""

import numpy as np
import torch

from anmok.errors import AnmokError, ArgumentError, FileFormatError, ShapeError
from anmok.layers.allotment import zeros_for
from anmok.models.onnx_graph.operators import Call

_CHANNELS = (1, 3, 4)


class OnnxGraph(torch.nn.Module):
    """An ONNX graph as a torch module: tensors in the layout of the file in and out.

    recipe: plain data, as `reading` makes it. arrays: {name: array} of the weights; zeros where they come from a file
    later. owner: who it is for, in errors. Raises FileFormatError for recipes that are none.
    """

    def __init__(self, recipe, arrays=None, *, owner="ONNX graph"):
        super().__init__()
        self.recipe = recipe
        self._tried = False
        self.weight_names = {}  # name of the parameter: name in the file
        try:
            self._take(recipe, arrays, owner)
        except AnmokError:
            raise
        except Exception as error:
            raise FileFormatError(f"{owner}: its ONNX graph is damaged ({type(error).__name__}: {error}).") from error

    def _take(self, recipe, arrays, owner):
        self._opset = int(recipe["opset"])
        self._inputs = [str(entry["name"]) for entry in recipe["inputs"]]
        self._outputs = [str(name) for name in recipe["outputs"]]
        self.input_shapes = [entry["shape"] for entry in recipe["inputs"]]
        self._constants = {name: _tensor(entry) for name, entry in recipe["constants"].items()}
        self._parameter_of = {}
        for number, entry in enumerate(recipe["weights"]):
            key, name, shape = f"weight_{number}", entry["name"], tuple(entry["shape"])
            if arrays is None:
                value = zeros_for(shape, torch.float32, owner)
                value = torch.zeros(shape) if value is None else value
            else:
                value = torch.from_numpy(np.ascontiguousarray(arrays[name]))
            self.register_parameter(key, torch.nn.Parameter(value, requires_grad=bool(entry["trainable"])))
            self.weight_names[key], self._parameter_of[name] = str(name), key
        self._calls = [Call(node, self._opset) for node in recipe["nodes"]]
        self._plan_release()
        if not self._inputs or not self._outputs:
            raise FileFormatError(f"{owner}: its ONNX graph has no inputs or no outputs.")

    def _plan_release(self):
        """After which call each value is read no more; every name must be there before it is read."""
        known = {*self._inputs, *self._constants, *self._parameter_of}
        last = {}
        for index, call in enumerate(self._calls):
            for name in call.inputs:
                if name and name not in known:
                    raise FileFormatError(f"its ONNX graph reads {name!r}, which nothing makes.")
                last[name] = index
            known.update(call.outputs)
        if missing := [name for name in self._outputs if name not in known]:
            raise FileFormatError(f"its ONNX graph returns {missing[0]!r}, which nothing makes.")
        self._free = [[] for _ in self._calls]
        for name, index in last.items():
            if name not in self._outputs:
                self._free[index].append(name)

    def told_format(self, given):
        """The data format: as given, else what the declared input says; raises ArgumentError where it says nothing."""
        if given is not None:
            return given
        images = [shape for shape in self.input_shapes if shape is not None and len(shape) == 4]
        first = [shape for shape in images if shape[1] in _CHANNELS and shape[3] not in _CHANNELS]
        last = [shape for shape in images if shape[3] in _CHANNELS and shape[1] not in _CHANNELS]
        if images and len(first) == len(images):
            return "channels_first"
        if len(last) == len(images) and None not in self.input_shapes:
            return "channels_last"
        raise ArgumentError(
            f"The ONNX graph declares its input as {self.input_shapes[0]}, which does not say where the channels are: "
            "pass data_format='channels_first' (as PyTorch exports) or 'channels_last'."
        )

    def forward(self, *inputs):
        """One tensor, or a list of them where the graph has several outputs."""
        if len(inputs) != len(self._inputs):
            raise ShapeError(
                f"The ONNX graph takes {len(self._inputs)} inputs ({', '.join(self._inputs)}), got {len(inputs)}."
            )
        for name, shape, tensor in zip(self._inputs, self.input_shapes, inputs, strict=True):
            _check(name, shape, tensor)
        trial = all(tensor.is_meta for tensor in inputs)
        if not trial and not self._tried:
            with torch.no_grad():
                self.forward(*(tensor.to("meta") for tensor in inputs))
        self._tried = True
        weights = {name: getattr(self, key) for name, key in self._parameter_of.items()}
        if trial:
            weights = {name: weight.to("meta") for name, weight in weights.items()}
        values = {**self._constants, **weights}
        values.update(zip(self._inputs, inputs, strict=True))
        exported, batch = (self.input_shapes[0] or [None])[0], inputs[0].shape[0] if inputs[0].dim() else None
        sizes = (exported, batch) if exported not in (None, batch) else None
        for call, free in zip(self._calls, self._free, strict=True):
            read = [values[name] if name else None for name in call.inputs]
            for name, value in zip(
                call.outputs, call.run(read, self.training and not trial, sizes, trial), strict=False
            ):
                values[name] = value
            for name in free:
                values.pop(name, None)
        outputs = [values[name] for name in self._outputs]
        return outputs[0] if len(outputs) == 1 else outputs


def _check(name, shape, tensor):
    """Raise ShapeError where an input is not as declared; the batch may be any."""
    if shape is None:
        return
    fits = len(shape) == tensor.dim() and all(
        length is None or length == found for length, found in zip(shape[1:], tensor.shape[1:], strict=True)
    )
    if not fits:
        raise ShapeError(
            f"The ONNX graph takes {name!r} of shape {tuple(shape)}, got {tuple(tensor.shape)} (None: any length)."
        )


def _tensor(entry):
    dtype = np.dtype(entry["dtype"])
    if dtype.kind not in "fiub":
        raise FileFormatError(f"Expected an array of numbers, got {entry['dtype']!r}.")
    return torch.from_numpy(np.asarray(entry["values"], dtype).reshape(entry["shape"]).copy())
