"""Dataset: what image courses use of tf.data.Dataset, lazy, on torch tensors."""

import operator
import os

import torch

from anmok import notices, random
from anmok.data import choices, crew, faces, kept, nested, stages
from anmok.data.elements import element_of, numpy_of, shown, shown_specs
from anmok.data.origins import Origins
from anmok.data.sources import INFINITE, UNKNOWN
from anmok.errors import ArgumentError, DataError

# "Choose for me" wherever a number of threads or elements is asked for.
AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = INFINITE, UNKNOWN
# Elements made ahead of training where nobody says how many: the next, and one more for a slow file.
_AHEAD = 2
_KEPT_ALONG = ("class_names", "file_paths", "skipped")


class Iterator:
    """One pass over a Dataset; close() ends it early and its threads with it, as does forgetting it."""

    def __init__(self, elements):
        self._elements = elements

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._elements)

    def get_next(self):
        """The next element, as next() gives it."""
        return next(self)

    next = get_next

    def close(self):
        """Let go of everything that the pass holds."""
        if hasattr(self._elements, "close"):
            self._elements.close()
        self._elements = iter(())


class Dataset(Origins):
    """Tensors, text, or tuples and dicts of them, one after the other; each iteration is a pass from the start.

    Nothing is computed before an element is asked for; every method returns a new Dataset and leaves this one as it is.
    What is shuffled is a function of (seed, pass) alone, however many threads work; `fit` counts the passes by its
    epochs (set_epoch), so that a resumed training sees what it would have seen.
    Datasets out of folders have class_names, file_paths and skipped, which go along through every method.
    Optional `name` arguments label nodes of TensorFlow's graph; there is none here, so they only may be given.
    """

    def __init__(self, stage, *origins):
        self._stage = stage
        self._pass = 0
        for origin in origins:
            for name in _KEPT_ALONG:
                if name in vars(origin) and name not in vars(self):
                    setattr(self, name, getattr(origin, name))

    def __getattr__(self, name):
        if name in _KEPT_ALONG:
            raise AttributeError(
                f"This Dataset has no {name}: utils.image_dataset_from_directory gives it, or set it yourself."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # What is done with them -----------------------------------------------------------------------------------------

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None):
        """map_func(*element) in the place of each element; arrays, numbers and lists become tensors.

        num_parallel_calls: so many threads; AUTOTUNE takes one a processor. The order is kept, which is what
        deterministic=False permits as well.
        """
        _require_function(map_func, "map")
        return self._then(stages.Mapped(self._stage, map_func, threads=_threads(num_parallel_calls)))

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """Every batch_size elements as one (B, ...); the last may be smaller unless drop_remainder."""
        size = whole(batch_size, "batch_size", least=1)
        threads = _threads(num_parallel_calls)
        return self._then(stages.Batched(self._stage, size, drop_remainder=bool(drop_remainder), threads=threads))

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """Every batch_size elements as one, filled up with padding_values (0) to the longest or to padded_shapes."""
        size = whole(batch_size, "batch_size", least=1)
        settings = {"shapes": padded_shapes, "values": padding_values, "drop_remainder": bool(drop_remainder)}
        return self._then(nested.Padded(self._stage, size, **settings))

    def unbatch(self, name=None):
        """The rows of each element as elements."""
        return self._then(stages.Unbatched(self._stage))

    def flat_map(self, map_func, name=None):
        """The elements of the Datasets that map_func(*element) returns, one Dataset after the other."""
        _require_function(map_func, "flat_map")
        return self._then(nested.Interleaved(self._stage, map_func, method="flat_map"), files=False)

    def interleave(
        self, map_func, cycle_length=None, block_length=None, num_parallel_calls=None, deterministic=None, name=None
    ):
        """The elements of the Datasets that map_func(*element) returns: block_length (1) of each of cycle_length.

        The order is TensorFlow's for these two numbers, on any machine. cycle_length None: 4.
        num_parallel_calls is permission to read them at once, which is not needed for the same result.
        """
        _require_function(map_func, "interleave")
        _threads(num_parallel_calls)
        cycle = 4 if cycle_length in (None, AUTOTUNE) else whole(cycle_length, "cycle_length", least=1)
        block = 1 if block_length is None else whole(block_length, "block_length", least=1)
        made = nested.Interleaved(self._stage, map_func, method="interleave", cycle=cycle, block=block)
        return self._then(made, files=False)

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Datasets of `size` elements, every stride-th, each beginning `shift` (size) elements after the last."""
        size = whole(size, "size", least=1)
        shift = size if shift is None else whole(shift, "shift", least=1)
        stride = whole(stride, "stride", least=1)
        settings = {"size": size, "shift": shift, "stride": stride, "drop_remainder": bool(drop_remainder)}
        return self._then(nested.Windowed(self._stage, Dataset, **settings), files=False)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=None, name=None):
        """Each element drawn out of the next buffer_size; a full shuffle if there are no more than that.

        reshuffle_each_iteration: anew each pass (None: True).
        """
        size = whole(buffer_size, "buffer_size", least=1)
        seed = random.next_seed("dataset shuffle") if seed is None else whole(seed, "seed") % 2**64
        anew = reshuffle_each_iteration is not False
        return self._then(choices.Shuffled(self._stage, size=size, seed=seed, anew=anew))

    def cache(self, filename="", name=None):
        """Keep the elements of the first whole pass in memory, or in a file of that name for larger ones.

        The file serves this Dataset alone and is written anew by the next: an old one might hold other images.
        """
        if filename in ("", None):
            return self._then(kept.Cached(self._stage))
        if not isinstance(filename, (str, os.PathLike)):
            raise ArgumentError(f"cache: expected the name of a file, got {filename!r}.")
        return self._then(kept.CachedInFile(self._stage, filename))

    def prefetch(self, buffer_size=AUTOTUNE, name=None):
        """Let a thread make the next buffer_size elements while others are worked on."""
        size = whole(buffer_size, "buffer_size", least=AUTOTUNE)
        if size == 0:
            return self._then(self._stage)
        return self._then(stages.Prefetched(self._stage, _AHEAD if size == AUTOTUNE else size))

    def take(self, count, name=None):
        """The first `count` elements (-1: all)."""
        count = whole(count, "count", least=-1)
        return self._then(choices.Sliced(self._stage, 0, None if count == -1 else count), files=False)

    def skip(self, count, name=None):
        """All but the first `count` elements (-1: none)."""
        count = whole(count, "count", least=-1)
        if _reshuffles(self._stage):
            notices.once(
                "skip after shuffle",
                "skip() after a shuffle that draws anew each pass: what take() and skip() separate is mixed again in "
                "every epoch. Split before shuffle(), or shuffle(..., reshuffle_each_iteration=False).",
            )
        return self._then(choices.Sliced(self._stage, count, 0 if count == -1 else None), files=False)

    def shard(self, num_shards, index, name=None):
        """Every num_shards-th element, from number `index` on."""
        num_shards = whole(num_shards, "num_shards", least=1)
        index = whole(index, "index", least=0)
        if index >= num_shards:
            raise ArgumentError(f"shard: expected an index below num_shards={num_shards}, got {index}.")
        return self._then(choices.Sliced(self._stage, index, None, num_shards), files=False)

    def repeat(self, count=None, name=None):
        """The whole `count` times over, shuffled anew each time; without end if None or -1."""
        count = None if count is None else whole(count, "count", least=-1)
        return self._then(choices.Repeated(self._stage, None if count == -1 else count))

    def concatenate(self, dataset, name=None):
        """These elements, then the other Dataset's."""
        if not isinstance(dataset, Dataset):
            raise ArgumentError(f"concatenate: expected a Dataset, got {type(dataset).__name__}.")
        joined = Dataset(stages.Joined(self._stage, dataset._stage), self, dataset)
        vars(joined).pop("file_paths", None)
        if "file_paths" in vars(self) and "file_paths" in vars(dataset):
            joined.file_paths = [*self.file_paths, *dataset.file_paths]
        return joined

    def enumerate(self, start=0, name=None):
        """(number, element), counted from `start`."""
        return self._then(stages.Numbered(self._stage, whole(start, "start")))

    def filter(self, predicate, name=None):
        """The elements of which predicate(*element) is true."""
        _require_function(predicate, "filter")
        return self._then(stages.Filtered(self._stage, predicate), files=False)

    def take_while(self, predicate, name=None):
        """The elements before the first of which predicate(*element) is false."""
        _require_function(predicate, "take_while")
        return self._then(nested.Until(self._stage, predicate), files=False)

    def assert_cardinality(self, cardinality):
        """The same elements, of which len() is `cardinality`; DataError at the end of a pass that has another number.

        For the length that a generator or filter() does not tell.
        """
        number = whole(cardinality, "cardinality", least=UNKNOWN)
        return self._then(nested.Counted(self._stage, number))

    def with_options(self, options, name=None):
        """The same elements: TensorFlow's Options ask for speed or for a fixed order, which is kept in any case."""
        return self._then(self._stage)

    def apply(self, transformation_func):
        """transformation_func(this Dataset), which returns a Dataset."""
        result = transformation_func(self)
        if not isinstance(result, Dataset):
            raise ArgumentError(f"apply: expected the function to return a Dataset, got {type(result).__name__}.")
        return result

    def reduce(self, initial_state, reduce_func, name=None):
        """reduce_func(state, element) over all elements; the last state, or initial_state if there is no element."""
        if self._stage.count() == INFINITE:
            raise DataError("reduce: this Dataset has no end. take(n) first.")
        state = shown(element_of(initial_state))
        for element in self:
            state = shown(element_of(reduce_func(state, element)))
        return state

    def get_single_element(self, name=None):
        """The one element; DataError where there is none or another."""
        with crew.closing(iter(self)) as elements:
            found = [element for element, _ in zip(elements, range(2), strict=False)]
        if len(found) != 1:
            raise DataError(f"get_single_element: expected one element, there {'are more' if found else 'is none'}.")
        return found[0]

    # What can be asked ----------------------------------------------------------------------------------------------

    def __iter__(self):
        elements = self.plain()
        return elements if faces.in_use() is faces.PLAIN else Iterator(_shown(elements))

    def plain(self):
        """The next pass with torch tensors and text in it, however elements are shown to a person."""
        place = (self._pass,)
        self._pass += 1
        return Iterator(self._stage.elements(place))

    def as_numpy_iterator(self):
        """The elements with NumPy arrays and scalars in them."""
        return Iterator(_as_numpy(iter(self)))

    def set_epoch(self, epoch):
        """Let the next iteration be pass number `epoch`; the ones after count on from there."""
        self._pass = int(epoch)

    def cardinality(self):
        """The number of elements as an int64 scalar: INFINITE_CARDINALITY (-1), UNKNOWN_CARDINALITY (-2) where so."""
        return shown(torch.tensor(self._stage.count()))

    def __len__(self):
        count = self._stage.count()
        if count == INFINITE:
            raise TypeError("This Dataset has no end (repeat()): give steps_per_epoch, or take(n).")
        if count == UNKNOWN:
            raise TypeError(
                "The length of this Dataset is unknown before it is read (from_generator, filter and unbatch decide as "
                "they go). Count it with ds.reduce(0, lambda n, _: n + 1)."
            )
        return count

    def __bool__(self):
        return True

    @property
    def element_spec(self):
        """The TensorSpecs of an element; a map's are told from its first."""
        return shown_specs(self._stage.spec())

    def __repr__(self):
        count = {INFINITE: "without end", UNKNOWN: "of unknown length"}.get(self._stage.count())
        return f"<Dataset {count or f'of {self._stage.count()}'}: {type(self._stage).__name__}>"

    def _then(self, stage, *, files=True):
        """The Dataset of a stage on this one. files: whether file_paths still are those of the elements."""
        result = Dataset(stage, self)
        if not files:
            vars(result).pop("file_paths", None)
        return result


