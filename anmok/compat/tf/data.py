"""tf.data: the library's Dataset, which shows TensorFlow's tensors while compat is active."""

import itertools
import types

from anmok.compat import missing
from anmok.compat.specs import TensorSpec
from anmok.compat.texts import as_strings
from anmok.compat.tf import gfile
from anmok.data.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, Iterator
from anmok.data.elements import structured
from anmok.data.origins import Origins
from anmok.errors import ArgumentError

__all__ = [
    "AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "DatasetSpec", "Iterator", "Options",
    "TextLineDataset", "ThreadingOptions", "experimental", "make_initializable_iterator", "make_one_shot_iterator",
]  # fmt: skip


class ThreadingOptions:
    """Numbers of threads: the library has its own measure, which does not change what comes out."""

    max_intra_op_parallelism = private_threadpool_size = None


class _Settings:
    """A group of settings that ask for speed alone; any name may be set."""


class Options:
    """TensorFlow's settings of a Dataset. They ask for speed or order; the order is kept in any case."""

    _NAMES = frozenset(
        [
            "autotune", "deterministic", "experimental_deterministic", "experimental_distribute",
            "experimental_optimization", "experimental_slack", "experimental_threading", "experimental_warm_start",
            "experimental_external_state_policy", "experimental_symbolic_checkpoint", "framework_type", "threading",
        ]
    )  # fmt: skip

    def __init__(self):
        self.autotune, self.experimental_distribute = _Settings(), _Settings()
        self.experimental_optimization = _Settings()
        self.threading = self.experimental_threading = ThreadingOptions()
        self.deterministic = self.experimental_deterministic = None

    def __setattr__(self, name, value):
        if name not in self._NAMES:
            raise AttributeError(f"Cannot set the property {name} on Options.")
        super().__setattr__(name, value)

    def merge(self, options):
        merged = Options()
        vars(merged).update(vars(self) | {key: value for key, value in vars(options).items() if value is not None})
        return merged


class DatasetSpec:
    """What stands for a Dataset within an element."""

    def __init__(self, element_spec, dataset_shape=()):
        self.element_spec = element_spec


def TextLineDataset(filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
    """The lines of text files, without their ends."""
    if compression_type:
        raise ArgumentError("TextLineDataset: compressed files are not covered; unpack them first.")
    if isinstance(filenames, Origins):
        return filenames.flat_map(TextLineDataset)
    paths = [gfile.path_of(path) for path in as_strings(filenames).array.reshape(-1)]

    def lines():
        for path in paths:
            with open(path, "rb") as file:
                for line in file:
                    yield line.rstrip(b"\r\n")

    return Dataset.from_generator(lines, output_signature=TensorSpec((), "string"))


def make_one_shot_iterator(dataset):
    """An iterator over one pass (TensorFlow 1); get_next() gives the next element."""
    return iter(dataset)


def make_initializable_iterator(dataset):
    """An iterator over one pass (TensorFlow 1)."""
    return iter(dataset)


def _counter(start=0, step=1, dtype="int64"):
    import torch

    from anmok.compat.functions.values import torch_dtype

    kind = torch_dtype(dtype)
    return Dataset.from_generator(
        lambda: (torch.tensor(number, dtype=kind) for number in itertools.count(start, step)),
        output_signature=TensorSpec((), kind),
    )


def _as_method(method):
    def applied(*args, **kwargs):
        return lambda dataset: getattr(dataset, method)(*args, **kwargs)

    applied.__name__ = method
    return applied


experimental = types.ModuleType("anmok.compat.tf.data.experimental")
vars(experimental).update(
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    Counter=_counter,
    OptimizationOptions=_Settings,
    DistributeOptions=_Settings,
    ThreadingOptions=ThreadingOptions,
    assert_cardinality=_as_method("assert_cardinality"),
    cardinality=lambda dataset: dataset.cardinality(),
    choose_from_datasets=Dataset.choose_from_datasets,
    copy_to_device=lambda target_device, source_device="/cpu:0": lambda dataset: dataset,
    enumerate_dataset=_as_method("enumerate"),
    get_single_element=lambda dataset: dataset.get_single_element(),
    get_structure=lambda dataset: dataset.element_spec,
    prefetch_to_device=lambda device, buffer_size=None: lambda dataset: dataset.prefetch(buffer_size or AUTOTUNE),
    sample_from_datasets=Dataset.sample_from_datasets,
    take_while=_as_method("take_while"),
    unbatch=_as_method("unbatch"),
)


def _no_experiment(name):
    raise missing.attribute("tf.data.experimental", name, [key for key in vars(experimental) if key[0] != "_"])


experimental.__getattr__ = _no_experiment


def get_output_types(dataset):
    """The formats of an element's tensors, in its structure (TensorFlow 1)."""
    return structured(lambda spec: spec.dtype, dataset.element_spec)


def get_output_shapes(dataset):
    """The shapes of an element's tensors, in its structure (TensorFlow 1)."""
    return structured(lambda spec: spec.shape, dataset.element_spec)


def __getattr__(name):
    raise missing.attribute("tf.data", name, __all__)
