"""Problems that stand in an evaluation set as well, found by runs of words that both have."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..ids import normalise

MOST_NGRAMS = 20_000_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Hit:
    ngram: str
    """The first run of words that both have."""
    set: str
    line: int
    problem: str
    """Of the evaluation set."""


def words_of(text: str) -> list[str]:
    """The runs of letters, digits and underscores of the normalised text, case folded."""
    return _WORD.findall(normalise(text).casefold())


class Contamination:
    """Runs of `n` words of every problem that is evaluated. A problem of fewer words is hit only by one of the same words."""

    def __init__(self, n: int):
        self.n = n
        self._problems: list[tuple[str, int, str]] = []
        self._places: dict[int, int] = {}

    def add(self, problems: Iterable[tuple[str, int, str]]) -> None:
        """Takes `(set, line, problem)`. Raises ValueError where there are too many runs to hold."""
        for problem in problems:
            place = len(self._problems)
            self._problems.append(problem)
            for run in self._runs(problem[2]):
                self._places.setdefault(hash(run), place)
            if len(self._places) > MOST_NGRAMS:
                raise ValueError(f"more than {MOST_NGRAMS:,} runs of {self.n} words to look for")

    @property
    def problems(self) -> int:
        return len(self._problems)

    def find(self, text: str) -> Hit | None:
        for run in self._runs(text):
            place = self._places.get(hash(run))
            if place is not None:
                name, line, problem = self._problems[place]
                return Hit(run, name, line, problem)
        return None

    def _runs(self, text: str) -> Iterable[str]:
        words = words_of(text)
        if len(words) < self.n:
            # Marked, so that it is no run of a longer text.
            return ["= " + " ".join(words)] if words else []
        return (" ".join(words[i : i + self.n]) for i in range(len(words) - self.n + 1))
