"""Stages (see sources.py) that hand on elements of another as they are: which of them, and in which order.

They work the same on elements and on row numbers.
"""

import itertools

import numpy as np

from anmok.data.crew import closing
from anmok.data.sources import INFINITE, UNKNOWN

_DRAWN_AT_ONCE = 1024


class Choice:
    """Elements of a parent, chosen and ordered by choose(passes, place); passes(place) is a pass of the parent."""

    def __init__(self, parent):
        self.parent = parent
        self.store = parent.store

    def order(self, place):
        return self.choose(self.parent.order, place)

    def elements(self, place):
        if self.store is None:
            return self.choose(self.parent.elements, place)
        return map(self.store.row, self.order(place))

    def spec(self):
        return self.parent.spec()

    def count(self):
        count = self.parent.count()
        return count if count < 0 else self.counted(count)

    def counted(self, count):
        return count


class Shuffled(Choice):
    """Each element drawn out of a buffer that the next ones fill (as in TensorFlow); seed and place decide."""

    def __init__(self, parent, *, size, seed, anew):
        super().__init__(parent)
        self.size, self.seed, self.anew = size, seed, anew

    def choose(self, passes, place):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([self.seed, *(place if self.anew else ())])))
        draws = itertools.chain.from_iterable(rng.random(_DRAWN_AT_ONCE).tolist() for _ in itertools.count())
        with closing(passes(place)) as items:
            buffer = list(itertools.islice(items, self.size))
            for item in items:
                i = int(next(draws) * len(buffer))
                chosen, buffer[i] = buffer[i], item
                yield chosen
            while buffer:
                i = int(next(draws) * len(buffer))
                buffer[i], buffer[-1] = buffer[-1], buffer[i]
                yield buffer.pop()


class Sliced(Choice):
    """The elements numbered start, start + step, ... below stop (None: to the end)."""

    def __init__(self, parent, start, stop, step=1):
        super().__init__(parent)
        self.start, self.stop, self.step = start, stop, step

    def choose(self, passes, place):
        if self.stop == 0:
            return
        with closing(passes(place)) as items:
            yield from itertools.islice(items, self.start, self.stop, self.step)

    def counted(self, count):
        return len(range(count)[self.start : self.stop : self.step])

    def count(self):
        if self.parent.count() == INFINITE and self.stop is not None:
            return len(range(self.start, self.stop, self.step))
        return super().count()


class Repeated(Choice):
    """The parent's passes one after the other, `times` of them (None: without end), each shuffled on its own."""

    def __init__(self, parent, times):
        super().__init__(parent)
        self.times = times

    def choose(self, passes, place):
        for number in itertools.count() if self.times is None else range(self.times):
            empty = True
            with closing(passes((*place, number))) as items:
                for item in items:
                    empty = False
                    yield item
            if empty:
                return

    def counted(self, count):
        return count * self.times if self.times is not None else (INFINITE if count else 0)

    def count(self):
        count = self.parent.count()
        if self.times == 0:
            return 0
        if count == UNKNOWN and self.times is None:
            return INFINITE
        return super().count()
