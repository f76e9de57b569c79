"""Places across the flow for the points of a layered drawing, so that long lines run straight.

After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): points are aligned with the median of
those they are linked to, in four ways (up or down, leaning left or right), and lie in the middle of the four.
"""

import collections
import itertools


def align(ranks, room):
    """Set `x` of every point; ranks: lists of points in order; room(left, right): the least distance of two centres.

    A point has `place` (its index in the rank), `is_box`, and lists of links `before` and `after`; a link has `source`,
    `target`, and places `leave` and `enter` on them (or None, the middle).
    """
    conflicts = _conflicts(ranks)
    ways = []
    for upwards, mirrored in itertools.product((False, True), repeat=2):
        seen = [rank[::-1] for rank in ranks] if mirrored else ranks
        roots, shifts = _blocks(list(reversed(seen)) if upwards else seen, conflicts, upwards, mirrored)
        xs = _compacted(seen, roots, shifts, (lambda a, b: room(b, a)) if mirrored else room)
        ways.append({key: -x for key, x in xs.items()} if mirrored else xs)
    _to_the_narrowest(ways, ranks)
    for point in itertools.chain.from_iterable(ranks):
        four = sorted(way[id(point)] for way in ways)
        point.x = (four[1] + four[2]) / 2


def _conflicts(ranks):
    """Links that cross a line over several ranks: such a line is kept straight at their expense."""
    found = set()
    for rank in ranks[:-1]:
        links = [link for point in rank for link in point.after]
        inner = [link for link in links if not link.source.is_box and not link.target.is_box]
        for link, straight in itertools.product(links, inner):
            across = (link.source.place - straight.source.place) * (link.target.place - straight.target.place)
            if across < 0 and (link.source.is_box or link.target.is_box):
                found.add(id(link))
    return found


def _blocks(ranks, conflicts, upwards, mirrored):
    """({id: root of its block}, {id: how far right of the root}): each point joined to a median neighbour if free."""
    roots = {id(point): point for rank in ranks for point in rank}
    shifts = dict.fromkeys(roots, 0.0)
    taken = set()
    for rank in ranks[1:]:
        last = -1
        for point in rank:
            links = point.after if upwards else point.before
            near = sorted((_place(link, upwards, ranks, mirrored), i) for i, link in enumerate(links))
            middles = {(len(near) - 1) // 2, len(near) // 2} if near else ()
            for middle in sorted(middles):
                place, i = near[middle]
                link = links[i]
                other = link.target if upwards else link.source
                if id(link) in conflicts or id(other) in taken or place <= last:
                    continue
                offset = (link.leave or 0.0) - (link.enter or 0.0)
                offset *= (-1 if upwards else 1) * (-1 if mirrored else 1)
                roots[id(point)] = roots[id(other)]
                shifts[id(point)] = shifts[id(other)] + offset
                taken.add(id(other))
                last = place
                break
    return roots, shifts


def _place(link, upwards, ranks, mirrored):
    place = (link.target if upwards else link.source).place
    return -place + 1_000_000 if mirrored else place


def _compacted(ranks, roots, shifts, room):
    """{id: x}: blocks pushed together to the left, then each as far right as those to its right leave it."""
    rights, lefts, blocks = collections.defaultdict(dict), collections.defaultdict(dict), {}
    for rank in ranks:
        for point in rank:
            blocks.setdefault(id(roots[id(point)]))
        for left, right in itertools.pairwise(rank):
            one, other = id(roots[id(left)]), id(roots[id(right)])
            distance = room(left, right) + shifts[id(left)] - shifts[id(right)]
            distance = max(distance, rights[one].get(other, distance))
            rights[one][other] = lefts[other][one] = distance
    order = _sorted(blocks, lefts, rights)
    x = {}
    for block in order:
        x[block] = max((x[left] + distance for left, distance in lefts[block].items()), default=0.0)
    for block in reversed(order):
        if rights[block]:
            x[block] = max(x[block], min(x[right] - distance for right, distance in rights[block].items()))
    return {key: x[id(root)] + shifts[key] for key, root in roots.items()}


def _sorted(blocks, lefts, rights):
    waiting = {block: len(lefts[block]) for block in blocks}
    order = [block for block in blocks if not waiting[block]]
    for block in order:  # grows while it is walked through
        for right in rights[block]:
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    return order


def _to_the_narrowest(ways, ranks):
    """Move the four ways so that their left (of those leaning left) or right edges meet those of the narrowest."""
    points = list(itertools.chain.from_iterable(ranks))

    def edges(way):
        low = min((way[id(point)] - point.width / 2 for point in points), default=0.0)
        return low, max((way[id(point)] + point.width / 2 for point in points), default=0.0)

    narrowest = min((edges(way) for way in ways), key=lambda pair: pair[1] - pair[0])
    for number, way in enumerate(ways):
        leans_right = number % 2
        move = narrowest[leans_right] - edges(way)[leans_right]
        for key in way:
            way[key] += move
