"""The weights that get a gradient in a step, with the tensors that their update needs, in lists that torch takes whole.

Made once for each set of weights (usually all of them, always the same), so that a step costs no bookkeeping.
"""

import torch


class Selection:
    """weights, and by slot name the state of each of them; whether torch's fused kernels may be used on them."""

    __slots__ = ("constrained", "decay_is_uniform", "decays", "devices", "fusible", "indices", "slots", "weights")

    def __init__(self, weights, indices, slots, decay_of):
        """slots: {name: list with the state of every weight}; decay_of: weight -> its weight decay or None."""
        self.weights = weights
        self.indices = indices
        self.slots = {name: [states[i] for i in indices] for name, states in slots.items()}
        self.constrained = [w for w in weights if getattr(w, "constraint", None) is not None]
        by_decay = {}
        for weight in weights:
            if decay := decay_of(weight):
                by_decay.setdefault(decay, []).append(weight)
        self.decays = list(by_decay.items())
        self.decay_is_uniform = len(self.decays) == 1 and len(self.decays[0][1]) == len(weights)
        self.devices = {w.device for w in weights}
        # The kernels walk through memory: they need tensors without gaps, of one kind.
        self.fusible = (
            len(self.devices) == 1 and len({w.dtype for w in weights}) == 1 and all(_is_dense(w) for w in weights)
        )

    def __getitem__(self, slot):
        """The state of that name of each selected weight; absent ones (None) left out."""
        return self.slots[slot]

    def as_stored(self, grads):
        """The gradients in their weights' memory order and number format; unchanged where they are so already."""
        return [
            g if g.stride() == w.stride() and g.dtype is w.dtype else torch.empty_like(w).copy_(g)
            for g, w in zip(grads, self.weights, strict=True)
        ]


def _is_dense(tensor):
    """Whether the elements fill one block of memory, in any order of the axes."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.size(), strict=True)):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True
