"""TRL's repetition penalty."""

from dataclasses import dataclass

from .base import Completion


@dataclass
class Repetition:
    """`trl.rewards.get_repetition_penalty_reward`: max_penalty · (1 − distinct n-grams / n-grams), over token ids."""

    ngram_size: int = 3
    max_penalty: float = -1.0

    def __post_init__(self) -> None:
        from trl.rewards import get_repetition_penalty_reward

        self._reward = get_repetition_penalty_reward(self.ngram_size, self.max_penalty)

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        return self._reward(completion_ids=[c.ids for c in batch])
