"""A layered drawing of a directed graph: where boxes go and how arrows run (after Sugiyama, 1981).

Everything runs downwards, in points; who wants it from left to right swaps the axes. Boxes lie in ranks, each arrow
leads to a later rank; within a rank the order that crosses few arrows is looked for by barycentres.
"""

import itertools
from dataclasses import dataclass

from anmok.models.alignment import align

BOX_GAP = 26  # between neighbours in a rank
LINE_GAP = 14  # between lines, and between a line and a box
RANK_GAP = 30  # between ranks, without arrows that run sideways
TRACK_GAP = 9  # between two of those
_SWEEPS = 12


@dataclass(frozen=True)
class Arrow:
    """From one box to another; `leave` and `enter` are places on them across the flow, from their centre, or None.

    turned: it is drawn from its target to its source, the head at the source.
    """

    source: str
    target: str
    leave: float | None = None
    enter: float | None = None
    turned: bool = False


@dataclass
class Piece:
    """A part of an arrow between two ranks: down from (x, y) to `track`, across, and down to (to_x, to_y)."""

    x: float
    y: float
    track: float
    to_x: float
    to_y: float
    target: str | None  # the box it ends at with a head; None if it goes on
    head_at_start: bool = False  # of an arrow that leads back


@dataclass
class Layout:
    """centres: {key: (x, y)}; pieces of all arrows; loops: boxes with an arrow to themselves."""

    centres: dict
    pieces: list
    loops: list
    width: float
    height: float


class _Point:
    """A box, or a place where an arrow passes a rank."""

    def __init__(self, key, rank, width, height, is_box):
        self.key, self.rank, self.width, self.height, self.is_box = key, rank, width, height, is_box
        self.before, self.after = [], []  # links
        self.x = self.y = 0.0


class _Link:
    """A part of an arrow from one rank to the next."""

    def __init__(self, source, target, leave, enter, turned):
        self.source, self.target, self.leave, self.enter = source, target, leave, enter
        self.turned = turned
        self.port = 0.0  # where on the target it ends, from its centre
        self.track = 0
        source.after.append(self)
        target.before.append(self)

    @property
    def start_x(self):
        return self.source.x + (self.leave or 0.0)

    @property
    def end_x(self):
        return self.target.x + self.port


def lay_out(sizes, arrows, *, first=(), last=()):
    """The Layout of boxes: sizes {key: (width, height)}, arrows between them.

    first, last: keys that must lie in the first and the last rank, nothing beside them but others such.
    """
    loops = list(dict.fromkeys(arrow.source for arrow in arrows if arrow.source == arrow.target))
    arrows = _without_circles(sizes, [arrow for arrow in arrows if arrow.source != arrow.target])
    ranks_of = _ranks_of(sizes, arrows, first, last)
    ranks = _points(sizes, arrows, ranks_of)
    _order(ranks)
    align(ranks, _room)
    _place_ports(ranks)
    bands, height = _place_down(ranks)
    left = min((point.x - point.width / 2 for rank in ranks for point in rank), default=0.0)
    right = max((point.x + point.width / 2 for rank in ranks for point in rank), default=0.0)
    pieces, centres = [], {}
    for rank in ranks:
        for point in rank:
            if point.is_box:
                centres[point.key] = (point.x - left, point.y)
            for link in point.after:
                pieces.append(_piece(link, left, bands))
    return Layout(centres, pieces, loops, right - left, height)


def _piece(link, left, bands):
    source, target = link.source, link.target
    start = source.y + source.height / 2 if source.is_box else bands[source.rank][0]
    end = target.y - target.height / 2 if target.is_box else bands[target.rank][0]
    track = bands[source.rank][1] + RANK_GAP / 2 + link.track * TRACK_GAP
    ends = target.is_box and not link.turned
    return Piece(
        x=link.start_x - left,
        y=start,
        track=track,
        to_x=link.end_x - left,
        to_y=end,
        target=target.key if ends else None,
        head_at_start=link.turned and source.is_box,
    )


