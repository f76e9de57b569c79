"""Pictures of models: with graphviz, without it, in every format; what is in them is read back from SVG."""

import itertools
import re
import stat
import subprocess
import sys
import types
import xml.etree.ElementTree as ElementTree

import pytest

from anmok import layers as L
from anmok import utils
from anmok.errors import ArgumentError, NotBuiltError, UnknownNameError
from anmok.models import Model, Sequential, drawing, model_to_dot, plot, plot_model
from anmok.models.diagram import Show, frame_of
from anmok.models.scene import scene_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def no_graphviz(monkeypatch, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.chdir(tmp_path)


def lenet():
    return Sequential(
        [
            L.Input((28, 28, 1)),
            L.Conv2D(6, 5, padding="same", activation="tanh", name="c1"),
            L.AveragePooling2D(2, name="s2"),
            L.Flatten(name="flat"),
            L.Dense(10, activation="softmax", name="f6"),
        ],
        name="lenet",
    )


def inception():
    x = L.Input((28, 28, 3), name="photo")
    before = L.Dense(192, name="before")(x)
    branches = [
        L.Conv2D(64, 1, padding="same", name="a")(before),
        L.Conv2D(128, 3, padding="same", name="b2")(L.Conv2D(96, 1, padding="same", name="b1")(before)),
        L.Conv2D(32, 5, padding="same", name="c2")(L.Conv2D(16, 1, padding="same", name="c1")(before)),
        L.Conv2D(32, 1, padding="same", name="d2")(L.MaxPooling2D(3, 1, padding="same", name="d1")(before)),
    ]
    return Model(x, L.concatenate(branches, name="all"))


def two_in_two_out():
    a, b = L.Input((32, 32, 3), name="photo"), L.Input((12,), name="table")
    both = L.concatenate(
        [L.Flatten(name="flat")(L.Conv2D(8, 3, name="conv")(a)), L.Dense(16, name="dense")(b)], name="both"
    )
    z = L.Dense(32, name="합친_특징")(both)
    return Model([a, b], {"class": L.Dense(5, name="class")(z), "price": L.Dense(1, name="price")(z)})


def nested():
    i = L.Input((32, 32, 3), name="inside")
    h = L.Conv2D(8, 3, padding="same", name="h")(i)
    block = Model(
        i,
        [L.Add(name="sum")([h, L.Conv2D(8, 3, padding="same", name="o")(h)]), L.Flatten(name="flat")(h)],
        name="block",
    )
    tail = Sequential([L.Dense(8, name="t1"), L.ReLU(name="t2")], name="tail")
    head = Sequential([L.GlobalAveragePooling2D(name="pool"), tail], name="head")
    x = L.Input((32, 32, 3), name="photo")
    p, q = block(x)
    return Model(x, L.Dense(10, name="last")(L.concatenate([head(p), q], name="all")))


def shared():
    a, b = L.Input((8,), name="left"), L.Input((8,), name="right")
    twin, again = L.Dense(8, name="twin"), L.Dense(8, name="again")
    return Model([a, b], L.Dot(1, name="dot")([again(again(twin(a))), twin(L.ReLU(name="relu")(twin(b)))]))


def residual(blocks):
    x = i = L.Input((8, 8, 4))
    for n in range(blocks):
        y = L.ReLU(name=f"r{n}")(L.BatchNormalization(name=f"n{n}")(L.Conv2D(4, 3, padding="same", name=f"c{n}")(x)))
        x = L.Add(name=f"a{n}")([x, y])
    return Model(i, x)


MODELS = [lenet, inception, two_in_two_out, nested, shared]
by_name = pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)


def texts(path):
    return ["".join(node.itertext()) for node in ElementTree.parse(path).iter(f"{SVG}text")]


def all_names(model):
    names = []
    for layer in model.layers:
        names += all_names(layer) if isinstance(layer, Model) else [layer.name]
    return names


@by_name
@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_every_layer_is_in_the_drawing_once_with_its_shape(build, rankdir, tmp_path):
    model = build()
    path = tmp_path / "model.svg"
    plot_model(model, path, show_layer_names=True, show_shapes=True, expand_nested=True, rankdir=rankdir)
    words = texts(path)
    for name in all_names(model):
        assert words.count(name) == 1, name
    for layer in model.layers:
        assert any(str(layer.output_shape) in word for word in words) or isinstance(layer, Model)


