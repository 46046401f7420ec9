"""Verdicts on completions: the answer is found here, integers are compared here, all else is Math-Verify's word.

A verdict names who gave it. `integer` (our version): answer and gold are both plain integers of at most 18 digits, and
were compared as such, a few hundred times faster than Math-Verify and with the same result. `math-verify` (its version):
everything else. `answer` (our version): there was nothing to compare: the completion has no answer, there is no gold, the two
are the same text, or one is too long for any parser.
"""

import re
from concurrent.futures import Future
from dataclasses import dataclass

from .. import __version__
from .answers import LONGEST, Answer, find_answer, gold_answer
from .pool import CheckerError, Pool

__all__ = ["Checker", "CheckerError", "Judgement"]

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True)
class Judgement:
    value: str
    """right, wrong, undecided, or none where there is no gold."""
    checker: str
    version: str
    reason: str | None
    answer: Answer | None

    def verdict(self) -> dict[str, str | None]:
        """`verdict` of a trace's facts."""
        return {"value": self.value, "checker": self.checker, "version": self.version, "reason": self.reason}

    @property
    def unparsable_gold(self) -> bool:
        return self.reason is not None and self.reason.startswith("unparsable_gold")


def integer(text: str) -> int | None:
    r"""The integer that `text` is, `$…$` or `\(…\)` around it allowed; None when it is anything else."""
    text = text.strip()
    if text.startswith("$") and text.endswith("$") and len(text) > 2:
        text = text[1:-1].strip()
    elif text.startswith("\\(") and text.endswith("\\)"):
        text = text[2:-2].strip()
    return int(text) if _INTEGER.fullmatch(text) else None


class Checker:
    """Judges completions against gold answers. Processes start only when the first pair needs Math-Verify."""

    def __init__(self, workers: int = 1, **limits: float):
        self._pool = Pool(workers, **limits)

    def judge(self, completion: str, gold: str | None) -> Judgement:
        """The verdict on one completion (without special tokens). Raises CheckerError where no checker can run."""
        return self.judge_later(completion, gold)()

    def judge_many(self, pairs: list[tuple[str, str | None]]) -> list[Judgement]:
        """The verdicts on `(completion, gold)` pairs, in their order; pairs are spread over the workers."""
        return [later() for later in [self.judge_later(completion, gold) for completion, gold in pairs]]

    def judge_later(self, completion: str, gold: str | None) -> "Later":
        """Begin to judge; call what is returned to wait for the judgement."""
        answer = find_answer(completion)
        if gold is None or not gold.strip():
            return Later(Judgement("none", "answer", __version__, "no_gold", answer))
        if answer is None:
            return Later(Judgement("wrong", "answer", __version__, "no_answer", None))
        wanted = gold_answer(gold)
        given, meant = integer(answer.text), integer(wanted)
        if given is not None and meant is not None:
            return Later(Judgement("right" if given == meant else "wrong", "integer", __version__, None, answer))
        if answer.text == wanted:
            return Later(Judgement("right", "answer", __version__, None, answer))
        if len(answer.text) > LONGEST or len(wanted) > LONGEST:
            who = "answer" if len(answer.text) > LONGEST else "unparsable_gold"
            reason = f"{who}: longer than {LONGEST} characters"
            return Later(Judgement("undecided", "answer", __version__, reason, answer))
        return Later(self._pool.ask(answer.text, wanted), answer, self._pool)

    @property
    def longest_s(self) -> float:
        """The most seconds that one pair can take, once its process runs: then the process is killed."""
        return self._pool.hard_s

    def processes(self) -> list[int]:
        """Numbers of the checker processes that run now."""
        return self._pool.processes()

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> "Checker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Later:
    """A judgement that may still be under way: call it to have it."""

    def __init__(
        self,
        found: "Judgement | Future[tuple[str, str | None]]",
        answer: Answer | None = None,
        pool: Pool | None = None,
    ):
        self._found, self._answer, self._pool = found, answer, pool

    @property
    def answer(self) -> Answer | None:
        """The answer that was found; known before it is judged."""
        return self._found.answer if isinstance(self._found, Judgement) else self._answer

    @property
    def ready(self) -> bool:
        """True when a call returns at once."""
        return isinstance(self._found, Judgement) or self._found.done()

    def __call__(self) -> Judgement:
        if isinstance(self._found, Judgement):
            return self._found
        value, reason = self._found.result()
        return Judgement(value, "math-verify", self._pool.version or "unknown", reason, self._answer)
