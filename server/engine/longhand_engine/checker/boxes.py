r"""Boxes in a text: what stands in `\boxed{…}`, `\fbox{…}` and between the box tokens of GLM models.

The same rules as `core/answers/boxes.ts`; positions here are code points.
"""

import re
from typing import NamedTuple

BLANKS = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space as JavaScript has it."""

_S = f"[{BLANKS}]"
_BOX = re.compile(
    r"\\(?:boxed|fbox)_{0,4}(?:\{|([-+]?\d[\d.,/]{0,40}|[A-Za-z](?![A-Za-z])))|<\|begin_of_box\|>".replace("_", _S, 1),
    re.ASCII,
)
_BRACES = re.compile(r"\\[\s\S]|[{}]")
_TOKEN_END = "<|end_of_box|>"
_PLACEHOLDER = re.compile(
    r"(?:\\(?:text|mathrm|textbf)\{)?@*(?:\.{2,}|…|\\[lc]?dots|\?+|_+|\\square|#\d"
    r"|(?:your |the |final |my |numeric(?:al)? )*(?:answer|result|solution)(?: here)?)@*\}?".replace("@", _S),
    re.ASCII | re.IGNORECASE,
)


class Found(NamedTuple):
    start: int
    end: int


def boxes(text: str, start: int = 0, end: int | None = None) -> list[Found]:
    """Every box with something in it whose braces close, outermost only, by position. Linear time."""
    end = len(text) if end is None else end
    matches = [(m.group(1), m.start(), m.end()) for m in _BOX.finditer(text, start, end)]
    if not matches:
        return []
    closes = _closers(text, start, end, {stop - 1 for _, _, stop in matches})
    found: list[Found] = []
    for bare, head, stop in matches:
        if found and head < found[-1].end:
            continue
        first = stop if bare is None else stop - len(bare)
        if bare is not None:
            close = first + len(bare.rstrip(".,/"))
        elif text[stop - 1] == "{":
            close = closes.get(stop - 1, -1)
        else:
            close = text.find(_TOKEN_END, stop, end)
        if close < 0:
            continue
        box = trimmed(text, first, close)
        if box.end > box.start and not _PLACEHOLDER.fullmatch(text, box.start, min(box.end, box.start + 60)):
            found.append(box)
    return found


def _closers(text: str, start: int, end: int, opens: set[int]) -> dict[int, int]:
    """Where each of these opening braces closes; those that never close are absent."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for match in _BRACES.finditer(text, start, end):
        token = match.group()
        if token == "{":
            stack.append(match.start())
        elif token == "}" and stack and (opened := stack.pop()) in opens:
            found[opened] = match.start()
    return found


def trimmed(text: str, start: int, end: int) -> Found:
    """The span without the white space around it."""
    while start < end and text[start] in BLANKS:
        start += 1
    while end > start and text[end - 1] in BLANKS:
        end -= 1
    return Found(start, end)