@by_name
@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_boxes_lie_apart_and_inside_their_frames(build, rankdir):
    frame = frame_of(build(), Show(names=True, shapes=True, dtype=True), expand_nested=True)
    scene = scene_of(frame, drawing._size, lambda words: 6.0 * len(words), rankdir)
    rectangles = {}
    for box, x, y in scene.boxes:
        width, height = drawing._size(box)
        rectangles[box.key] = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    assert len(rectangles) == len(list(frame.boxes()))
    for one, other in itertools.combinations(rectangles.values(), 2):
        assert max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3]) > 10
    assert all(
        r[0] > -0.01 and r[1] > -0.01 and r[2] < scene.width + 0.01 and r[3] < scene.height + 0.01
        for r in rectangles.values()
    )
    for title, left, top, right, bottom in scene.frames:
        for key, (x1, y1, x2, y2) in rectangles.items():
            inside = x1 > left and y1 > top and x2 < right and y2 < bottom
            outside = x2 < left or x1 > right or y2 < top or y1 > bottom
            assert inside if f"/{title}/" in key else outside


@by_name
def test_arrows_end_at_the_edges_of_boxes(build):
    frame = frame_of(build(), Show(names=True), expand_nested=True)
    scene = scene_of(frame, drawing._size, lambda words: 6.0 * len(words), "TB")
    tops = [(x, y - drawing._size(box)[1] / 2, drawing._size(box)[0] / 2) for box, x, y in scene.boxes]
    heads = [points[-1] for points, head, _ in scene.lines if head]
    for x, y in heads:
        assert any(abs(y - top) < 0.01 and abs(x - middle) < half for middle, top, half in tops)
    count = len(set(re.findall(r'"[^"]+" -> "[^"]+"', plot.Dot(frame, "TB", 200, "ortho").to_string())))
    turned = sum(at_start for *_, at_start in scene.lines)
    assert len(heads) + turned + len(scene.loops) == count


def test_what_is_shown_can_be_chosen(tmp_path):
    model = lenet()
    model.get_layer("f6").trainable = False

    def words(**options):
        plot_model(model, tmp_path / "m.svg", **options)
        return texts(tmp_path / "m.svg")

    assert words() == ["Conv2D", "AveragePooling2D", "Flatten", "Dense"]
    assert words(show_layer_names=True)[:2] == ["c1", "(Conv2D)"]
    assert "tanh" in words(show_layer_activations=True) and "softmax" in words(show_layer_activations=True)
    assert words(show_dtype=True).count("float32") == 4
    assert words(show_trainable=True).count("Trainable") == 1 and "Non-trainable" in words(show_trainable=True)
    assert {"Input shape", "(None, 28, 28, 1)", "(None, 28, 28, 6)"} <= set(words(show_shapes=True))


def test_nested_models_are_one_box_until_they_are_expanded(tmp_path):
    plot_model(nested(), tmp_path / "m.svg", show_layer_names=True)
    words = texts(tmp_path / "m.svg")
    assert words.count("block") == 1 and "h" not in words and "(Functional)" in words
    plot_model(nested(), tmp_path / "m.svg", show_layer_names=True, expand_nested=True)
    words = texts(tmp_path / "m.svg")
    assert {"block", "head", "tail", "t1", "h", "inside"} <= set(words) and "(Functional)" not in words


BEGINNINGS = {
    "png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "jpg": b"\xff\xd8", "jpeg": b"\xff\xd8", "eps": b"%!PS",
    "ps": b"%!PS", "dot": b"digraph", "gv": b"digraph",
}  # fmt: skip


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_the_suffix_chooses_the_format(suffix, tmp_path):
    path = tmp_path / f"model.{suffix.upper() if suffix == 'png' else suffix}"
    plot_model(lenet(), str(path), dpi=50)
    assert path.read_bytes().startswith(BEGINNINGS[suffix])


