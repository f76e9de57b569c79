"""GradientTape: gradients of what was computed within it, by torch's autograd."""

import enum
import functools

import torch
from torch.utils import _pytree as pytree

from anmok.compat import recording
from anmok.compat.dtypes import torch_dtype
from anmok.compat.few_calls import note_gradient
from anmok.compat.tensors import Tensor, as_tensor, plain, recorded, value_of, wrapped
from anmok.errors import ArgumentError
from anmok.layers.symbolic import KerasTensor
from anmok.layers.weight import Weight


class UnconnectedGradients(enum.Enum):
    """What `gradient` gives for a source that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Records what is computed within its `with` block, and gives gradients of it (as in TensorFlow).

    Trainable variables are watched by themselves, other tensors once `watch` is told of them.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watches_variables = watch_accessed_variables
        self._watched, self._watched_variables = {}, {}
        self._used = self._overlapped = False
        self._kept_modes = []

    def __enter__(self):
        if self in recording.state.tapes:
            raise ValueError("Tape is still recording, this can happen if you try to re-enter an already-active tape.")
        self._used = False
        self._overlapped = bool(recording.state.tapes)
        for tape in recording.state.tapes:
            tape._overlapped = True
        recording.opened(self)
        self._kept_modes.append(torch.is_grad_enabled())
        torch.set_grad_enabled(True)
        for watched in self._watched.values():
            watched.requires_grad_(True)
        return self

    def __exit__(self, *exception):
        recording.closed(self)
        torch.set_grad_enabled(self._kept_modes.pop())
        others = {key for tape in recording.state.tapes for key in tape._watched}
        for key, watched in self._watched.items():
            if key not in others and watched.is_leaf:
                # What is computed with it from here on is nobody's business.
                watched.requires_grad_(False)

    def watch(self, tensor):
        """Record what is computed with these tensors (one, or nested lists), too."""
        for one in pytree.tree_leaves(tensor):
            if isinstance(one, Weight):
                self._watched_variables[id(one)] = one
            elif type(one) is not Tensor:
                if isinstance(one, KerasTensor):
                    raise ArgumentError(
                        f"{one!r} has no values: a GradientTape records what is computed with numbers. "
                        "Make a Model of it and call that within the tape."
                    )
                raise ValueError(f"Passed in object {one!r} of type {type(one).__name__!r}, not tf.Tensor")
            elif one.dtype.is_floating or one.dtype.is_complex:
                if one.requires_grad and not one.is_leaf and one.__dict__.get("_session") != recording.state.session:
                    one.detach_()
                if not one.requires_grad:
                    one.requires_grad_(True)
                    self._watched[id(one)] = one

    def stop_recording(self):
        """A context within which nothing is recorded."""
        return _Stopped()

    def reset(self):
        self._watched.clear()
        self._watched_variables.clear()
        self._used = False

    def watched_variables(self):
        """The variables told to `watch`."""
        return tuple(self._watched_variables.values())

    # Gradients ----------------------------------------------------------------------------------------------------

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=UnconnectedGradients.NONE):
        """Gradients of the target(s), summed, in the structure of the sources; None where it does not depend on one.

        A weight's gradient has its shape in Keras' layout.
        """
        self._use("gradient")
        note_gradient()
        targets = [each for each in pytree.tree_leaves(target) if each is not None]
        weights = None if output_gradients is None else pytree.tree_leaves(output_gradients)
        leaves, structure = pytree.tree_flatten(sources)
        with _Ready(self, leaves) as ready:
            found = self._of(targets, leaves, weights, keep=self._keeps())
            if ready.create:
                found = [None if each is None else wrapped(each) for each in found]
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        found = [
            as_tensor(torch.zeros(_shape(leaf), dtype=torch_dtype(leaf.dtype))) if each is None and zero else each
            for each, leaf in zip(found, leaves, strict=True)
        ]
        return pytree.tree_unflatten(found, structure)

    def jacobian(
        self,
        target,
        sources,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """The derivative of every number of the target by every number of a source: shape target + source."""
        self._use("jacobian")
        leaves, structure = pytree.tree_flatten(sources)
        with _Ready(self, leaves):
            flat = recorded(value_of(target)).reshape(-1)
            rows = [self._of([number], leaves, None, keep=True) for number in flat]
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = [
            _joined([row[place] for row in rows], tuple(target.shape), _shape(leaf), zero, 0)
            for place, leaf in enumerate(leaves)
        ]
        return pytree.tree_unflatten(made, structure)

    def batch_jacobian(
        self,
        target,
        source,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """The jacobian of each sample by itself: (B, ...) and (B, ...) give (B, target's axes, source's axes)."""
        self._use("batch_jacobian")
        if not target.shape or not source.shape or target.shape[0] != source.shape[0]:
            raise ValueError("Need first dimension of target and source to be the same.")
        with _Ready(self, [source]):
            columns = recorded(value_of(target)).reshape(target.shape[0], -1).unbind(1)
            rows = [self._of([column], [source], None, keep=True)[0] for column in columns]
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        return _joined(rows, tuple(target.shape), tuple(source.shape), zero, 1)

    def _use(self, what):
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        self._used = True

    def _keeps(self):
        """Whether the record is needed after this gradient."""
        return self._persistent or self._overlapped

    def _of(self, targets, sources, weights, *, keep):
        """Gradients as Tensors, None where unconnected."""
        targets = [recorded(each) if type(each) is Tensor else value_of(each) for each in targets]
        places = [place for place, each in enumerate(targets) if torch.is_tensor(each) and each.requires_grad]
        asked = [place for place, source in enumerate(sources) if self._has_gradient(source)]
        found = [None] * len(sources)
        if not places or not asked:
            return found
        weights = [None] * len(targets) if weights is None else weights
        given = [torch.ones_like(targets[i]) if weights[i] is None else plain(as_tensor(weights[i])) for i in places]
        create = bool(recording.state.tapes)
        with torch._C.DisableTorchFunctionSubclass():
            gradients = torch.autograd.grad(
                [targets[i] for i in places],
                [sources[i] for i in asked],
                given,
                retain_graph=keep or create,
                create_graph=create,
                allow_unused=True,
            )
        for place, gradient in zip(asked, gradients, strict=True):
            if gradient is not None:
                source = sources[place]
                gradient = source.keras_view(gradient) if isinstance(source, Weight) else gradient
                found[place] = wrapped(plain(gradient))
        return found

    def _has_gradient(self, source):
        if not isinstance(source, torch.Tensor):
            raise ArgumentError(f"Expected tensors or variables as sources of a gradient, got {source!r}.")
        if isinstance(source, Weight) and not self._watches_variables and id(source) not in self._watched_variables:
            return False
        return source.requires_grad


class _Ready:
    """While gradients are asked for: sources that were watched can be asked again, the tape itself does not record."""

    def __init__(self, tape, sources):
        self._tape = tape
        self._lent = [s for s in sources if id(s) in tape._watched and not s.requires_grad]

    def __enter__(self):
        self._open = not self._tape._persistent and self._tape in recording.state.tapes
        if self._open:
            recording.state.tapes.remove(self._tape)
        for source in self._lent:
            source.requires_grad_(True)
        self.create = bool(recording.state.tapes)
        self._mode = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        return self

    def __exit__(self, *exception):
        torch.set_grad_enabled(self._mode)
        for source in self._lent:
            source.requires_grad_(False)
        if self._open:
            recording.state.tapes.append(self._tape)


class _Stopped:
    def __enter__(self):
        self._contexts = recording.stopped(), torch.no_grad()
        for context in self._contexts:
            context.__enter__()

    def __exit__(self, *exception):
        for context in reversed(self._contexts):
            context.__exit__(*exception)


def _shape(leaf):
    return tuple(leaf.keras_shape if isinstance(leaf, Weight) else leaf.shape)


def _joined(rows, target_shape, source_shape, zero, axis):
    """Gradients of a target's numbers, one a row, as one tensor; None where no row is connected."""
    known = next((row for row in rows if row is not None), None)
    if known is None and not zero:
        return None
    like = torch.zeros(source_shape) if known is None else torch.zeros_like(plain(known))
    stacked = torch.stack([like if row is None else plain(row) for row in rows], dim=axis)
    shape = (*target_shape, *source_shape) if axis == 0 else (*target_shape, *source_shape[1:])
    return wrapped(stacked.reshape(shape))


def custom_gradient(f):
    """A function whose gradient is its own: f(*x) returns (y, function of y's gradient that gives x's)."""

    @functools.wraps(f)
    def call(*args, **kwargs):
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                outputs, ctx.gradient = f(*[wrapped(each.detach()) for each in inputs], **kwargs)
                ctx.several = isinstance(outputs, (list, tuple))
                outputs = outputs if ctx.several else [outputs]
                outputs = tuple(plain(as_tensor(each)).clone() for each in outputs)
                return outputs if ctx.several else outputs[0]

            @staticmethod
            def backward(ctx, *gradients):
                found = ctx.gradient(*[wrapped(each) for each in gradients])
                found = found if isinstance(found, (list, tuple)) else [found]
                return tuple(None if each is None else plain(as_tensor(each)) for each in found)

        with torch._C.DisableTorchFunctionSubclass():
            result = Own.apply(*[plain(as_tensor(each)) for each in args])
        return tuple(map(wrapped, result)) if isinstance(result, tuple) else wrapped(result)

    return call


def recompute_grad(f):
    """f itself: it is kept what f computed, where TensorFlow computes it twice to save memory."""
    return f
