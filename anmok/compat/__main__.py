"""`python -m anmok.compat FILE ...` is `anmok run FILE ...`."""

import os
import sys

import typer

from anmok.compat.running.command import run
from anmok.errors import AnmokError

if __name__ == "__main__":
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as in the command line
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(run)
    try:
        app(prog_name="python -m anmok.compat")
    except AnmokError as error:
        print(f"anmok: {error}", file=sys.stderr)
        sys.exit(2)
