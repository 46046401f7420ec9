"""TRL's soft overlong punishment."""

from dataclasses import dataclass

from .base import Completion


@dataclass
class SoftOverlong:
    """`trl.rewards.get_soft_overlong_punishment` (DAPO, arXiv 2503.14476, equation 13).

    0 up to max_length − soft_length tokens, then falling to −1 at max_length, −1 beyond.
    """

    max_length: int
    soft_length: int
    unit: str = "tokens"

    def __post_init__(self) -> None:
        from trl.rewards import get_soft_overlong_punishment

        self._reward = get_soft_overlong_punishment(self.max_length, self.soft_length)

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        return self._reward(completion_ids=[c.ids for c in batch])
