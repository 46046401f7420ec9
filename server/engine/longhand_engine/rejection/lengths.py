"""The "medium length" of the right samples of one problem: what the paper asks for and does not define.

- `median_of_correct` (the default): the lower median; robust, always a length that was really sampled.
- `nearest_to_mean`: nearest to the mean length, so that one very long sample pulls the choice up.
- `{band: [lo, hi]}`: within those quantiles of the problem's right samples, nearest to the band's middle; nearest to it of
  all where the band holds none (few samples).

Ties go to the sample that was drawn first. With `keep` above 1 the rule orders all right samples and the first are kept.
"""

from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError

RULES = ("median_of_correct", "nearest_to_mean", "band")


def check_rule(rule: Any) -> Any:
    """The rule as `rank` takes it. Raises ConfigError."""
    if rule in RULES[:2]:
        return rule
    band = rule.get("band") if isinstance(rule, dict) and set(rule) == {"band"} else None
    numbers = isinstance(band, (list, tuple)) and len(band) == 2 and all(isinstance(v, (int, float)) for v in band)
    if numbers and 0 <= band[0] <= band[1] <= 1:
        return {"band": [float(band[0]), float(band[1])]}
    raise ConfigError("length: median_of_correct, nearest_to_mean, or { band: [lo, hi] } with 0 <= lo <= hi <= 1")


def rule_name(rule: Any) -> str:
    return rule if isinstance(rule, str) else f"band {rule['band'][0]:g}–{rule['band'][1]:g}"


def rank(lengths: Sequence[int], rule: Any) -> list[int]:
    """The places of `lengths` (in the order in which they were drawn), the best of the rule first."""
    if not lengths:
        return []
    ordered = sorted(lengths)
    if rule == "median_of_correct":
        middle = (len(ordered) - 1) // 2
        # By distance in rank from the lower median: its neighbours are the next ones.
        places = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
        distance = {place: (abs(at - middle), place) for at, place in enumerate(places)}
        return sorted(range(len(lengths)), key=distance.__getitem__)
    if rule == "nearest_to_mean":
        mean = sum(lengths) / len(lengths)
        return sorted(range(len(lengths)), key=lambda i: (abs(lengths[i] - mean), i))
    low, high = (quantile(ordered, q) for q in rule["band"])
    middle = (low + high) / 2
    return sorted(range(len(lengths)), key=lambda i: (not low <= lengths[i] <= high, abs(lengths[i] - middle), i))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest (numpy's default). `ordered` is ascending and not empty."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
