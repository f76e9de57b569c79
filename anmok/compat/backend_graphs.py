"""K.function and K.gradients: values of symbolic tensors, and of their gradients, for given inputs."""

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok.compat import recording
from anmok.compat.few_calls import FewCalls
from anmok.compat.functions.values import tensor, torch_dtype
from anmok.compat.phase import LearningPhase, is_training
from anmok.errors import ArgumentError
from anmok.layers import InputLayer
from anmok.layers.layer import Layer
from anmok.layers.symbolic import KerasTensor, is_symbolic, symbolic_leaves
from anmok.layers.weight import Weight
from anmok.training.limit import limit


class Gradient(Layer):
    """The gradients of the sum of one tensor with respect to others, by torch's autograd."""

    def __init__(self):
        super().__init__(autocast=False)
        self.built = True

    def forward(self, target, sources, training=None):
        if is_symbolic((target, sources)):
            return self._call_symbolically((target, sources), {}, None)
        if not target.requires_grad:
            raise ArgumentError("K.gradients: nothing between the inputs and the loss has a gradient.")
        found = torch.autograd.grad(
            target, sources, torch.ones_like(target), retain_graph=True, create_graph=True, allow_unused=True
        )
        found = [
            torch.zeros_like(source) if part is None else part for part, source in zip(found, sources, strict=True)
        ]
        return [
            source.keras_view(part) if isinstance(source, Weight) else part
            for part, source in zip(found, sources, strict=True)
        ]

    def compute_output_spec(self, target, sources):
        del target
        return [
            KerasTensor(source.shape, source.dtype) if isinstance(source, KerasTensor) else _spec(source)
            for source in sources
        ]

    def get_config(self):
        raise ArgumentError("A model that computes gradients (K.gradients) cannot be saved.")


def _spec(weight):
    return KerasTensor(weight.keras_shape if isinstance(weight, Weight) else tuple(weight.shape), "float32")


def gradients(loss, variables):
    """Gradients of the (summed) symbolic tensor(s) `loss`: a list, None for what the loss does not depend on.

    variables: symbolic tensors or weights, one or a list.
    """
    sources = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    targets = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    if not all(isinstance(target, KerasTensor) for target in targets):
        raise ArgumentError(
            "K.gradients works on symbolic tensors (model.output, layer.output, and what K makes of them); for numbers "
            "there is tf.GradientTape."
        )
    total = targets[0]
    for target in targets[1:]:
        total = total + target
    above = _ancestors([total])
    weights = {id(weight) for node in above.values() for weight in node.layer.weights}
    made = {id(output) for node in above.values() for output in node.output_list} | {id(total)}
    reached = [id(source) in (made if isinstance(source, KerasTensor) else weights) for source in sources]
    wanted = [source for source, is_reached in zip(sources, reached, strict=True) if is_reached]
    found = iter(Gradient()(total, wanted) if wanted else ())
    return [next(found) if is_reached else None for is_reached in reached]


def _ancestors(tensors, given=()):
    """{id: node} of all nodes that the tensors need, each after those it needs itself; `given` tensors need none."""
    found, stack = {}, [(tensor.node, False) for tensor in reversed(tensors) if id(tensor) not in given]
    while stack:
        node, is_ready = stack.pop()
        if node is None or id(node) in found:
            continue
        if is_ready:
            found[id(node)] = node
            continue
        stack.append((node, True))
        stack += [(parent.node, False) for parent in reversed(node.inputs) if id(parent) not in given]
    return found


class Function:
    """What K.function makes: a list of arrays in, the values of the outputs out."""

    def __init__(self, inputs, outputs, updates=None, name=None, **session_options):
        if updates:
            raise ArgumentError("K.function: updates are not supported; assign with K.set_value after a call.")
        if session_options:
            raise ArgumentError(f"K.function: {', '.join(session_options)} is of TensorFlow's sessions; leave it out.")
        self.name = name
        self._inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self._outputs = outputs
        for one in self._inputs:
            if not isinstance(one, (KerasTensor, LearningPhase)):
                raise ArgumentError(
                    f"K.function: inputs must be symbolic tensors (model.input) or K.learning_phase(), got {one!r}."
                )
        given = {id(one) for one in self._inputs}
        self._nodes = list(_ancestors(symbolic_leaves(outputs), given).values())
        for node in self._nodes:
            if isinstance(node.layer, InputLayer):
                raise ArgumentError(
                    f"K.function: the outputs need the input '{node.layer.name}', which is not among the inputs."
                )
        self._records = any(isinstance(node.layer, Gradient) for node in self._nodes)
        self._few = FewCalls()

    def __call__(self, inputs=(), *more):
        if limit.steps is None or not self._records:
            return self._compute(inputs, *more)
        return self._few.call(self._compute, (inputs, *more), {}, has_gradients=True)

    def _compute(self, inputs=(), *more):
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        values += more
        if len(values) != len(self._inputs):
            raise ArgumentError(f"This K.function takes {len(self._inputs)} inputs, got {len(values)}.")
        training, known = is_training(), {}
        for place, value in zip(self._inputs, values, strict=True):
            if isinstance(place, LearningPhase):
                training = bool(np.asarray(value).item())
            else:
                known[id(place)] = self._taken(place, value)
        with torch.set_grad_enabled(self._records), recording.inside_library():
            self._run(known, training)
        return pytree.tree_map(lambda leaf: _shown(known.get(id(leaf), leaf)), self._outputs)

    def _taken(self, place, value):
        value = tensor(value).to(torch_dtype(place.dtype))
        fits = value.ndim == place.ndim and all(
            want in (None, have) for want, have in zip(place.shape, value.shape, strict=True)
        )
        if not fits:
            raise ArgumentError(f"K.function: expected an input of shape {place.shape}, got {tuple(value.shape)}.")
        records = self._records and value.is_floating_point()
        return value.detach().clone().requires_grad_(True) if records else value

    def _run(self, known, training):
        def filled(leaf):
            return known[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

        for node in self._nodes:
            args, kwargs = pytree.tree_map(filled, (tuple(node.args), dict(node.kwargs)))
            result = node.layer(*args, **{"training": training, **kwargs})
            leaves = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
            known.update((id(place), tensor(leaf)) for place, leaf in zip(node.output_list, leaves, strict=True))


def _shown(value):
    if not isinstance(value, (torch.Tensor, np.ndarray, int, float)):
        return value
    array = tensor(value).detach().cpu().numpy()
    return array if array.ndim else array[()]
