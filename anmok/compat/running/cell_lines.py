"""A line for each cell of a notebook: its number, its first words, its seconds; on a terminal, what it prints now."""

import re


class CellLines:
    """What notebooks.run tells, on a rich console."""

    def __init__(self, console):
        self._console = console
        self._status = console.status("starting the kernel") if console.is_terminal else None
        self._head = ""

    def __enter__(self):
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *error):
        if self._status:
            self._status.stop()

    def begin(self, number, cells, source):
        """A cell begins."""
        from rich.markup import escape

        lines = [line.strip() for line in source.splitlines()]
        telling = [line for line in lines if line and not line.startswith("#")] or [line for line in lines if line]
        first = telling[0] if telling else ""
        first = first if len(first) <= 60 else f"{first[:57]}..."
        self._head = f"[bold]{number:>{len(str(cells))}}/{cells}[/]  [dim]{escape(first)}[/]"
        if self._status:
            self._status.update(self._head)

    def said(self, text):
        """A cell prints."""
        from rich.markup import escape

        pieces = [piece.strip() for piece in re.split(r"[\r\n]", text) if piece.strip()]
        if pieces and self._status:
            width = max(20, self._console.width - 30)
            last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x08", "", pieces[-1])
            self._status.update(f"{self._head}\n   {escape(last[:width])}")

    def end(self, seconds, ok):
        """A cell has ended."""
        mark = "" if ok else "  [bold red]failed[/]"
        self._console.print(f"{self._head}  {seconds:.1f} s{mark}", highlight=False)

    def fail(self, failure):
        """Show the cell that failed."""
        from rich.markup import escape

        place = f"cell {failure.number}" + (f", line {failure.line}" if failure.line else "")
        self._console.print(f"\n[bold red]{place}[/]", highlight=False)
        if failure.source:
            self._console.print(f"    {escape(failure.source)}", highlight=False)
        self._console.print(escape(failure.error), highlight=False)
