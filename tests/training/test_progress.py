"""The progress line on terminals, in files and in notebooks; time is a list of numbers here."""

import io
import re
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.errors import ArgumentError
from anmok.training import progress
from anmok.training.progress import Progbar, Progress, cells, format_left, format_time, format_value


class Clock:
    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress.time, "perf_counter", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def terminal(monkeypatch, columns, **environment):
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: type("Size", (), {"columns": columns}))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Terminal()


def plain(text):
    return re.sub(r"\x1b\[\d+m", "", text)


def screen(text):
    """What a terminal shows in the end: carriage returns overwrite."""
    lines = []
    for line in plain(text).split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def run(stream, clock, *, steps=10, target=10, epochs=2, verbose=1, seconds=0.02, asked=None, logs=None):
    shown = Progress(target, epochs, verbose=verbose, stream=stream)

    def values():
        if asked is not None:
            asked.append(clock.now)
        return {"accuracy": 0.5, "loss": 1.25}

    for epoch in range(epochs):
        shown.begin_epoch(epoch)
        for i in range(steps):
            clock.now += seconds
            shown.update(i + 1, values)
        clock.now += 1
        shown.end_epoch(logs or {"accuracy": 0.75, "loss": 0.5, "val_loss": 1e-5})
    return shown


def test_a_file_gets_one_line_an_epoch_and_no_control_characters(clock):
    stream, asked = io.StringIO(), []
    run(stream, clock, asked=asked)
    line = "10/10 ━━━━━━━━━━━━━━━━━━━━ 1s 20ms/step - accuracy: 0.7500 - loss: 0.5000 - val_loss: 1.0000e-05"
    assert stream.getvalue() == f"Epoch 1/2\n{line}\nEpoch 2/2\n{line}\n"
    assert asked == []


def test_one_line_an_epoch(clock):
    stream = io.StringIO()
    run(stream, clock, verbose=2)
    line = "10/10 - 1s - 20ms/step - accuracy: 0.7500 - loss: 0.5000 - val_loss: 1.0000e-05"
    assert stream.getvalue() == f"Epoch 1/2 - {line}\nEpoch 2/2 - {line}\n"


def test_silence(clock):
    stream = io.StringIO()
    run(stream, clock, verbose=0)
    assert stream.getvalue() == ""


def test_a_single_epoch_is_not_announced(clock):
    stream = io.StringIO()
    run(stream, clock, epochs=1, verbose="auto", logs={"loss": 2.0})
    assert stream.getvalue() == "10/10 ━━━━━━━━━━━━━━━━━━━━ 1s 20ms/step - loss: 2.0000\n"


def test_a_terminal_is_drawn_over_ten_times_a_second(clock, monkeypatch):
    stream, asked = terminal(monkeypatch, 100), []
    run(stream, clock, steps=500, target=500, seconds=0.01, epochs=1, asked=asked)
    assert 45 <= len(asked) <= 51
    drawn = plain(stream.getvalue()).split("\r")
    assert drawn[11] == "101/500 ━━━━━━━━━━━━━━━━━━━━ 3s 10ms/step - accuracy: 0.5000 - loss: 1.2500"
    assert screen(stream.getvalue()) == [
        "500/500 ━━━━━━━━━━━━━━━━━━━━ 6s 10ms/step - accuracy: 0.7500 - loss: 0.5000 - val_loss: 1.0000e-05", ""
    ]  # fmt: skip
    assert "\x1b[32m━━━━\x1b[37m━━━━━━━━━━━━━━━━\x1b[0m" in stream.getvalue()


def test_a_shorter_line_leaves_nothing_of_a_longer_one(clock, monkeypatch):
    stream = terminal(monkeypatch, 100)
    run(stream, clock, epochs=1, seconds=1, logs={"a": 1.0})
    assert screen(stream.getvalue()) == ["10/10 ━━━━━━━━━━━━━━━━━━━━ 11s 1s/step - a: 1.0000", ""]


@given(columns=st.integers(1, 120), name=st.sampled_from(["loss", "정확도", "a_rather_long_metric_name"]))
@settings(max_examples=25, deadline=None)
def test_a_narrow_terminal_is_never_wrapped(columns, name):
    with pytest.MonkeyPatch.context() as patch:
        stream, clock = terminal(patch, columns), Clock(patch)
        run(stream, clock, seconds=0.5, epochs=1, logs={name: 1.0, "val_" + name: 2.0})
        for line in re.split("[\r\n]", plain(stream.getvalue())):
            assert cells(line) <= max(columns - 1, 0)
        last = screen(stream.getvalue())[0]
        if columns == 120:
            assert "━" * 20 in last
        if columns >= 20:
            assert last.startswith("10/10 ")


def test_a_bar_gives_way_and_results_go_on_below(clock, monkeypatch):
    for columns, expected in (
        (45, ["10/10 ━━━━━━━━━━ 1s 20ms/step - loss: 0.5000", ""]),
        (39, ["10/10 ━━━━ 1s 20ms/step - loss: 0.5000", ""]),
        (38, ["10/10 1s 20ms/step - loss: 0.5000", ""]),
        (32, ["10/10 ━━━━━━━━━━━━ 1s 20ms/step", "    - loss: 0.5000", ""]),
        (12, ["10/10 1s 2…", "    - loss…", ""]),
    ):
        stream = terminal(monkeypatch, columns)
        run(stream, clock, epochs=1, logs={"loss": 0.5})
        assert screen(stream.getvalue()) == expected


