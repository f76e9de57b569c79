"""Progbar beside Keras': the same words for the same updates, colours and padding aside."""

import io
import re

import keras
import numpy as np
import pytest

from anmok.training import progress
from anmok.training.progress import Progbar


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def shown(text):
    """What was drawn, in order, without colours, cursor movements and padding."""
    text = re.sub(r"\x1b\[\d+m|\x08", "", text)
    return [part.rstrip() for part in re.split("[\r\n]+", text) if part.strip()]


@pytest.mark.parametrize("seconds", [2e-5, 0.004, 0.9, 90.0])
@pytest.mark.parametrize("settings", [{}, {"stateful_metrics": ["b"]}, {"stateless_metrics": ["b"]}, {"width": 9}])
@pytest.mark.parametrize("verbose", [1, 2])
def test_the_line_reads_as_keras_does(monkeypatch, seconds, settings, verbose):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(keras.src.utils.progbar.time, "time", lambda: now[0])
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: type("Size", (), {"columns": 200}))
    outputs = []
    for make in (Progbar, keras.utils.Progbar):
        now[0] = 1000.0
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        rng = np.random.default_rng(0)
        bar = make(12, verbose=verbose, interval=0, **settings)
        for i in range(1, 12):
            now[0] += seconds * (1 + (i == 1))
            bar.update(i, [("a", float(rng.random())), ("b", float(rng.random() / 1500))])
        now[0] += seconds
        bar.update(12, [("a", 0.5), ("b", 0.25)])
        outputs.append(shown(stream.getvalue()))
    assert outputs[0] == outputs[1]


def test_an_unknown_target_reads_as_keras_does(monkeypatch):
    outputs = []
    for make in (Progbar, keras.utils.Progbar):
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        bar = make(None, interval=0)
        for i in range(1, 4):
            bar.update(i, [("a", i / 4)])
        outputs.append([re.sub(r"\d+[mu]?s/step", "T", line).strip() for line in shown(stream.getvalue())])
    assert outputs[0] == outputs[1]
