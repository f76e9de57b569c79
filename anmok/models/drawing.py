"""A diagram painted through matplotlib, without pyplot: for machines that have no graphviz."""

import functools
import math
import unicodedata
import warnings

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from anmok.models.scene import FRAME_TITLE, scene_of
from anmok.notices import once

MARGIN = 16
_TITLE, _LABEL, _VALUE = 10.5, 7.5, 9.0  # sizes of letters, in points
_PADDING_X, _PADDING_Y = 10, 5
_LEADING = 1.3  # height of a line by the size of its letters
_CORNER, _BEND = 4, 6  # radii
_HEAD = 7  # length of an arrow's head
_MOST_PIXELS = 60_000  # along one side; matplotlib paints no more than 65,535

# White letters are read on each of them.
COLORS = {
    "input": "#475569",
    "convolution": "#1d4ed8",
    "dense": "#0f766e",
    "pooling": "#b45309",
    "normalization": "#7c3aed",
    "merging": "#be123c",
    "model": "#0f172a",
    "other": "#4b5563",
}
_MARKS = {"yes": "#15803d", "no": "#b91c1c"}
_LINE, _EDGE, _FRAME_FILL, _GREY, _BLACK = "#64748b", "#94a3b8", "#f8fafc", "#64748b", "#0f172a"

_EAST_ASIAN_FONTS = (
    "Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Nanum Gothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "AppleGothic", "UnDotum", "Baekmuk Gulim", "Noto Sans CJK JP", "WenQuanYi Micro Hei", "Arial Unicode MS",
)  # fmt: skip


def draw(frame, file, *, file_format, rankdir="TB", dpi=200, splines="ortho"):
    """Paint a Frame (see diagram.py) into a file or a binary stream; splines: as in graphviz."""
    scene = scene_of(frame, _size, lambda words: _width(words, _LABEL) + 2 * _PADDING_X, rankdir)
    width, height = scene.width + 2 * MARGIN, scene.height + 2 * MARGIN
    sharpest = math.floor(_MOST_PIXELS / (max(width, height) / 72))
    if dpi > sharpest and file_format not in ("svg", "pdf", "eps", "ps"):
        once(
            ("dpi", sharpest),
            f"plot_model: the drawing is so large that it is painted at {sharpest} dpi instead of {dpi}; "
            "an .svg or .pdf file stays sharp.",
        )
        dpi = sharpest
    figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(-MARGIN, width - MARGIN), ylim=(height - MARGIN, -MARGIN))
    _paint(axes, scene, splines)
    _warn_about_letters(frame, file_format)
    # Letters are measured without hinting, so they are painted without it.
    settings = {"text.hinting": "none", "svg.fonttype": "none", "svg.hashsalt": "anmok", "pdf.fonttype": 42}
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(file_format)
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format=file_format, dpi=dpi, metadata=metadata)


def _paint(axes, scene, splines):
    for title, left, top, right, bottom in scene.frames:
        _rectangle(axes, left, top, right - left, bottom - top, fill=_FRAME_FILL, edge=_EDGE, style=(0, (4, 3)))
        _write(axes, left + 8, top + FRAME_TITLE / 2 + 1, title, size=_VALUE, color=_GREY, bold=True, align="left")
    for points, head, head_at_start in scene.lines:
        _arrow(axes, points, head, head_at_start, splines)
    for box, x, y in scene.boxes:
        width, height = _size(box)
        if box.key in scene.loops:
            right, out = x + width / 2, 11
            loop = [(right, y - 6), (right + out, y - 6), (right + out, y + 6), (right, y + 6)]
            _arrow(axes, loop, True, False, "ortho")
        _box(axes, box, x - width / 2, y - height / 2, width, height)


# Boxes -------------------------------------------------------------------------------------------------------------


def _header_height():
    return _TITLE * _LEADING + 2 * _PADDING_Y


def _cell_size(cell):
    label, lines, _ = cell
    width = max([_width(line, _VALUE, bold=True) for line in lines] + [_width(label, _LABEL)])
    height = _VALUE * _LEADING * len(lines) + (_LABEL * _LEADING if label else 0)
    return width + 2 * _PADDING_X, height + 2 * _PADDING_Y


def _row_height(row):
    return max(_cell_size(cell)[1] for cell in row)


def _size(box):
    """(width, height) of a box, in points."""
    title = _title_width(box) + 2 * _PADDING_X
    rows = [sum(_cell_size(cell)[0] for cell in row) for row in box.rows]
    return max([title, 60.0, *rows]), _header_height() + sum(map(_row_height, box.rows))


def _title_width(box):
    space = 0.5 * _TITLE if box.subtitle else 0.0
    return _width(box.title, _TITLE, bold=True) + space + _width(box.subtitle, _TITLE)


def _box(axes, box, left, top, width, height):
    color = COLORS[box.kind]
    header = _header_height()
    outline = _rectangle(axes, left, top, width, height, fill="white", edge=color)
    _rectangle(axes, left, top, width, header, fill=color, edge=color, round_below=not box.rows)
    middle = top + header / 2
    if box.subtitle:
        start = left + (width - _title_width(box)) / 2
        _write(axes, start, middle, box.title, size=_TITLE, color="white", bold=True, align="left")
        _write(axes, start + _title_width(box), middle, box.subtitle, size=_TITLE, color="white", align="right")
    else:
        _write(axes, left + width / 2, middle, box.title, size=_TITLE, color="white", bold=True)
    y = top + header
    for number, row in enumerate(box.rows):
        if number:
            _stroke(axes, [(left, y), (left + width, y)], color=color, thickness=0.6)
        _row(axes, row, left, y, width, color, outline)
        y += _row_height(row)


