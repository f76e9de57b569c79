"""Lessons found, read without being run, run over seeds, recorded."""

import json
from decimal import Decimal

import pytest

from anmok.errors import ArgumentError, FileFormatError, MissingFileError, UnknownNameError
from anmok.runs import lessons

LESSON = '''"""A lesson about nothing.

One sees that a seed
is a number.

Command: anmok lessons run nothing
Time:    0 s on 2 cores
Figure:  accuracy 0.5 (mean of 3 seeds);
         the course has 0.50
"""

COURSE = {"accuracy": 0.50, "MAE": 2.0}
SEEDS = 3
SLOW = False


def lesson(seed, quick, folder):
    (folder / "seed.png").write_text(str(seed))
    return {"accuracy": 0.25 + 0.25 * seed - quick, "MAE": 2.04}
'''


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A folder of lessons of our own with one lesson."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "nothing.py").write_text(LESSON, encoding="utf-8")
    monkeypatch.setattr(lessons, "folder", lambda: folder)
    return folder


def test_the_head_is_read_without_running_the_file(house):
    (house / "nothing.py").write_text(LESSON + "\n1 / 0\n", encoding="utf-8")
    lesson = lessons.find("nothing")
    assert lesson.title == "A lesson about nothing."
    assert lesson.text == "One sees that a seed\nis a number."
    assert lesson.time == "0 s on 2 cores" and lesson.figure == "accuracy 0.5 (mean of 3 seeds); the course has 0.50"
    assert str(lesson.course["accuracy"]) == "0.50" and lesson.seeds == 3 and not lesson.slow and lesson.miss == ""


def test_a_wrong_name_is_offered_the_nearest(house):
    with pytest.raises(UnknownNameError, match=r"Unknown lesson 'nothin'\. Did you mean 'nothing'"):
        lessons.find("nothin")


@pytest.mark.parametrize("part, missing", [("Figure:", "Figure"), ("SEEDS =", "SEEDS")])
def test_a_head_that_lacks_something_is_refused(house, part, missing):
    (house / "nothing.py").write_text(LESSON.replace(part, part.replace("S", "Z").replace("F", "G")), encoding="utf-8")
    with pytest.raises(FileFormatError, match=rf"nothing\.py: .*missing: {missing}\."):
        lessons.find("nothing")


def test_each_seed_is_run_and_the_pictures_of_seed_0_stay(house, tmp_path):
    outcomes = lessons.run(lessons.find("nothing"), folder=tmp_path / "out")
    assert [(outcome.seed, outcome.figures["accuracy"]) for outcome in outcomes] == [(0, 0.25), (1, 0.5), (2, 0.75)]
    assert (tmp_path / "out" / "seed.png").read_text() == "0"
    assert lessons.means(outcomes)[0] == pytest.approx({"accuracy": 0.5, "MAE": 2.04})
    assert len(lessons.run(lessons.find("nothing"), quick=True, folder=tmp_path)) == 1
    with pytest.raises(ArgumentError, match="seeds: expected 1 or more, got 0"):
        lessons.run(lessons.find("nothing"), seeds=0, folder=tmp_path)


@pytest.mark.parametrize(
    "name, ours, course, reached",
    [
        ("accuracy", 0.9775, "0.978", True),
        ("accuracy", 0.9774, "0.978", False),
        ("accuracy", 0.695, "0.70", True),
        ("accuracy", 0.69, "0.70", False),
        ("MAE", 2.26, "2.26", True),
        ("MAE", 2.266, "2.26", False),
        ("mean MAE of 3 folds", 1.9, "2.05", True),
        ("test error %", 3.0, "2", False),
        ("parameters", 225034.0, "225034", True),
        ("parameters", 225035.0, "225034", False),
    ],
)
def test_a_figure_is_reached_to_the_digits_that_are_printed(name, ours, course, reached):
    assert lessons.reaches(name, ours, Decimal(course)) is reached


def test_results_are_kept_beside_those_of_others(house, tmp_path):
    (house / "results.json").write_text('{"other": {"seeds": []}}')
    said = []
    lessons.teach(lessons.find("nothing"), recorded=True, out=tmp_path / "out", say=said.append)
    lessons.record("nothing", keras={"seconds": 3.0})
    recorded = json.loads((house / "results.json").read_text(encoding="utf-8"))
    assert list(recorded) == ["nothing", "other"] and recorded["other"] == {"seeds": []}
    assert [row["accuracy"] for row in recorded["nothing"]["seeds"]] == [0.25, 0.5, 0.75]
    assert recorded["nothing"]["keras"] == {"seconds": 3.0} and lessons.recorded_means("nothing")["MAE"] == 2.04
    assert "accuracy  0.5  course 0.50, reached" in said and "MAE       2.04  course 2.0, reached" in said
    assert said[0] == "A lesson about nothing." and said[-1].startswith("seed.png in ")


def test_whole_numbers_are_recorded_to_the_last_digit(house):
    figures = {"parameters": 143_667_240.0, "accuracy": 0.123456789, "spread": 1.23456789e-9}
    lessons.record_outcomes(lessons.find("nothing"), [lessons.Outcome(0, figures, 1.0)])
    (row,) = lessons.results()["nothing"]["seeds"]
    assert (row["parameters"], row["accuracy"], row["spread"]) == (143_667_240, 0.123457, 1.23457e-9)


def test_quick_figures_are_not_recorded(house, tmp_path):
    with pytest.raises(ArgumentError, match="--record is for a lesson as it stands"):
        lessons.teach(lessons.find("nothing"), quick=True, recorded=True, out=tmp_path)
    assert not (house / "results.json").exists()


def test_a_file_runs_itself(house, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["nothing.py", "--seeds", "1", "--out", str(tmp_path / "out")])
    lessons.main(str(house / "nothing.py"))
    assert "seed 0: accuracy 0.25" in capsys.readouterr().out and (tmp_path / "out" / "seed.png").exists()


def test_a_lesson_without_its_data_says_so_in_a_sentence(house, tmp_path, monkeypatch):
    raising = 'raise FileNotFoundError("This lesson wants x.zip: put it there.")'
    missing = LESSON.replace("    (folder", f"    {raising}\n    (folder")
    (house / "nothing.py").write_text(missing, encoding="utf-8")
    with pytest.raises(MissingFileError, match=r"^This lesson wants x\.zip: put it there\.$"):
        lessons.run(lessons.find("nothing"), folder=tmp_path)
    monkeypatch.setattr("sys.argv", ["nothing.py", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"^anmok: This lesson wants x\.zip: put it there\.$"):
        lessons.main(str(house / "nothing.py"))
