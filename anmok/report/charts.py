"""Line charts as SVG text, coloured by the page's style sheet. Numbers in, markup out."""

import math
from html import escape

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 136, 20, 46
_LABEL_GAP = 15  # between two labels' base lines


def ticks(low, high, *, count=5):
    """Round numbers (steps of 1, 2 or 5 times a power of ten) that cover low..high; about `count` of them."""
    if not high > low:
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def line_chart(series, *, title, mark=None, percent=False):
    """An <svg> of values over epochs 1, 2, ...; each series is labelled at its end.

    series: dict of name to list of float (a value that is not finite leaves a gap); its place in the dict chooses the
    style sheet's class s0, s1. mark: (epoch, words), drawn as a vertical line.
    """
    epochs = max((len(values) for values in series.values()), default=0)
    finite = [value for values in series.values() for value in values if math.isfinite(value)]
    if not finite:
        return ""
    rows = ticks(min(finite), max(finite))
    if percent and rows[-1] > 1:
        rows = [row for row in rows if row <= 1]
    bottom, top = rows[0], max(rows[-1], max(finite))

    def x(epoch):
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (top - value) / (top - bottom)

    def words(value):
        return f"{100 * value:.1f} %" if percent else f"{value:.3f}"

    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for row in rows:
        label = f"{100 * row:g} %" if percent else f"{row:g}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(row):.1f}" y2="{y(row):.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{y(row) + 4:.1f}" text-anchor="end">{label}</text>')
    for epoch in epoch_ticks(epochs):
        place = f'x="{x(epoch):.1f}" y="{HEIGHT - BOTTOM + 18}"'
        parts.append(f'<text class="tick" {place} text-anchor="middle">{epoch}</text>')
    middle = f'x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}"'
    parts.append(f'<text class="tick" {middle} text-anchor="middle">epoch</text>')
    if mark:
        parts.append(_mark(x(mark[0]), mark[1]))
    ends = []
    for place, (name, values) in enumerate(series.items()):
        parts.append(_line(place, [(x(i), y(v)) if math.isfinite(v) else None for i, v in enumerate(values, start=1)]))
        for epoch, value in enumerate(values, start=1):
            if math.isfinite(value):
                dot = f'<circle class="s{place}" cx="{x(epoch):.1f}" cy="{y(value):.1f}" r="3">'
                parts.append(f"{dot}<title>{escape(name)}, epoch {epoch}: {words(value)}</title></circle>")
        if values and math.isfinite(values[-1]):
            ends.append((y(values[-1]), x(len(values)), place, f"{escape(name)} {words(values[-1])}"))
    for height, (_, end, place, label) in zip(apart([e[0] for e in sorted(ends)]), sorted(ends), strict=True):
        parts.append(f'<text class="label s{place}" x="{end + 10:.1f}" y="{height + 4:.1f}">{label}</text>')
    return "".join([*parts, "</svg>"])


def reliability_chart(rows, *, title):
    """An <svg> of how often a classifier is right (bars) against how sure it says it is (the diagonal).

    rows: (count, mean confidence, accuracy) of equal steps of confidence, as evaluate.calibration.reliability gives.
    """
    width, height = WIDTH - LEFT - 20, HEIGHT - TOP - BOTTOM
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y, x = TOP + height * (1 - share), LEFT + width * share
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * share:g} %</text>')
        place = f'x="{x:.1f}" y="{TOP + height + 18}" text-anchor="middle"'
        parts.append(f'<text class="tick" {place}>{100 * share:g} %</text>')
    step = width / len(rows)
    for place, (count, confidence, accuracy) in enumerate(rows):
        if count:
            box = f'x="{LEFT + place * step + 2:.1f}" width="{step - 4:.1f}"'
            box += f' y="{TOP + height * (1 - accuracy):.1f}" height="{height * accuracy:.1f}"'
            hint = f"{count:.0f} images, {100 * confidence:.0f} % sure: {100 * accuracy:.0f} % right"
            parts.append(f'<rect class="s1" rx="2" {box}><title>{hint}</title></rect>')
    parts.append(f'<line class="mark" x1="{LEFT}" x2="{LEFT + width}" y1="{TOP + height}" y2="{TOP}"/>')
    middle = f'x="{LEFT + width / 2}" y="{HEIGHT - 6}" text-anchor="middle"'
    return "".join([*parts, f'<text class="tick" {middle}>how sure it was</text></svg>'])


def epoch_ticks(epochs):
    """At most about ten whole epochs to name on the axis, the first and the last among them."""
    step = max(1, math.ceil(epochs / 10))
    shown = list(range(1, epochs + 1, step))
    if shown and shown[-1] != epochs:
        # The last one is named in the place of a neighbour that it would touch.
        shown = [epoch for epoch in shown if epochs - epoch > step / 2] + [epochs]
    return shown


def apart(heights, *, gap=_LABEL_GAP):
    """Ascending heights moved so that neighbours are at least `gap` apart, about their middle."""
    if len(heights) == 2 and heights[1] - heights[0] < gap:
        middle = sum(heights) / 2
        return [middle - gap / 2, middle + gap / 2]
    return list(heights)


def _mark(x, words):
    anchor = "end" if x > (LEFT + WIDTH - RIGHT) / 2 else "start"
    shift = -7 if anchor == "end" else 7
    line = f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{HEIGHT - BOTTOM}"/>'
    return f'{line}<text class="marklabel" x="{x + shift:.1f}" y="{TOP}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(place, points):
    """A path through the points; None lifts the pen."""
    steps, is_down = [], False
    for point in points:
        if point is not None:
            steps.append(f"{'L' if is_down else 'M'}{point[0]:.1f} {point[1]:.1f}")
        is_down = point is not None
    return f'<path class="line s{place}" d="{" ".join(steps)}"/>'
