"""What a `reject` stage draws: n samples of each problem a round, each round for what the last left unsolved."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ConfigError
from ..inference.sampler import Failure, Item, Sampling
from ..inference.traces import Taken, Wanted
from ..problems import Problem, seed_of
from .lengths import check_rule, rank

RATES = ("pass_rate", "accuracy")
"""Columns of a row that hold the share of right answers that was measured before."""
_MOST_ROUNDS, _MOST_SAMPLES = 20, 10_000


@dataclass(frozen=True)
class Settings:
    """The stage's configuration; what is absent has the defaults of the recipe's schema."""

    rounds: list[int]
    keep: int
    length: Any
    sampling: Sampling
    seed: int
    system: str = ""

    @classmethod
    def read(cls, config: dict[str, Any], seed: int) -> "Settings":
        """Raises ConfigError that names the key."""
        rounds = config.get("rounds") or []
        if not rounds or not all(isinstance(n, int) and n > 0 for n in rounds) or len(rounds) > _MOST_ROUNDS:
            raise ConfigError(f"rounds: a list of 1 to {_MOST_ROUNDS} whole numbers above 0, such as [2, 10, 100]")
        if sum(rounds) > _MOST_SAMPLES:
            raise ConfigError(f"rounds: at most {_MOST_SAMPLES} samples a problem in all, not {sum(rounds)}")
        try:
            sampling = Sampling(
                max_tokens=int(config["max_tokens"]),
                stop=tuple(config.get("stop") or ()),
                **{k: config[k] for k in ("temperature", "top_p", "top_k", "min_p") if config.get(k) is not None},
            )
            keep = int(config.get("keep", 1))
        except KeyError as error:
            raise ConfigError(f"a reject stage needs {error.args[0]}") from error
        if keep < 1:
            raise ConfigError("keep: at least 1")
        rule = check_rule(config.get("length", "median_of_correct"))
        return cls(rounds, keep, rule, sampling, int(config.get("seed", seed)), config.get("system") or "")


@dataclass(eq=False)
class Sampled:
    """One problem with its samples in the order of their numbers, once its rounds are over. `solved`: the round, 0 for none.

    Of the samples only those that are kept still have their texts; all of them stand in the record.
    """

    problem: Problem
    samples: list[Taken] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    solved: int = 0
    failed: int = 0
    kept: list[Taken] = field(default_factory=list)
    _round: int = 0
    _coming: int = 0
    _came: list[Taken] = field(default_factory=list)

    @property
    def right(self) -> list[Taken]:
        return [taken for taken in self.samples if is_right(taken)]


def is_right(taken: Taken) -> bool:
    """Right and ended by itself: a box in a text that was cut is no answer to train on."""
    return taken.verdict == "right" and taken.completion.finish == "stop"


class Rounds:
    """The problems under way. Each goes through its rounds by itself, so that no problem waits for the slowest of a round."""

    def __init__(self, problems: list[Problem], settings: Settings):
        self.all = [Sampled(problem) for problem in problems]
        self._settings = settings
        self._pending = deque(self.all)
        self._queue: deque[tuple[Sampled, Wanted]] = deque()
        self._waiting: dict[str, Sampled] = {}
        self.done = 0

    def wanted(self) -> Iterator[tuple[Problem, Wanted] | None]:
        """What to draw next, None where it depends on what is under way."""
        while True:
            if not self._queue and self._pending:
                self._begin(self._pending.popleft())
            if self._queue:
                sampled, one = self._queue.popleft()
                self._waiting[one.item.key] = sampled
                yield sampled.problem, one
            elif self._waiting:
                yield None
            else:
                return

    def take(self, came: Taken | Failure) -> Sampled:
        """One sample has come; at the end of a round the problem is solved, or its next round is queued."""
        sampled = self._waiting.pop(came.item.key)
        sampled._coming -= 1
        if isinstance(came, Failure):
            sampled.failed += 1
        else:
            sampled._came.append(came)
        if sampled._coming == 0:
            self._end_round(sampled)
        return sampled

    def _begin(self, sampled: Sampled) -> None:
        """Queues the next round of a problem. Samples are numbered on from those of the rounds before: none is drawn twice."""
        settings = self._settings
        first, n = sum(settings.rounds[: sampled._round]), settings.rounds[sampled._round]
        sampled._round += 1
        sampled._coming = n
        messages = tuple((m["role"], m["content"]) for m in sampled.problem.prompt)
        if settings.system:
            messages = (("system", settings.system), *(m for m in messages if m[0] != "system"))
        seed = seed_of(settings.seed, "reject", sampled.problem.id)
        for sample in range(first, first + n):
            item = Item(sampled.problem.id, messages, sample, seed, settings.sampling, "rejection sample")
            where = {"group": sampled.problem.id, "set": f"round {sampled._round}"}
            self._queue.append((sampled, Wanted(item, sampled.problem.gold, where)))

    def _end_round(self, sampled: Sampled) -> None:
        came = sorted(sampled._came, key=lambda taken: taken.item.sample)
        sampled.samples += came
        sampled.rounds += [sampled._round] * len(came)
        sampled._came = []
        right = [taken for taken in came if is_right(taken)]
        if right:
            sampled.solved = sampled._round
            lengths = [taken.completion.tokens for taken in right]
            sampled.kept = [right[place] for place in rank(lengths, self._settings.length)[: self._settings.keep]]
        # A hundred long samples of every hard problem would not fit into the memory.
        chosen = set(sampled.kept)
        for taken in came:
            if taken not in chosen:
                taken.completion = replace(taken.completion, text="", tail="", prompt_text="", judged=None)
        if not right and sampled._round < len(self._settings.rounds):
            self._begin(sampled)
        else:
            self.done += 1


def stored_rate(problem: Problem) -> float | None:
    """The pass rate that the problem's row has; None where it has none that is a share."""
    for name in RATES:
        value = problem.row.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
    return None
