"""Rejection sampling again on stored samples: what other rounds or another rule of length would have kept.

Pure functions on samples `(round drawn, right, length)` in the order in which they were drawn. Where other rounds would
have drawn more than is stored, the answer is a bound and says so.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from .lengths import rank, rule_name


@dataclass(frozen=True)
class Stored:
    """One sample of a problem."""

    sample: int
    right: bool
    tokens: int


@dataclass(frozen=True)
class WhatIf:
    rounds: list[int]
    length: str
    problems: int
    solved: int
    """Problems with a right sample."""
    samples: int
    """Drawn in all rounds, by the rule that a round draws for what the last left unsolved."""
    rows: int
    tokens_mean: float | None
    """Of the kept."""
    incomplete: int
    """Problems for which more would be drawn than is stored: for them `rows` and lengths rest on what is, and where no stored
    sample is right, whether they would be solved is not known (they count as unsolved)."""


def what_if(problems: Mapping[str, Sequence[Stored]], rounds: Sequence[int], rule: Any, keep: int) -> WhatIf:
    """What rounds of `rounds` samples would have drawn and kept."""
    solved = samples = incomplete = 0
    kept: list[int] = []
    for stored in problems.values():
        # By number: a sample whose request failed is one that is missing.
        ordered = sorted(stored, key=lambda s: s.sample)
        start = 0
        for n in rounds:
            there = [s for s in ordered if start <= s.sample < start + n]
            samples += n
            right = [s.tokens for s in there if s.right]
            start += n
            if right:
                solved += 1
                incomplete += len(there) < n
                kept += [right[place] for place in rank(right, rule)[:keep]]
                break
        else:
            incomplete += len(ordered) < start
    mean = sum(kept) / len(kept) if kept else None
    return WhatIf(list(rounds), rule_name(rule), len(problems), solved, samples, len(kept), mean, incomplete)


def expected(rates: Iterable[float], rounds: Sequence[int]) -> tuple[float, float]:
    """Samples and solved problems that are to be expected of problems with these pass rates.

    A round of n is drawn for a problem with chance (1 − p)^(samples before).
    """
    samples = solved = 0.0
    for rate in rates:
        unsolved = 1.0
        for n in rounds:
            samples += n * unsolved
            unsolved *= (1 - rate) ** n
        solved += 1 - unsolved
    return samples, solved


def stored_samples(attempt: Path) -> dict[str, list[Stored]]:
    """The samples of a `reject` stage by problem, from the table that it leaves. Raises DataError."""
    found: dict[str, list[Stored]] = defaultdict(list)
    path = attempt / "tables" / "samples.jsonl"
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written
                cells = json.loads(line)["cells"]
                found[cells["problem_id"]].append(Stored(cells["sample"], cells["right"], cells["tokens"]))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not the table of a reject stage: {error}") from error
    if not found:
        raise DataError(f"{path} has no samples")
    return dict(found)


def as_json(result: WhatIf) -> str:
    return json.dumps(asdict(result), ensure_ascii=False)