def test_without_a_suffix_it_is_png_and_the_name_has_a_default(tmp_path):
    plot_model(lenet(), "picture", dpi=50)
    plot_model(lenet(), dpi=50)
    assert (tmp_path / "picture").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "model.png").exists()


def png_size(path):
    data = path.read_bytes()
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_dpi_is_honoured_and_lowered_with_words_where_it_must_be(tmp_path, monkeypatch):
    plot_model(lenet(), tmp_path / "a.png", dpi=50)
    plot_model(lenet(), tmp_path / "b.png", dpi=100)
    assert all(
        abs(2 * a - b) <= 2 for a, b in zip(png_size(tmp_path / "a.png"), png_size(tmp_path / "b.png"), strict=True)
    )
    monkeypatch.setattr(drawing, "_MOST_PIXELS", 300)
    with pytest.warns(UserWarning, match=r"painted at \d+ dpi instead of 200"):
        plot_model(lenet(), tmp_path / "c.png", dpi=200)
    assert max(png_size(tmp_path / "c.png")) <= 300


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg", "a.png", "b.png"):
        plot_model(inception(), tmp_path / name, dpi=50, show_layer_names=True)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_sixty_layers_are_drawn_below_one_another(tmp_path):
    model = residual(15)
    plot_model(model, tmp_path / "m.svg", show_layer_names=True, show_shapes=True)
    assert set(all_names(model)) <= set(texts(tmp_path / "m.svg"))
    tree = ElementTree.parse(tmp_path / "m.svg").getroot()
    width, height = (float(tree.get(side).removesuffix("pt")) for side in ("width", "height"))
    assert width < 500 and 60 * 50 < height < 60 * 120


def test_korean_names_stay_text_in_svg_and_are_mentioned_for_png(tmp_path, monkeypatch):
    plot_model(two_in_two_out(), tmp_path / "m.svg", show_layer_names=True)
    assert "합친_특징" in texts(tmp_path / "m.svg")
    monkeypatch.setattr(drawing, "_families", lambda: ["DejaVu Sans"])
    with pytest.warns(UserWarning, match="no font with Hangul"):
        plot_model(two_in_two_out(), tmp_path / "m.png", dpi=50, show_layer_names=True)


def test_signs_of_markup_in_names_are_written_as_they_are(tmp_path):
    model = Sequential([L.Input((2,)), L.Dense(2, name='a<b>&"$x$')])
    plot_model(model, tmp_path / "m.svg", show_layer_names=True)
    assert 'a<b>&"$x$' in texts(tmp_path / "m.svg")
    text = model_to_dot(model).to_string()
    assert "<b>a&lt;b&gt;&amp;&quot;$x$</b>" in text and '/a<b>&\\"$x$" [label=' in text


@pytest.mark.parametrize("splines", ["ortho", "spline", "curved", "polyline", "line"])
def test_lines_run_as_asked(splines, tmp_path):
    plot_model(inception(), tmp_path / "m.svg", splines=splines)
    lines = re.findall(r'<path d="([^"]+)"[^>]*stroke: #64748b; stroke-width: 1.3', (tmp_path / "m.svg").read_text())
    assert len(lines) >= 11
    curved = any("C" in line for line in lines)
    assert curved == (splines in ("spline", "curved"))
    assert any("Q" in line for line in lines) == (splines == "ortho")


