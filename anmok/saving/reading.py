"""What is said when a file cannot be read: always which file, and what is wrong with it."""

import contextlib
from pathlib import Path

from anmok.errors import AnmokError, FileFormatError, MissingFileError, UnknownNameError


def existing(filepath):
    """`filepath` as a Path; raises MissingFileError where there is no file."""
    path = Path(filepath)
    if path.is_dir():
        raise FileFormatError(f"{path} is a folder: expected a file that model.save or model.save_weights wrote.")
    if not path.is_file():
        raise MissingFileError(f"There is no file {path.absolute()}.")
    return path


@contextlib.contextmanager
def describing(path):
    """Errors while the network that `path` describes is put together name the file, and a way out."""
    try:
        yield
    except UnknownNameError as error:
        text = f"{path}: {error}"
        if error.kind is not None and not error.kind.startswith("argument"):
            text += (
                f" If {error.name!r} is yours, pass custom_objects={{{error.name!r}: ...}}, "
                "or decorate it with @register_keras_serializable() before loading."
            )
        raise UnknownNameError(text) from error
    except AnmokError as error:
        raise FileFormatError(f"{path}: {error}") from error
    except RecursionError as error:
        raise FileFormatError(f"{path} is damaged: its parts are nested without end.") from error
    except Exception as error:
        # What a config makes a constructor raise cannot be foreseen; all of it means that the config is not good.
        reason = f"{type(error).__name__}: {error}"
        raise FileFormatError(f"{path}: the network it describes cannot be made ({reason}).") from error
