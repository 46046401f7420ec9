r"""The answer of a completion, found before any parser sees the text: a short string and where it stands.

Rules, in this order, first in what follows the last `</think>`, then in what precedes it:

- `boxed`: the content of the last `\boxed{…}` or `\fbox{…}` whose braces close;
- `answer_is`: what stands behind the last "answer is", "answer:" or "答案是" up to the end of the sentence.

Then, where neither speaks, `final_line`: the last line of the answer section, or a text that is nothing but one short
line. A chain of thought that was cut has no final line: its last number is no answer.
"""

import re
from dataclasses import dataclass

from ..texts import utf16_offset

LONGEST = 10_000
"""Characters of an answer that a parser is asked to read."""
_FINAL_LINE = 200
_BARE = 100

_BRACES = re.compile(r"\\(?:boxed|fbox)\s*\{|\\[\\{}]|[{}]")
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
    for content, close in reversed(boxes(text, start, end)):
        if found := _span(text, content, close, "boxed"):
            return found
    last = None
    for last in _BARE_BOX.finditer(text, start, end):  # \boxed 5
        pass
    return last and _span(text, *last.span(1), "boxed")


def _answer_is(text: str, start: int, end: int) -> Answer | None:
    last = None
    for last in _ANSWER_IS.finditer(text, start, end):
        pass
    if not last:
        return None
    begin = last.end()
    maths = _MATHS.match(text, begin, end)
    if maths:
        return _span(text, *maths.span(maths.lastindex), "answer_is")
    stop = _SENTENCE_END.search(text, begin, min(end, begin + _FINAL_LINE))
    return stop and _span(text, begin, stop.start(), "answer_is")


def _final_line(text: str, start: int, thought: bool) -> Answer | None:
    if "\\boxed" in text or not thought and ("<think>" in text or len(text.strip()) > _BARE or "\n" in text.strip()):
        return None
    end = len(text.rstrip())
    line = max(start, text.rfind("\n", start, end) + 1)
    return _span(text, line, end, "final_line") if end - line <= _FINAL_LINE else None


def gold_answer(gold: str) -> str:
    """The answer inside a gold that is a whole solution: its last box, what follows `####` (GSM8K), or all of it."""
    if found := _boxed(gold, 0, len(gold)):
        return found.text
    return gold.rsplit("####", 1)[-1].strip() if "####" in gold else gold.strip()
