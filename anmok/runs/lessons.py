"""The lessons: exercises of a course, one file each, run over seeds and held against the course's own figures."""

import argparse
import ast
import dataclasses
import importlib.util
import json
import os
import statistics
import sys
import time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import anmok
from anmok.errors import AnmokError, ArgumentError, FileFormatError, MissingFileError, unknown_name

_TOLD = ("Command", "Time", "Figure")
_CONSTANTS = {"COURSE": dict, "SEEDS": int, "SLOW": bool}


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What the head of a lesson's file says; nothing of the file is run for it."""

    name: str
    path: Path
    title: str
    text: str  # the docstring between its title and its last lines
    time: str
    figure: str
    course: dict  # the course's figures, by the names that the lesson returns; Decimals with the digits that it prints
    seeds: int
    slow: bool
    miss: str  # why a figure of the course is not reached; "" where it is


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A lesson's figures (name to float) from one seed, and the seconds that it took."""

    seed: int
    figures: dict
    seconds: float


def folder():
    """The folder of the lessons: in the package where it was installed, beside it in a checkout."""
    package = Path(anmok.__file__).resolve().parent
    return next((path for path in (package / "lessons", package.parent / "lessons") if path.is_dir()), package)


def names():
    """The names of all lessons, sorted."""
    return sorted(path.stem for path in folder().glob("*.py") if not path.name.startswith("_"))


def find(name):
    """The Lesson of a name. Raises UnknownNameError."""
    name = str(name).removesuffix(".py").replace("-", "_")
    if name not in names():
        raise unknown_name("lesson", name, names())
    return read(folder() / f"{name}.py")


def read(path):
    """The Lesson in a file, by its head alone. Raises FileFormatError where that is not as agreed."""
    path = Path(path)
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    title, _, rest = (ast.get_docstring(tree) or "").partition("\n")
    lines = rest.strip().splitlines()
    told = {key: _told(lines, key) for key in _TOLD}
    constants = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = node.value
    missing = [key for key in _TOLD if told[key] is None] + [key for key in _CONSTANTS if key not in constants]
    if missing or not title:
        raise FileFormatError(f"{path}: a lesson's head names its title, {', '.join(_TOLD)}, {', '.join(_CONSTANTS)}; "
                              f"missing: {', '.join(missing) or 'the title'}.")  # fmt: skip
    text = "\n".join(lines[: min(i for i, line in enumerate(lines) if line.startswith(_TOLD))]).strip()
    course = constants["COURSE"]
    figures = zip(course.keys, course.values, strict=True)
    return Lesson(
        name=path.stem,
        path=path,
        title=title.strip(),
        text=text,
        time=told["Time"],
        figure=told["Figure"],
        course={ast.literal_eval(key): Decimal(ast.get_source_segment(source, value)) for key, value in figures},
        seeds=ast.literal_eval(constants["SEEDS"]),
        slow=ast.literal_eval(constants["SLOW"]),
        miss=ast.literal_eval(constants["MISS"]) if "MISS" in constants else "",
    )


def _told(lines, key):
    """What stands behind "key:", with the indented lines that follow it; None where it is not told."""
    for number, line in enumerate(lines):
        if line.startswith(f"{key}:"):
            more = []
            for after in lines[number + 1 :]:
                if not after.startswith(" "):
                    break
                more.append(after.strip())
            return " ".join([line.removeprefix(f"{key}:").strip(), *more])
    return None


