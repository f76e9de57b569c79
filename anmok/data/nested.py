"""Stages (see sources.py) whose elements come from Datasets within Datasets: flat_map, interleave, window, choices."""

import collections
import itertools

import numpy as np
import torch

from anmok.data.crew import closing
from anmok.data.elements import TensorSpec, spec_of, structured
from anmok.data.sources import INFINITE, UNKNOWN
from anmok.data.stages import Stage, called
from anmok.errors import ArgumentError, DataError

_DRAWN_AT_ONCE = 1024


class Listed:
    """Elements that lie in a list."""

    store = None

    def __init__(self, items):
        self.items = items

    def elements(self, place):
        return iter(self.items)

    def count(self):
        return len(self.items)

    def spec(self):
        return spec_of(self.items[0])


class Interleaved(Stage):
    """The elements of the Datasets that function(*element) returns.

    `cycle` of them are open at a time; `block` elements are taken of each in turn (TensorFlow's order). With a cycle
    of 1, one Dataset follows the other.
    """

    def __init__(self, parent, function, *, method, cycle=1, block=1):
        super().__init__(parent)
        self.function, self.method, self.cycle, self.block = function, method, cycle, block

    def elements(self, place):
        slots, slot, taken = [None] * self.cycle, 0, 0
        with closing(self.parent.elements(place)) as items:
            numbered, ended = enumerate(items), False
            try:
                while not ended or any(part is not None for part in slots):
                    if slots[slot] is None:
                        number, item = next(numbered, (None, None))
                        ended = ended or number is None
                        if number is None:
                            slot, taken = (slot + 1) % self.cycle, 0
                        else:
                            slots[slot] = self._inner(item).elements((*place, number))
                        continue
                    for element in slots[slot]:
                        taken += 1
                        yield element
                        break
                    else:
                        slots[slot], taken = None, self.block
                    if taken == self.block:
                        slot, taken = (slot + 1) % self.cycle, 0
            finally:
                for part in slots:
                    if hasattr(part, "close"):
                        part.close()

    def _inner(self, element):
        dataset = called(self.function, element)
        if not getattr(dataset, "is_dataset", False):
            raise ArgumentError(
                f"{self.method}: expected the function to return a Dataset, got {type(dataset).__name__}. "
                "For one element of each use map()."
            )
        return dataset._stage

    def count(self):
        return INFINITE if self.parent.count() == INFINITE else UNKNOWN

    def spec(self):
        with closing(self.parent.elements((0,))) as items:
            for item in items:
                return self._inner(item).spec()
        raise DataError("element_spec: there is no element to tell it from.")


class Windowed(Stage):
    """Datasets of `size` elements, every `stride`-th, each beginning `shift` after the last; one for each leaf.

    dataset: what makes a Dataset of a stage.
    """

    def __init__(self, parent, dataset, *, size, shift, stride, drop_remainder):
        super().__init__(parent)
        self.dataset, self.drop_remainder = dataset, drop_remainder
        self.size, self.shift, self.stride = size, shift, stride
        self.span = (size - 1) * stride + 1

    def elements(self, place):
        held = collections.deque()
        with closing(self.parent.elements(place)) as items:
            while True:
                held.extend(itertools.islice(items, self.span - len(held)))
                if not held or (self.drop_remainder and len(held) < self.span):
                    return
                yield self._window(list(itertools.islice(held, 0, None, self.stride)))
                for _ in range(min(self.shift, len(held))):
                    held.popleft()
                if self.shift > self.span:
                    collections.deque(itertools.islice(items, self.shift - self.span), maxlen=0)

    def _window(self, elements):
        first, *others = elements
        return structured(lambda *leaves: self.dataset(Listed(list(leaves))), first, *others)

    def count(self):
        count = self.parent.count()
        if count < 0:
            return count
        if self.drop_remainder:
            return max(0, (count - self.span) // self.shift + 1)
        return -(-count // self.shift)

    def spec(self):
        return structured(lambda spec: ("Dataset", spec), self.parent.spec())


class Chosen:
    """From several stages, the next element of the one that each number of choose(place) names.

    stop: whether an exhausted stage ends it; else it is passed over.
    """

    store = None

    def __init__(self, parts, choose, *, stop):
        self.parts, self.choose, self.stop = parts, choose, stop

    def elements(self, place):
        passes = [part.elements((*place, number)) for number, part in enumerate(self.parts)]
        open_ones = set(range(len(passes)))
        try:
            with closing(self.choose(place, open_ones)) as numbers:
                for number in numbers:
                    if not 0 <= number < len(passes):
                        raise DataError(f"A choice of {number} among {len(passes)} Datasets: numbers count from 0.")
                    for element in passes[number] if number in open_ones else ():
                        yield element
                        break
                    else:
                        open_ones.discard(number)
                        if self.stop or not open_ones:
                            return
        finally:
            for part in passes:
                if hasattr(part, "close"):
                    part.close()

    def count(self):
        return INFINITE if not self.stop and any(part.count() == INFINITE for part in self.parts) else UNKNOWN

    def spec(self):
        return self.parts[0].spec()


def by_dataset(stage):
    """The `choose` of Chosen that reads its numbers from a stage."""

    def choose(place, open_ones):
        with closing(stage.elements(place)) as items:
            for item in items:
                yield int(item)

    return choose


def by_chance(weights, seed):
    """The `choose` of Chosen that draws numbers with these weights, renewed among those that are not exhausted."""
    weights = np.asarray(weights, np.float64)

    def choose(place, open_ones):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *place])))
        while True:
            number_open = len(open_ones)
            shares = np.where([number in open_ones for number in range(len(weights))], weights, 0)
            if not shares.sum():
                return
            for number in rng.choice(len(weights), size=_DRAWN_AT_ONCE, p=shares / shares.sum()).tolist():
                yield number
                if len(open_ones) != number_open:
                    break

    return choose


