"""What a run translated, left out and found elsewhere; told at its end."""

import collections
import re
import sys
import warnings

from anmok import notices

_OLD = re.compile(r"(?s)^(?P<old>.*) is an old spelling, understood; today it is (?P<new>.*)\.$")

# Matplotlib says it of every letter, in every figure.
_NO_LETTERS = re.compile(r"^Glyph \d+ .* missing from font")
_FONT = "figures: the font has no signs for some letters; Korean wants plt.rc('font', family='NanumGothic'), installed"


class Account:
    """Counts of old spellings and notes, in the order they were met. To and from plain data, for another process."""

    def __init__(self, spellings=(), notes=()):
        self.spellings = {old: [new, times] for old, new, times in spellings}
        self.notes = collections.Counter(dict(notes))

    def plain(self):
        """The account as lists that JSON holds."""
        spellings = [[old, new, times] for old, (new, times) in self.spellings.items()]
        return {"spellings": spellings, "notes": [[text, times] for text, times in self.notes.items()]}

    def note(self, text):
        """Keep one line for the end."""
        self.notes[text] += 1

    def heard(self, key, message):
        """Listen to anmok.notices."""
        if isinstance(key, tuple) and key and key[0] == "old spelling":
            match = _OLD.match(message)
            row = self.spellings.setdefault(str(key[1]), [match["new"] if match else "", 0])
            row[1] += 1
        elif isinstance(key, tuple) and key and key[0] in ("colab", "log spelling"):
            self.note(message)

    def listen(self):
        """Hear what the library says from here on; returns what ends that."""
        notices.forget()
        notices.listeners.append(self.heard)
        show = warnings.showwarning

        def showing(message, category, filename, lineno, file=None, line=None):
            if _NO_LETTERS.search(str(message)):
                self.note(_FONT)
            elif not issubclass(category, notices.AnmokWarning):
                show(message, category, filename, lineno, file, line)
            elif not _OLD.match(str(message)):  # those come in the table at the end
                print(f"anmok: {message}", file=sys.stderr, flush=True)

        warnings.showwarning = showing

        def end():
            notices.listeners.remove(self.heard)
            if warnings.showwarning is showing:
                warnings.showwarning = show

        return end


def print_report(console, *, account, head, folder, made):
    """Print the account, and where what the run made lies. made: names of files in the folder."""
    from rich.markup import escape
    from rich.table import Table

    console.print()
    console.print(head, highlight=False)
    if account.spellings:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("old spelling", no_wrap=True)
        table.add_column("times", justify="right")
        table.add_column("today")
        for old, (new, times) in sorted(account.spellings.items(), key=lambda item: -item[1][1]):
            table.add_row(escape(old), str(times), escape(new))
        console.print(table)
    for text, times in account.notes.items():
        console.print(f"[dim]note[/] {escape(text)}{f' ({times} times)' if times > 1 else ''}", highlight=False)
    if made:
        console.print(f"{_listed(made)} in [bold]{escape(str(folder))}[/]", highlight=False)


def _listed(names):
    """A few names, and how many more there are."""
    from rich.markup import escape

    figures = [name for name in names if re.fullmatch(r"figure-\d+\.png", name)]
    rest = [name for name in names if name not in figures]
    said = [escape(name) for name in rest[:6]] + ([f"{len(rest) - 6} more"] if len(rest) > 6 else [])
    if len(figures) > 1:
        said.insert(0, f"{len(figures)} figures ({figures[0]} to {figures[-1]})")
    elif figures:
        said.insert(0, figures[0])
    return ", ".join(said)
