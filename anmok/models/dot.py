"""A diagram in graphviz' language, and graphviz where it is installed."""

import re
import shutil
import subprocess
from html import escape

from anmok.models.diagram import Frame
from anmok.models.drawing import COLORS

_MARKS = {"yes": "forestgreen", "no": "firebrick"}


def dot_text(frame, *, rankdir="TB", dpi=200, splines="ortho", subgraph=False):
    """The Frame as text for `dot`; subgraph: as a cluster to put into another graph."""
    if subgraph:
        return "\n".join(_cluster(frame, ""))
    lines = [
        "digraph model {",
        f'  graph [rankdir="{rankdir}", dpi={dpi}, splines="{splines}", concentrate=true, fontname="Helvetica"];',
        '  node [shape=plaintext, margin=0, fontname="Helvetica"];',
        '  edge [color="#64748b", penwidth=1.5];',
        *_members(frame, "  "),
        *_arrows(frame),
        "}",
        "",
    ]
    return "\n".join(lines)


def find_dot():
    """The path of graphviz' `dot`, or None."""
    return shutil.which("dot")


def run_dot(program, text, file_format):
    """What `dot` makes of the text, as bytes; None if it fails, as half an installation does."""
    try:
        done = subprocess.run([program, f"-T{file_format}"], input=text.encode(), capture_output=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def _quoted(name):
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def _members(frame, indent):
    for member in frame.members:
        if isinstance(member, Frame):
            yield from _cluster(member, indent)
        else:
            yield f"{indent}{_quoted(member.key)} [label={_label(member)}];"


def _cluster(frame, indent):
    yield f"{indent}subgraph {_quoted('cluster_' + frame.key)} {{"
    yield f'{indent}  graph [label={_quoted(frame.title)}, labeljust=l, style=dashed, color="#94a3b8"];'
    yield from _members(frame, indent + "  ")
    if not indent:  # stands by itself
        yield from _arrows(frame)
    yield f"{indent}}}"


def _label(box):
    columns = max((len(row) for row in box.rows), default=1)
    title = f"<b>{escape(box.title)}</b> {escape(box.subtitle)}".rstrip()
    color = COLORS[box.kind]
    rows = [
        f'<tr><td colspan="{columns}" bgcolor="{color}"><font color="white" point-size="16">{title}</font></td></tr>'
    ]
    for row in box.rows:
        span = columns // len(row)
        rows.append(f"<tr>{''.join(_cell(cell, span) for cell in row)}</tr>")
    table = f'border="0" cellborder="1" cellspacing="0" cellpadding="8" color="{color}"'
    return f"<<table {table}>{''.join(rows)}</table>>"


def _cell(cell, span):
    label, lines, mark = cell
    background, letters = (_MARKS[mark], "white") if mark else ("white", "black")
    words = "<br/>".join(f"<b>{escape(line)}</b>" for line in lines)
    words = f"{escape(label)}: {'<br/>' if len(lines) > 1 else ''}{words}" if label else words
    return f'<td colspan="{span}" bgcolor="{background}"><font color="{letters}" point-size="14">{words}</font></td>'


def _arrows(frame):
    """Arrows from box to box, those through frames led on to the boxes inside."""
    frames, arrows = {}, {}

    def collect(part):
        for member in part.members:
            if isinstance(member, Frame):
                frames[member.key] = member
                collect(member)

    collect(frame)
    for part in (frame, *frames.values()):
        for source, out, target, number in part.arrows:
            while source in frames:
                source, out = frames[source].exits[out]
            while target in frames:
                target, number = frames[target].entries[number]
            arrows[source, target] = None
    for source, target in arrows:
        yield f"  {_quoted(source)} -> {_quoted(target)};"
