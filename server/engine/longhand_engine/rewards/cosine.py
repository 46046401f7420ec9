"""Cosine schedule over the length of a completion."""

import math
from dataclasses import dataclass

from .base import Completion, is_right


@dataclass
class Cosine:
    """Short and right is best, short and wrong is worst (arXiv 2507.08267, its code; arXiv 2502.03373, section 4.1).

    With p = min(1, length / max_length) and (at 0, at max_length) from `right` or `wrong`:
    r = end + (start − end) · (1 + cos πp) / 2. Defaults: right 1 → 0.1, wrong −1 → −0.1. Undecided gives None.
    """

    unit: str
    max_length: float
    right: tuple[float, float] = (1.0, 0.1)
    wrong: tuple[float, float] = (-1.0, -0.1)
    unparsable_gold: str = "null"

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        return [self.of(c.length(self.unit), is_right(c, self.unparsable_gold)) for c in batch]

    def of(self, length: float, right: bool | None) -> float | None:
        """The reward of one completion of that length in `unit`."""
        if right is None:
            return None
        start, end = self.right if right else self.wrong
        return end + (start - end) * (1 + math.cos(math.pi * min(1.0, length / self.max_length))) / 2
