"""What a reward sees of a completion, and what it must be."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ..checker import Judgement


@dataclass
class Completion:
    """One completion of a GRPO group. Lengths are of the completion alone."""

    text: str
    """Without special tokens."""
    full: str
    """With special tokens, as it is recorded."""
    ids: list[int]
    group: str
    """The completions of one prompt in one step share it."""
    judge: Callable[[], Judgement]

    @cached_property
    def judgement(self) -> Judgement:
        return self.judge()

    def length(self, unit: str) -> int:
        """`unit`: `tokens` (the end token included) or `characters` (code points of the text without special tokens)."""
        return len(self.ids) if unit == "tokens" else len(self.text)


class Reward(Protocol):
    """A reward: built from its parameters in the recipe, called with all completions of a step."""

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        """One value a completion, in order. None: not applicable; it is left out of the sum."""
        ...


def is_right(completion: Completion, unparsable_gold: str) -> bool | None:
    """True or False by the verdict; None where there is none (undecided, or no gold).

    `unparsable_gold: one` counts a completion as right when its gold cannot be parsed, as the paper's code does.
    """
    judged = completion.judgement
    if judged.unparsable_gold and unparsable_gold == "one":
        return True
    return {"right": True, "wrong": False}.get(judged.value)
