"""The kernel that a notebook runs in: this very Python, with anmok in the place of TensorFlow before the first cell.

Started as `python -m anmok.compat.running.kernel SETTINGS ACCOUNT -f CONNECTION`: SETTINGS is a file with the run's
Settings, ACCOUNT the file that tells what was met, written anew after every cell.
"""

import json
import os
import sys
from pathlib import Path

from anmok.compat.running.session import Session, Settings

_IN_CELLS = ("bash", "sh", "shell", "script")
_ONLY_ON_A_SCREEN = ("notebook", "qt", "qt5", "tk", "widget", "ipympl", "nbagg", "gtk", "osx", "auto")


def install(shell, session, tell):
    """Teach an IPython shell the lines that are no Python; tell() is called after every cell."""
    from IPython.utils.text import SList

    commands = session.commands

    def system(command):
        shell.user_ns["_exit_code"] = commands.system(shell.var_expand(command, depth=1))

    def getoutput(command, split=True, depth=0):
        text = commands.getoutput(shell.var_expand(command, depth=depth + 1))
        return SList(text.splitlines()) if split else text

    for name in ("system", "system_piped", "system_raw"):
        setattr(shell, name, system)
    shell.getoutput = getoutput
    for name in ("tensorflow_version", "tensorboard", "pip", "conda"):
        shell.register_magic_function(lambda line="", name=name: _noted(commands, name, line), "line", name)
    _replace_magic(shell, "load_ext", lambda line, original: commands.magic("load_ext", line) or original(line))
    _replace_magic(shell, "matplotlib", lambda line, original: original(_inline(line)))

    def in_cell(line, cell):
        for each in cell.splitlines():
            if each.strip() and not each.lstrip().startswith("#"):
                commands.system(each)

    for name in _IN_CELLS:
        shell.register_magic_function(in_cell, "cell", name)
    shell.events.register("post_run_cell", lambda result: tell())


def _noted(commands, name, line):
    commands.magic(name, line)


def _replace_magic(shell, name, make):
    original = shell.find_line_magic(name)
    if original:
        shell.register_magic_function(lambda line="": make(line, original), "line", name)


def _inline(line):
    return "inline" if line.strip() in _ONLY_ON_A_SCREEN else line


def main(arguments):
    """Run the kernel until it is told to end."""
    from ipykernel.kernelapp import IPKernelApp

    settings, account, *rest = arguments
    settings = Settings.from_json(Path(settings).read_text(encoding="utf-8"))
    app = IPKernelApp.instance()
    app.initialize([*rest, "--HistoryManager.enabled=False", "--IPKernelApp.log_level=40"])
    sys.path.insert(0, os.path.dirname(settings.program))
    with Session(settings, keeps_figures=False) as session:

        def tell():
            with session.layer.aside():
                Path(account).write_text(json.dumps(session.account.plain()), encoding="utf-8")

        install(app.shell, session, tell)
        tell()
        try:
            app.start()
        finally:
            tell()


if __name__ == "__main__":
    main(sys.argv[1:])
