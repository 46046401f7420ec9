"""Length against the other completions of the same prompt."""

from dataclasses import dataclass

from .base import Completion, is_right


@dataclass
class Length:
    """Kimi k1.5 (arXiv 2501.12599, section 2.3.3): λ = 0.5 − (L − Lmin) / (Lmax − Lmin), over one prompt's completions.

    Right: λ. Wrong: min(0, λ), so a wrong one never gains by being short. 0 for all where all are of one length.
    Every completion of the prompt counts for Lmin and Lmax; an undecided one gives None itself. The paper's own code
    takes them over all prompts of a batch, which mixes easy and hard problems; this does not.
    """

    unit: str
    unparsable_gold: str = "null"

    def __call__(self, batch: list[Completion]) -> list[float | None]:
        lengths: dict[str, list[int]] = {}
        for c in batch:
            lengths.setdefault(c.group, []).append(c.length(self.unit))
        return [self.of(c.length(self.unit), lengths[c.group], is_right(c, self.unparsable_gold)) for c in batch]

    @staticmethod
    def of(length: int, group: list[int], right: bool | None) -> float | None:
        """The reward of one completion of that length among its group's."""
        if right is None:
            return None
        shortest, longest = min(group), max(group)
        factor = 0.5 - (length - shortest) / (longest - shortest) if longest > shortest else 0.0
        return factor if right else min(0.0, factor)
