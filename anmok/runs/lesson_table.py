"""lessons/README.md: every lesson, the course's figure, ours, and the seconds on anmok and on Keras 3."""

from anmok.runs import lessons

_HEAD = """# Lessons

Every exercise of the course, in our own words and code: one file each, which says what one sees and why, and returns
its figures. `anmok lessons` lists them; `anmok lessons run NAME` runs one over its seeds, holds the means against the
course's figures, and leaves its pictures in `lesson-figures/NAME`; `--quick` does it in seconds, with less of it.

*ours* is the mean over n seeds; a figure of the course is reached when ours, rounded to the digits that the course
prints, is as good. *seconds* are those of one seed, with everything that the file does{measured}. *in Keras 3* is the
same file with Keras {version} in anmok's place, on the fastest for it of the backends TensorFlow, JAX and torch; "~"
where long trainings were timed for some epochs and the rest counted at their mean; "-" where Keras 3 does not run it,
or nobody has measured; seconds in brackets are from a busy machine.

| lesson | what it measures | course | ours | n | seconds | in Keras 3 |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
"""
_MOST_FIGURES = 5  # of a lesson for which the course has none


def write():
    """Write lessons/README.md from the lessons' heads and results.json; returns its path."""
    path = lessons.folder() / "README.md"
    path.write_text(text(), encoding="utf-8")
    return path


def text():
    """The README as it should be."""
    results = lessons.results()
    timed = [entry["timing"] for entry in results.values() if "timing" in entry]
    measured = f", on {timed[0]['cores']} cores, {max(t['date'] for t in timed)}" if timed else ""
    rows, misses = [], []
    for name in lessons.names():
        lesson, entry = lessons.find(name), results.get(name, {})
        rows += _rows(lesson, lessons.recorded_means(name), entry)
        if lesson.miss and _missed(lesson):
            misses.append(f"* [{name}]({name}.py): {lesson.miss}")
    parts = [_HEAD.format(measured=measured, version="3.15"), "\n".join(rows), "\n"]
    if misses:
        parts += ["\n## Figures of the course that are not reached, and why\n\n", "\n".join(misses), "\n"]
    return "".join(parts)


def _missed(lesson):
    """The names of the course's figures that the recorded ones do not reach."""
    ours = lessons.recorded_means(lesson.name)
    return [name for name, course in lesson.course.items() if ours and not lessons.reaches(name, ours[name], course)]


def _rows(lesson, ours, entry):
    seeds = str(len(entry.get("seeds", []))) if ours else "-"
    seconds, theirs = _seconds(ours, entry)
    figures = list(lesson.course) or [name for name in ours if name != "seconds"][:_MOST_FIGURES] or ["-"]
    rows = []
    for number, name in enumerate(figures):
        course = lesson.course.get(name)
        value = _shown(ours[name], course) if name in ours else "-"
        if course is not None and name in ours and not lessons.reaches(name, ours[name], course):
            value += " (missed)"
        first = (f"[{lesson.name}]({lesson.name}.py)", seeds, seconds, theirs) if number == 0 else ("", "", "", "")
        rows.append(
            f"| {first[0]} | {name} | {'-' if course is None else course} | {value} | {' | '.join(first[1:])} |"
        )
    return rows


def _seconds(ours, entry):
    """Seconds on anmok, and on Keras' fastest backend with its name."""
    timing = entry.get("timing", {})
    times = {peer: t for peer, t in timing.items() if isinstance(t, dict) and "seconds" in t}
    keras = {peer: t for peer, t in times.items() if peer != "anmok"}
    mine = _time(times["anmok"]) if "anmok" in times else f"({ours['seconds']:.0f})" if ours else "-"
    if not keras:
        return mine, "-"
    best = min(keras, key=lambda peer: keras[peer]["seconds"])
    return mine, f"{_time(keras[best])} {best.removeprefix('keras-')}"


def _time(found):
    seconds = found["seconds"]
    return f"{'~' if found.get('scaled') else ''}{seconds:.1f}" if seconds < 10 else (
        f"{'~' if found.get('scaled') else ''}{seconds:.0f}"
    )  # fmt: skip


def _shown(value, course):
    """Our figure with the digits that the course prints, and one more."""
    if course is not None:
        digits = max(0, -course.as_tuple().exponent)
        return f"{value:,.0f}" if digits == 0 else f"{value:.{digits + 1}f}"
    if value == int(value) and abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 0.001 or abs(value) >= 1000 else f"{value:.4g}"