def _row(axes, row, left, top, width, color, outline):
    widths = [_cell_size(cell)[0] for cell in row]
    spare = (width - sum(widths)) / len(row)
    height = _row_height(row)
    for number, (cell, own) in enumerate(zip(row, widths, strict=True)):
        label, lines, mark = cell
        middle = left + (own + spare) / 2
        if mark:
            mark_patch = _rectangle(axes, left, top, own + spare, height, fill=_MARKS[mark], edge=color, corner=0)
            mark_patch.set_clip_path(outline)
        if number:
            _stroke(axes, [(left, top), (left, top + height)], color=color, thickness=0.6)
        y = top + (height - _cell_size(cell)[1]) / 2 + _PADDING_Y
        if label:
            _write(axes, middle, y + _LABEL * _LEADING / 2, label, size=_LABEL, color=_GREY)
            y += _LABEL * _LEADING
        for line in lines:
            _write(
                axes, middle, y + _VALUE * _LEADING / 2, line,
                size=_VALUE, color="white" if mark else _BLACK, bold=True,
            )  # fmt: skip
            y += _VALUE * _LEADING
        left += own + spare


def _rectangle(axes, left, top, width, height, *, fill, edge, style="-", corner=_CORNER, round_below=True):
    right, bottom = left + width, top + height
    below = corner if round_below else 0
    path = Path(
        [
            (left + corner, top), (right - corner, top), (right, top), (right, top + corner),
            (right, bottom - below), (right, bottom), (right - below, bottom),
            (left + below, bottom), (left, bottom), (left, bottom - below),
            (left, top + corner), (left, top), (left + corner, top), (left + corner, top),
        ],
        [
            Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3,
            Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.CLOSEPOLY,
        ],
    )  # fmt: skip
    return axes.add_patch(PathPatch(path, facecolor=fill, edgecolor=edge, linewidth=1, linestyle=style))


# Arrows ------------------------------------------------------------------------------------------------------------


def _arrow(axes, points, head, head_at_start, splines):
    points = [point for i, point in enumerate(points) if not i or math.dist(point, points[i - 1]) > 0.3]
    if len(points) < 2:
        return
    if head:
        points[-1] = _with_head(axes, points[-2], points[-1])
    if head_at_start:
        points[0] = _with_head(axes, points[1], points[0])
    if splines == "ortho" or len(points) == 2:
        vertices, codes = _rounded(points)
    elif splines in ("curved", "spline"):
        (x1, y1), (x2, y2) = points[0], points[-1]
        (x3, y3), (x4, y4) = points[1], points[-2]
        # The ends leave along the flow, as the right-angled line does.
        first = (x3, (y1 + y2) / 2) if abs(x3 - x1) < 0.3 else ((x1 + x2) / 2, y3)
        second = (x4, (y1 + y2) / 2) if abs(x4 - x2) < 0.3 else ((x1 + x2) / 2, y4)
        vertices, codes = [(x1, y1), first, second, (x2, y2)], [Path.MOVETO] + 3 * [Path.CURVE4]
    else:
        vertices, codes = [points[0], points[-1]], [Path.MOVETO, Path.LINETO]
    path = Path(vertices, codes)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=_LINE, linewidth=1.3, capstyle="round"))


def _rounded(points):
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_BEND, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        vertices += [_towards(corner, before, radius), corner, _towards(corner, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return [*vertices, points[-1]], [*codes, Path.LINETO]


def _towards(start, end, distance):
    length = math.dist(start, end) or 1.0
    return tuple(a + (b - a) * distance / length for a, b in zip(start, end, strict=True))


def _with_head(axes, before, tip):
    """Paint an arrow's head at `tip`; returns where its line ends."""
    end = _towards(tip, before, min(_HEAD, math.dist(tip, before)))
    across = (tip[1] - end[1]) * 0.4, (end[0] - tip[0]) * 0.4
    corners = [tip, (end[0] + across[0], end[1] + across[1]), (end[0] - across[0], end[1] - across[1]), tip]
    axes.add_patch(PathPatch(Path(corners, closed=True), facecolor=_LINE, edgecolor=_LINE, linewidth=0.5))
    return end


def _stroke(axes, points, *, color, thickness):
    axes.add_patch(PathPatch(Path(points), facecolor="none", edgecolor=color, linewidth=thickness))


# Letters -----------------------------------------------------------------------------------------------------------


@functools.lru_cache(1)
def _families():
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _EAST_ASIAN_FONTS if name in installed)]


@functools.lru_cache(16)
def _font(size, bold):
    return FontProperties(family=_families(), size=size, weight="bold" if bold else "normal")


@functools.lru_cache(4096)
def _width(words, size, bold=False):
    """How wide the words are, in points; Hangul and its like take a square each, whether or not there is a font."""
    narrow = "".join(sign for sign in words if not _is_wide(sign))
    if not narrow:
        return size * len(words)
    measured = text_to_path.get_text_width_height_descent(narrow, _font(size, bold), ismath=False)[0]
    return measured + size * (len(words) - len(narrow))


def _is_wide(sign):
    return unicodedata.east_asian_width(sign) in "WF"


def _write(axes, x, y, words, *, size, color, bold=False, align="center"):
    axes.text(
        x, y, words,
        fontproperties=_font(size, bold), color=color, ha=align, va="center_baseline", parse_math=False, clip_on=False,
    )  # fmt: skip


def _warn_about_letters(frame, file_format):
    words = frame.title + "".join(box.title for box in frame.boxes())
    if file_format != "svg" and len(_families()) == 1 and any(map(_is_wide, words)):
        once(
            "no East Asian font",
            "plot_model: this machine has no font with Hangul, so such names show as empty boxes; install one (such "
            "as NanumGothic), or write an .svg file, which browsers show with theirs.",
        )
