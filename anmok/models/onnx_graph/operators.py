"""The operators of ONNX that image classifiers use: one table of name to function.

Each function takes the Call (attributes, opset, whether it is trained) and the inputs, None where left out, and returns
one tensor or a tuple. Whole numbers that say shapes stay on the CPU, also where the images are on `meta` or a GPU.
Source: https://onnx.ai/onnx/operators/, from operator set 7 on, and 6's `axis` of arithmetic.
"""

import torch

from anmok.errors import AnmokError, FileFormatError, ShapeError
from anmok.models.onnx_graph import arithmetic, shapes, windows

SETTINGS = shapes.SETTINGS
KNOWN = {**arithmetic.OPERATORS, **windows.OPERATORS, **shapes.OPERATORS}
STATISTICS = {"BatchNormalization": (3, 4)}  # inputs that are no parameters: running mean and variance
_MOST_TOLD = 1 << 20  # so many numbers are enough to tell shapes


class Call:
    """One node of the graph: an operator, the names of what it reads and makes, its attributes."""

    def __init__(self, node, opset):
        if not isinstance(node["op"], str) or node["op"] not in KNOWN:
            raise FileFormatError(f"its ONNX graph uses the operator {node['op']!r}, unknown here.")
        self.op, self.opset = node["op"], opset
        self.inputs, self.outputs = list(map(str, node["inputs"])), list(map(str, node["outputs"]))
        self.attributes = dict(node["attributes"])
        self.training, self.sizes = False, None
        self._function = KNOWN[self.op]

    def get(self, name, default=None):
        """An attribute's value."""
        return self.attributes.get(name, default)

    def run(self, inputs, training, sizes, trial=False):
        """The outputs as a tuple. sizes: (batch size it was exported for, this one's) where they differ, else None.

        trial: the images are on `meta`, so that what is not there only tells shapes.
        """
        self.training, self.sizes = training, sizes
        try:
            if trial:
                self._refuse_large(inputs)
            result = self._function(self, *_on_one_device(inputs))
        except AnmokError:
            raise
        except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
            found = ", ".join(str(tuple(tensor.shape)) for tensor in inputs if tensor is not None)
            fixed = f" The graph was exported for batches of {sizes[0]}." if sizes else ""
            raise ShapeError(
                f"ONNX operator {self.op} ({', '.join(self.outputs)}) cannot take inputs of shapes {found}: "
                f"{error}.{fixed}"
            ) from error
        return result if isinstance(result, (tuple, list)) else (result,)

    def _refuse_large(self, inputs):
        """Raise where numbers that only tell shapes would grow beyond what shapes need: tried on `meta` first."""
        given = [tensor for tensor in inputs if tensor is not None]
        if not given or any(tensor.is_meta for tensor in given):
            return
        settings = SETTINGS.get(self.op, ())
        tried = [x if x is None or i in settings else x.to("meta") for i, x in enumerate(inputs)]
        result = self._function(self, *tried)
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if tensor.numel() > _MOST_TOLD:
                raise FileFormatError(
                    f"{self.op} in an ONNX graph makes {tensor.numel():,} numbers out of nothing but shapes."
                )


def _on_one_device(inputs):
    """Constants, which are kept on the CPU, brought to where the others are."""
    devices = {tensor.device for tensor in inputs if torch.is_tensor(tensor)}
    if len(devices) < 2:
        return inputs
    target = next(device for device in devices if device.type != "cpu")
    # Whole numbers keep telling shapes: functions that read them do so on the CPU.
    return [
        tensor.to(target) if torch.is_tensor(tensor) and (tensor.is_floating_point() or tensor.dim() == 0) else tensor
        for tensor in inputs
    ]
