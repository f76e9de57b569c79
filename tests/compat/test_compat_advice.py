"""What beginners meet first in `anmok run`, each with what to do about it."""

import io
import warnings

import pytest
from rich.console import Console

from anmok.compat.running import programs
from anmok.compat.running.advice import advice
from anmok.compat.running.spelling import Account
from anmok.errors import ArgumentError, FileFormatError


def error_of(line):
    try:
        exec(compile(line, "x.py", "exec"), {})
    except Exception as error:
        return type(error).__name__, str(error)
    raise AssertionError(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('print "Loss:", 3', "Python 2"),
        ("import a_module_that_is_nowhere", "pip install a_module_that_is_nowhere "),
        ("import a_module_that_is_nowhere.part", "put a_module_that_is_nowhere.py beside"),
        ("open('titanic.csv')", "--data titanic.csv=PATH"),
    ],
)
def test_errors_of_python_are_followed_by_what_to_do(line, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in advice(*error_of(line))


@pytest.mark.parametrize("line", ["x = (1, 2", "1 / 0", "{}['a']"])
def test_other_errors_speak_for_themselves(line):
    assert advice(*error_of(line)) == ""


def test_a_folder_and_a_damaged_notebook_are_told_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.ipynb").write_text("no JSON")
    with pytest.raises(FileFormatError, match="no notebook"):
        programs.run("bad.ipynb", console=Console(file=io.StringIO()))
    assert not any((tmp_path / "runs").iterdir())
    with pytest.raises(ArgumentError, match="is a folder"):
        programs.run(tmp_path, console=Console(file=io.StringIO()))


def test_letters_that_a_font_lacks_are_one_note():
    account = Account()
    end = account.listen()
    try:
        for letter in range(3):
            warnings.showwarning(f"Glyph {letter} (X) missing from font(s) DejaVu Sans.", UserWarning, "x.py", 1)
    finally:
        end()
    assert [(times, "NanumGothic" in text) for text, times in account.notes.items()] == [(3, True)]
    assert warnings.showwarning.__module__ != "anmok.compat.running.spelling"
