"""Records the sequences of a sampling engine as traces, text by text while they grow, and judges them when they end."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from .checker import Checker, Later
from .events import Record
from .sampling.requests import Sequence
from .sampling.text import GrowingText, Texts
from .sections import TokenSections

FLUSH_S = 0.1


@dataclass(eq=False)
class Trace:
    """One completion: `where` are the fields of its `trace_begin`, `gold` is what it is judged by."""

    sequence: Sequence
    problem: str
    prompt: int
    prompt_text: str
    gold: str | None
    where: dict[str, Any]
    number: int = -1
    shown: int = 0
    text: GrowingText | None = None
    later: Later | None = None
    verdict: str | None = None


class TraceWriter:
    """Writes what grew at most every 100 ms: all texts of the batch in one write, so that a reader sees them while they come."""

    def __init__(self, record: Record, checker: Checker, texts: Texts, sections: TokenSections):
        self._record, self._checker = record, checker
        self._texts, self._sections = texts, sections
        self._waiting: deque[Trace] = deque()
        self._growing: list[Trace] = []
        self._judging: list[Trace] = []
        self._flushed = 0.0
        self.ended = 0

    def add(self, trace: Trace) -> None:
        """Traces begin in the order in which they were added, which must be that of their requests."""
        self._waiting.append(trace)

    def flush_if_due(self) -> bool:
        if time.monotonic() - self._flushed < FLUSH_S:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Begins, continues and ends the traces of all sequences that moved; takes verdicts that have come."""
        self._flushed = time.monotonic()
        while self._waiting and (self._waiting[0].sequence.tokens or self._waiting[0].sequence.finish):
            self._begin(self._waiting.popleft())
        self._record.trace_texts([(trace.number, self._grown(trace)) for trace in self._growing])
        for trace in self._growing:
            if trace.sequence.finish:
                self._end(trace)
        self._growing = [trace for trace in self._growing if not trace.sequence.finish]
        self._take_verdicts(wait=False)

    def finish(self) -> None:
        """Writes the rest and waits for the verdicts that are still to come."""
        self.flush()
        self._take_verdicts(wait=True)

    def _begin(self, trace: Trace) -> None:
        s, r = trace.sequence, trace.sequence.request
        sampling = {k: getattr(r, k) for k in ("temperature", "top_p", "top_k", "min_p", "max_tokens")} | {
            "seed": r.seed
        }
        trace.number = self._record.trace_begin(
            trace.problem, prompt=trace.prompt, sample=s.index, sampling=sampling, **trace.where
        )
        trace.text = self._texts.growing()
        self._growing.append(trace)

    def _grown(self, trace: Trace) -> str:
        tokens, done = trace.sequence.tokens, trace.sequence.finish is not None
        new, trace.shown = tokens[trace.shown :], len(tokens)
        return trace.text.add(new, done)

    def _end(self, trace: Trace) -> None:
        sequence, text = trace.sequence, self._texts.blanked(trace.sequence.tokens)
        self.ended += 1
        reasoning, answer = self._sections.count(sequence.tokens, text, trace.prompt_text)
        facts: dict[str, Any] = {
            "tokens": len(sequence.tokens),
            "reasoning_tokens": reasoning,
            "answer_tokens": answer,
            "tokens_exact": True,
            "finish": sequence.finish,
        }
        if sequence.finish == "cancelled":
            facts |= {"finish": "error", "error": "stopped before its end"}
        else:
            trace.later = self._checker.judge_later(text, trace.gold)
            if trace.later.ready:
                facts |= self._judged(trace)
            else:
                self._judging.append(trace)
        self._record.trace_end(trace.number, facts, sequence.tokens)

    def _judged(self, trace: Trace) -> dict[str, Any]:
        judgement = trace.later()
        trace.verdict = judgement.value
        answer = judgement.answer and judgement.answer.fact(self._texts.blanked(trace.sequence.tokens))
        return {"answer": answer, "verdict": judgement.verdict()}

    def _take_verdicts(self, wait: bool) -> None:
        waiting = self._judging
        self._judging = []
        for trace in waiting:
            if wait or trace.later.ready:
                self._record.trace_facts(trace.number, self._judged(trace))
            else:
                self._judging.append(trace)
