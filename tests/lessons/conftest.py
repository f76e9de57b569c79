"""Lessons run quickly, on the real data, as far as these are there."""

import pytest

from anmok import files
from anmok.runs import lessons

_DATA = files.home() / "datasets"


@pytest.fixture
def quick(tmp_path):
    """`figures, folder = quick("iris", "mnist.npz")`: a lesson's quick figures; skipped where its data are not."""

    def run(name, *data, seed=0):
        for wanted in data:
            if not (_DATA / wanted).exists():
                pytest.skip(f"{wanted} is not in {_DATA}")
        lesson = lessons.find(name)
        figures = lessons.function(lesson)(seed, True, tmp_path)
        assert set(lesson.course) <= set(figures), "a figure of the course that the lesson does not return"
        return figures, tmp_path

    return run
