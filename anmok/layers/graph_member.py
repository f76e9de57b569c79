"""A layer's part in a graph of symbolic tensors: calls that are written down, shapes that are found by running it."""

import contextlib

import torch
from torch.utils import _pytree as pytree

from anmok import outside
from anmok.errors import AnmokError, NotBuiltError, ShapeError
from anmok.layers.symbolic import (
    KerasTensor,
    Node,
    as_symbolic,
    is_symbolic,
    shape_of,
    symbolic_leaves,
    symbolic_result,
    trial_tensors,
)
from anmok.layers.weight import Weight

write_out = None  # what makes a graph of a call that uses symbolic tensors from around it; set by anmok.layers.closing


class UsesSymbolicTensors(ShapeError):
    """A layer's `call` came upon symbolic tensors that are not its inputs."""


_BESIDE = "{} '{}': a layer's call uses symbolic tensors that are not its inputs; give them to it as inputs."


def refuse_trial_tensors(layer, structure):
    """Where a symbolic tensor stands beside one of a shape trial, the layer under trial has not been given it."""
    if any(torch.is_tensor(leaf) and leaf.is_meta for leaf in pytree.tree_leaves(structure)):
        raise UsesSymbolicTensors(_BESIDE.format(type(layer).__name__, layer.name))


class GraphMember:
    """What Layer has to do with KerasTensors. Its constructor sets `_inbound_nodes`."""

    _symbolic_terms = None  # the losses added, while `call` is being written out

    def __getstate__(self):
        # A copy takes part in no graph; the copy of a model's graph writes its layers' calls down anew.
        return {**self.__dict__, "_inbound_nodes": []}

    def _call_symbolically(self, args, kwargs, training):
        if training is not None and self._call_takes_training:
            kwargs = {**kwargs, "training": training}
        refuse_trial_tensors(self, (args, kwargs))
        self._build_on(args, kwargs)
        try:
            outputs = self.compute_output_spec(*args, **kwargs)
        except UsesSymbolicTensors:
            return write_out(self, args, kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args, **kwargs):
        """The KerasTensors this layer makes of KerasTensors, found by running it on the `meta` device."""
        if type(self).compute_output_shape is not GraphMember.compute_output_shape:
            shapes = pytree.tree_map(lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else leaf, args)
            return as_symbolic(self.compute_output_shape(*shapes), self.compute_dtype)
        described = ", ".join(str(tensor.shape) for tensor in symbolic_leaves((args, kwargs)))
        try:
            trials = [self._run_on_meta(*trial_tensors((args, kwargs), trial)) for trial in (0, 1)]
            if is_symbolic(trials):
                raise UsesSymbolicTensors(_BESIDE.format(type(self).__name__, self.name))
            return symbolic_result(*trials)
        except AnmokError:
            raise
        except Exception as error:
            # A RuntimeError may be of weights' stand-ins in Keras' layout, which super().call(x) hands to code of ours.
            is_of_stand_ins = _is_of_meta(error) or isinstance(error, RuntimeError)
            found = self._found_on_numbers(args, kwargs) if self.may_need_numbers and is_of_stand_ins else None
            if found is not None:
                return found
            raise ShapeError(
                f"{type(self).__name__} '{self.name}' cannot take an input of shape {described}: {error}"
            ) from error

    def _add_symbolic_loss(self, term):
        if self._symbolic_terms is None:
            raise UsesSymbolicTensors(_BESIDE.format(type(self).__name__, self.name))
        self._symbolic_terms.append(term)

    def _run_on_meta(self, args, kwargs):
        state = {name: self._stand_in(tensor) for name, tensor in (*self.named_parameters(), *self.named_buffers())}
        with self._trial():
            return torch.func.functional_call(self, state, args, kwargs)

    @property
    def may_need_numbers(self):
        """Whether `call` is a person's own, which may mix its input with tensors that are not on `meta`."""
        return not outside.is_ours(type(self).call)

    def _found_on_numbers(self, args, kwargs):
        """The KerasTensors found by running a person's own code on zeros; None where that fails."""
        device = next((weight.device for weight in self.parameters()), torch.device("cpu"))
        try:
            trials = []
            for trial in (0, 1):
                given = trial_tensors((args, kwargs), trial, device)
                with self._trial():
                    trials.append(self(*given[0], **given[1]))
            return symbolic_result(*trials)
        except Exception:  # the error that `meta` had says more
            return None

    @contextlib.contextmanager
    def _trial(self):
        """A run whose losses stand for nothing."""
        layers = self._flatten_layers()
        added = [len(layer._call_losses) for layer in layers]
        try:
            with torch.no_grad():
                yield
        finally:
            for layer, count in zip(layers, added, strict=True):
                del layer._call_losses[count:]

    def _stand_in(self, tensor):
        """A tensor on `meta` in the place of a weight, or of a parameter of torch.

        A person's code may ask it what weights are asked. Ours asks torch, which reads shapes as they are stored.
        """
        dtype = self._format_of_weight(tensor)
        if isinstance(tensor, Weight):
            is_theirs = self.may_need_numbers and any(tensor is weight for weight in self._own_weights)
            if is_theirs or tensor.keras_shape == tuple(tensor.size()):
                return tensor.on_meta(dtype)
        return torch.empty_like(tensor, device="meta", dtype=dtype)

    def _format_of_weight(self, weight):
        """What autocast, which there is none of on `meta`, would cast a weight to; None for its own format."""
        policy = self.dtype_policy
        mixed = policy.compute_dtype != policy.variable_dtype and weight.is_floating_point()
        return policy.torch_compute_dtype if mixed else None

    def compute_output_shape(self, *input_shapes):
        """Shape(s) of the output for shape(s) of the input, batch first, None where unknown."""
        inputs = [as_symbolic(shape, self.compute_dtype) for shape in input_shapes]
        self._build_on(inputs, {})
        outputs = self.compute_output_spec(*inputs)
        return pytree.tree_map(lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else leaf, outputs)

    def _node(self, index):
        if not self._inbound_nodes:
            raise NotBuiltError(
                f"{type(self).__name__} '{self.name}' has not been called on an Input yet, so it has no input or "
                "output. Give the model an Input, or call it on one."
            )
        return self._inbound_nodes[index]

    @property
    def inbound_nodes(self):
        """The calls of this layer on symbolic tensors."""
        return self._inbound_nodes

    @property
    def input(self):
        """The KerasTensor(s) this layer was first called on."""
        inputs = self._node(0).inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self):
        """The KerasTensor(s) this layer's first call made."""
        return self._node(0).outputs

    def get_input_at(self, node_index):
        inputs = self._node(node_index).inputs
        return inputs[0] if len(inputs) == 1 else inputs

    def get_output_at(self, node_index):
        return self._node(node_index).outputs

    @property
    def input_shape(self):
        return shape_of(self.input)

    @property
    def output_shape(self):
        return shape_of(self.output)


def _is_of_meta(error):
    """Whether torch complains of `meta` itself: beside a real tensor, or where a number is to be read."""
    return any(words in str(error) for words in ("device meta", "two devices", "item() cannot be called on meta"))