def test_every_result_is_shown_on_eighty_columns(clock, monkeypatch):
    stream = terminal(monkeypatch, 80)
    logs = {"accuracy": 0.91, "loss": 0.31, "val_accuracy": 0.9, "val_loss": 0.32, "learning_rate": 1e-3}
    run(stream, clock, epochs=1, logs=logs)
    assert screen(stream.getvalue()) == [
        "10/10 1s 20ms/step - accuracy: 0.9100 - loss: 0.3100 - val_accuracy: 0.9000",
        "    - val_loss: 0.3200 - learning_rate: 1.0000e-03",
        "",
    ]


def test_an_unknown_number_of_steps_is_known_afterwards(clock, monkeypatch):
    stream = terminal(monkeypatch, 100)
    shown = run(stream, clock, steps=37, target=None, epochs=2, logs={"loss": 0.5})
    assert re.search("\r3./Unknown 1s 20ms/step - accuracy: 0.5000 - loss: 1.2500", plain(stream.getvalue()))
    assert "37/37 ━━━━━━━━━━━━━━━━━━━━ 2s 20ms/step - loss: 0.5000" in screen(stream.getvalue())
    assert "\r 1/37 " in plain(stream.getvalue())
    assert shown.target == 37


def test_data_that_ran_out_is_not_shown_as_complete(clock):
    stream = io.StringIO()
    run(stream, clock, steps=4, epochs=1, logs={})
    assert stream.getvalue().startswith(" 4/10 ━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ ")


def test_a_notebook_is_drawn_over(clock):
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    run(stream, clock, seconds=0.5, epochs=1)
    assert stream.getvalue().count("\r") == 11
    assert screen(stream.getvalue())[0].startswith("10/10 ━━━━━━━━━━━━━━━━━━━━ 6s 500ms/step - accuracy: 0.7500")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949"])
def test_streams_that_cannot_write_everything(clock, encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    run(stream, clock, steps=5, epochs=1, logs={"loss": 1.0, "Ω≠": 2.0})
    assert raw.getvalue().decode(encoding).startswith(" 5/10 ==========.......... 1s 20ms/step - loss: 1.0000 - ")


def test_no_colour_when_it_is_not_wanted(clock, monkeypatch):
    stream = terminal(monkeypatch, 100, NO_COLOR="1")
    run(stream, clock, seconds=0.5, epochs=1)
    assert "\x1b" not in stream.getvalue()
    assert "\r 5/10 ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 2s 500ms/step" in stream.getvalue()


def test_an_interrupted_line_is_ended(clock, monkeypatch):
    stream = terminal(monkeypatch, 100)
    shown = Progress(10, 3, verbose=1, stream=stream)
    shown.interrupt()
    shown.begin_epoch(0)
    clock.now += 1
    shown.update(1, lambda: {"loss": 1.0})
    shown.interrupt()
    shown.interrupt()
    assert screen(stream.getvalue())[1:] == [" 1/10 ━━━━━━━━━━━━━━━━━━━━ 9s 1s/step - loss: 1.0000", ""]


def test_words():
    assert [format_time(s, "step") for s in (0, 1.4, 0.0123, 0.00004)] == [
        "0s/step",
        "1s/step",
        "12ms/step",
        "40us/step",
    ]
    assert [format_left(s) for s in (0.4, 59, 61, 3599, 3661)] == ["0s", "59s", "1:01", "59:59", "1:01:01"]
    assert [format_value(v) for v in (0.5, -2, 0.0005, 0, "x")] == [
        "0.5000",
        "-2.0000",
        "5.0000e-04",
        "0.0000e+00",
        "x",
    ]
    assert cells("정확도") == 6
    for verbose in (3, -1, "yes"):
        with pytest.raises(ArgumentError, match="verbose"):
            Progress(1, verbose=verbose)
    with pytest.raises(ArgumentError, match="not both"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])


def test_an_update_costs_next_to_nothing():
    for stream in (io.StringIO(), Terminal()):
        shown = Progress(100_000, 1, verbose=1, stream=stream)
        shown.begin_epoch(0)
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            for i in range(2000):
                shown.update(i, dict)
            best = min(best, (time.perf_counter() - start) / 2000)
        assert best < 5e-6


def test_progbar_in_ones_own_loop(clock, monkeypatch):
    stream = terminal(monkeypatch, 100)
    monkeypatch.setattr(sys, "stdout", stream)
    bar = Progbar(4, width=8, stateful_metrics=["lr"], unit_name="file")
    for i in range(3):
        clock.now += 1
        bar.add(1, [("loss", float(i)), ("lr", float(i))])
    assert screen(stream.getvalue()) == ["3/4 ━━━━━━━━ 1s 1s/file - loss: 1.0000 - lr: 2.0000"]
    clock.now += 1
    bar.update(4, [("loss", 5.0)])
    assert screen(stream.getvalue()) == ["4/4 ━━━━━━━━ 4s 1s/file - loss: 5.0000 - lr: 2.0000", ""]
