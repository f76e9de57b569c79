"""tf.distribute: strategies of one device."""

import contextlib

from anmok.compat import missing
from anmok.compat.tensors import as_tensor


class Strategy:
    """One device that does everything."""

    num_replicas_in_sync = 1

    def __init__(self, *args, **kwargs):
        pass

    @contextlib.contextmanager
    def scope(self):
        yield self

    def run(self, fn, args=(), kwargs=None, options=None):
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op, value, axis=None):
        if axis is None:
            return value
        value = as_tensor(value)
        return value.sum(axis) if str(reduce_op).upper().endswith("SUM") else value.mean(axis)

    def experimental_distribute_dataset(self, dataset, options=None):
        return dataset

    def experimental_local_results(self, value):
        return (value,)

    def gather(self, value, axis):
        return value


class MirroredStrategy(Strategy):
    """Copies on several GPUs in TensorFlow; one device here."""


class OneDeviceStrategy(Strategy):
    """All on one device."""


class ReduceOp:
    """How copies are joined."""

    SUM, MEAN = "SUM", "MEAN"


def get_strategy():
    return Strategy()


def has_strategy():
    return False


def __getattr__(name):
    raise missing.attribute("tf.distribute", name, __all__)


__all__ = ["MirroredStrategy", "OneDeviceStrategy", "ReduceOp", "Strategy", "get_strategy", "has_strategy"]