def test_pyplot_is_left_alone(tmp_path):
    code = (
        "import sys; from anmok import layers as L; from anmok.models import Sequential, plot_model\n"
        "plot_model(Sequential([L.Input((2,)), L.Dense(2)]), 'm.png'); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env={"PYTHONPATH": ":".join(sys.path)})


# graphviz ----------------------------------------------------------------------------------------------------------


def fake_dot(folder, script):
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


def test_graphviz_draws_where_it_is_installed(tmp_path, monkeypatch):
    fake_dot(tmp_path, f'echo "$@" > {tmp_path}/arguments; /bin/cat > {tmp_path}/text; echo from graphviz')
    monkeypatch.setenv("PATH", str(tmp_path))
    plot_model(lenet(), "m.png", rankdir="LR", dpi=72, splines="curved")
    assert (tmp_path / "m.png").read_text() == "from graphviz\n"
    assert (tmp_path / "arguments").read_text() == "-Tpng\n"
    assert (tmp_path / "text").read_text() == model_to_dot(
        lenet(), show_layer_names=False, rankdir="LR", dpi=72, splines="curved"
    ).to_string()


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "echo half; kill -9 $$"])
def test_a_broken_graphviz_is_no_error(script, tmp_path, monkeypatch):
    fake_dot(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    plot_model(lenet(), "m.png", dpi=50)
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")


def test_dot_text_has_every_box_and_arrow():
    text = model_to_dot(nested(), expand_nested=True, rankdir="LR").to_string()
    assert text.count("{") == text.count("}") and 'rankdir="LR"' in text
    assert text.count("subgraph") == 3
    arrows = {tuple(key.rpartition("/")[2] for key in pair) for pair in re.findall(r'"([^"]+)" -> "([^"]+)"', text)}
    assert arrows == {
        ("photo", "inside"), ("inside", "h"), ("h", "o"), ("h", "sum"), ("o", "sum"), ("h", "flat"),
        ("sum", "pool"), ("pool", "t1"), ("t1", "t2"), ("t2", "all"), ("flat", "all"), ("all", "last"),
    }  # fmt: skip
    assert model_to_dot(nested(), subgraph=True).to_string().startswith('subgraph "cluster_')


def test_the_notebook_idiom_needs_no_graphviz(tmp_path):
    dot = model_to_dot(lenet(), show_shapes=True)
    assert dot.create(prog="dot", format="svg").startswith(b"<?xml")
    assert dot.create_png().startswith(b"\x89PNG")
    assert dot.write_svg(tmp_path / "m.svg") and "c1" in texts(tmp_path / "m.svg")
    assert dot._repr_svg_().startswith("<?xml")
    assert str(dot) == dot.to_string()


def test_a_model_that_is_a_call_method_is_one_box(tmp_path):
    class Net(Model):
        def __init__(self):
            super().__init__(name="net")
            self.dense = L.Dense(2)

        def call(self, x):
            return self.dense(x)

    net = Net()
    net.build((None, 3))
    plot_model(net, tmp_path / "m.svg", show_layer_names=True)
    assert texts(tmp_path / "m.svg") == ["net", "(Net)"]


def test_in_a_notebook_the_picture_is_shown(monkeypatch):
    display = types.ModuleType("IPython.display")
    display.Image = lambda filename, format: ("image", filename)
    display.SVG = lambda filename: ("svg", filename)
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    assert plot_model(lenet(), "m.png", dpi=50) == ("image", "m.png")
    assert plot_model(lenet(), "m.svg") == ("svg", "m.svg")
    assert plot_model(lenet(), "m.pdf") is None


def test_utils_has_both():
    assert utils.plot_model is plot_model and utils.model_to_dot is model_to_dot


# Mistakes ----------------------------------------------------------------------------------------------------------


def test_an_unbuilt_model_is_refused():
    with pytest.raises(NotBuiltError, match=r"Model 'later' is not built yet.*give it an Input"):
        plot_model(Sequential([L.Dense(2)], name="later"))


def test_another_suffix_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in .png, .svg, .* got 'model.docx'"):
        plot_model(lenet(), "model.docx")
    assert not (tmp_path / "model.docx").exists()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rankdir": "XX"}, "rankdir to be one of 'TB', 'LR', 'BT', 'RL', got 'XX'"),
        ({"splines": "wavy"}, "splines to be one of 'ortho'"),
        ({"dpi": 0}, "dpi to be a number of pixels an inch above 0"),
        ({"dpi": "200"}, "dpi to be a number"),
        ({"layer_range": ["a", "b"]}, "layer_range is no longer there"),
    ],
)
def test_what_cannot_be_honoured_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        plot_model(lenet(), **options)


def test_a_misspelt_argument_is_named():
    with pytest.raises(UnknownNameError, match=r"argument of plot_model 'show_shape'\. Did you mean 'show_shapes'"):
        plot_model(lenet(), show_shape=True)
    plot_model(lenet(), "m.svg", layer_range=None)
