"""Rewards by name. A new one is a file here, a line in `REWARDS`, and its parameters in core/recipes/schema.ts."""

import dataclasses
import difflib
from typing import Any

from ..errors import ConfigError
from .accuracy import Accuracy
from .base import Completion, Reward
from .cosine import Cosine
from .format import Format
from .length import Length
from .repetition import Repetition
from .soft_overlong import SoftOverlong

__all__ = ["REWARDS", "Completion", "Reward", "build_rewards"]

REWARDS: dict[str, type] = {
    "format": Format,
    "cosine": Cosine,
    "length": Length,
    "accuracy": Accuracy,
    "repetition": Repetition,
    "soft_overlong": SoftOverlong,
}


def build_rewards(configs: list[dict[str, Any]]) -> tuple[dict[str, Reward], list[float]]:
    """The rewards of a stage by the names of their parts (`cosine`, a second one `cosine_2`), and their weights.

    Raises ConfigError for a name or parameter that is unknown or missing.
    """
    rewards: dict[str, Reward] = {}
    weights = []
    for config in configs:
        reward = _build(config)
        name, count = config["name"], 1
        while name in rewards:
            count += 1
            name = f"{config['name']}_{count}"
        rewards[name] = reward
        weights.append(float(config.get("weight", 1.0)))
    if not rewards:
        raise ConfigError(f"a grpo stage needs at least one reward; there are: {', '.join(REWARDS)}")
    return rewards, weights


def _build(config: dict[str, Any]) -> Reward:
    kind = REWARDS.get(config.get("name", ""))
    if kind is None:
        raise ConfigError(f"no reward {config.get('name')!r}; there are: {', '.join(REWARDS)}")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    given = {k: v for k, v in config.items() if k not in ("name", "weight")}
    for key in given.keys() - fields.keys():
        near = difflib.get_close_matches(key, fields, 1)
        raise ConfigError(
            f"reward {config['name']}: no parameter `{key}`" + (f"; did you mean `{near[0]}`?" if near else "")
        )
    for key, field in fields.items():
        if key not in given and field.default is dataclasses.MISSING:
            raise ConfigError(f"reward {config['name']}: `{key}` is missing")
    if given.get("unit", "tokens") not in ("tokens", "characters"):
        raise ConfigError(f"reward {config['name']}: `unit` must be tokens or characters, not {given['unit']!r}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"reward {config['name']}: {error}") from error
