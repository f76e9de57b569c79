"""Where everything of a diagram lies on the paper, in points: frames laid out from the inside out."""

from dataclasses import dataclass, field

from anmok.models.diagram import Frame
from anmok.models.layout import Arrow, Piece, lay_out

RANKDIRS = ("TB", "LR", "BT", "RL")
FRAME_PADDING = 12
FRAME_TITLE = 18  # height


@dataclass
class Scene:
    """All that is to be drawn. First as (across, along the flow), upright after `turned_to`.

    boxes: (Box, centre x, centre y). frames: (title, left, top, right, bottom). lines: (points of a line with right
    angles, whether its end and its start have an arrow's head). loops: keys of boxes that lead to themselves.
    """

    width: float
    height: float
    boxes: list = field(default_factory=list)
    frames: list = field(default_factory=list)
    lines: list = field(default_factory=list)
    loops: list = field(default_factory=list)
    entries: list = field(default_factory=list)  # where arrows from outside come in, across
    exits: list = field(default_factory=list)


def scene_of(frame, size_of, title_width, rankdir):
    """The upright Scene of a Frame: size_of(box) -> (width, height), title_width(words) -> width."""
    scene = _laid_out(frame, size_of, title_width, rankdir, inside=False)
    return _upright(scene, rankdir)


def _laid_out(frame, size_of, title_width, rankdir, inside):
    sideways = rankdir in ("LR", "RL")
    sizes, inner = {}, {}
    for member in frame.members:
        if isinstance(member, Frame):
            inner[member.key] = scene = _framed(member, size_of, title_width, rankdir)
            sizes[member.key] = scene.width, scene.height
        else:
            width, height = size_of(member)
            sizes[member.key] = (height, width) if sideways else (width, height)

    def leave(key, number):
        return inner[key].exits[number] - inner[key].width / 2 if key in inner else None

    def enter(key, number):
        return inner[key].entries[number] - inner[key].width / 2 if key in inner else None

    arrows = [Arrow(s, t, leave(s, out), enter(t, number)) for s, out, t, number in frame.arrows]
    first, last = [], []
    if inside:
        # Points on the frame where arrows pass it.
        first = [("entry", number) for number in range(len(frame.entries))]
        last = [("exit", number) for number in range(len(frame.exits))]
        sizes.update(dict.fromkeys([*first, *last], (0.0, 0.0)))
        arrows += [Arrow(point, t, None, enter(t, n)) for point, (t, n) in zip(first, frame.entries, strict=True)]
        arrows += [Arrow(s, point, leave(s, n), None) for point, (s, n) in zip(last, frame.exits, strict=True)]
    layout = lay_out(sizes, arrows, first=first, last=last)
    scene = Scene(layout.width, layout.height, loops=layout.loops)
    scene.lines = [_line(piece, {*sizes} - {*inner, *last}) for piece in layout.pieces]
    scene.entries = [layout.centres[point][0] for point in first]
    scene.exits = [layout.centres[point][0] for point in last]
    for member in frame.members:
        x, y = layout.centres[member.key]
        if member.key in inner:
            part = inner[member.key]
            _include(scene, part, x - part.width / 2, y - part.height / 2)
        else:
            scene.boxes.append((member, x, y))
    return scene


def _line(piece: Piece, with_heads):
    points = [(piece.x, piece.y), (piece.x, piece.track), (piece.to_x, piece.track), (piece.to_x, piece.to_y)]
    return points, piece.target in with_heads, piece.head_at_start


def _framed(frame, size_of, title_width, rankdir):
    """The scene of an inner model with a frame around it, room for its title at the upright top."""
    scene = _laid_out(frame, size_of, title_width, rankdir, inside=True)
    before = after = 0.0  # along the flow; the entry points are at the frame already
    left = right = FRAME_PADDING
    wanted = title_width(frame.title) + FRAME_PADDING
    if rankdir in ("LR", "RL"):
        left += FRAME_TITLE
        after = max(wanted - scene.height, 0.0)
    else:
        more = max(wanted - scene.width - left - right, 0.0) / 2
        left, right = left + more, right + more
        # The title stands above the first box, beside the lines; where they would run through it, above them.
        crossing = [x + left for x in (scene.entries if rankdir == "TB" else scene.exits)]
        if min(crossing, default=wanted) < wanted:
            before, after = (FRAME_TITLE, 0.0) if rankdir == "TB" else (0.0, FRAME_TITLE)
    whole = Scene(scene.width + left + right, scene.height + before + after)
    whole.frames.append((frame.title, 0.0, 0.0, whole.width, whole.height))
    _include(whole, scene, left, before)
    whole.entries = [x + left for x in scene.entries]
    whole.exits = [x + left for x in scene.exits]
    # From the frame's edge to where the inner drawing begins and ends.
    whole.lines += [([(x, 0.0), (x, before)], False, False) for x in whole.entries if before]
    whole.lines += [([(x, whole.height - after), (x, whole.height)], False, False) for x in whole.exits if after]
    return whole


def _include(scene, part, x, y):
    scene.boxes += [(box, x + bx, y + by) for box, bx, by in part.boxes]
    scene.frames += [(title, x + l, y + t, x + r, y + b) for title, l, t, r, b in part.frames]
    scene.lines += [([(x + px, y + py) for px, py in points], *heads) for points, *heads in part.lines]
    scene.loops += part.loops


def _upright(scene, rankdir):
    width, height = scene.width, scene.height

    def turn(x, y):
        return {"TB": (x, y), "LR": (y, x), "BT": (x, height - y), "RL": (height - y, x)}[rankdir]

    upright = Scene(*((width, height) if rankdir in ("TB", "BT") else (height, width)), loops=scene.loops)
    upright.boxes = [(box, *turn(x, y)) for box, x, y in scene.boxes]
    upright.lines = [([turn(*point) for point in points], *heads) for points, *heads in scene.lines]
    for title, left, top, right, bottom in scene.frames:
        (x1, y1), (x2, y2) = turn(left, top), turn(right, bottom)
        upright.frames.append((title, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    return upright
