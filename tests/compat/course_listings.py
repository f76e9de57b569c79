"""The code listings of lecture slides that were made text: found, and what a reader of pictures lost put back.

Five layouts: fenced blocks, bare or with "01 code", "1. code" or "1 code"; numbered lines of inline code; a notebook's
"[42] code"; prompts ">> code". What is lost mechanically is mended mechanically, and only where Python cannot read the
listing otherwise; every mending is named in `Listing.mended`.
"""

import ast
import keyword
import re
import textwrap
from dataclasses import dataclass, field

_FENCE = re.compile(r"^\s*```")
_NUMBER = re.compile(r"^(?:\[ \] )?\s*(\d{1,2})(?:\.(?!\d)|(?=\s)|$)[ \t]?(.*)$")
_INLINE = re.compile(r"^(?:- )?\d{1,2}\.\s*(?:`(.*)`)?\s*$")
_BULLET = re.compile(r"^\s*[-•]?\s*\d\d (\S.*)$")
_CELL = re.compile(r"^\[\d+\] (\S.*)$")
_HANGUL = re.compile(r"[ㄱ-힣]")
_HEADING = re.compile(r"함께 해")
_WORDS = re.compile(r"(?<![\w'\"])([A-Za-z_]\w*) ([A-Za-z_]\w*)(?=\s*(?:[=(.,)]|$))")


@dataclass
class Listing:
    """A piece of code in a text: the line it begins at (from 1), what is printed there, and the code of it."""

    line: int
    printed: str
    code: str
    mended: list = field(default_factory=list)

    @property
    def is_python(self):
        return compiles(self.code)


def compiles(code):
    """Whether Python can read it, and there is something to do."""
    try:
        return bool(compile(code, "<listing>", "exec")) and bool(code.strip())
    except SyntaxError:
        return False


def listings(text):
    """All listings of a text, in its order."""
    found, outside = [], []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line):
            if start is None:
                found += _unfenced(outside)
                start, outside = number, []
            else:
                found.append(_listing(start + 1, lines[start : number - 1]))
                start = None
        elif start is None:
            outside.append((number, line))
    found += _unfenced(outside)
    return [listing for listing in found if listing.printed.strip()]


def _unfenced(numbered_lines):
    """Listings between two fences: numbered inline code, bullets with a number, a notebook's cells."""
    found, begun, block = [], 0, []

    def close():
        while block and not block[-1].strip():
            block.pop()
        if block:
            found.append(_listing(begun, block))
        block.clear()

    for number, line in numbered_lines:
        if (match := _INLINE.match(line)) and (match[1] is not None or block):
            begun = begun if block else number
            block.append(match[1] or "")
            continue
        close()
        match = _BULLET.match(line) or _CELL.match(line)
        if match and re.search(r"[=(]", match[1]) and compiles(match[1].replace("\\_", "_")):
            found.append(_listing(number, [match[1]]))
    close()
    return found


def _listing(line, printed):
    code, numbered = [], []
    lines = [each.replace("\\_", "_").replace("\xa0", " ").rstrip() for each in printed]
    if any(each.startswith(">> ") for each in lines):
        return _mended(Listing(line, "\n".join(printed), "\n".join(each[3:] for each in lines if each[:3] == ">> ")))
    for each in lines:
        if _HEADING.search(each) and "=" not in each:
            continue
        match = _NUMBER.match(each)
        code.append(match[2] if match else each)
        numbered.append(bool(match))
    return _mended(Listing(line, "\n".join(printed), _without_output(code, numbered)))


def _without_output(code, numbered):
    """What a program prints stands below its numbered lines, without numbers."""
    last = max((i for i, has in enumerate(numbered) if has), default=None)
    if last is None:
        return textwrap.dedent("\n".join(code))
    for end in range(last + 1, len(code) + 1):
        shorter = textwrap.dedent("\n".join(code[:end]))
        if compiles(shorter):
            return shorter
    return textwrap.dedent("\n".join(code))


