"""Advantages of a GRPO step, recomputed from the parts of the rewards, independent of the trainer that uses them."""

import math
from collections.abc import Sequence

Parts = Sequence[Sequence[float | None]]


def total(parts: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """The weighted sum over the parts that are not None; None where none is applicable."""
    present = [(w, p) for w, p in zip(weights, parts, strict=True) if p is not None]
    return sum(w * p for w, p in present) if present else None


def advantages(
    rows: Parts, weights: Sequence[float], group: int, scale: str = "group", aggregation: str = "sum_then_normalize"
) -> list[float]:
    """Advantage of each completion; `rows` hold its reward parts, `group` of them in a row share a prompt.

    `sum_then_normalize` (GRPO): A = (R − mean) / (std + 1e-4), mean over the prompt's completions, std (unbiased) over
    the same (`scale: group`), over all (`batch`), or no division (`none`). `normalize_then_sum` (GDPO): each part is
    normalised within its prompt, summed, and the sums are normalised over all. A completion without any part gets 0 and
    counts for no mean.
    """
    if aggregation == "normalize_then_sum":
        sums = [total(row, weights) for row in _normalised(rows, group)]
        mean, deviation = _mean(sums), _deviation(sums)
        return [0.0 if s is None else (s - mean) / (deviation + 1e-4) for s in sums]
    sums = [total(row, weights) for row in rows]
    whole = _deviation(sums)
    found: list[float] = []
    for start in range(0, len(sums), group):
        mine = sums[start : start + group]
        mean = _mean(mine)
        divisor = {"group": _deviation(mine) + 1e-4, "batch": whole + 1e-4, "none": 1.0}[scale]
        found += [0.0 if s is None else (s - mean) / divisor for s in mine]
    return found


def _normalised(rows: Parts, group: int) -> list[list[float | None]]:
    found: list[list[float | None]] = []
    for start in range(0, len(rows), group):
        columns = list(zip(*rows[start : start + group], strict=True))
        scaled = [[None if v is None else (v - _mean(c)) / (_deviation(c) + 1e-4) for v in c] for c in columns]
        found += [list(row) for row in zip(*scaled, strict=True)]
    return found


def _mean(values: Sequence[float | None]) -> float:
    present = [v for v in values if v is not None]
    return math.fsum(present) / len(present) if present else 0.0


def _deviation(values: Sequence[float | None]) -> float:
    """Unbiased standard deviation over what is not None; 0 for fewer than two."""
    present = [v for v in values if v is not None]
    if len(present) < 2:
        return 0.0
    mean = _mean(present)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in present) / (len(present) - 1))
