"""A completion's parts, the reasoning and the answer, by the rules of `core/traces/sections.ts`; positions are code points."""

import re
from typing import NamedTuple

_HARMONY = re.compile(r"<\|channel\|>(analysis|commentary|final)<\|message\|>")
_IM_START = re.compile(r"<\|im_start\|>(think|answer)\n?")
_STOP = re.compile(r"<\|(?:end|return|im_end|start)\|>")


class Section(NamedTuple):
    kind: str
    """reasoning, answer"""
    start: int
    end: int


def sections(text: str, reasoning_assumed: bool = False) -> list[Section]:
    """The parts in the order of the text; delimiters belong to none."""
    for header, answer in ((_HARMONY, "final"), (_IM_START, "answer")):
        if parts := _channels(text, header, answer):
            return parts
    opened, close, end = text.find("<think>"), text.rfind("</think>"), len(text)
    if close >= 0:
        start = opened + len("<think>") if 0 <= opened < close else 0
        return [Section("reasoning", start, close), Section("answer", close + len("</think>"), end)]
    if opened >= 0:
        return [Section("reasoning", opened + len("<think>"), end)]
    return [Section("reasoning" if reasoning_assumed else "answer", 0, end)]


def _channels(text: str, header: re.Pattern[str], answer: str) -> list[Section]:
    found = list(header.finditer(text))
    parts = []
    for i, match in enumerate(found):
        limit = found[i + 1].start() if i + 1 < len(found) else len(text)
        stop = _STOP.search(text, match.end(), limit)
        kind = "answer" if match.group(1) == answer else "reasoning"
        parts.append(Section(kind, match.end(), stop.start() if stop else limit))
    return parts
