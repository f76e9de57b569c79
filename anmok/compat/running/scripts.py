"""A script run as Python runs it, with anmok in the place of TensorFlow; its errors shown with its own lines."""

import builtins
import linecache
import os
import sys
import sysconfig
import traceback
import types

from anmok.compat.running.advice import with_advice
from anmok.compat.running.commands import Shell
from anmok.errors import AnmokError

INTERRUPTED = 130  # as shells report a program that Ctrl-C ended
_ROOM = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LIBRARIES = tuple(
    {os.path.realpath(path) + os.sep for path in [*sysconfig.get_paths().values(), _ROOM] if os.path.isdir(path)}
)


def run(session):
    """Run the session's program to its end; returns the exit code. Its error is printed to stderr."""
    path = session.settings.program
    main, arguments, paths = sys.modules["__main__"], sys.argv, sys.path[:]
    try:
        module = types.ModuleType("__main__")
        module.__dict__.update(__file__=path, __builtins__=builtins)
        sys.modules["__main__"] = module
        sys.argv = [path, *session.settings.arguments]
        sys.path.insert(0, os.path.dirname(path))
        code = _compiled(path, session, module)
        exec(code, module.__dict__)
        return 0
    except SystemExit as ended:
        return _exit_code(ended)
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        return INTERRUPTED
    except BaseException as error:
        tell(error, program=path, folder=session.settings.folder)
        return 1
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main, arguments, paths
        linecache.checkcache(path)


def _exit_code(ended):
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    print(ended.code, file=sys.stderr)
    return 1


def _compiled(path, session, module):
    """The code of a script, also of one that Colab made of a notebook, and of one that Korean Windows wrote."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        return compile(data, path, "exec")
    except SyntaxError as error:
        text = _in_korean(data)
        if _has_commands(text or data.decode("utf-8", "replace")):
            from IPython.core.inputtransformer2 import TransformerManager

            text = TransformerManager().transform_cell(text or data.decode("utf-8"))
            shell = Shell(session.commands)
            shell.user_ns = module.__dict__
            module.get_ipython = lambda: shell
        if text is None:
            raise
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        try:
            return compile(text, path, "exec")
        except SyntaxError:
            raise error from None


def _in_korean(data):
    """The text of a file in Windows' Korean code page, or None if it is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("cp949")
        except UnicodeDecodeError:
            return None
    return None


def _has_commands(text):
    return any(line.lstrip().startswith(("!", "%")) for line in text.splitlines())


def tell(error, *, program, folder):
    """Print an error with the person's own lines only, and keep all of it as traceback.txt in the run's folder."""
    whole = traceback.TracebackException.from_exception(error)
    text = "".join(whole.format())
    with open(os.path.join(folder, "traceback.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    own = [frame for frame in whole.stack if is_own(frame.filename, program)]
    lines = ["", *(line.rstrip("\n") for line in traceback.StackSummary.from_list(own).format())]
    lines.append(with_advice(type(error).__name__, said(error), str(error)))
    print("\n".join(lines), file=sys.stderr, flush=True)


def is_own(filename, program):
    """Whether a file is the person's: the program, or a module of theirs."""
    if filename == program:
        return True
    path = os.path.realpath(filename)
    return os.path.isfile(path) and not path.startswith(_LIBRARIES)


def said(error):
    """The last line, or lines, of a traceback."""
    if isinstance(error, AnmokError):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.TracebackException.from_exception(error).format_exception_only()).rstrip("\n")
