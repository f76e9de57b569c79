"""plot_model and model_to_dot: a model as a picture (as in Keras), with graphviz or without."""

import importlib
import io
import pathlib

from anmok.errors import ArgumentError, NotBuiltError, unknown_name
from anmok.models.diagram import Show, frame_of
from anmok.models.dot import dot_text, find_dot, run_dot
from anmok.models.drawing import draw
from anmok.models.scene import RANKDIRS

_FORMATS = ("png", "svg", "pdf", "jpg", "jpeg", "eps", "ps", "dot", "gv")
_SPLINES = ("ortho", "spline", "curved", "polyline", "line")


class Dot:
    """A model in graphviz' language: what `model_to_dot` returns, with the methods of pydot that notebooks use.

    `to_string()` is the text, `create(format=...)` a picture as bytes, `write(path)` a file. Pictures are made by
    graphviz where it is installed, and drawn by anmok where it is not.
    """

    def __init__(self, frame, rankdir, dpi, splines, subgraph=False):
        self._frame = frame
        self._look = {"rankdir": rankdir, "dpi": dpi, "splines": splines}
        self._subgraph = subgraph

    def to_string(self):
        return dot_text(self._frame, **self._look, subgraph=self._subgraph)

    __str__ = to_string

    def create(self, prog=None, format="png"):
        """The picture as bytes; prog: the path of graphviz' `dot`, looked for if None or 'dot'."""
        if format in ("dot", "gv", "raw"):
            return self.to_string().encode()
        _check("format", format, _FORMATS)
        program = find_dot() if prog in (None, "dot") else prog
        whole = dot_text(self._frame, **self._look)
        data = run_dot(program, whole, format) if program else None
        if data is None:
            stream = io.BytesIO()
            draw(self._frame, stream, file_format=format, **self._look)
            data = stream.getvalue()
        return data

    def write(self, path, prog=None, format=None):
        """Write the picture, or with .dot the text; the format is the path's suffix if none is given."""
        path = pathlib.Path(path)
        path.write_bytes(self.create(prog, format or _format_of(path)))
        return True

    def create_png(self, prog=None):
        return self.create(prog, "png")

    def create_svg(self, prog=None):
        return self.create(prog, "svg")

    def write_png(self, path, prog=None):
        return self.write(path, prog, "png")

    def write_svg(self, path, prog=None):
        return self.write(path, prog, "svg")

    def write_pdf(self, path, prog=None):
        return self.write(path, prog, "pdf")

    def _repr_svg_(self):
        return self.create(format="svg").decode()


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **old,
):
    """A Dot of the model (as in Keras, where it is pydot's); needs neither pydot nor graphviz.

    Raises NotBuiltError for a model without shapes, ArgumentError for what cannot be honoured.
    """
    _refuse_old(old, "model_to_dot")
    _check("rankdir", rankdir, RANKDIRS)
    _check("splines", splines, _SPLINES)
    if isinstance(dpi, bool) or not isinstance(dpi, (int, float)) or not dpi > 0:
        raise ArgumentError(f"Expected dpi to be a number of pixels an inch above 0, such as 200, got {dpi!r}.")
    if not model.built:
        raise NotBuiltError(
            f"Model '{model.name}' is not built yet, so its shapes are not known: give it an Input, or call "
            "build((None, ...)), fit or the model on data first."
        )
    show = Show(
        names=show_layer_names,
        shapes=show_shapes,
        dtype=show_dtype,
        activations=show_layer_activations,
        trainable=show_trainable,
    )
    return Dot(frame_of(model, show, expand_nested), rankdir, dpi, splines, subgraph)


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **old,
):
    """Draw the model into a file (as in Keras): by graphviz where it is installed, by anmok itself where it is not.

    to_file: .png, .svg, .pdf, .jpg, .eps, .ps, or .dot for graphviz' text. Returns an IPython image of it where
    IPython is there, else None. Raises as `model_to_dot`, and ArgumentError for another suffix.
    """
    _refuse_old(old, "plot_model")
    path = pathlib.Path(to_file)
    file_format = _format_of(path)
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    dot.write(path, format=file_format)
    return _notebook_image(path, file_format)


def _notebook_image(path, file_format):
    if file_format not in ("png", "jpg", "jpeg", "svg"):
        return None
    try:
        display = importlib.import_module("IPython.display")
    except ImportError:
        return None
    if file_format == "svg":
        return display.SVG(filename=str(path))
    return display.Image(filename=str(path), format=file_format)  # the name may have no suffix


def _format_of(path):
    """The format of a file by its suffix; png without one, as in Keras."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix and suffix not in _FORMATS:
        offered = ", ".join(f".{name}" for name in _FORMATS)
        raise ArgumentError(f"Expected a file that ends in {offered}, got '{path.name}'.")
    return suffix or "png"


def _check(argument, value, choices):
    if value not in choices:
        raise ArgumentError(f"Expected {argument} to be one of {', '.join(map(repr, choices))}, got {value!r}.")


def _refuse_old(old, function):
    if old.pop("layer_range", None) is not None:
        raise ArgumentError(
            f"{function}: layer_range is no longer there, as in Keras 3; draw a part as Model(inputs, outputs) of it."
        )
    known = (
        "to_file", "show_shapes", "show_dtype", "show_layer_names", "rankdir", "expand_nested", "dpi",
        "show_layer_activations", "show_trainable", "splines", "subgraph",
    )  # fmt: skip
    for name in old:
        raise unknown_name(f"argument of {function}", name, known)
