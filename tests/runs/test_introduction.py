import io

import pytest
from rich.console import Console

from anmok.runs import introduction
from anmok.runs.config import TrainConfig
from anmok.runs.folder import RunFolder

# fmt: off
CONFIG = TrainConfig("/data/mine", "small", 2, 8, 0.1, 0.0, 0, False, image_size=64)
# fmt: on


def run_with(tmp_path, counts, skipped=()):
    run = RunFolder.create(tmp_path, CONFIG, name="it")
    run.classes = {"names": list(counts), "shape": [64, 64, 3], "border": 1.0, "fitting": "crop"}
    rows = [(label, i) for label, count in enumerate(counts.values()) for i in range(count)]
    splits = ("train", "train", "validation", "test")
    run.samples = [{"split": splits[i % 4], "index": i, "label": label, "file": f"{i}"} for label, i in rows]
    run.skipped = skipped
    return run


def printed(run, *, terminal):
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80, soft_wrap=True, color_system=None)
    introduction.Introduction(console).ready(run)
    return file.getvalue()


def test_few_classes_are_counted_one_by_one(tmp_path):
    run = run_with(tmp_path, {"cats": 12, "dogs": 1008})
    assert introduction.found(run) == [
        "1,020 pictures of 2 classes: cats 12, dogs 1,008",
        "510 to train on, 255 held out to validate, 255 to test",
        "seen at 64 x 64 pixels",
    ]


def test_of_many_classes_the_extremes_are_named(tmp_path):
    run = run_with(tmp_path, {f"class {k}": 20 + k for k in range(20)})
    assert introduction.found(run)[0] == "590 pictures of 20 classes, 20 (class 0) to 39 (class 19) of each"


@pytest.mark.parametrize("many, is_said", [(40, False), (41, True)])
def test_more_than_ten_to_one_is_warned_of(tmp_path, many, is_said):
    words = introduction.unevenness(run_with(tmp_path, {"few": 4, "many": many}))
    assert bool(words) == is_said
    if is_said:
        assert words.startswith("There are 10 times as many pictures of 'many' as of 'few'.")


def test_what_was_left_out_is_counted_and_the_first_five_are_named(tmp_path):
    skipped = [(f"a/[b] {i}.jpg", "no picture; " + "because " * 20) for i in range(7)]
    run = run_with(tmp_path, {"a": 4, "b": 4}, skipped)
    lines = printed(run, terminal=True).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split("  ")[2] for line in lines if "[b]" in line] == [f"a/[b] {i}.jpg" for i in range(5)]
    assert lines[-1].strip() == "and 2 more"
    # A file gets each reason whole, on one line.
    text = printed(run, terminal=False)
    assert "7 files left out; all are listed in" in text and text.count("because " * 19) == 5


def test_runs_of_arrays_have_nothing_to_say(tmp_path):
    run = RunFolder.create(tmp_path, TrainConfig("mnist", "small", 2, 8, 0.1, 0.0, 1, False), name="it")
    assert printed(run, terminal=True) == ""


def test_names_that_a_terminal_cannot_show_are_shown_as_far_as_it_can():
    assert introduction.shown("숲/\udcff\x1b[2J.png") == "숲/?\N{REPLACEMENT CHARACTER}[2J.png"
