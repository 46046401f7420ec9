"""A box before the end of the thought."""

from dataclasses import dataclass

from ..checker.answers import boxes
from .base import Completion


@dataclass
class Format:
    r"""1 when a `\boxed{…}` closes before the last `</think>`, otherwise 0 (`format2` of arXiv 2507.08267)."""

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        return [float(self.holds(c.full)) for c in batch]

    @staticmethod
    def holds(text: str) -> bool:
        close = text.rfind("</think>")
        return close >= 0 and bool(boxes(text, 0, close))