# Ranks -----------------------------------------------------------------------------------------------------------


def _without_circles(sizes, arrows):
    """The arrows, those turned round that would lead back to where they came from (a layer that is called again)."""
    after = {key: [] for key in sizes}
    for arrow in arrows:
        after[arrow.source].append(arrow)
    state, turned = {}, set()
    for root in sizes:
        if root in state:
            continue
        state[root] = "open"
        stack = [(root, iter(after[root]))]
        while stack:
            key, pending = stack[-1]
            arrow = next(pending, None)
            if arrow is None:
                state[key] = "done"
                stack.pop()
            elif state.get(arrow.target) == "open":
                turned.add(id(arrow))
            elif arrow.target not in state:
                state[arrow.target] = "open"
                stack.append((arrow.target, iter(after[arrow.target])))
    straight = [arrow for arrow in arrows if id(arrow) not in turned]
    back = [Arrow(arrow.target, arrow.source, turned=True) for arrow in arrows if id(arrow) in turned]
    return straight + back


def _ranks_of(sizes, arrows, first, last):
    """{key: rank}: as early as what it needs allows; boxes that need nothing just before their first reader."""
    before = {key: [] for key in sizes}
    after = {key: [] for key in sizes}
    for arrow in arrows:
        before[arrow.target].append(arrow.source)
        after[arrow.source].append(arrow.target)
    waiting = {key: len(sources) for key, sources in before.items()}
    ready = [key for key in sizes if not waiting[key]]
    ranks = dict.fromkeys(sizes, 0)
    if first:
        ranks.update({key: 1 for key in sizes if key not in first})
    for key in ready:  # grows while it is walked through
        for target in after[key]:
            ranks[target] = max(ranks[target], ranks[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for key in sizes:
        if not before[key] and after[key] and key not in first:
            ranks[key] = min(ranks[target] for target in after[key]) - 1
    if last:
        end = 1 + max((ranks[key] for key in sizes if key not in last), default=0)
        ranks.update(dict.fromkeys(last, end))
    return ranks


def _points(sizes, arrows, ranks_of):
    """Lists of points, one a rank, linked from rank to rank; long arrows of one source run together while they can."""
    ranks = [[] for _ in range(1 + max(ranks_of.values(), default=-1))]
    boxes = {}
    for key, (width, height) in sizes.items():
        boxes[key] = _Point(key, ranks_of[key], width, height, True)
        ranks[ranks_of[key]].append(boxes[key])
    passing = {}
    for arrow in arrows:
        point, leave = boxes[arrow.source], arrow.leave
        for rank in range(ranks_of[arrow.source] + 1, ranks_of[arrow.target]):
            key = arrow.source, arrow.leave, arrow.turned, rank
            if key not in passing:
                passing[key] = _Point(key, rank, 0.0, 0.0, False)
                ranks[rank].append(passing[key])
                _Link(point, passing[key], leave, 0.0, arrow.turned)
            point, leave = passing[key], 0.0
        _Link(point, boxes[arrow.target], leave, arrow.enter, arrow.turned)
    return ranks


# Order within ranks ------------------------------------------------------------------------------------------------


def _order(ranks):
    """Sort each rank so that few links cross, by barycentres downwards and upwards; the best of all sweeps is kept."""
    for rank in ranks:
        _number(rank)
    best, kept = _crossings(ranks), [list(rank) for rank in ranks]
    for sweep in range(_SWEEPS):
        if not best:
            break
        down = sweep % 2 == 0
        for rank in ranks[1:] if down else reversed(ranks[:-1]):
            rank.sort(key=lambda point: _barycentre(point, down))
            _number(rank)
        count = _crossings(ranks)
        if count < best:
            best, kept = count, [list(rank) for rank in ranks]
    for rank, order in zip(ranks, kept, strict=True):
        rank[:] = order
        _number(rank)


def _number(rank):
    for place, point in enumerate(rank):
        point.place = place


def _barycentre(point, down):
    near = [
        (link.source if down else link.target).place + ((link.leave if down else link.enter) or 0.0) / 1e4
        for link in (point.before if down else point.after)
    ]
    return sum(near) / len(near) if near else point.place


def _crossings(ranks):
    count = 0
    for rank in ranks:
        ends = [
            (link.source.place, link.leave or 0.0, link.target.place, link.enter or 0.0)
            for point in rank
            for link in point.after
        ]
        for one, other in itertools.combinations(ends, 2):
            count += (one[:2] < other[:2] and one[2:] > other[2:]) or (one[:2] > other[:2] and one[2:] < other[2:])
    return count


# Coordinates -------------------------------------------------------------------------------------------------------


def _room(left, right):
    gap = BOX_GAP if left.is_box and right.is_box else LINE_GAP
    return (left.width + right.width) / 2 + gap


def _rising(wanted, weights, offsets):
    """The rising sequence nearest to wanted - offsets: neighbours in the wrong order are pooled at their mean."""
    pools = []  # [mean, weight, count]
    for x, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([x - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weight, count = pools.pop()
            low = pools[-1]
            low[0] = (low[0] * low[1] + mean * weight) / (low[1] + weight)
            low[1] += weight
            low[2] += count
    return [mean for mean, _, count in pools for _ in range(count)]


def _place_ports(ranks):
    """Where arrows end on a box: straight below where they come from if they can, else spread over its side."""
    for point in itertools.chain.from_iterable(ranks):
        if not point.is_box:
            continue
        links = sorted((link for link in point.before if link.enter is None), key=lambda link: link.start_x)
        for link in point.before:
            link.port = link.enter or 0.0
        usable = max(point.width / 2 - LINE_GAP, 0.0)
        reach = max((abs(link.start_x - point.x) for link in links), default=0.0)
        scale = min(1.0, usable / reach) if reach else 1.0
        if len(links) == 1:
            # One arrow that has to turn anyway ends in the middle.
            links[0].port = links[0].start_x - point.x if scale == 1.0 else 0.0
            continue
        apart = min(LINE_GAP, 2 * usable / max(len(links) - 1, 1))
        offsets = [apart * number for number in range(len(links))]
        wanted = [(link.start_x - point.x) * scale for link in links]
        ports = [x + offset for x, offset in zip(_rising(wanted, [1.0] * len(links), offsets), offsets, strict=True)]
        over = max(ports[-1] - usable, 0.0) if ports else 0.0
        under = max(-usable - ports[0], 0.0) if ports else 0.0
        for link, port in zip(links, ports, strict=True):
            link.port = port - over + under


def _place_down(ranks):
    """y of every point; returns each rank's (top, bottom), and the height of all."""
    y, bands = 0.0, []
    for rank in ranks:
        height = max(point.height for point in rank)
        for point in rank:
            point.y = y + height / 2
        bands.append((y, y + height))
        tracks = _assign_tracks([link for point in rank for link in point.after])
        y += height + RANK_GAP + max(tracks - 1, 0) * TRACK_GAP
    return bands, bands[-1][1] if bands else 0.0


def _assign_tracks(links):
    """Give links that run sideways heights of their own where they would lie on one another; returns how many."""
    groups = {}
    for link in links:
        groups.setdefault((id(link.source), link.leave), []).append(link)
    spans = []
    for group in groups.values():
        start = group[0].start_x
        ends = [link.end_x for link in group]
        low, high = min([start, *ends]), max([start, *ends])
        if high - low > 0.5:
            # Of lines to the right the rightmost start runs highest, of lines to the left the leftmost: they nest.
            rightwards = sum(ends) / len(ends) > start
            spans.append((low - 2, high + 2, rightwards, start, group))
    spans.sort(key=lambda span: (span[2], -span[3] if span[2] else span[3]))
    placed, count = [], 0
    for low, high, _, _, group in spans:
        track = 1 + max((other[2] for other in placed if other[0] < high and low < other[1]), default=-1)
        placed.append((low, high, track))
        count = max(count, track + 1)
        for link in group:
            link.track = track
    return count