def function(lesson):
    """The file's `lesson(seed, quick, folder)`. Figures that it draws go to files, without a screen."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    name = f"anmok_lesson_{lesson.name}"
    spec = importlib.util.spec_from_file_location(name, lesson.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes that a lesson defines look for their module there
    spec.loader.exec_module(module)
    return module.lesson


def run(lesson, *, seeds=None, quick=False, folder, tell=lambda outcome: None):
    """The list of Outcomes of a Lesson over `seeds` seeds (as many as it says itself, one if quick).

    folder: where its pictures go; those of seed 0 stay. tell: called with each Outcome as it is there.
    Raises MissingFileError where the lesson's data are not there.
    """
    count = (1 if quick else lesson.seeds) if seeds is None else seeds
    if count < 1:
        raise ArgumentError(f"seeds: expected 1 or more, got {count}.")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    play, outcomes = function(lesson), []
    for seed in reversed(range(count)):
        began = time.perf_counter()
        try:
            figures = {name: float(value) for name, value in play(seed, quick, folder).items()}
        except FileNotFoundError as reason:  # a lesson knows no errors of anmok, so that it runs in Keras too
            raise MissingFileError(str(reason)) from reason
        outcomes.append(Outcome(seed, figures, time.perf_counter() - began))
        tell(outcomes[-1])
    return outcomes[::-1]


def means(outcomes):
    """The mean of each figure over the seeds, and of the seconds: (dict, float)."""
    figures = {name: statistics.fmean(outcome.figures[name] for outcome in outcomes) for name in outcomes[0].figures}
    return figures, statistics.fmean(outcome.seconds for outcome in outcomes)


def is_at_most(name):
    """Whether less is better of a figure of that name."""
    return "error" in name or "MAE" in name or "loss" in name


def reaches(name, ours, course):
    """Whether our figure, rounded to the digits that the course prints, is as good as the course's or better.

    Numbers of parameters or of operations (MACs) are reached when they are the same.
    """
    rounded = Decimal(f"{ours:.6f}").quantize(course, ROUND_HALF_UP)
    if "parameters" in name or "MACs" in name:
        return rounded == course
    return rounded <= course if is_at_most(name) else rounded >= course


def results():
    """What was recorded: {lesson: {"seeds": [{"seed", "seconds", figures...}], "keras": {...}}}; {} before."""
    path = folder() / "results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def recorded_means(name):
    """The mean of each recorded figure of a lesson, "seconds" among them; {} where none was recorded."""
    rows = results().get(name, {}).get("seeds", [])
    keys = [key for key in rows[0] if key != "seed"] if rows else []
    return {key: statistics.fmean(row[key] for row in rows) for key in keys}


def record(name, **entries):
    """Write entries of one lesson into results.json, beside what is there of it and of others."""
    everything = results()
    everything.setdefault(name, {}).update(entries)
    path = folder() / "results.json"
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    text = json.dumps(dict(sorted(everything.items())), indent=1, ensure_ascii=False)
    part.write_text(text + "\n", encoding="utf-8")
    os.replace(part, path)


def record_outcomes(lesson, outcomes):
    """Write a lesson's Outcomes into results.json."""
    record(
        lesson.name,
        seeds=[
            {"seed": outcome.seed, "seconds": round(outcome.seconds, 2)}
            | {name: _shortened(value) for name, value in outcome.figures.items()}
            for outcome in outcomes
        ],
    )


def _shortened(value):
    """A number to six digits; a whole one (parameters) to the last."""
    return value if value.is_integer() else float(f"{value:.6g}")


def comparison(lesson, outcomes):
    """Lines that hold the mean figures against the course's: "test accuracy  0.9756  course 0.978, reached"."""
    figures, seconds = means(outcomes)
    width = max(map(len, figures))
    lines = []
    for name, value in figures.items():
        line = f"{name:{width}}  {value:.4g}" if abs(value) < 1e4 else f"{name:{width}}  {value:,.0f}"
        if course := lesson.course.get(name):
            line += f"  course {course}, {'reached' if reaches(name, value, course) else 'missed'}"
        lines.append(line)
    over = f"mean of {len(outcomes)} seeds, {seconds:.1f} s each" if len(outcomes) > 1 else f"{seconds:.1f} s"
    return [*lines, over]


def teach(lesson, *, seeds=None, quick=False, recorded=False, out=None, say=print):
    """Run a Lesson, say its figures beside the course's; with `recorded` write them into results.json.

    out: the folder for its pictures; "lesson-figures/NAME" if None. Returns the Outcomes.
    """
    if recorded and (quick or seeds is not None):
        raise ArgumentError("--record is for a lesson as it stands: without --quick, over its own seeds.")
    out = Path(out) if out is not None else Path("lesson-figures") / lesson.name
    say(lesson.title)
    outcomes = run(lesson, seeds=seeds, quick=quick, folder=out, tell=lambda outcome: say(f"  {_row(outcome)}"))
    for line in comparison(lesson, outcomes):
        say(line)
    if made := sorted(path.name for path in out.iterdir()):
        say(f"{', '.join(made)} in {out.resolve()}")
    if recorded:
        record_outcomes(lesson, outcomes)
    return outcomes


def _row(outcome):
    figures = "  ".join(f"{name} {value:.4g}" for name, value in outcome.figures.items())
    return f"seed {outcome.seed}: {figures}  ({outcome.seconds:.1f} s)"


def main(path):
    """What `python lessons/NAME.py` does: run the lesson in that file, as `anmok lessons run NAME` would."""
    lesson = read(path)
    parser = argparse.ArgumentParser(prog=f"python {Path(path).name}", description=lesson.title)
    parser.add_argument("--quick", action="store_true", help="seconds only: fewer images and epochs")
    parser.add_argument("--seeds", type=int, help=f"how many seeds; {lesson.seeds} if not said")
    parser.add_argument("--out", type=Path, help="the folder for its pictures")
    options = parser.parse_args()
    try:
        teach(lesson, seeds=options.seeds, quick=options.quick, out=options.out)
    except AnmokError as error:
        sys.exit(f"anmok: {error}")
