"""The command `anmok run`, as the command line declares it. Loaded at every start: nothing heavy stands above."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .py or .ipynb file.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[-- ARGS]", help="The script's own words.")] = None,
    trial: Annotated[
        bool, typer.Option("--trial", help="Every epoch on a few batches only: whether it runs, not what it learns.")
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="What the code calls NAME (a path, URL, data set) is at PATH. Repeat."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder. [default: runs/FILE-DATE]")] = None,
):
    """Run a script or notebook of TensorFlow and Keras as it is, on anmok."""
    from rich.console import Console

    from anmok.compat.running import programs

    console = Console(soft_wrap=True)
    code = programs.run(file, trial=trial, data=data or (), out=out, arguments=arguments or (), console=console)
    raise typer.Exit(code)
