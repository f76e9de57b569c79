"""A notebook run cell by cell in a kernel of this Python; the executed copy is written whatever happens."""

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from anmok.compat.running import stage
from anmok.compat.running.advice import with_advice
from anmok.compat.running.spelling import Account
from anmok.errors import FileFormatError

INTERRUPTED = 130
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PATIENCE = 20  # seconds for a cell to end after Ctrl-C
_LEAVE = 60  # seconds for a kernel to put things away at its end


@dataclass
class Failure:
    """A cell that raised: its number (from 1, of code cells), line in it (from 1 or None), that line, the error."""

    number: int
    line: int | None
    source: str
    error: str


@dataclass
class Outcome:
    """How a notebook ended: exit code, what failed, what was met, where the executed copy is."""

    code: int
    failure: Failure | None
    account: Account
    copy: Path
    cells: int


def read(path):
    """The notebook at a path in today's format; raises FileFormatError if it is none."""
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.ValidationError, ValueError, AttributeError, KeyError, TypeError) as reason:
        raise FileFormatError(f"{path} is no notebook, or a damaged one: {reason}.") from reason
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with contextlib.suppress(Exception):
        nbformat.validator.normalize(notebook)
    return notebook


def run(settings, progress):
    """Run the notebook of the settings; `progress` hears begin(number, cells, source), said(text), end(seconds, ok)."""
    notebook = read(settings.program)
    copy = Path(settings.folder) / f"{Path(settings.program).stem}.executed.ipynb"
    with tempfile.TemporaryDirectory(prefix="anmok-") as room:
        room = Path(room)
        (room / "settings.json").write_text(settings.to_json(), encoding="utf-8")
        runner = _Runner(notebook, room, progress)
        code = runner.run()
        stage.sweep(settings.folder)  # a kernel that died has left its links
        _write(notebook, copy)
        account = Account()
        with contextlib.suppress(OSError, ValueError):
            account = Account(**json.loads((room / "account.json").read_text(encoding="utf-8")))
    return Outcome(code, runner.failure, account, copy, runner.cells)


def _write(notebook, path):
    import nbformat

    part = path.with_name(f".{path.name}.part")
    with contextlib.suppress(Exception):
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    part.write_text(nbformat.writes(notebook), encoding="utf-8")
    os.replace(part, path)


def _client_class():
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        """The one kernel there is: this Python, whatever is installed on the computer."""

        def get_kernel_spec(self, kernel_name):
            room = self.parent.room
            argv = [sys.executable, "-m", "anmok.compat.running.kernel"]
            argv += [str(room / "settings.json"), str(room / "account.json"), "-f", "{connection_file}"]
            # Neither settings nor history of the person's IPython; and as in a script, PyTorch's threads spin briefly.
            env = {"IPYTHONDIR": str(room / "ipython"), "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")}
            return KernelSpec(argv=argv, env=env, display_name="anmok", language="python")

    class Client(NotebookClient):
        room = heard = None

        def create_kernel_manager(self):
            self.km = AsyncKernelManager(kernel_name="anmok", parent=self)
            self.km.kernel_spec_manager = ThisPython(parent=self)
            self.km.shutdown_wait_time = _LEAVE
            return self.km

        def process_message(self, msg, cell, cell_index):
            if msg["msg_type"] == "stream":
                self.heard(msg["content"]["text"])
            return super().process_message(msg, cell, cell_index)

        def _cleanup_kernel(self):
            """What nbclient does at the end of the process, where the cell that was stopped may be cleaned up still."""
            with contextlib.suppress(AssertionError, AttributeError):
                super()._cleanup_kernel()

    return Client


class _Runner:
    """One notebook's client in a thread of its own, so that Ctrl-C is ours."""

    def __init__(self, notebook, room, progress):
        self.notebook = notebook
        self.failure = None
        self.stopped = False
        self._progress = progress
        code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._numbers = {index: number for number, index in enumerate(code, 1)}
        self.cells = len(code)
        self._error = None
        self._loop = None
        self._began = 0.0
        self._client = _client_class()(
            notebook,
            timeout=None,
            startup_timeout=180,
            record_timing=False,
            coalesce_streams=True,
            on_cell_execute=self._begin,
            on_cell_executed=self._end,
        )
        self._client.room = room
        self._log = room / "kernel.log"
        self._client.heard = progress.said

    def run(self):
        """The exit code."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.2)
        except KeyboardInterrupt:
            self.stopped = True
            self._stop(thread)
        if self.stopped:
            return INTERRUPTED
        if self._error is not None and self.failure is None:
            raise self._error
        return 1 if self.failure else 0

    def _work(self):
        try:
            self._execute()
        except BaseException as error:
            self._error = error

    def _execute(self):
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        async def execute():
            self._loop = asyncio.get_running_loop()
            # What the kernel itself has to say is nothing to the person, unless it dies.
            with open(self._log, "wb") as log:
                await self._client.async_execute(stderr=log)

        try:
            asyncio.run(execute())
        except CellExecutionError:
            pass  # in self.failure
        except DeadKernelError:
            number = self._numbers.get(getattr(self, "_current", -1), 0)
            last = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            told = "The kernel died in this cell; perhaps the memory ran out."
            self.failure = Failure(number, None, "", "\n".join([told, *last]))

    def _stop(self, thread):
        """End the cell, else the kernel; a second Ctrl-C waits for nothing."""
        try:
            if self._client.km is not None:
                self._call(self._client.km.interrupt_kernel)
            for _ in range(5 * _PATIENCE):
                if not thread.is_alive() or self.failure:
                    break
                thread.join(0.2)
            else:
                self._call(self._client.km.shutdown_kernel, now=True)
            thread.join(_LEAVE)
        except KeyboardInterrupt:
            self._call(self._client.km.shutdown_kernel, now=True)
            thread.join(_PATIENCE)

    def _call(self, function, **arguments):
        async def calling():
            result = function(**arguments)
            if asyncio.iscoroutine(result) or isinstance(result, asyncio.Future):
                await result

        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(calling(), self._loop).result(_PATIENCE)

    def _begin(self, cell, cell_index):
        self._current = cell_index
        self._began = time.perf_counter()
        self._progress.begin(self._numbers[cell_index], self.cells, cell.source)

    def _end(self, cell, cell_index, execute_reply):
        content = execute_reply["content"]
        tags = cell.metadata.get("tags", [])
        failed = content["status"] == "error" and "raises-exception" not in tags
        self._progress.end(time.perf_counter() - self._began, not failed)
        if failed:
            self.failure = _failure(self._numbers[cell_index], cell.source, content)


def _failure(number, source, content):
    """The Failure of a cell, whose line the traceback tells."""
    text = _ANSI.sub("", "\n".join(content.get("traceback", [])))
    lines = source.splitlines()
    numbers = [int(n) for n in re.findall(r"(?m)^Cell In\[\d+\], line (\d+)", text)]
    line = numbers[0] if numbers else None
    shown = lines[line - 1].strip() if line and line <= len(lines) else ""
    name, value = content.get("ename", ""), _ANSI.sub("", content.get("evalue", ""))
    return Failure(number, line, shown, with_advice(name, f"{name}: {value}" if value else name, value))
