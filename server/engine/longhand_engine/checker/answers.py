r"""Where a completion says its answer, found before any parser sees the text.

The rules are those of `core/answers/extract.ts`, to the letter; one list of cases holds both to them
(`test/fixtures/answers/extraction.json`). Of the first rule that found any answer the last one counts: `boxed`, `answer_tag` and
`answer_is` after the reasoning; `boxed_in_reasoning`; the `final_line` of the answer; the others in the reasoning.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..texts import utf16_offset
from .boxes import BLANKS, Found, boxes, trimmed
from .sections import sections
from .stated import final_line, stated, tagged

__all__ = ["LONGEST", "Answer", "boxes", "candidates", "find_answer", "gold_answer"]

LONGEST = 10_000
"""Characters of an answer that a parser is asked to read."""

_RULES = (
    "boxed",
    "answer_tag",
    "answer_is",
    "boxed_in_reasoning",
    "final_line",
    "answer_tag_in_reasoning",
    "answer_is_in_reasoning",
)
_S = f"[{BLANKS}]"
_PROMPT_BEGINS = re.compile(
    rf"{_S}*(?:<\|im_start\|>(?:system|user)|<\|begin_of_text\|>|<｜begin▁of▁sentence｜>|<s>)"
)
_REPLY_BEGINS = re.compile(
    r"<\|im_start\|>assistant\n?|<\|start_header_id\|>assistant<\|end_header_id\|>\n*|<｜Assistant｜>|<\|Assistant\|>"
    r"|\[/INST\]"
)
_TURN_END = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end_of_text|eom_id)\|>|<｜end▁of▁sentence｜>|</s>"
    rf"|<\|im_start\|>{_S}{{0,2}}(?:user|system)"
)
_BETWEEN_BOXES = re.compile(
    rf"{_S}*\}}(?:[{BLANKS}$]*[a-z]{{2,12}}{_S}*,?{_S}*(?=\band\b))?(?:[{BLANKS},;$&]|\\q?quad|\\[()\[\],;:! ]"
    rf"|\\text{_S}?\{{[^{{}}]{{0,40}}\}}|\b(?:and|or)\b|[A-Za-z](?:_\{{?\w{{1,3}}\}}?)?(?:\([a-z]\))?{_S}?=)*"
    rf"\\+(?:boxed|fbox){_S}{{0,4}}\{{{_S}*",
    re.ASCII,
)
_BOX_HEAD = re.compile(rf"\\+(?:boxed|fbox){_S}{{0,4}}\{{{_S}*\Z")
_BLANK_LINE = re.compile(rf"\n{_S}*\n")
_BETWEEN_LIMIT = 80
_PARTS_LIMIT = 32


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


class Candidate(NamedTuple):
    start: int
    end: int
    rule: str
    section: str


def find_answer(completion: str, prompt: str | None = None, reasoning_assumed: bool = False) -> Answer | None:
    """The answer of a completion, or of a text that is an answer already; None when there is none.

    `prompt`: candidates inside a copy of it are not the completion's. `reasoning_assumed`: the prompt opened a thought.
    """
    found = candidates(completion, prompt, reasoning_assumed)
    for rule in _RULES:
        last = next((i for i in range(len(found) - 1, -1, -1) if found[i].rule == rule), None)
        if last is not None:
            span = _joined(completion, found, last) if rule.startswith("boxed") else Found(*found[last][:2])
            return Answer(completion[slice(*span)], *span, rule)
    return None


def candidates(completion: str, prompt: str | None = None, reasoning_assumed: bool = False) -> list[Candidate]:
    """Every answer that the completion states on its way, by position. A box inside a stated answer counts as the box."""
    start = _reply_start(completion)
    copies = _prompt_copies(completion, prompt)
    found = [
        one
        for kind, begin, end in sections(completion[start:], reasoning_assumed)
        for one in _in_part(completion[start + begin : start + end], kind, start + begin)
        if not any(first <= one.start and one.end <= last for first, last in copies)
    ]
    return sorted(found, key=lambda one: one.start)


def gold_answer(gold: str) -> str:
    """The answer inside a gold that is a whole solution: its last box, what follows `####` (GSM8K), or all of it."""
    if "boxed" in gold or "fbox" in gold:
        if found := [Candidate(*box, "boxed", "answer") for box in boxes(gold)]:
            return gold[slice(*_joined(gold, found, len(found) - 1))]
    return gold[slice(*trimmed(gold, gold.rfind("####") + 4 if "####" in gold else 0, len(gold)))]


def _reply_start(text: str) -> int:
    if not _PROMPT_BEGINS.match(text[:200]):
        return 0
    header = _REPLY_BEGINS.search(text)
    return header.end() if header else 0


def _prompt_copies(text: str, prompt: str | None) -> list[Found]:
    wanted = (prompt or "").strip(BLANKS)
    copies: list[Found] = []
    if len(wanted) < 16:
        return copies
    at = text.find(wanted)
    while at >= 0 and len(copies) < 64:
        copies.append(Found(at, at + len(wanted)))
        at = text.find(wanted, at + len(wanted))
    return copies


def _in_part(section: str, kind: str, start: int) -> list[Candidate]:
    stop = _TURN_END.search(section) if kind == "answer" else None
    text = section[: stop.start()] if stop and section[: stop.start()].strip(BLANKS) else section
    suffix = "_in_reasoning" if kind == "reasoning" else ""
    boxed = boxes(text)
    tags = _outside(tagged(text), boxed)
    said = _outside(_outside(stated(text), boxed), tags)
    line = final_line(text) if kind == "answer" and not (boxed or tags or said) else None
    placed = ((boxed, f"boxed{suffix}"), (tags, f"answer_tag{suffix}"), (said, f"answer_is{suffix}"))
    return [
        Candidate(one.start + start, one.end + start, rule, kind)
        for found, rule in (*placed, ([line] if line else [], "final_line"))
        for one in found
    ]


def _outside(found: list[Found], others: list[Found]) -> list[Found]:
    """Those that neither hold one of the others nor touch it. Both are by position."""
    kept, i = [], 0
    for one in found:
        while i < len(others) and others[i].end <= one.start:
            i += 1
        if i == len(others) or others[i].start >= one.end + len("\\boxed{"):
            kept.append(one)
    return kept


def _joined(text: str, found: list[Candidate], last: int) -> Found:
    r"""`\boxed{1} and \boxed{2}`: boxes that only a few words part are one answer, from the first to the last."""
    parts = [found[last]]
    for before in reversed(found[:last]):
        if len(parts) == _PARTS_LIMIT or before.rule != parts[0].rule or parts[0].start - before.end > _BETWEEN_LIMIT:
            break
        between = text[before.end : parts[0].start]
        if _BLANK_LINE.search(between) or not _BETWEEN_BOXES.fullmatch(between):
            break
        parts.insert(0, before)
    start, end = parts[0].start, parts[-1].end
    if len({text[part.start : part.end] for part in parts}) == 1:
        return Found(parts[-1].start, end)
    if head := _BOX_HEAD.search(text[max(0, start - 32) : start]):
        start -= len(head.group())
    return Found(start, text.find("}", end) + 1)
