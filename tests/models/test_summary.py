"""The table of `summary()`: nothing is cut off, options are honoured, mistakes get words."""

import contextlib
import io

import pytest
from rich.cells import cell_len

from anmok import layers as L
from anmok.errors import ArgumentError, UnknownNameError
from anmok.models import Model, Sequential


def text_of(model, **options):
    texts = []
    model.summary(print_fn=texts.append, **options)
    return "".join(texts)


def table_of(text):
    return [line for line in text.split("\n") if line and line[0] in "┏┃┡│├└"]


@pytest.fixture
def wide():
    """A model with numbers and names too long for narrow tables."""
    x = L.Input((8,), name="an_input_with_a_long_name")
    y = L.Dense(300_000, name="the_layer_whose_name_does_not_end_so_soon")(x)
    z = L.Dense(300_000, name="합성곱_층_이름이_꽤_깁니다")(x)
    return Model(x, L.Concatenate(name="both")([y, z]))


@pytest.mark.parametrize("line_length", [20, 40, 80, 120])
@pytest.mark.parametrize("show_trainable", [False, True])
def test_no_number_and_no_name_is_cut_at_any_width(wide, line_length, show_trainable):
    text = text_of(wide, line_length=line_length, show_trainable=show_trainable)
    assert "…" not in text
    assert text.count("2,700,000") == 2 and "5,400,000" in text
    cells = "".join(line.split("│")[1].strip() for line in table_of(text) if line[0] == "│")
    assert "the_layer_whose_name_does_not_end_so_soon" in cells and "합성곱_층_이름이_꽤_깁니다" in cells
    assert len({cell_len(line) for line in table_of(text)}) == 1


@pytest.mark.parametrize("show_trainable", [False, True])
def test_the_table_fits_80_columns(wide, monkeypatch, show_trainable):
    monkeypatch.setenv("COLUMNS", "80")
    widths = {cell_len(line) for line in text_of(wide, show_trainable=show_trainable).split("\n")}
    assert max(widths) <= 80


def test_a_file_gets_plain_text(wide, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        wide.summary()
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().startswith('Model: "functional')
    assert max(map(cell_len, stream.getvalue().split("\n"))) <= 80


def test_line_length_is_the_width_of_the_table():
    model = Sequential([L.Input((4,)), L.Dense(3)])
    for length in (60, 77, 130):
        assert len(table_of(text_of(model, line_length=length))[0]) in (length, length - 1)


@pytest.mark.parametrize("positions", [[0.25, 0.75, 1.0], [25, 75, 100]])
def test_positions_say_where_columns_end(positions):
    model = Sequential([L.Input((4,)), L.Dense(3)])
    top = table_of(text_of(model, line_length=100, positions=positions))[0]
    ends = [i for i, sign in enumerate(top) if sign in "┳┓"]
    assert ends == [25, 75, 100]


def test_positions_leave_room_for_a_column_more():
    model = Sequential([L.Input((4,)), L.Dense(3)])
    top = table_of(text_of(model, line_length=100, positions=[0.25, 0.75, 1.0], show_trainable=True))[0]
    assert [i for i, sign in enumerate(top) if sign in "┳┓"] == [22, 67, 90, 102]


@pytest.mark.parametrize("positions", [[0.5, 1.0], [0.9, 0.5, 1.0], "abc", 3, [0.2, 0.4, 0.6, 0.8, 1.0]])
def test_positions_that_cannot_be_are_refused(positions):
    model = Sequential([L.Input((4,)), L.Dense(3)])
    with pytest.raises(ArgumentError, match=r"each of the 3 columns ends \(Layer \(type\), Output Shape, Param #\)"):
        text_of(model, positions=positions)


@pytest.mark.parametrize("line_length", [0, -5, 80.5, True, "80"])
def test_a_line_length_that_cannot_be_is_refused(line_length):
    with pytest.raises(ArgumentError, match="line_length to be a whole number"):
        text_of(Sequential([L.Input((4,)), L.Dense(3)]), line_length=line_length)


@pytest.mark.parametrize("layer_range", ["dense", ("a",), ("a", "b", "c"), (1, 2), 7])
def test_a_range_that_is_not_two_names_is_refused(layer_range):
    with pytest.raises(ArgumentError, match="layer_range to be two names of layers"):
        text_of(Sequential([L.Input((4,)), L.Dense(3)]), layer_range=layer_range)


def test_a_range_with_an_unknown_name_offers_the_nearest():
    model = Sequential([L.Input((4,)), L.Dense(3, name="first"), L.Dense(3, name="second")], name="net")
    with pytest.raises(UnknownNameError, match=r"model 'net' in layer_range 'secnd'\. Did you mean 'second'"):
        text_of(model, layer_range=("first", "secnd"))
    with pytest.raises(ArgumentError, match="neither a layer's name nor a regular expression"):
        text_of(model, layer_range=("first", "("))


def test_names_with_brackets_are_written_as_they_are():
    model = Sequential([L.Input((4,)), L.Dense(3, name="[red]a[/red]:smile:")])
    assert "[red]a[/red]:smile: (Dense)" in text_of(model, line_length=100)


def test_layers_of_a_nested_model_show_what_they_are_connected_to():
    i = L.Input((8,), name="in")
    block = Model(i, L.Add(name="sum")([L.Dense(8, name="a")(i), i]), name="block")
    x = L.Input((8,), name="x")
    y = block(x)
    text = text_of(Model(x, L.Concatenate(name="c")([y, x])), expand_nested=True, line_length=120)
    row = next(line for line in text.split("\n") if "└ sum (Add)" in line)
    assert "a[0][0], in[0][0]" in row


def test_a_layer_called_on_several_sizes_lists_its_shapes():
    conv, a, b = L.Conv2D(2, 3, name="conv"), L.Input((8, 8, 1)), L.Input((6, 6, 1))
    row = next(
        line for line in text_of(Model([a, b], [conv(a), conv(b)]), line_length=140).split("\n") if "conv (" in line
    )
    assert "(None, 6, 6, 2), (None, 4, 4, 2)" in row


def test_colours_only_on_a_terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in text_of(Sequential([L.Input((4,)), L.Dense(3)]))


def test_an_empty_sequential_has_a_summary():
    assert "Total params: 0 (0.00 B)" in text_of(Sequential(name="empty"))
