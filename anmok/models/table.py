"""A table for terminals, files and notebooks: columns as wide as they need, nothing cut off."""

import itertools
import shutil

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from anmok.errors import ArgumentError

_FRAME = 3  # signs beside a column's text: one blank on either side and a line
_NARROWEST = 6


def show(title, header, rows, footer, *, width=None, positions=None, print_fn=None, extra_column=False):
    """Print a title, a framed table and lines below it.

    header: list of (words, alignment, share); a share of None stands for a column that is never narrower than what is
    in it (numbers). rows: lists of rich Text. width: of the table, in signs. positions: where each column ends, as
    parts of the width (up to 1) or in signs; extra_column: they may leave the last one out. print_fn: called once with
    the whole text; None prints, in colour on a terminal. Raises ArgumentError for positions or a width that cannot be.
    """
    widths = _widths(header, rows, width, positions, extra_column)
    columns = [
        Column(words, justify=alignment, width=size, overflow="fold", no_wrap=share is None)
        for (words, alignment, share), size in zip(header, widths, strict=True)
    ]
    table = Table(*columns, show_lines=True)
    for row in rows:
        table.add_row(*row)
    plain = {} if print_fn is None else {"force_terminal": False, "color_system": None, "force_jupyter": False}
    console = Console(highlight=False, soft_wrap=False, **plain)
    # Lines longer than the terminal are better than numbers cut short.
    console.width = max(console.width, sum(widths) + _FRAME * len(widths) + 1)
    if print_fn is None:
        _print(console, title, table, footer)
    else:
        with console.capture() as captured:
            _print(console, title, table, footer)
        print_fn("\n".join(line.rstrip() for line in captured.get().split("\n")))


def _print(console, title, table, footer):
    console.print(title)
    console.print(table)
    for line in footer:
        console.print(line, soft_wrap=True)


def line_width(widest):
    """How wide a table may be: `widest`, or what the terminal (80 where there is none) has room for."""
    return min(widest, shutil.get_terminal_size().columns - 4)


def _widths(header, rows, width, positions, extra_column):
    """How many signs of text each column takes."""
    if width is not None and (not isinstance(width, int) or isinstance(width, bool) or width < 1):
        raise ArgumentError(f"Expected line_length to be a whole number of signs, such as 80, got {width!r}.")
    cells = [[Text(words), *(row[i] for row in rows)] for i, (words, _, _) in enumerate(header)]
    natural = [max(cell.cell_len for cell in column) for column in cells]
    fixed = [share is None for _, _, share in header]
    if positions is not None:
        ends = _ends(positions, width, [words for words, _, _ in header], extra_column)
        wanted = [end - start - _FRAME for start, end in itertools.pairwise([0, *ends])]
        least = [natural[i] if fixed[i] else _NARROWEST for i in range(len(header))]
        return [max(pair) for pair in zip(wanted, least, strict=True)]
    room = width - _FRAME * len(header) - 1
    free = room - sum(size for size, is_fixed in zip(natural, fixed, strict=True) if is_fixed)
    flexible = [i for i, is_fixed in enumerate(fixed) if not is_fixed]
    words = [max(cell_len(word) for cell in cells[i] for word in cell.plain.split() or [""]) for i in flexible]
    shared = _shared([natural[i] for i in flexible], words, [header[i][2] for i in flexible], free)
    sizes = dict(zip(flexible, shared, strict=True))
    return [sizes.get(i, natural[i]) for i in range(len(header))]


def _shared(natural, words, shares, room):
    """`room` divided among columns: each its share, and what one does not need goes to those that lack some.

    natural: what a column's longest entry takes; words: its longest word, which is not broken where there is room.
    """
    room = max(room, _NARROWEST * len(natural))
    least = words if sum(words) <= room else [_NARROWEST] * len(words)
    wanted = [max(low, int(room * share / sum(shares))) for low, share in zip(least, shares, strict=True)]
    over = sum(wanted) - room
    for i in sorted(range(len(wanted)), key=lambda i: least[i] - wanted[i]):
        less = max(min(over, wanted[i] - least[i]), 0)
        wanted[i] -= less
        over -= less
    sizes = [min(pair) for pair in zip(natural, wanted, strict=True)]
    lack = [need - size for need, size in zip(natural, sizes, strict=True)]
    spare = room - sum(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: lack[i]):
        more = max(min(lack[i], spare), 0)
        sizes[i] += more
        spare -= more
    for i, share in enumerate(shares):  # all have what they need: the rest makes the table as wide as it may be
        sizes[i] += max(int(spare * share / sum(shares)), 0)
    return sizes


def _ends(positions, width, names, extra_column):
    """Where each column ends, in signs; for a last column that is left out, room is made."""
    try:
        ends = [float(position) for position in positions]
    except (TypeError, ValueError):
        ends = []
    if len(ends) not in (len(names), len(names) - extra_column) or any(
        e <= s for s, e in itertools.pairwise([0.0, *ends])
    ):
        raise ArgumentError(
            f"Expected positions to say where each of the {len(names)} columns ends ({', '.join(names)}), as growing "
            f"parts of the line such as [0.45, 0.8, 1.0] or in signs, got {positions!r}."
        )
    parts = ends[-1] <= 1
    if len(ends) < len(names):
        ends = [*(0.9 * end for end in ends), 1.0] if parts else [*ends, ends[-1] + 12]
    return [int(end * width) if parts else int(end) for end in ends]