def _shown(elements):
    with crew.closing(elements):
        for element in elements:
            yield shown(element)


def _as_numpy(elements):
    with crew.closing(elements):
        for element in elements:
            yield numpy_of(element)


def whole(value, name, *, least=None):
    """`value` as an int (a scalar tensor counts as one); ArgumentError for any other, or one below `least`."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except (TypeError, RuntimeError):
        number = None
    if number is None or (least is not None and number < least):
        wanted = "a whole number" if least is None else f"a whole number of {least} or more"
        raise ArgumentError(f"Expected {name} to be {wanted}, got {value!r}.")
    return number


def _threads(num_parallel_calls):
    if num_parallel_calls is None:
        return 0
    number = whole(num_parallel_calls, "num_parallel_calls", least=AUTOTUNE)
    if number == 0:
        raise ArgumentError("Expected num_parallel_calls to be 1 or more, AUTOTUNE or None, got 0.")
    return crew.processors() if number == AUTOTUNE else number


def _require_function(function, method):
    if not callable(function):
        raise ArgumentError(f"{method}: expected a function, got {type(function).__name__}.")


def _reshuffles(stage):
    """Whether the order of a stage's elements differs from pass to pass."""
    while stage is not None and not isinstance(stage, (kept.Cached, kept.CachedInFile)):
        if isinstance(stage, choices.Shuffled) and stage.anew:
            return True
        stage = getattr(stage, "parent", None)
    return False
