"""An optimizer's state out and in: as Keras' files have it, and exactly as it is.

Keras' order of variables: iteration, learning_rate (unless a schedule gives it), then what `build` made, in order.
"""

from dataclasses import dataclass

import numpy as np
import torch

from anmok.errors import ShapeError


@dataclass
class Slot:
    """One state tensor: its name, the index of its weight (or None), and what is added to it while it is kept."""

    name: str
    index: int | None
    tensor: torch.Tensor
    shift: float = 0.0


class Stateful:
    """The part of an optimizer that keeps state: its weights, and a list of Slots in Keras' order."""

    def add_variable_from_reference(self, reference_variable, name="var", initializer=None, *, value=0.0, shift=0.0):
        """A state tensor of that weight's shape and memory order, filled with `value`; listed under `name`.

        initializer: in the place of `value`, a function of the shape. shift: the state is kept with this much added,
        which files do not see.
        """
        tensor = torch.full_like(reference_variable, value + shift, requires_grad=False)
        if callable(initializer):
            tensor.copy_(torch.as_tensor(initializer(tuple(reference_variable.size()))))
        index = self._index_of.get(id(reference_variable))
        if index is not None:
            self._slots.setdefault(name, [None] * len(self._weights))[index] = tensor
        self._state.append(Slot(name, index, tensor, shift))
        return tensor

    def add_optimizer_variables(self, trainable_variables, name, initializer=None, *, value=0.0, shift=0.0):
        """For each weight a state tensor of each name (str or list of str): a list of tensors, or one list a name."""
        names = [name] if isinstance(name, str) else name
        lists = tuple([] for _ in names)
        for weight in trainable_variables:
            for each, tensors in zip(names, lists, strict=True):
                tensors.append(self.add_variable_from_reference(weight, each, initializer, value=value, shift=shift))
        return lists[0] if isinstance(name, str) else lists

    @property
    def variables(self):
        """Step counter, learning rate (unless a schedule gives it) and all state, as tensors in Keras' order."""
        scalars = [torch.tensor(self._iterations)]
        if not callable(self._learning_rate):
            scalars.append(torch.tensor(self._learning_rate))
        return scalars + [slot.tensor for slot in self._state]

    @property
    def weights(self):
        """Keras 2's name for `variables`."""
        return self.variables

    def slots(self):
        """[(name, index of the weight or None, tensor)] in Keras' order; tensors have their weight's stored shape."""
        return [(slot.name, slot.index, slot.tensor) for slot in self._state]

    def _of(self, slot):
        return None if slot.index is None else self._weights[slot.index]

    def state_arrays(self):
        """[(name, array)] as Keras 3 has them in its files: step counter, learning rate, state in Keras' layouts."""
        out = [("iteration", np.array(self._iterations, np.int64))]
        if not callable(self._learning_rate):
            # float64, so that what is read back is the same number; Keras rounds it when it reads.
            out.append(("learning_rate", np.array(self._learning_rate, np.float64)))
        for slot in self._state:
            weight = self._of(slot)
            values = (slot.tensor - slot.shift).clamp_min(0) if slot.shift else slot.tensor
            if hasattr(weight, "keras_view"):
                values = weight.keras_view(values)
            values = values.detach().cpu()
            values = values.float() if values.dtype == torch.bfloat16 else values
            out.append((_name(slot, weight), values.contiguous().numpy().copy()))
        return out

    @torch.no_grad()
    def load_state_arrays(self, arrays):
        """Take over what `state_arrays` (or Keras) wrote: arrays, or (name, array) pairs, in that order.

        Raises ShapeError where their number or shapes do not fit.
        """
        values = [np.asarray(entry[1] if isinstance(entry, tuple) else entry) for entry in arrays]
        has_rate = not callable(self._learning_rate)
        self._expect(1 + has_rate + len(self._state), len(values))
        tensors = []
        for slot, value in zip(self._state, values[1 + has_rate :], strict=True):
            weight = self._of(slot)
            shape = tuple(getattr(weight, "keras_shape", slot.tensor.shape))
            if value.shape != shape:
                raise ShapeError(f"Optimizer state '{_name(slot, weight)}': expected shape {shape}, got {value.shape}.")
            tensor = torch.from_numpy(np.array(value))
            tensors.append(weight.from_keras(tensor) if hasattr(weight, "from_keras") else tensor)
        for slot, tensor in zip(self._state, tensors, strict=True):
            slot.tensor.copy_(tensor)
            if slot.shift:
                slot.tensor.add_(slot.shift)
        self._iterations = int(values[0])
        if has_rate:
            rate = values[1]
            # Keras keeps float32: 0.001 comes back as the shortest decimal that rounds to what it wrote.
            self._learning_rate = float(str(np.float32(rate)) if rate.dtype == np.float32 else rate)

    def get_weights(self):
        """The arrays of `state_arrays` without their names."""
        return [array for _, array in self.state_arrays()]

    set_weights = load_state_arrays

    def state_dict(self):
        """The state exactly as it is, for a bit-exact continuation; the tensors are not copied.

        {"iterations": int, "learning_rate": float (None for a schedule), "state": {"0": tensor, ...}}.
        """
        rate = self._learning_rate
        return {
            "iterations": self._iterations,
            "learning_rate": None if callable(rate) else rate,
            "state": {str(i): slot.tensor for i, slot in enumerate(self._state)},
        }

    @torch.no_grad()
    def load_state_dict(self, saved):
        """Take over what `state_dict` gave (tensors or arrays); raises ShapeError where it does not fit."""
        tensors = saved["state"]
        self._expect(len(self._state), len(tensors))
        for i, slot in enumerate(self._state):
            tensor = torch.as_tensor(tensors[str(i)])
            if tensor.shape != slot.tensor.shape:
                raise ShapeError(
                    f"Optimizer state '{slot.name}' of weight {slot.index}: expected shape "
                    f"{tuple(slot.tensor.shape)}, got {tuple(tensor.shape)}."
                )
            slot.tensor.copy_(tensor)
        self._iterations = int(saved["iterations"])
        if saved["learning_rate"] is not None and not callable(self._learning_rate):
            self._learning_rate = float(saved["learning_rate"])

    def _expect(self, expected, found):
        if expected != found:
            raise ShapeError(
                f"Expected {expected} tensors of state for this {type(self).__name__}, got {found}. "
                "It must be built, with the same arguments and for the same weights as the one that was saved."
            )


def _name(slot, weight):
    if weight is None:
        return slot.name
    path = getattr(weight, "path", None) or getattr(weight, "name", None) or f"variable_{slot.index}"
    return f"{path.replace('/', '_').replace(':', '_')}_{slot.name}"
