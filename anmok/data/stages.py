"""Stages (see sources.py) whose elements are made out of those of others: mapped, batched, joined, made ahead."""

import contextlib
import itertools

import numpy as np
import torch

from anmok import random
from anmok.data import crew
from anmok.data.crew import closing
from anmok.data.elements import TensorSpec, batch_of, returned, rows_of, shown, spec_of, structured
from anmok.data.sources import INFINITE, UNKNOWN
from anmok.errors import DataError


class Stage:
    """A stage on another whose elements are new ones."""

    store = None

    def __init__(self, parent):
        self.parent = parent

    def count(self):
        return self.parent.count()

    def spec(self):
        return self.parent.spec()


class Mapped(Stage):
    """function(*element) of each element, by threads where wanted, in order.

    A function that knows the TensorSpecs of what it returns has them as its `element_spec`.
    """

    def __init__(self, parent, function, *, threads=0):
        super().__init__(parent)
        self.function, self.threads = function, threads
        self.seed = random.next_seed("dataset map")
        self._spec = getattr(function, "element_spec", None)

    def elements(self, place):
        # What layers draw inside a map is a function of the place too, whichever thread they run in.
        pass_seed = int(np.random.SeedSequence([self.seed, *place]).generate_state(1, np.uint64)[0])

        def made(numbered):
            number, element = numbered
            with random.training_step(pass_seed, number), _naming(f"map: element {number}", self.function):
                return returned(called(self.function, element))

        with closing(self.parent.elements(place)) as items:
            numbered = enumerate(items)
            if not self.threads:
                for item in numbered:
                    yield made(item)
                return
            with closing(crew.in_order(made, numbered, threads=self.threads, ahead=2 * self.threads)) as results:
                yield from results

    def spec(self):
        if self._spec is None:
            self._spec = self._looked_at()
        return self._spec

    def _looked_at(self):
        """The spec of the first element; an axis that has the length of a batch of unknown length is unknown too."""
        with closing(self.parent.elements((0,))) as items:
            first = next(items, None)
        if first is None:
            raise DataError("element_spec: there is no element to tell it from.")
        sizes = set()
        structured(lambda spec, leaf: sizes.add(_open_axis(spec, leaf)), self.parent.spec(), first)
        made = spec_of(returned(called(self.function, first)))
        return structured(lambda spec: _opened(spec, sizes - {None}), made)


def called(function, element):
    """function(element), a tuple's items as arguments of their own.

    The leaves are as a person sees them, unless the function says (takes_plain) that it is one of ours.
    """
    if not getattr(function, "takes_plain", False):
        element = shown(element)
    return function(*element) if isinstance(element, tuple) else function(element)


def _open_axis(spec, leaf):
    return len(leaf) if spec.shape and spec.shape[0] is None and len(leaf) else None


def _opened(spec, sizes):
    if spec.shape and spec.shape[0] in sizes:
        return TensorSpec((None, *spec.shape[1:]), spec.dtype)
    return spec


@contextlib.contextmanager
def _naming(what, function):
    """An exception keeps its kind and says which element it came from."""
    try:
        yield
    except Exception as error:
        note = f"[{what}, in {getattr(function, '__name__', type(function).__name__)}]"
        if len(error.args) == 1 and isinstance(error.args[0], str) and str(error) == error.args[0]:
            error.args = (f"{error.args[0]} {note}",)
        elif hasattr(error, "add_note"):
            error.add_note(note)
        raise


class Filtered(Stage):
    """The elements of which predicate(*element) is true."""

    def __init__(self, parent, predicate):
        super().__init__(parent)
        self.predicate = predicate

    def elements(self, place):
        with closing(self.parent.elements(place)) as items:
            for number, element in enumerate(items):
                with _naming(f"filter: element {number}", self.predicate):
                    kept = bool(called(self.predicate, element))
                if kept:
                    yield element

    def count(self):
        return UNKNOWN


class Batched(Stage):
    """Every `size` elements as one, with a new first axis."""

    def __init__(self, parent, size, *, drop_remainder, threads=0):
        super().__init__(parent)
        self.size, self.drop_remainder, self.threads = size, drop_remainder, threads

    def elements(self, place):
        rows = self.parent.store is not None
        groups = self._groups(self.parent.order if rows else self.parent.elements, place)
        make = self.parent.store.rows if rows else batch_of
        with closing(groups):
            if not self.threads:
                yield from map(make, groups)
                return
            with closing(crew.in_order(make, groups, threads=self.threads, ahead=self.threads)) as batches:
                yield from batches

    def _groups(self, passes, place):
        with closing(passes(place)) as items:
            while group := list(itertools.islice(items, self.size)):
                if len(group) < self.size and self.drop_remainder:
                    return
                yield group

    def count(self):
        count = self.parent.count()
        if count < 0:
            return count
        return count // self.size if self.drop_remainder else -(-count // self.size)

    def spec(self):
        size = self.size if self.drop_remainder else None
        return structured(
            lambda spec: TensorSpec(None if spec.shape is None else (size, *spec.shape), spec.dtype),
            self.parent.spec(),
        )


class Unbatched(Stage):
    """The rows of each element as elements."""

    def elements(self, place):
        with closing(self.parent.elements(place)) as items:
            for element in items:
                yield from rows_of(element)

    def count(self):
        return INFINITE if self.parent.count() == INFINITE else UNKNOWN

    def spec(self):
        return structured(
            lambda spec: TensorSpec(None if spec.shape is None else spec.shape[1:], spec.dtype), self.parent.spec()
        )


class Prefetched(Stage):
    """The parent's elements, made by a thread while others are worked on."""

    def __init__(self, parent, ahead):
        super().__init__(parent)
        self.ahead = ahead

    def elements(self, place):
        return crew.beforehand(self.parent.elements(place), ahead=self.ahead)


class Numbered(Stage):
    """(number, element)."""

    def __init__(self, parent, start):
        super().__init__(parent)
        self.start = start

    def elements(self, place):
        with closing(self.parent.elements(place)) as items:
            for number, element in enumerate(items, self.start):
                yield torch.tensor(number), element

    def spec(self):
        return TensorSpec((), torch.int64), self.parent.spec()


class Joined:
    """The elements of one stage after another's."""

    store = None

    def __init__(self, first, second):
        self.parts = (first, second)

    def elements(self, place):
        for part in self.parts:
            with closing(part.elements(place)) as items:
                yield from items

    def count(self):
        counts = [part.count() for part in self.parts]
        return INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)

    def spec(self):
        return self.parts[0].spec()


class Zipped:
    """One element out of the elements of several stages, in a structure; the shortest ends it."""

    store = None

    def __init__(self, stages):
        self.stages = stages

    def elements(self, place):
        with contextlib.ExitStack() as stack:
            passes = structured(lambda part: stack.enter_context(closing(part.elements(place))), self.stages)
            while True:
                try:
                    element = structured(next, passes)
                except StopIteration:
                    return
                yield element

    def count(self):
        counts = []
        structured(lambda part: counts.append(part.count()), self.stages)
        finite = [count for count in counts if count != INFINITE]
        return INFINITE if not finite else UNKNOWN if UNKNOWN in finite else min(finite)

    def spec(self):
        return structured(lambda part: part.spec(), self.stages)
