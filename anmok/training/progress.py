"""The line that tells how training goes (as Keras' progress bar): live on a terminal, one line an epoch in a file."""

import os
import re
import shutil
import sys
import time
import unicodedata

from anmok.errors import ArgumentError

_INTERVAL = 0.1  # seconds between two drawings
_BAR = 20  # cells
_NARROWEST_BAR = 4


def format_time(seconds, unit):
    """ "4ms/step": what one step takes, as Keras words it."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"


def format_left(seconds):
    """ "12s", "3:07", "1:02:45": the time that is left."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}" if minutes else f"{seconds}s"


def format_value(value):
    """Four decimals, or an exponent for what would vanish (as in Keras); text as it is."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def cells(text):
    """How many columns a terminal needs for the text; Hangul and its like take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def clip(text, columns):
    """The text, cut so that it takes no more than `columns`."""
    if cells(text) <= columns:
        return text
    kept = ""
    for sign in text:
        if cells(kept + sign) >= columns:
            break
        kept += sign
    return kept + "…" if columns > 0 else ""


def _fit(head, bar, tail, columns):
    """head, bar and tail so that they take no more than `columns`: a shorter bar, then none, then less of the tail."""
    room = None if columns is None else columns - cells(head) - cells(tail)
    if bar is not None and room is not None:
        filled, size = bar
        short = min(size, room - 1)
        bar = (filled * short // max(size, 1), short) if short >= _NARROWEST_BAR else None
    if room is None or room >= 0:
        return head, bar, tail
    head = clip(head, columns)
    return head, None, clip(tail, columns - cells(head))


def _broken(tail, columns, room):
    """The tail in pieces for lines of `columns`, the first of which has `room`: no result is lost at the end."""
    lines = [""]
    for piece in re.findall(r".+?(?= - |$)", tail):
        if cells(lines[-1] + piece) <= (columns if len(lines) > 1 else room) or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append("   " + piece)
    return [lines[0], *(clip(line, columns) for line in lines[1:])]


class Line:
    """One line of output that is drawn over itself where the stream can do that.

    Live streams are terminals and notebooks; elsewhere only what is finished is written, without control characters.
    """

    def __init__(self, stream=None):
        self.stream = stream or sys.stdout
        self.is_terminal = bool(getattr(self.stream, "isatty", lambda: False)())
        self.is_live = self.is_terminal or type(self.stream).__module__.startswith("ipykernel")
        encoding = (getattr(self.stream, "encoding", None) or "utf-8").lower()
        self.is_unicode = encoding.startswith("utf")
        self.is_coloured = self.is_live and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._drawn = 0

    def columns(self):
        """How many columns a line may take; None where it does not matter."""
        # The last column stays free: some terminals wrap as soon as it is filled.
        return shutil.get_terminal_size().columns - 1 if self.is_terminal else None

    def draw(self, head, bar, tail, *, done):
        """Write the line: `bar` is None or (cells filled, cells in all); `done` ends it."""
        if not (self.is_live or done):
            return
        columns = self.columns()
        rest = []
        if done and columns is not None:
            tail, *rest = _broken(tail, columns, columns - cells(head))
        head, bar, tail = _fit(head, bar, tail, columns)
        width = cells(head) + (1 + bar[1] if bar else 0) + cells(tail)
        blank = " " * (self._drawn - width)
        start = "\r" if self.is_live else ""
        end = "\n".join(["", *rest, ""]) if done else ""
        self.write(start + self._text(head, bar, tail) + blank + end)
        self._drawn = 0 if done else width

    def _text(self, head, bar, tail):
        full, empty = ("━", "╌") if self.is_unicode else ("=", ".")
        filled, size = bar or (0, 0)
        if self.is_coloured:
            lines = f" \x1b[32m{full * filled}\x1b[37m{full * (size - filled)}\x1b[0m" if bar else ""
            return f"\x1b[1m{head}\x1b[0m{lines}{tail}"
        return head + (f" {full * filled}{empty * (size - filled)}" if bar else "") + tail

    def write(self, text):
        """Write and flush; a sign that the stream cannot encode is written as "?"."""
        encoding = getattr(self.stream, "encoding", None)
        if encoding and not self.is_unicode:
            text = text.encode(encoding, "replace").decode(encoding)
        self.stream.write(text)
        self.stream.flush()

    def leave(self):
        """End a line that was drawn and not finished."""
        if self._drawn:
            self.write("\n")
            self._drawn = 0


class Pace:
    """Steps and seconds: the time of one step leaves out the first, which is never like the others."""

    def __init__(self):
        self.start = time.perf_counter()
        self.first = None
        self.current = 0
        self.now = self.start

    def step(self, current):
        """Note that `current` steps are done; returns the time."""
        self.now = time.perf_counter()
        self.current = current
        if self.first is None:
            self.first = self.now, current
        return self.now

    def per_step(self):
        """Seconds a step takes."""
        if self.first is None or not self.current:
            return 0.0
        since, steps = self.first
        if self.current > steps:
            return (self.now - since) / (self.current - steps)
        return (self.now - self.start) / self.current

    def elapsed(self):
        """Seconds since the beginning, until now."""
        return time.perf_counter() - self.start


def pieces(pace, target, values, *, unit, width, done):
    """head, bar and tail of the line: `37/469`, the bar's cells, time and values."""
    if target:
        head = f"{pace.current:{len(str(target))}d}/{target}"
        bar = (min(width, width * pace.current // target), width)
    else:
        head, bar = f"{pace.current}/Unknown", None
    left = pace.elapsed() if done or not target else pace.per_step() * max(0, target - pace.current)
    timing = f"{left:.0f}s" if done or not target else format_left(left)
    return head, bar, f" {timing} {format_time(pace.per_step(), unit)}{worded(values)}"


def worded(values):
    """ " - loss: 0.3100 - ..." out of (name, value) pairs."""
    return "".join(f" - {name}: {format_value(value)}" for name, value in values)


class Progress:
    """What fit, evaluate and predict say while they run.

    target: steps an epoch has, None if unknown. epochs: above 1, each is announced. verbose: 0 says nothing, 1 or
    "auto" shows a bar, 2 writes one line an epoch. Without a terminal or notebook only finished lines are written.
    """

    def __init__(self, target, epochs=1, *, verbose="auto", unit="step", stream=None):
        if verbose not in (0, 1, 2, "auto"):
            raise ArgumentError(f"Expected verbose to be 'auto', 0, 1 or 2, got {verbose!r}.")
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.target = target
        self.epochs = epochs
        self.unit = unit
        self._stream = stream
        self._line = None
        self._pace = None
        self._next = 0.0

    def begin_epoch(self, epoch):
        """Epoch number `epoch` (counted from 0) begins."""
        self._title = f"Epoch {epoch + 1}/{self.epochs}" if self.epochs and self.epochs > 1 else ""
        self._pace = Pace()
        self._next = 0.0
        if not self.verbose:
            return
        self._line = Line(self._stream)
        if self.verbose == 1 and self._title:
            self._line.write(self._title + "\n")

    def update(self, current, values):
        """`current` steps are done; values() is asked for a dict of name to number only when the line is drawn."""
        if not self.verbose:
            return
        now = self._pace.step(current)
        if now >= self._next and self._line.is_live and self.verbose == 1:
            self._next = now + _INTERVAL
            self._draw(values().items(), done=False)

    def end_epoch(self, logs):
        """The epoch is over; `logs` are its results, those of a validation among them."""
        if not self.verbose:
            return
        if self.target is None:
            self.target = self._pace.current
        if self.verbose == 1:
            self._draw(logs.items(), done=True)
            return
        parts = [self._title, f"{self._pace.current}/{self.target}", f"{self._pace.elapsed():.0f}s"]
        parts.append(format_time(self._pace.per_step(), self.unit))
        self._line.write(" - ".join(part for part in parts if part) + worded(logs.items()) + "\n")

    def interrupt(self):
        """Training stopped amid an epoch: leave the line as it stands and begin a new one."""
        if self._line is not None:
            self._line.leave()

    def _draw(self, values, *, done):
        self._line.draw(*pieces(self._pace, self.target, values, unit=self.unit, width=_BAR, done=done), done=done)


class Progbar:
    """Keras' progress bar for one's own loops.

    target: steps in all, None if unknown. width: cells of the bar. verbose: 0, 1 or 2. interval: seconds between two
    drawings. stateful_metrics: names shown as they are, the others as their average over the steps;
    stateless_metrics: the other way round (give one of the two).
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError("Give stateful_metrics or stateless_metrics, not both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._line = Line()
        self._pace = Pace()
        self._next = 0.0
        self._values = {}  # name -> [sum, weight]

    def update(self, current, values=None, finalize=None):
        """Show that `current` steps are done. values: pairs of name and last value; finalize: whether it is the end."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._pace.current, 1)
        for name, value in values or []:
            if finalize or not self._is_averaged(name):
                self._values[name] = [value, 1]
            else:
                kept = self._values.setdefault(name, [0.0, 0])
                kept[0] += value * steps
                kept[1] += steps
        now = self._pace.step(current)
        shown = self.verbose == 1 and (finalize or (self._line.is_live and now >= self._next))
        if shown or (self.verbose == 2 and finalize):
            self._next = now + self.interval
            self._show(finalize)

    def add(self, n, values=None):
        """Show that `n` more steps are done."""
        self.update(self._pace.current + n, values)

    def _is_averaged(self, name):
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in (self.stateful_metrics or ())

    def _show(self, done):
        values = [(name, _mean(total) / weight) for name, (total, weight) in self._values.items()]
        unit = self.unit_name
        if self.verbose == 2:
            head = f"{self._pace.current}/{self.target} - {self._pace.elapsed():.0f}s"
            self._line.write(f"{head} - {format_time(self._pace.per_step(), unit)}{worded(values)}\n")
            return
        self._line.draw(*pieces(self._pace, self.target, values, unit=unit, width=self.width, done=done), done=done)


def _mean(value):
    """One number of a metric that has several, as Keras shows it."""
    return value.mean() if getattr(value, "ndim", 0) else value
