"""What a terminal says of pictures before a training: how far their reading is, what there is, what was left out."""

import collections

from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_CLASSES_SHOWN = 6
_FILES_SHOWN = 5
_UNEVEN = 10  # as many times more pictures of one class as of another are worth a warning


class Introduction:
    """Prints to a rich Console; what workflow.train tells. Runs of arrays have nothing to be introduced."""

    def __init__(self, console):
        self.console = console
        columns = (TextColumn("  reading pictures"), BarColumn(bar_width=28), MofNCompleteColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = None

    def reading(self, done, total):
        """Of `total` pictures, `done` have been read."""
        if self.task is None:
            self.task = self.progress.add_task("", total=total)
            self.progress.start()
        self.progress.update(self.task, completed=done)

    def ready(self, run):
        """A RunFolder knows all that goes in to its training."""
        self.close()
        if run.skipped is None:
            return
        for line in found(run):
            self._say(line)
        self._say_left_out(run)
        if words := unevenness(run):
            self._say(words, style="yellow")

    def close(self):
        """Take the bar away; needed when the reading did not end by itself."""
        self.progress.stop()

    def _say(self, line, **style):
        """A line, broken between words in a terminal and left whole in a file."""
        inset = Padding(escape(line), (0, 0, 0, 2)) if self.console.is_terminal else f"  {escape(line)}"
        self.console.print(inset, highlight=False, soft_wrap=not self.console.is_terminal, **style)

    def _say_left_out(self, run):
        skipped = run.skipped
        if not skipped:
            return
        files = f"{len(skipped):,} file{'s' * (len(skipped) > 1)} left out"
        self._say(f"{files}; all are listed in {shown(run.skipped_path)}", style="yellow")
        for row in skipped[:_FILES_SHOWN]:
            # A terminal shows as much of the reason as fits; the file has all of it.
            self.console.print(
                f"    {escape(shown(row['name']))}  [dim]{escape(shown(row['reason']))}[/]",
                highlight=False,
                no_wrap=True,
                overflow="ellipsis" if self.console.is_terminal else "ignore",
                soft_wrap=not self.console.is_terminal,
            )
        if len(skipped) > _FILES_SHOWN:
            self.console.print(f"    and {len(skipped) - _FILES_SHOWN:,} more", style="dim")


def found(run):
    """Three lines: pictures and classes; what each is for; how they are seen."""
    counts = class_counts(run)
    total = sum(counts.values())
    if len(counts) <= _CLASSES_SHOWN:
        each = ": " + ", ".join(f"{shown(name)} {count:,}" for name, count in counts.items())
    else:
        (least, few), (most, many) = _extremes(counts)
        each = f", {few:,} ({shown(least)}) to {many:,} ({shown(most)}) of each"
    parts = collections.Counter(row["split"] for row in run.samples)
    height, width, _ = run.classes["shape"]
    config = run.config
    held = {"validation": config.validation_fraction, "test": config.test_fraction}
    validation, test = (f"{parts[split]:,} {'held out ' if held[split] else ''}to" for split in held)
    return [
        f"{total:,} pictures of {len(counts)} classes{each}",
        f"{parts['train']:,} to train on, {validation} validate, {test} test",
        f"seen at {height} x {width} pixels, varied as {config.augment!r}"
        if config.augment != "none"
        else f"seen at {height} x {width} pixels",
    ]


def unevenness(run):
    """A sentence about classes that have far more or fewer pictures than others; None where there is none."""
    (least, few), (most, many) = _extremes(class_counts(run))
    if many <= _UNEVEN * few:
        return None
    return (
        f"There are {many / few:.0f} times as many pictures of {shown(most)!r} as of {shown(least)!r}. Expect it to "
        "overlook the rare ones: the report's recall, class by class, says how often."
    )


def class_counts(run):
    """dict of class name to how many pictures the run has of it, in the order of the labels."""
    numbers = collections.Counter(row["label"] for row in run.samples)
    return {name: numbers[label] for label, name in enumerate(run.classes["names"])}


def shown(text):
    """`text` as a terminal can show it: names of files need not be UTF-8, and may hold control characters."""
    text = str(text).encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _extremes(counts):
    ordered = sorted(counts.items(), key=lambda item: item[1])
    return ordered[0], ordered[-1]
