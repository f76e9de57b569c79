import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.report import charts


@settings(max_examples=25, deadline=None)
@given(low=st.floats(-100, 100), width=st.floats(1e-3, 1000))
def test_ticks_cover_the_range_in_round_steps(low, width):
    rows = charts.ticks(low, low + width)
    assert rows[0] <= low + 1e-6 and rows[-1] >= low + width - 1e-6
    assert 2 <= len(rows) <= 8
    step = rows[1] - rows[0]
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-6)
    assert min(abs(mantissa - round_one) for round_one in (1, 2, 5, 10)) < 1e-4
    np.testing.assert_allclose(np.diff(rows), step, rtol=1e-4)


def test_ticks_of_one_value():
    assert charts.ticks(3, 3)[0] <= 3 <= charts.ticks(3, 3)[-1]


@pytest.mark.parametrize("epochs", [1, 2, 10, 11, 14, 30, 100])
def test_the_axis_names_the_first_and_last_epoch(epochs):
    shown = charts.epoch_ticks(epochs)
    assert shown[0] == 1 and shown[-1] == epochs and len(shown) <= 11
    assert shown == sorted(set(shown))


def test_points_lie_where_the_values_say():
    svg = ElementTree.fromstring(
        charts.line_chart({"training": [1.0, 0.5, 0.0], "validation": [0.5] * 3}, title="Loss")
    )
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in svg.iter("circle") if c.get("class") == "s0"]
    left, right = charts.LEFT, charts.WIDTH - charts.RIGHT
    top, bottom = charts.TOP, charts.HEIGHT - charts.BOTTOM
    assert circles == [(left, top), ((left + right) / 2, (top + bottom) / 2), (right, bottom)]


def test_labels_at_the_end_do_not_touch():
    svg = ElementTree.fromstring(
        charts.line_chart({"a": [1.0, 0.5], "b": [2.0, 0.5]}, title="Loss", mark=(2, "lowest"))
    )
    heights = sorted(float(t.get("y")) for t in svg.iter("text") if "label " in t.get("class"))
    assert heights[1] - heights[0] == pytest.approx(15)


def test_values_that_are_not_finite_leave_a_gap():
    svg = ElementTree.fromstring(charts.line_chart({"a": [1.0, math.nan, 0.5, 0.4]}, title="Loss", percent=True))
    path = next(svg.iter("path")).get("d")
    assert path.count("M") == 2 and path.count("L") == 1
    assert charts.line_chart({"a": [math.nan]}, title="Loss") == ""


def test_bars_are_as_high_as_the_accuracy():
    rows = [(0, 0, 0)] * 8 + [(5, 0.85, 0.5), (3, 0.95, 1.0)]
    svg = ElementTree.fromstring(charts.reliability_chart(rows, title="Accuracy by confidence"))
    heights = [float(bar.get("height")) for bar in svg.iter("rect")]
    full = charts.HEIGHT - charts.TOP - charts.BOTTOM
    assert heights == [pytest.approx(full / 2), pytest.approx(full)]
