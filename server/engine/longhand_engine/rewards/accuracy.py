"""The verdict as a number."""

from dataclasses import dataclass

from .base import Completion, is_right


@dataclass
class Accuracy:
    """1 when the verdict is right, 0 when it is wrong, None when it is undecided or there is no gold."""

    unparsable_gold: str = "null"

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        found = (is_right(c, self.unparsable_gold) for c in batch)
        return [None if right is None else float(right) for right in found]