class Until(Stage):
    """The elements before the first of which predicate(*element) is false."""

    def __init__(self, parent, predicate):
        super().__init__(parent)
        self.predicate = predicate

    def elements(self, place):
        with closing(self.parent.elements(place)) as items:
            for element in items:
                if not bool(called(self.predicate, element)):
                    return
                yield element

    def count(self):
        return UNKNOWN


class Counted(Stage):
    """The parent's elements, said to be `number`; another number of them is an error."""

    def __init__(self, parent, number):
        super().__init__(parent)
        self.number = number

    def elements(self, place):
        seen = 0
        with closing(self.parent.elements(place)) as items:
            for element in items:
                seen += 1
                if seen > self.number >= 0:
                    break
                yield element
        if self.number >= 0 and seen != self.number:
            more = "more" if seen > self.number else f"{seen}"
            raise DataError(f"assert_cardinality: {self.number} elements were announced, there are {more}.")
        if self.number == INFINITE:
            raise DataError(f"assert_cardinality: elements without end were announced, there are {seen}.")

    def count(self):
        return self.number


class Padded(Stage):
    """Every `size` elements as one, each leaf padded at its axes' ends to the longest, or to the shape that is said.

    shapes: structure of tuples (None or -1: the longest) or None; values: a number, or a structure of them.
    """

    def __init__(self, parent, size, *, shapes, values, drop_remainder):
        super().__init__(parent)
        self.size, self.shapes, self.values, self.drop_remainder = size, shapes, values, drop_remainder

    def elements(self, place):
        with closing(self.parent.elements(place)) as items:
            while group := list(itertools.islice(items, self.size)):
                if len(group) < self.size and self.drop_remainder:
                    return
                yield self._batch(group)

    def _batch(self, group):
        shapes, values = self.shapes, self.values
        walked = []

        def padded(first, *others):
            number = len(walked)
            walked.append(first)
            items = (first, *others)
            wanted = _at(shapes, number, group[0], tuple)
            longest = [max(sizes) for sizes in zip(*(item.shape for item in items), strict=True)]
            if wanted is not None:
                longest = [
                    size if limit in (None, -1) else int(limit) for size, limit in zip(longest, wanted, strict=True)
                ]
            value = _at(values, number, group[0], None)
            out = torch.full((len(items), *longest), 0 if value is None else value, dtype=first.dtype)
            for row, item in zip(out, items, strict=True):
                if any(size > limit for size, limit in zip(item.shape, longest, strict=True)):
                    raise DataError(
                        f"padded_batch: an element of shape {tuple(item.shape)} does not fit into {tuple(longest)}."
                    )
                row[tuple(slice(size) for size in item.shape)] = item
            return out

        return structured(padded, group[0], *group[1:])

    def count(self):
        count = self.parent.count()
        if count < 0:
            return count
        return count // self.size if self.drop_remainder else -(-count // self.size)

    def spec(self):
        return structured(lambda spec: TensorSpec((None,) * (len(spec.shape) + 1), spec.dtype), self.parent.spec())


def _at(settings, number, element, plain):
    """What `settings` say of leaf `number`: one setting for all, or a structure in the elements' form."""
    if settings is None or not isinstance(element, (tuple, dict)):
        return settings
    if isinstance(settings, (list, tuple)):
        if plain is tuple and (not settings or not isinstance(settings[0], (list, tuple))):
            return settings
        return settings[number]
    return list(settings.values())[number] if isinstance(settings, dict) else settings
