"""The state of training in one file, for going on bit for bit: weights, optimizer, seed, epoch and step."""

import h5py
import torch

from anmok import random
from anmok.errors import ArgumentError, FileFormatError, ShapeError
from anmok.saving import hdf5
from anmok.saving.compilation import build_optimizer
from anmok.saving.reading import existing
from anmok.saving.replacing import replacing
from anmok.saving.weight_state import read_weights, write_state

_NUMBERS = ("epoch", "step", "seed")


def save_training_state(model, path, epoch, step):
    """Write weights, optimizer state and seed, for going on at (epoch, step), whole numbers from 0.

    The optimizer's state is kept as it is in memory, where `.keras` files have Keras' form of it.
    """
    if not model.compiled:
        raise ArgumentError(f"Model '{model.name}' is not compiled, so there is no training to save.")
    with replacing(path) as part, h5py.File(part, "w") as file:
        file.attrs["anmok_training_state"] = 1
        file.attrs["epoch"], file.attrs["step"], file.attrs["seed"] = int(epoch), int(step), str(random.master_seed())
        write_state(file, model, with_optimizer=False)
        if model.optimizer.built:
            state = model.optimizer.state_dict()
            group = file.create_group("optimizer_state")
            group.attrs["iterations"] = state["iterations"]
            if state["learning_rate"] is not None:
                group.attrs["learning_rate"] = float(state["learning_rate"])
            for name, tensor in state["state"].items():
                # bfloat16, which NumPy lacks, fits into float32 without loss.
                tensor = tensor.detach().float() if tensor.dtype is torch.bfloat16 else tensor.detach()
                group[name] = tensor.cpu().contiguous().numpy()


def load_training_state(model, path):
    """Read what `save_training_state` wrote into a model compiled in the same way; returns (epoch, step).

    The master seed becomes the one of then. Raises FileFormatError or ShapeError, and then changes nothing.
    """
    if not model.compiled:
        raise ArgumentError(f"Compile model '{model.name}' as it was before its training is taken up again.")
    path = existing(path)
    with hdf5.opened(path, path) as file:
        if "anmok_training_state" not in file.attrs:
            raise FileFormatError(f"{path} is no state of training that save_training_state wrote.")
        epoch, step, seed = (_whole_number(file, name, path) for name in _NUMBERS)
        state = _optimizer_state(file, model, path)
        read_weights(file, model, path)
        if state is not None:
            model.optimizer.load_state_dict(state)
    random.set_seed(seed)
    return epoch, step


def _whole_number(file, name, path):
    try:
        return int(file.attrs[name])
    except (KeyError, ValueError, TypeError) as error:
        raise FileFormatError(f"{path} is damaged: it has no {name}.") from error


def _optimizer_state(file, model, path):
    """What the optimizer's load_state_dict takes, of the right shapes; None where training had not begun."""
    group = hdf5.child(file, "optimizer_state")
    if group is None:
        return None
    build_optimizer(model)
    own = model.optimizer.state_dict()["state"]
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
    found = {name: hdf5.dataset(group, name) for name in group}
    if {name: array.shape for name, array in found.items()} != shapes:
        raise ShapeError(
            f"{path} was written with another optimizer, or for other weights, than model '{model.name}' has."
        )
    return {
        "iterations": _whole_number(group, "iterations", path),
        "learning_rate": group.attrs.get("learning_rate"),
        "state": {name: torch.from_numpy(hdf5.values(array)) for name, array in found.items()},
    }
