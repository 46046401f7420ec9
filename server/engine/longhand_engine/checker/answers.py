r"""The answer of a completion, found before any parser sees the text: a short string and where it stands.

Rules, in this order, first in what follows the last `</think>`, then in what precedes it:

- `boxed`: the content of the last `\boxed{…}` or `\fbox{…}` whose braces close; where several stand in a row
  (`\boxed{2} and \boxed{3}`), all of them from the first to the last, as they are written;
- `answer_is`: what stands behind the last "answer is", "answer:" or "答案是" up to the end of the sentence.

Then, where neither speaks, `final_line`: the formula or the line that ends the answer section. Without a `</think>` only
a text that is one short line, or whose last line is a finished sentence or formula: a chain of thought that was cut has no
final line, and its last number is no answer.
"""

import re
from collections import deque
from dataclasses import dataclass

from ..texts import utf16_offset

LONGEST = 10_000
"""Characters of an answer that a parser is asked to read."""
_FINAL_LINE = 200
_BARE = 100

# A text that was escaped once too often has two backslashes before each word.
_BRACES = re.compile(r"\\+(?:boxed|fbox)\s*\{|\\[\\{}]|[{}]")
_BETWEEN = re.compile(r"(?:[\s,;$&]|\\q?quad|\\[()\[\],;:! ]|\\text\s*\{[^{}]{0,40}\}|\band\b|\bor\b|\\+)*")
_BOX_HEAD = re.compile(r"\\+(?:boxed|fbox)\s*\{$")
_FINISHED = re.compile(r"(?:[.!。]|\$|\\\)|\\\])\W*$")
_DISPLAY = re.compile(r"(?:\$\$(?:(?!\$\$).){1,2000}\$\$|\\\[(?:(?!\\\]).){1,2000}\\\])\s*$", re.DOTALL)
_BARE_BOX = re.compile(r"\\boxed\s+([^\s{}$\\]+)")
_ANSWER_IS = re.compile(r"(?:\banswer\b\s*(?:is|:|：|=)|答案(?:是|为|：|:))[\s:：*]*", re.IGNORECASE)
_MATHS = re.compile(r"\$([^$\n]{1,2000})\$|\\\(((?:(?!\\\)).){1,2000})\\\)|\\\[((?:(?!\\\]).){1,2000})\\\]", re.DOTALL)
_SENTENCE_END = re.compile(r"\.(?=\s|$)|[。\n]|\*\*|$")
_TRIM = " \t\r\n*"


@dataclass(frozen=True)
class Answer:
    text: str
    start: int
    """Index of the first character in the completion, in code points."""
    end: int
    rule: str

    def fact(self, completion: str) -> dict[str, object]:
        """`answer` of a trace's facts: the span in UTF-16 units of `completion`; a text of more than 1,000 characters is cut."""
        start = utf16_offset(completion, self.start)
        return {
            "text": self.text[:1000],
            "start": start,
            "end": start + utf16_offset(completion[self.start : self.end], self.end - self.start),
            "rule": self.rule,
        }


def boxes(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    r"""Content spans of every `\boxed{…}` and `\fbox{…}` that closes, in the order in which they close. Linear time."""
    found, open_braces = [], []
    for match in _BRACES.finditer(text, start, len(text) if end is None else end):
        token = match.group()
        if token == "{":
            open_braces.append(-1)
        elif token[-1] == "{" and len(token) > 2:
            open_braces.append(match.end())
        elif token == "}" and open_braces and (content := open_braces.pop()) >= 0:
            found.append((content, match.start()))
    return found


def find_answer(completion: str) -> Answer | None:
    """The answer of a completion, or of a text that is an answer already; None when there is none."""
    close = completion.rfind("</think>")
    after = close + len("</think>") if close >= 0 else 0
    sections = [(after, len(completion))] + ([(0, close)] if close >= 0 else [])
    for start, end in sections:
        found = _boxed(completion, start, end) or _answer_is(completion, start, end)
        if found:
            return found
    return _final_line(completion, after, thought=close >= 0)


def _span(text: str, start: int, end: int, rule: str) -> Answer | None:
    """The span without the white space and asterisks around it; None when nothing is left."""
    while start < end and text[start] in _TRIM:
        start += 1
    while end > start and text[end - 1] in _TRIM:
        end -= 1
    return Answer(text[start:end], start, end, rule) if end > start else None


def _boxed(text: str, start: int, end: int) -> Answer | None:
    found = [span for span in boxes(text, start, end) if text[slice(*span)].strip()]
    if found:
        first, close = found[-1]
        head = _head(text, first)
        for content, before in reversed(found[:-1]):
            if before + 1 > head or head - before > 80 or not _BETWEEN.fullmatch(text, before + 1, head):
                break
            first, head = content, _head(text, content)
        return _span(text, first, close, "boxed") if first == found[-1][0] else _span(text, head, close + 1, "boxed")
    last = _last(_BARE_BOX, text, start, end)  # \boxed 5
    return last and _span(text, *last.span(1), "boxed")


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> re.Match[str] | None:
    found = deque(pattern.finditer(text, start, end), maxlen=1)
    return found[0] if found else None


def _answer_is(text: str, start: int, end: int) -> Answer | None:
    last = _last(_ANSWER_IS, text, start, end)
    if not last:
        return None
    begin = last.end()
    maths = _MATHS.match(text, begin, end)
    if maths:
        return _span(text, *maths.span(maths.lastindex), "answer_is")
    if text.startswith(("\\(", "\\["), begin):
        return None  # cut inside the formula
    stop = _SENTENCE_END.search(text, begin, min(end, begin + _FINAL_LINE))
    return stop and _span(text, begin, stop.start(), "answer_is")


def _head(text: str, content: int) -> int:
    r"""Where the `\boxed{` before `content` begins."""
    start = max(0, content - 32)
    match = _BOX_HEAD.search(text[start:content])
    return start + match.start() if match else content


def _final_line(text: str, start: int, thought: bool) -> Answer | None:
    section = text[start:].rstrip()
    if "\\boxed" in section or not thought and "<think>" in section:
        return None
    end = start + len(section)
    if display := _DISPLAY.search(text, max(start, end - 2100), end):
        return _span(text, *display.span(), "final_line")
    line = max(start, text.rfind("\n", start, end) + 1)
    short = len(section) <= _BARE and "\n" not in section.strip()
    if end - line > _FINAL_LINE or not (thought or short or _FINISHED.search(text[line:end])):
        return None
    return _span(text, line, end, "final_line")


def gold_answer(gold: str) -> str:
    """The answer inside a gold that is a whole solution: its last box, what follows `####` (GSM8K), or all of it."""
    if found := _boxed(gold, 0, len(gold)):
        return found.text
    return gold.rsplit("####", 1)[-1].strip() if "####" in gold else gold.strip()
