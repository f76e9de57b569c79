"""What a person hands to a model, made to fit the graph's inputs: order, number format, device, rank."""

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok import notices
from anmok.errors import ShapeError


class InputReader:
    """Turns the inputs of a call into the list of tensors that a graph runs on.

    any_size: inputs need the graph's number of axes, whatever their lengths.
    """

    def __init__(self, graph, model_name, *, any_size=False):
        self._any_size = any_size
        self.graph = graph
        self._model = model_name
        self._names = [tensor.node.layer.name for tensor in graph.input_list]
        self._keys = list(graph.inputs) if isinstance(graph.inputs, dict) else None
        self._shapes = [tensor.shape for tensor in graph.input_list]
        self._dtypes = [getattr(torch, tensor.dtype) for tensor in graph.input_list]
        self._tails = [shape[1:] for shape in self._shapes]
        layers = [layer for layer in graph.layers if layer.weights]
        self._weight = layers[0].weights[0] if layers else None

    def __call__(self, inputs):
        if type(inputs) is torch.Tensor and len(self._names) == 1:
            return [self._fit(inputs, 0)]
        tensors = self._in_order(inputs)
        if len(tensors) != len(self._names):
            raise ShapeError(
                f"Model '{self._model}' has {len(self._names)} inputs ({', '.join(self._names)}), got {len(tensors)}."
            )
        return [self._fit(tensor, index) for index, tensor in enumerate(tensors)]

    def _in_order(self, inputs):
        if isinstance(inputs, dict):
            order = self._keys or self._names
            missing = [name for name in order if name not in inputs]
            if missing:
                raise ShapeError(
                    f"Model '{self._model}' needs an input named '{missing[0]}'; got {', '.join(map(str, inputs))}."
                )
            return pytree.tree_leaves([inputs[name] for name in order])
        if isinstance(inputs, (list, tuple)) and len(self._names) == 1 and len(inputs) != 1:
            return [np.asarray(inputs)]
        if isinstance(inputs, (list, tuple)):
            return pytree.tree_leaves(inputs)
        return [inputs]

    def _fit(self, tensor, index):
        if not torch.is_tensor(tensor):
            tensor = torch.from_numpy(np.ascontiguousarray(tensor))
        dtype = self._dtypes[index]
        if tensor.dtype is not dtype and not (
            tensor.is_floating_point() and dtype.is_floating_point and tensor.dtype is not torch.float64
        ):
            tensor = tensor.to(dtype)
        if self._weight is not None and tensor.device != self._weight.device and not tensor.is_meta:
            tensor = tensor.to(self._weight.device)
        if tensor.shape[1:] != self._tails[index]:
            tensor = self._match_rank(tensor, index)
        return tensor

    def _match_rank(self, tensor, index):
        """As in Keras: a missing or superfluous last axis of length 1 is added or dropped; anything else must agree."""
        shape, fitted = self._shapes[index], tensor
        if tensor.dim() == len(shape) - 1 and shape[-1] == 1:
            fitted = tensor.unsqueeze(-1)
        elif tensor.dim() == len(shape) + 1 and tensor.shape[-1] == 1:
            fitted = tensor.squeeze(-1)
        fits = fitted.dim() == len(shape) and all(
            self._any_size or want is None or want == have
            for want, have in zip(shape[1:], fitted.shape[1:], strict=True)
        )
        if not fits:
            raise ShapeError(_mismatch(self._model, self._names[index], shape, tuple(tensor.shape)))
        if fitted.dim() > tensor.dim():
            notices.once(
                ("channel axis", self._model),
                f"Model '{self._model}' expects {shape}, got {tuple(tensor.shape)}: a last axis of length 1 was added. "
                "Write it yourself as x[..., None].",
            )
        return fitted


def _mismatch(model, name, expected, got):
    text = f"Model '{model}', input '{name}': expected shape {expected}, got {got}."
    if len(got) == len(expected) - 1 and got == tuple(expected[1:]):
        return text + " For a single sample add the batch axis: x[None]."
    if len(got) == len(expected) - 1 and len(got) == 3:
        return text + " A channel axis seems to be missing: images[..., None] for grey images."
    if len(got) == len(expected) == 4 and got[1:3] == tuple(expected[1:3]) and got[3] == 1:
        return text + f" The images are grey; to repeat their channel: np.repeat(x, {expected[3]}, axis=-1)."
    if len(got) == len(expected) == 4 and got[1:3] == tuple(expected[1:3]) and expected[3] == 1:
        return text + " The images have colours, the model takes grey ones: x.mean(axis=-1, keepdims=True)."
    if len(got) == 4 and len(expected) == 4 and got[1] == expected[3] and got[3] != expected[3]:
        return text + " The channels come first there; they belong last: x.transpose(0, 2, 3, 1)."
    if len(expected) == 2 and len(got) > 2:
        return text + f" Flatten the samples first: x.reshape(len(x), {int(np.prod(got[1:]))})."
    return text
