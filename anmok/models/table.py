"""A table for terminals, files and notebooks: columns as wide as they need, nothing cut off."""

import itertools
import shutil

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from anmok.errors import ArgumentError

_FRAME = 3  # signs beside a column's text: one blank on either side and a line
_NARROWEST = 6


def show(title, header, rows, footer, *, width=None, positions=None, print_fn=None):
    """Print a title, a framed table and lines below it.

    header: list of (words, alignment, share); a share of None stands for a column that is never narrower than what is
    in it (numbers). rows: lists of rich Text. width: of the table, in signs. positions: where each column ends, as
    parts of the width (up to 1) or in signs. print_fn: called once with the whole text; None prints, in colour on a
    terminal. Raises ArgumentError for positions or a width that cannot be.
    """
    width, widths = _widths(header, rows, width, positions)
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


def _widths(header, rows, width, positions):
    """The table's width, and how many signs of text each column takes."""
    if width is not None and (not isinstance(width, int) or isinstance(width, bool) or width < 1):
        raise ArgumentError(f"Expected line_length to be a whole number of signs, such as 80, got {width!r}.")
    cells = [[Text(words), *(row[i] for row in rows)] for i, (words, _, _) in enumerate(header)]
    natural = [max(cell.cell_len for cell in column) for column in cells]
    fixed = [share is None for _, _, share in header]
    if positions is not None:
        width, ends = _ends(positions, width, [words for words, _, _ in header])
        wanted = [end - start - _FRAME for start, end in itertools.pairwise([0, *ends])]
        least = [natural[i] if fixed[i] else _NARROWEST for i in range(len(header))]
        return width, [max(pair) for pair in zip(wanted, least, strict=True)]
    room = width - _FRAME * len(header) - 1
    free = room - sum(size for size, is_fixed in zip(natural, fixed, strict=True) if is_fixed)
    flexible = [i for i, is_fixed in enumerate(fixed) if not is_fixed]
    sizes = dict(zip(flexible, _shared([natural[i] for i in flexible], [header[i][2] for i in flexible], free)))
    return width, [sizes.get(i, natural[i]) for i in range(len(header))]


def _shared(natural, shares, room):
    """`room` divided among columns: each its share, and what one does not need goes to those that lack some."""
    room = max(room, _NARROWEST * len(natural))
    wanted = [max(_NARROWEST, int(room * share / sum(shares))) for share in shares]
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


def _ends(positions, width, names):
    try:
        ends = [float(position) for position in positions]
    except (TypeError, ValueError):
        ends = []
    if len(ends) != len(names) or any(end <= start for start, end in itertools.pairwise([0.0, *ends])):
        raise ArgumentError(
            f"Expected positions to say where each of the {len(names)} columns ends ({', '.join(names)}), as growing "
            f"parts of the line such as [0.45, 0.8, 1.0] or in signs, got {positions!r}."
        )
    if ends[-1] > 1:
        return width, [int(end) for end in ends]
    return width, [int(end * width) for end in ends]
