"""Every lesson in full, over its seeds, against the course's figures: hours, so at night (`pytest -m nightly`)."""

import pytest

from anmok.errors import MissingFileError
from anmok.runs import lessons

pytestmark = pytest.mark.nightly


@pytest.mark.parametrize("name", lessons.names())
def test_a_lesson_reaches_the_figures_of_the_course(name, tmp_path):
    lesson = lessons.find(name)
    try:
        ours, _ = lessons.means(lessons.run(lesson, folder=tmp_path))
    except MissingFileError as missing:
        pytest.skip(str(missing))
    for figure, course in lesson.course.items():
        assert lessons.reaches(figure, ours[figure], course) or lesson.miss, f"{figure}: {ours[figure]}, not {course}"
