import dataclasses
import html.parser
import re

import numpy as np
import pytest

from anmok.report import page
from anmok.runs.config import TrainConfig
from anmok.runs.folder import RunFolder

CONFIG = TrainConfig("mnist", "small", 3, 8, 0.1, 0.0, 1, False)


def history(*val_losses):
    return [
        {"epoch": i, "loss": 1 / i, "accuracy": 0.5, "val_loss": v, "val_accuracy": 0.8, "seconds": 1.0}
        for i, v in enumerate(val_losses, start=1)
    ]


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path, CONFIG, name="it")


def finish(run):
    """Six test images of two classes, of which number 1 and 4 are taken for the wrong one; 4 more surely."""
    labels = np.array([0, 0, 0, 1, 1, 1])
    sure = np.array([0.9, 0.3, 0.8, 0.4, 0.95, 0.2], np.float32)
    run.write_predictions(labels, np.stack([sure, 1 - sure], axis=1))
    for index in (1, 4):
        run.write_picture(index, np.full((2, 2, 1), index, np.uint8))
    names = ["<cat>", "dog"]
    run.classes = {"names": names, "shape": [2, 2, 1], "border": 1.0}
    scores = {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3}
    run.metrics = {
        "images": 6, "right": 4, "accuracy": 4 / 6, "accuracy_95": [0.3, 0.9], "calibration_error": 0.1,
        "classes": [{"name": name} | scores for name in names], "confusion": [[2, 1], [1, 2]],
    }  # fmt: skip


class Reader(html.parser.HTMLParser):
    """Fails where a tag is not closed; keeps addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for key, value in attributes if key in ("src", "href")]
        if tag not in ("meta", "img", "br", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_finished_run(run):
    for row in history(0.9, 0.5, 0.6):
        run.append_history(row)
    finish(run)
    path = page.write(run)
    text = path.read_text(encoding="utf-8")
    addresses = Reader(text).addresses
    assert len(addresses) == 2 and all(a.startswith("data:image/png;base64,") for a in addresses)
    assert not re.search(r"https?://|@import|url\(", text)
    assert "66.7<small> %" in text and "between 30.0 % and 90.0 %" in text
    assert "lowest after epoch 2, and not again" in text and "validation turns" in text
    assert "&lt;cat&gt;" in text and "<cat>" not in text
    assert text.index('title="test image 4"') < text.index('title="test image 1"')
    assert "95.0 % sure" in text and 'class="notice"' not in text


def test_a_run_killed_half_way_says_so(run):
    run.append_history(history(0.9)[0])
    text = page.render(run)
    Reader(text)
    assert "after epoch 1 of 3" in text and "not tested" in text
    assert "80.0<small> %" in text and "validation images" in text


def test_a_run_killed_at_once_says_so(run):
    text = page.render(run)
    Reader(text)
    assert "before its first epoch ended" in text


def test_pictures_out_of_files_are_named_and_those_left_out_are_listed(tmp_path):
    config = dataclasses.replace(CONFIG, source=str(tmp_path / "my <pictures>"), image_size=2)
    run = RunFolder.create(tmp_path, config, name="it")
    finish(run)
    labels, probabilities = run.predictions
    run.write_predictions(labels, probabilities, files=[f"a&b/{i}.png" for i in range(6)])
    run.skipped = [(f"a/bad {i}.jpg", "<0 bytes>") for i in range(page.LEFT_OUT + 2)]
    text = page.render(run)
    assert len(Reader(text).addresses) == 2
    assert "my &lt;pictures&gt;" in text and "2 x 2 pixels" in text
    assert text.index('title="a&amp;b/4.png"') < text.index('title="a&amp;b/1.png"')
    assert "52 files were left out" in text and "&lt;0 bytes&gt;" in text and "And 2 more: skipped.csv" in text
    assert "bad 49.jpg" in text and "bad 50.jpg" not in text


def test_nothing_left_out_needs_no_words(run):
    run.skipped = []
    assert "Left out" not in page.render(run)
    run.skipped = [("a.jpg", "0 bytes")]
    assert "One file was left out" in page.render(run)


def test_a_name_that_is_no_utf8_does_not_stop_the_report(run):
    run.skipped = [("a/\udcff.jpg", "0 bytes")]
    assert run.skipped == [{"name": "a/\udcff.jpg", "reason": "0 bytes"}]
    assert "a/<wbr>?.jpg" in page.write(run).read_text(encoding="utf-8")


def test_where_validation_turns():
    assert page.turning_epoch(history(3, 1, 2)) == 2
    assert page.turning_epoch(history(3, 1, 1)) == 3
    assert page.turning_epoch(history(float("nan"), 2)) == 2
    assert page.turning_epoch([]) is None


@pytest.mark.parametrize("seconds, words", [(58.4, "58 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")])
def test_durations(seconds, words):
    assert page.duration(seconds) == words
