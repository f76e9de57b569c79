"""`anmok run`: a script or a notebook, from the words of the command line to the report at the end."""

import contextlib
import os
import time
from pathlib import Path

from anmok.compat.running import found_data, spelling, stage
from anmok.compat.running.session import Clock, Session, Settings, made_by_run
from anmok.errors import ArgumentError, FileFormatError, MissingFileError

ENDINGS = (".py", ".ipynb")


def run(file, *, trial=False, data=(), out=None, arguments=(), console):
    """Run a .py or .ipynb file on anmok and tell on the rich console what was translated; returns the exit code.

    trial: every epoch on a few batches only (see trial.py). data: texts NAME=PATH. out: the run's folder, made if it is
    not there (None: runs/NAME-DATE here). arguments: the script's own.
    """
    path = Path(file).expanduser()
    if path.is_dir():
        raise ArgumentError(f"anmok run takes a .py or .ipynb file, {path.name} is a folder.")
    if not path.is_file():
        raise MissingFileError(f"There is no file {path.absolute()} to run.")
    if path.suffix not in ENDINGS:
        raise ArgumentError(f"anmok run takes a .py or .ipynb file, got {path.name}.")
    given = tuple(found_data.parse(text) for text in data)
    clock = Clock()
    settings = Settings(
        program=os.path.abspath(path),
        folder=os.path.realpath(_folder(out, path.stem)),
        started_in=os.getcwd(),
        data=given,
        trial=trial,
        arguments=tuple(arguments),
    )
    if path.suffix == ".py":
        code, account, how = _run_script(settings)
    else:
        code, account, how = _run_notebook(settings, console)
    made = made_by_run(settings.folder)
    head = f"[bold]{_plain(path.name)}[/] {how.get(code, 'stopped')} after {clock}"
    spelling.print_report(console, account=account, head=head, folder=settings.folder, made=made)
    return code


def _plain(text):
    from rich.markup import escape

    return escape(str(text))


def _folder(out, name):
    if out is None:
        return stage.named("runs", f"{name}-{time.strftime('%Y%m%d-%H%M%S')}")
    Path(out).mkdir(parents=True, exist_ok=True)
    return out


def _run_script(settings):
    from anmok.compat.running import scripts

    with Session(settings) as session:
        code = scripts.run(session)
    return code, session.account, {0: "ran to its end", 1: "failed"}


def _run_notebook(settings, console):
    from anmok.compat.running import cell_lines, notebooks

    with cell_lines.CellLines(console) as lines:
        try:
            outcome = notebooks.run(settings, lines)
        except FileFormatError:
            with contextlib.suppress(OSError):
                os.rmdir(settings.folder)  # where nothing has been run
            raise
    if outcome.failure:
        lines.fail(outcome.failure)
    return outcome.code, outcome.account, {0: f"ran all {outcome.cells} cells", 1: "failed"}
