"""lessons/README.md: the course's figures beside ours, misses with their reasons, seconds on anmok and Keras 3."""

import pytest

from anmok.runs import lesson_table, lessons

LESSON = '''"""{title}

Line
line.

Command: anmok lessons run {name}
Time:    0 s on 2 cores
Figure:  something
"""

COURSE = {course}
SEEDS = 2
SLOW = False
{more}
'''


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Three lessons: one that reaches its course's figure, one that misses it, one without a figure to reach."""
    monkeypatch.setattr(lessons, "folder", lambda: tmp_path)
    for name, course, more in (
        ("first", '{"test accuracy": 0.90, "parameters": 1234567}', ""),
        ("second", '{"test MAE": 2.05}', 'MISS = "One run is not a mean."'),
        ("third", "{}", ""),
    ):
        text = LESSON.format(title=f"The {name}.", name=name, course=course, more=more)
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def row_of(text, start):
    return next(line for line in text.splitlines() if line.startswith(start))


def test_nothing_measured_is_said_as_such(house):
    assert row_of(lesson_table.text(), "| [first]") == (
        "| [first](first.py) | test accuracy | 0.90 | - | - | - | - |"
    )  # fmt: skip


def test_each_figure_of_the_course_has_its_row(house):
    seeds = [{"seed": seed, "seconds": 3.0, "test accuracy": 0.9 + 0.01 * seed, "parameters": 1234567.0}
             for seed in (0, 1)]  # fmt: skip
    lessons.record("first", seeds=seeds)
    text = lesson_table.text()
    assert row_of(text, "| [first]") == "| [first](first.py) | test accuracy | 0.90 | 0.905 | 2 | (3) | - |"
    assert "|  | parameters | 1234567 | 1,234,567 |  |  |  |" in text


def test_a_miss_is_marked_and_its_reason_given(house):
    assert "not reached" not in lesson_table.text()
    lessons.record("second", seeds=[{"seed": 0, "seconds": 1.0, "test MAE": 2.09}])
    text = lesson_table.text()
    assert row_of(text, "| [second]") == "| [second](second.py) | test MAE | 2.05 | 2.090 (missed) | 1 | (1) | - |"
    assert text.endswith("and why\n\n* [second](second.py): One run is not a mean.\n")
    lessons.record("second", seeds=[{"seed": 0, "seconds": 1.0, "test MAE": 2.0}])
    assert "not reached" not in lesson_table.text()


def test_the_fastest_backend_of_keras_counts(house):
    lessons.record("third", seeds=[{"seed": 0, "seconds": 30.0, "lines": 12345.0, "difference": 1.25e-7}])
    lessons.record(
        "third",
        timing={
            "anmok": {"seconds": 1.26, "scaled": False},
            "keras-jax": {"seconds": 70.4, "scaled": True},
            "keras-torch": {"seconds": 90.0, "scaled": False},
            "keras-tensorflow": {"error": "no such layer"},
            "date": "2026-11-26",
            "cores": 2,
        },
    )
    text = lesson_table.text()
    assert row_of(text, "| [third]") == "| [third](third.py) | lines | - | 12,345 | 1 | 1.3 | ~70 jax |"
    assert "|  | difference | - | 1.25e-07 |  |  |  |" in text and ", on 2 cores, 2026-11-26." in text


def test_the_readme_is_what_results_and_heads_make_of_it():
    path = lessons.folder() / "README.md"
    assert path.read_text(encoding="utf-8") == lesson_table.text(), "run `python benchmarks/lessons.py --table`"
