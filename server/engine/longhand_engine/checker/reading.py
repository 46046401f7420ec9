r"""What Math-Verify is given to read: an answer in the spelling that it understands.

Math-Verify reads LaTeX. What it would misread otherwise is respelled first, never recalculated: `sqrt(3)` (it sees s·q·r·t·3),
`2**(1/4)`, `1,234/2`, `\\frac` that was escaped twice, `\mathrm{e}`, white space around the signs of a matrix, `a \pm b`, and
boxes inside an answer.
"""

import re

from .boxes import boxes

_DOUBLED = re.compile(r"\\\\(?=[a-zA-Z{}()\[\],;!])")
_ROWS = re.compile(r"\s*(&|\\\\(?![a-zA-Z]))\s*")
_MATRIX = re.compile(r"\s*\\(begin|end)\{(?:[bB]?matrix|smallmatrix|array)\}(?:\{[clr|]+\})?\s*")
_LETTER = re.compile(r"\\(?:mathrm|rm|mathit|text)\s*\{\s*([a-zA-Z])\s*\}(?=\s*(?:[-+*/^}$)]|\\|$))")
_PLAIN_WORD = re.compile(r"(?<![\\A-Za-z{])(sqrt|pi|infinity|oo|sin|cos|tan|ln|log|exp)(?![A-Za-z])")
_PLAIN = {"infinity": "\\infty", "oo": "\\infty"}
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})((?:,\d{3})+)(?![\d,])")
_DIGIT_GROUPS = re.compile(r"(?<=\d)(?:\{,\}|,\\!\s*)(?=\d{3})")
_BRACKETS = re.compile(r"[(\[]|\\\{")
_SENTENCE = re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}")
_ROUNDED = re.compile(r"^(.*\S)\s*\\approx\s*[-+]?[\d.]+(?:\\%|%)?$", re.DOTALL)
_NAME = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?")
_MEMBER = re.compile(r"[a-zA-Z](?:_\{?\w+\}?)?\s*\\in(?![a-zA-Z])\s*(?=[(\[]|\\left|\\\{)")
_BETWEEN_FORMULAS = re.compile(r"\$\s*(?:[,;]|[,;]?\s*(?:and|or))\s*\$")
_AROUND_MATRIX = re.compile(r"(?:\\left)?[(\[]\s*(\\begin\{(?:[bp]?matrix|array)\}.*\\end\{[a-z]+\})\s*(?:\\right)?[)\]]", re.DOTALL)
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_DECIMAL_POINT = re.compile(r"[-+]?\d+\.\d+")


def prepared(text: str) -> str:
    """`text` in the spelling that Math-Verify reads; what it reads as it stands is not touched."""
    found = boxes(text)
    if found:
        text = ", ".join(text[slice(*box)] for box in found)
    text = " ".join(_BETWEEN_FORMULAS.sub(", ", text).split())
    text = _DIGIT_GROUPS.sub(",", undelimited(text))
    if text.count("$") % 2:
        text = text.strip("$ ")
    if "\\begin{" in text:
        if match := _AROUND_MATRIX.fullmatch(text):
            text = match.group(1)
        text = _MATRIX.sub(r"\\\1{pmatrix}", _ROWS.sub(r"\1", text))
    elif "\\\\" in text:
        text = _DOUBLED.sub(r"\\", text)
    text = _LETTER.sub(r"\1 ", text)
    if "\\" not in text and _SENTENCE.search(text):
        return text
    if not _BRACKETS.search(text):
        text = _THOUSANDS.sub(lambda m: m.group(1) + m.group(2).replace(",", ""), text)
    if "sqrt" in text or "**" in text or "\\" not in text:
        text = _in_latex(text)
    if match := _ROUNDED.match(text):
        text = text.replace("\\approx", "=") if _NAME.fullmatch(match.group(1)) else match.group(1)
    if match := _MEMBER.match(text):
        text = text[match.end() :]
    return _both_signs(text) if "\\pm" in text else text


def undelimited(text: str) -> str:
    """Without white space, punctuation at the end and the delimiters of one formula around all of it."""
    text = text.strip()
    while text.endswith((".", ",", ";")) and not text.endswith(("\\,", "\\;", "..")):
        text = text[:-1].rstrip()
    for opener, closer in _DELIMITERS:
        inner = text[len(opener) : -len(closer)]
        if text.startswith(opener) and text.endswith(closer) and inner.strip() and closer not in inner:
            return inner.strip()
    return text


def with_decimal_point(text: str, other: str) -> str:
    """`1,22` as `1.22` where the other side is a decimal number: a list of two numbers is none."""
    is_number = _DECIMAL_COMMA.fullmatch(text) and _DECIMAL_POINT.fullmatch(other)
    return text.replace(",", ".") if is_number else text


def _in_latex(text: str) -> str:
    """Plain functions and powers in LaTeX's spelling: `sqrt(3)**(1/2)` as `\\sqrt{3}^{1/2}`."""
    text = _PLAIN_WORD.sub(lambda m: f"{_PLAIN.get(m.group(1), chr(92) + m.group(1))} ", text).replace("**", "^")
    for head in ("\\sqrt (", "\\sqrt(", "^("):
        start = text.find(head)
        while start >= 0:
            opened = start + len(head) - 1
            closed = _closing(text, opened)
            if closed < 0:
                break
            text = f"{text[:start]}{head[:-1].rstrip()}{{{text[opened + 1 : closed]}}}{text[closed + 1 :]}"
            start = text.find(head, start + 1)
    return text


def _closing(text: str, opened: int) -> int:
    depth = 0
    for i in range(opened, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1


def _both_signs(text: str) -> str:
    r"""`1 \pm \sqrt{5}` as `1 + \sqrt{5}, 1 - \sqrt{5}`, item by item of a list."""
    items, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            items.append(text[start:i])
            start = i + 1
    items.append(text[start:])
    names = [item.split("=", 1)[0] + "=" if item.count("=") == 1 else "" for item in items]
    signed = []
    for item, name in zip(items, names, strict=True):
        if "\\pm" not in item or (name and "\\pm" in name):
            signed.append(item)
            continue
        for plus, minus in (("+", "-"), ("-", "+")):
            one = re.sub(r"\\pm(?![a-zA-Z])", plus, item)
            signed.append(re.sub(r"\\mp(?![a-zA-Z])", minus, one))
    return ", ".join(part.strip() for part in signed)
