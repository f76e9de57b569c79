"""What every lesson's file must have, whoever wrote it."""

import ast

import pytest

from anmok.runs import lessons

NAMES = lessons.names()


@pytest.mark.parametrize("name", NAMES)
def test_the_head_says_command_time_and_figure(name):
    lesson = lessons.find(name)
    assert f"anmok lessons run {name}" in lesson.path.read_text(encoding="utf-8")
    assert lesson.time and lesson.figure and len(lesson.title) <= 100 and lesson.seeds >= 1
    assert 3 <= len(lesson.text.splitlines()) <= 14
    for course in lesson.course.values():
        assert str(course) in lesson.figure, "the course's figure stands beside ours"


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_short_and_uses_the_public_face_alone(name):
    source = lessons.find(name).path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 200
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for module in modules:
                assert module.split(".")[0] != "torch", f"{name}: a lesson shows anmok, not what lies beneath"


@pytest.mark.parametrize("name", sorted(lessons.results()))
def test_recorded_figures_reach_the_course_or_say_why_not(name):
    lesson = lessons.find(name)
    if "seeds" not in lessons.results()[name]:
        return
    figures = lessons.recorded_means(name)
    missed = [key for key, course in lesson.course.items() if not lessons.reaches(key, figures[key], course)]
    assert not missed or lesson.miss, f"{name} misses {missed}: its file says why in MISS"
