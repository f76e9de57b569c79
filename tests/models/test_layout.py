"""The layered drawing: boxes apart, arrows from box to box, few crossings."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.models.layout import BOX_GAP, LINE_GAP, Arrow, lay_out


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    sizes = {str(i): (draw(st.integers(20, 150)), draw(st.integers(15, 60))) for i in range(count)}
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=2 * count))
    return sizes, [(str(a), str(b)) for a, b in pairs]


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_boxes_never_overlap_and_no_line_runs_through_one(graph):
    sizes, pairs = graph
    layout = lay_out(sizes, [Arrow(a, b) for a, b in pairs])
    assert layout.centres.keys() == sizes.keys()
    boxes = {
        key: (x - sizes[key][0] / 2, y - sizes[key][1] / 2, x + sizes[key][0] / 2, y + sizes[key][1] / 2)
        for key, (x, y) in layout.centres.items()
    }
    for one, other in itertools.combinations(boxes.values(), 2):
        apart = max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])
        assert apart >= min(BOX_GAP, LINE_GAP) - 1e-6
    for left, top, right, bottom in boxes.values():
        assert left > -1e-6 and top > -1e-6
        assert right < layout.width + 1e-6 and bottom < layout.height + 1e-6
    for piece in layout.pieces:
        for left, top, right, bottom in boxes.values():
            # Three strokes: down at x, across at the track, down at to_x.
            assert not (left < piece.x < right and piece.y < bottom - 1e-6 and piece.track > top + 1e-6)
            assert not (left < piece.to_x < right and piece.track < bottom - 1e-6 and piece.to_y > top + 1e-6)
            across = sorted((piece.x, piece.to_x))
            assert not (top < piece.track < bottom and across[0] < right and left < across[1])


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_every_arrow_has_a_head_and_circles_are_led_back(graph):
    sizes, pairs = graph
    layout = lay_out(sizes, [Arrow(a, b) for a, b in pairs])
    heads = sum(piece.target is not None for piece in layout.pieces)
    back = sum(piece.head_at_start for piece in layout.pieces)
    straight = [(a, b) for a, b in pairs if a != b]
    assert set(layout.loops) == {a for a, b in pairs if a == b}
    assert heads + back <= len(straight) and bool(heads + back) == bool(straight)
    below = {(a, b) for a, b in straight if layout.centres[a][1] < layout.centres[b][1]}
    assert heads == sum((a, b) in below for a, b in straight)


def test_a_chain_is_straight():
    layout = lay_out({key: (10 * i + 20, 20) for i, key in enumerate("abcde")}, list(map(Arrow, "abcd", "bcde")))
    assert len({round(x, 6) for x, _ in layout.centres.values()}) == 1
    assert [key for key, _ in sorted(layout.centres.items(), key=lambda item: item[1][1])] == list("abcde")


def test_a_shortcut_passes_beside_in_one_straight_line():
    size = dict.fromkeys("abcde", (100.0, 20.0))
    layout = lay_out(size, [*map(Arrow, "abcd", "bcde"), Arrow("a", "e")])
    passing = [piece for piece in layout.pieces if abs(piece.x - layout.centres["b"][0]) > 50]
    assert len({round(piece.x, 3) for piece in passing}) == 1
    assert all(abs(piece.x - layout.centres["b"][0]) >= 50 + LINE_GAP - 1e-6 for piece in passing)


def test_crossings_that_can_be_avoided_are():
    # a..d to the boxes of the next rank in reverse order: sorted out, all run straight.
    sizes = dict.fromkeys("abcdwxyz", (40.0, 20.0))
    layout = lay_out(sizes, list(map(Arrow, "abcd", "zyxw")))
    assert all(math.isclose(layout.centres[a][0], layout.centres[b][0]) for a, b in zip("abcd", "zyxw", strict=True))


def test_four_branches_lie_symmetrically():
    sizes = {"in": (60.0, 20.0), **dict.fromkeys("abcd", (80.0, 20.0)), "out": (120.0, 20.0)}
    layout = lay_out(sizes, [*(Arrow("in", key) for key in "abcd"), *(Arrow(key, "out") for key in "abcd")])
    middle = (layout.centres["a"][0] + layout.centres["d"][0]) / 2
    assert math.isclose(layout.centres["in"][0], middle) and math.isclose(layout.centres["out"][0], middle)
    ends = sorted(piece.to_x for piece in layout.pieces if piece.target == "out")
    assert all(b - a >= LINE_GAP - 1e-6 for a, b in itertools.pairwise(ends))


def test_an_input_lies_just_before_its_reader():
    layout = lay_out(dict.fromkeys("abcde", (20.0, 20.0)), list(map(Arrow, "abce", "bcdd")))
    assert layout.centres["e"][1] == layout.centres["c"][1]