def _mended(listing):
    for _ in range(40):
        try:
            compile(listing.code, "<listing>", "exec")
        except SyntaxError as error:
            if not any(mend(listing, error) for mend in _MENDINGS):
                break
        else:
            break
    return listing


def _change(listing, lines, what):
    code = "\n".join(lines)
    if code == listing.code:
        return False
    listing.code = code
    if what not in listing.mended:
        listing.mended.append(what)
    return True


def _indent_of(line):
    return len(line) - len(line.lstrip())


def _mend_unexpected_indent(listing, error):
    if "unexpected indent" not in error.msg and "unindent does not match" not in error.msg:
        return False
    lines = listing.code.split("\n")
    at = error.lineno - 1
    before = [each for each in lines[:at] if each.strip()]
    lines[at] = " " * (_indent_of(before[-1]) if before else 0) + lines[at].lstrip()
    return _change(listing, lines, "an indent that only one line has is taken away")


def _mend_lost_indent(listing, error):
    if "expected an indented block" not in error.msg:
        return False
    lines = listing.code.split("\n")
    head = int(re.search(r"on line (\d+)", error.msg)[1]) - 1
    depth = _indent_of(lines[head])
    end = next((i for i in range(head + 1, len(lines)) if lines[i].lstrip().startswith("return")), len(lines) - 1)
    for i in range(head + 1, end + 1):
        if lines[i].strip() and _indent_of(lines[i]) <= depth:
            lines[i] = " " * (depth + 4) + lines[i].lstrip()
    return _change(listing, lines, "the lost indent of a block is put back")


def _mend_return(listing, error):
    if "'return' outside function" not in error.msg:
        return False
    lines = listing.code.split("\n")
    before = [each for each in lines[: error.lineno - 1] if each.strip()]
    if not before or _indent_of(before[-1]) <= _indent_of(lines[error.lineno - 1]):
        return False
    lines[error.lineno - 1] = " " * _indent_of(before[-1]) + lines[error.lineno - 1].strip()
    return _change(listing, lines, "the lost indent of a return is put back")


def _mend_doubled_line(listing, error):
    lines = [each for each in listing.code.split("\n") if each.strip()]
    kept = [each for i, each in enumerate(lines) if not i or each != lines[i - 1]]
    return compiles("\n".join(kept)) and _change(listing, kept, "a line that is there twice is taken once")


def _mend_caption(listing, error):
    lines = listing.code.split("\n")
    for i, line in enumerate(lines):
        words = line.split()
        if len(words) > 1 and _HANGUL.fullmatch(words[-1][0]) and "#" not in line and "'" not in words[-1]:
            lines[i] = line[: line.rindex(words[-1])].rstrip()
    return _change(listing, lines, "a caption beside a line is taken out")


def _mend_underscores(listing, error):
    lines = listing.code.split("\n")

    def join(match):
        # "class mode=" and "flow from dataframe(" are no statements.
        if keyword.iskeyword(match[1]) and match[1] not in ("class", "from"):
            return match[0]
        return f"{match[1]}_{match[2]}"

    for i, line in enumerate(lines):
        if "#" not in line:
            lines[i] = re.sub(r"\.$", ",", _WORDS.sub(join, _WORDS.sub(join, line)))
    return compiles("\n".join(lines)) and _change(listing, lines, "underscores that were read as spaces are put back")


_MENDINGS = [
    _mend_unexpected_indent, _mend_lost_indent, _mend_return, _mend_doubled_line, _mend_caption, _mend_underscores,
]  # fmt: skip


def joined(first, second):
    """One listing of two, where a page ended within a function: the second gets the indent that the first ends with."""
    lines = first.code.rstrip().split("\n")
    code = first.code.rstrip() + "\n" + textwrap.indent(second.code, " " * _indent_of(lines[-1]))
    what = "a function that goes on on the next page is one"
    return Listing(first.line, f"{first.printed}\n{second.printed}", code, [*first.mended, what])


def names_used(code):
    """Names that the code reads, in no order."""
    return {
        node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
