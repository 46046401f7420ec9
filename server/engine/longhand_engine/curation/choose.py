"""Verdicts on the candidate generations of a problem, the answer that stands in for a missing gold, and the choice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..checker import Checker, Judgement
from ..checker.answers import Answer, find_answer
from ..ids import normalise
from .columns import Candidate, Problem

RULES = ("shortest_correct", "longest_correct", "first", "all")
_RULED = {
    "shortest_correct": "shortest",
    "longest_correct": "longest",
}


@dataclass
class Judged:
    """A problem with what is known of it. `verdicts` and `answers` go with its candidates."""

    problem: Problem
    gold: str | None
    origin: str | None
    """`given`, `trace` or `joined`; None where there is no gold."""
    answers: list[Answer | None]

    @property
    def right(self) -> list[int]:
        return [i for i, c in enumerate(self.problem.candidates) if c.verdict and c.verdict["value"] == "right"]


@dataclass(frozen=True)
class Choice:
    """`taken` are places of candidates; where there is none, `reason` and `detail` say why. `kept` says why it was."""

    taken: list[int]
    kept: str = ""
    reason: str = ""
    detail: str = ""


def judge_later(problem: Problem, checker: Checker, gold_from_trace: bool, column: str) -> Callable[[], Judged]:
    """Begins to judge every candidate without a verdict; call what is returned to have them. `column` has the source's flags."""
    gold, origin = problem.gold, problem.origin if problem.gold is not None else None
    answers = [find_answer(c.text) for c in problem.candidates]
    for candidate in problem.candidates:
        if candidate.correct is not None and candidate.verdict is None:
            said = "right" if candidate.correct else "wrong"
            candidate.verdict = {"value": said, "checker": "source", "version": column, "reason": None}
    if gold is None and gold_from_trace:
        gold = _answer_of(problem.candidates, answers)
        origin = "trace" if gold is not None else None
    waiting = [
        (c, checker.judge_later(c.text, gold)) for c in problem.candidates if c.verdict is None and gold is not None
    ]

    def judged() -> Judged:
        for candidate, later in waiting:
            judgement: Judgement = later()
            candidate.verdict = judgement.verdict()
        return Judged(problem, gold, origin, answers)

    return judged


def forget(candidates: list[Candidate], flags: bool) -> None:
    """Takes the verdicts away that another gold gave; `flags`: the source's own word as well, which was by that gold."""
    for candidate in candidates:
        candidate.verdict = None
        if flags:
            candidate.correct = None


def _answer_of(candidates: list[Candidate], answers: list[Answer | None]) -> str | None:
    """The answer that most of the generations give, of equals the earlier; of those flagged right where there are flags."""
    flagged = [a for c, a in zip(candidates, answers, strict=True) if c.correct]
    every = flagged or [a for c, a in zip(candidates, answers, strict=True) if c.correct is None]
    texts = [a.text for a in every if a is not None]
    if not texts:
        return None
    common = Counter(normalise(t) for t in texts).most_common(1)[0][0]
    return next(t for t in texts if normalise(t) == common)


def choose(judged: Judged, rule: str | None, length: Callable[[Candidate], int], unit: str, most: int | None) -> Choice:
    """Which candidates become rows. `most`: the longest that may, in `unit`."""
    candidates = judged.problem.candidates
    if not candidates:
        if rule is None:
            return Choice([], kept="the problem alone: its source has no generation")
        return Choice([], reason="no generation", detail="the source has no generation for it")
    fits = [i for i, c in enumerate(candidates) if most is None or length(c) <= most]
    right = judged.right
    if rule in _RULED:
        if not right:
            return Choice([], reason="no right generation", detail=_none_right(judged))
        usable = [i for i in right if i in set(fits)]
        if usable:
            shortest = rule == "shortest_correct"
            one = min(usable, key=lambda i: (length(candidates[i]) * (1 if shortest else -1), i))
            of = f"{len(right)} right of {_generations(len(candidates))}"
            return Choice([one], kept=f"{_RULED[rule]} of {of}, {length(candidates[one]):,} {unit}")
        return _too_long(min(length(candidates[i]) for i in right), unit, most, "right ")
    if not fits:
        return _too_long(min(length(c) for c in candidates), unit, most, "")
    if rule == "all":
        return Choice(fits, kept=f"every generation is taken; {_generations(len(candidates))}")
    return Choice(fits[:1], kept=f"first of {_generations(len(candidates))}")


def _generations(n: int) -> str:
    return f"{n} generation{'' if n == 1 else 's'}"


def _too_long(shortest: int, unit: str, most: int | None, which: str) -> Choice:
    said = f"the shortest {which}generation has {shortest:,} {unit}; {most:,} are the most"
    return Choice([], reason="too long", detail=said)


def _none_right(judged: Judged) -> str:
    found = Counter(c.verdict["value"] if c.verdict else "none" for c in judged.problem.candidates)
    said = ", ".join(f"{n} {value}" for value, n in found.items() if value != "none")
    if judged.gold is None and not said:
        return "no answer to judge by: the source gives none" + (
            "" if any(judged.answers) else ", and no generation has one"
        )
    return f"of {_generations(len(judged.problem.candidates))}: {said or 'none judged'}"
