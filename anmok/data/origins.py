"""Where the elements of a Dataset come from: arrays, functions, files, other Datasets."""

import glob
import os

import numpy as np
import torch

from anmok import random
from anmok.data import nested, stages
from anmok.data.elements import structured, torch_dtype
from anmok.data.sources import Generated, Single, Slices, signature_of
from anmok.errors import ArgumentError, MissingFileError


class Origins:
    """The ways to begin a Dataset; cls(stage, *origins) makes one."""

    is_dataset = True

    @classmethod
    def from_tensor_slices(cls, tensors, name=None):
        """The rows of an array, or of each array in a tuple or dict."""
        return cls(Slices(tensors))

    @classmethod
    def from_tensors(cls, tensors, name=None):
        """One element: `tensors` as they are."""
        return cls(Single(tensors))

    @classmethod
    def from_generator(
        cls, generator, output_types=None, output_shapes=None, args=None, output_signature=None, name=None
    ):
        """What generator(*args) yields, called anew for each pass.

        output_signature (TensorSpecs) or output_types (and output_shapes): each element is brought to these formats
        and refused (DataError) where shapes differ; without them elements are what comes.
        """
        if not callable(generator):
            raise ArgumentError(
                "from_generator: expected a function that returns a generator, since each pass begins anew; got "
                f"{type(generator).__name__}. Pass the function itself, or lambda: ..."
            )
        return cls(Generated(generator, tuple(args or ()), signature_of(output_signature, output_types, output_shapes)))

    @classmethod
    def range(cls, *args, output_type=torch.int64, name=None):
        """range(stop), range(start, stop) or range(start, stop, step) as scalars."""
        if not 1 <= len(args) <= 3:
            raise ArgumentError(f"range: expected stop; start, stop; or start, stop, step; got {len(args)} numbers.")
        numbers = np.arange(*(int(number) for number in args))
        return cls(Slices(torch.from_numpy(numbers).to(torch_dtype(output_type))))

    @classmethod
    def list_files(cls, file_pattern, shuffle=None, seed=None, name=None):
        """The paths (str) that match a glob pattern or any of a list of them; shuffled anew each pass unless False.

        Raises MissingFileError if there is none.
        """
        patterns = [file_pattern] if isinstance(file_pattern, (str, os.PathLike)) else list(file_pattern)
        paths = sorted({path for pattern in patterns for path in glob.glob(os.fspath(pattern))})
        if not paths:
            raise MissingFileError(f"list_files: no file matches {', '.join(map(str, patterns))}.")
        files = cls(Slices(np.array(paths)))
        return files if shuffle is False else files.shuffle(len(paths), seed=seed)

    @classmethod
    def zip(cls, *datasets, name=None):
        """Elements of several Datasets together, in a tuple or the structure given; the shortest ends it."""
        structure = datasets[0] if len(datasets) == 1 else datasets
        if isinstance(structure, list):
            structure = tuple(structure)
        origins = []

        def stage(leaf):
            if not isinstance(leaf, Origins):
                raise ArgumentError(f"zip: expected Datasets, got {type(leaf).__name__}.")
            origins.append(leaf)
            return leaf._stage

        return cls(stages.Zipped(structured(stage, structure)), *origins)

    @classmethod
    def choose_from_datasets(cls, datasets, choice_dataset, stop_on_empty_dataset=True):
        """The next element of the Dataset that each number of choice_dataset names.

        stop_on_empty_dataset: whether an exhausted one ends it; else choices of it are passed over.
        """
        datasets = cls._several(datasets, "choose_from_datasets")
        choose = nested.by_dataset(choice_dataset._stage)
        return cls(nested.Chosen([ds._stage for ds in datasets], choose, stop=bool(stop_on_empty_dataset)), *datasets)

    @classmethod
    def sample_from_datasets(
        cls, datasets, weights=None, seed=None, stop_on_empty_dataset=False, rerandomize_each_iteration=None
    ):
        """Elements of Datasets drawn by weights (alike if None), in an order that (seed, pass) decide."""
        datasets = cls._several(datasets, "sample_from_datasets")
        weights = [1.0] * len(datasets) if weights is None else [float(weight) for weight in weights]
        if len(weights) != len(datasets) or min(weights) < 0 or not sum(weights):
            raise ArgumentError(
                f"sample_from_datasets: expected {len(datasets)} weights of 0 or more, not all 0; got {weights}."
            )
        if rerandomize_each_iteration is False:
            raise ArgumentError("sample_from_datasets: each pass draws anew here; rerandomize_each_iteration is True.")
        seed = random.next_seed("dataset sample") if seed is None else int(seed) % 2**64
        choose = nested.by_chance(weights, seed)
        return cls(nested.Chosen([ds._stage for ds in datasets], choose, stop=bool(stop_on_empty_dataset)), *datasets)

    @classmethod
    def _several(cls, datasets, method):
        datasets = list(datasets)
        if not datasets or not all(isinstance(ds, Origins) for ds in datasets):
            raise ArgumentError(f"{method}: expected a list of Datasets.")
        return datasets
