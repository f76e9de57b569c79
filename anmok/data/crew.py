"""Threads that come when there is work and go when there is none, so that nothing is left where nobody cleans up."""

import collections
import contextlib
import os
import threading
from concurrent.futures import Future

# A debugger or a notebook may hold an interrupted loop for hours; its threads have gone after so many seconds.
LINGER = 0.5
# Only garbage collection, at the worst moment, lets a thread of a crew wait for one that waits for it in turn.
_PATIENCE = 5
_END = object()


def processors():
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker(threading.Thread):
    pass


class Crew:
    """At most `size` threads that take calls in the order given. A thread without work for LINGER seconds ends."""

    def __init__(self, size, *, name):
        self.size, self.name = size, name
        self._calls = collections.deque()
        self._threads = set()
        self._idle = 0
        self._closed = False
        self._news = threading.Condition()

    def submit(self, function, *arguments):
        """A Future of function(*arguments)."""
        future = Future()
        with self._news:
            if self._closed:
                raise RuntimeError(f"The crew {self.name!r} is closed.")
            self._calls.append((future, function, arguments))
            if self._idle >= len(self._calls) or len(self._threads) >= self.size:
                self._news.notify()
                return future
            thread = _Worker(target=self._work, name=self.name)
            self._threads.add(thread)
            thread.start()
        return future

    def close(self):
        """Drop what was not begun and wait for the rest; no thread is left."""
        with self._news:
            self._closed = True
            self._calls.clear()
            self._news.notify_all()
            threads = list(self._threads)
        this = threading.current_thread()
        for thread in threads:
            if thread is not this:
                thread.join(_PATIENCE if isinstance(this, _Worker) else None)

    def _work(self):
        while True:
            with self._news:
                self._idle += 1
                self._news.wait_for(lambda: self._calls or self._closed, LINGER)
                self._idle -= 1
                if not self._calls:
                    self._threads.discard(threading.current_thread())
                    return
                future, function, arguments = self._calls.popleft()
            try:
                result = function(*arguments)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            # What was made belongs to who asked for it; an idle thread must not keep it in memory.
            future = function = arguments = result = None


@contextlib.contextmanager
def closing(iterator):
    """`with closing(iterator) as it:` closes what can be closed at the end, whoever still holds it."""
    try:
        yield iterator
    finally:
        if hasattr(iterator, "close"):
            iterator.close()


def in_order(function, items, *, threads, ahead):
    """Yield function(item) for the items in their order; `threads` at once, at most `ahead` before they are wanted."""
    crew = Crew(threads, name="anmok-map")
    pending = collections.deque()
    try:
        with closing(iter(items)) as items:
            for item in items:
                pending.append(crew.submit(function, item))
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
    finally:
        crew.close()


def beforehand(items, *, ahead):
    """Yield the items, made by one thread, at most `ahead` of them before they are wanted."""
    items = iter(items)
    crew = Crew(1, name="anmok-prefetch")
    with closing(items):
        try:
            pending = collections.deque(crew.submit(next, items, _END) for _ in range(ahead))
            while True:
                item = pending.popleft().result()
                if item is _END:
                    return
                pending.append(crew.submit(next, items, _END))
                yield item
        finally:
            # The thread may be inside the items: they are closed after it has gone.
            crew.close()
