"""tf.train: Checkpoint and CheckpointManager, in files of anmok's own (.npz); TensorFlow's files are not read."""

import pathlib
import re

import numpy as np

from anmok import optimizers
from anmok.compat import missing
from anmok.compat.variables import Module
from anmok.errors import FileFormatError, MissingFileError
from anmok.layers.layer import Layer
from anmok.layers.weight import Weight
from anmok.metrics import Metric

_NAMED = "checkpoint"  # the file in a folder that names the latest


class Checkpoint:
    """Saves and restores objects with variables: models, layers, optimizers, metrics, variables, modules."""

    def __init__(self, root=None, **objects):
        self._objects = dict(objects) if root is None else {"root": root, **objects}
        self.__dict__.update(objects)
        self._number = 0

    @property
    def save_counter(self):
        return self._number

    def save(self, file_prefix, options=None):
        """Write `<file_prefix>-<number>`; returns that path."""
        self._number += 1
        return self.write(f"{file_prefix}-{self._number}")

    def write(self, file_prefix, options=None):
        path = pathlib.Path(file_prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {}
        for name, held in self._objects.items():
            for number, array in enumerate(_arrays(held)):
                arrays[f"{name}/{number}"] = array
        with open(f"{path}.npz", "wb") as file:
            np.savez(file, **arrays, save_counter=self._number)
        (path.parent / _NAMED).write_text(f'model_checkpoint_path: "{path.name}"\n', encoding="utf-8")
        return str(path)

    def restore(self, save_path, options=None):
        """Take over what `save` wrote; None, as from `latest_checkpoint` of an empty folder, does nothing."""
        if save_path is None:
            return Restored()
        path = pathlib.Path(f"{save_path}.npz")
        if not path.exists():
            raise MissingFileError(f"There is no checkpoint {save_path} (looked for {path}).")
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        self._number = int(arrays.pop("save_counter"))
        for name, held in self._objects.items():
            own = [key for key in arrays if key.rpartition("/")[0] == name]
            _take(held, [arrays[f"{name}/{number}"] for number in range(len(own))], f"{save_path}, {name}")
        return Restored()

    read = restore


class Restored:
    """What `restore` returns: all was found, else it would have raised."""

    def assert_consumed(self):
        return self

    def expect_partial(self):
        return self

    def assert_existing_objects_matched(self):
        return self


def _arrays(held):
    if isinstance(held, optimizers.Optimizer):
        return held.get_weights()
    if isinstance(held, Layer):
        return held.get_weights()
    if isinstance(held, Metric):
        return [state.numpy() for state in held.variables]
    return [variable.numpy() for variable in _variables(held)]


def _variables(held):
    if isinstance(held, Weight):
        return [held]
    if isinstance(held, Module):
        return list(held.variables)
    raise missing.NotCovered(f"anmok does not cover tf.train.Checkpoint of a {type(held).__name__}.")


def _take(held, arrays, where):
    if isinstance(held, optimizers.Optimizer):
        if not held.built and len(arrays) > 2:
            raise FileFormatError(
                f"{where}: this optimizer has no state yet: train a step first, or call optimizer.build(variables)."
            )
        held.set_weights(arrays[: len(held.get_weights())])
    elif isinstance(held, Layer):
        held.set_weights(arrays)
    else:
        variables = held.variables if isinstance(held, Metric) else _variables(held)
        if len(variables) != len(arrays):
            raise FileFormatError(f"{where}: the checkpoint has {len(arrays)} variables, the object {len(variables)}.")
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


class CheckpointManager:
    """Keeps the last few checkpoints of a folder."""

    def __init__(self, checkpoint, directory, max_to_keep, keep_checkpoint_every_n_hours=None, checkpoint_name="ckpt"):
        self.checkpoint = checkpoint
        self.directory = str(directory)
        self._most = max_to_keep
        self._name = checkpoint_name

    @property
    def checkpoints(self):
        """Their paths, oldest first."""
        found = pathlib.Path(self.directory).glob(f"{self._name}-*.npz")
        found = sorted(found, key=lambda path: int(re.search(r"-(\d+)\.npz$", path.name)[1]))
        return [str(path)[: -len(".npz")] for path in found]

    @property
    def latest_checkpoint(self):
        return (self.checkpoints or [None])[-1]

    def save(self, checkpoint_number=None, check_interval=True, options=None):
        path = self.checkpoint.save(pathlib.Path(self.directory) / self._name)
        if self._most:
            for old in self.checkpoints[: -self._most]:
                pathlib.Path(f"{old}.npz").unlink()
        return path

    def restore_or_initialize(self):
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """The path of the folder's latest checkpoint, or None."""
    named = pathlib.Path(checkpoint_dir) / (latest_filename or _NAMED)
    if not named.exists():
        return None
    return str(named.parent / named.read_text(encoding="utf-8").split('"')[1])


def __getattr__(name):
    raise missing.attribute("tf.train", name, __all__)


__all__ = ["Checkpoint", "CheckpointManager", "latest_checkpoint"]
