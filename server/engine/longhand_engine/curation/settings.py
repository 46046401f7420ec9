"""What the recipe says of a data set that is made from sources, read and checked before anything else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..texts import clean_text
from .choose import RULES
from .columns import USUAL, Columns
from .expression import Filter, FilterError, parse

FIELDS = (
    "tokens",
    "tokens_min",
    "tokens_max",
    "tokens_mean",
    "characters",
    "generations",
    "accuracy",
    "correct",
    "problem",
    "answer",
    "id",
    "line",
)
"""What filters may name beside the source's own columns; these come first."""
COUNTED = {"tokens", "tokens_min", "tokens_max", "tokens_mean"}
JUDGED = {"accuracy", "correct"}


@dataclass(frozen=True)
class Source:
    name: str
    config: dict[str, Any]
    columns: Columns
    filters: tuple[Filter, ...]
    sample: int | None
    seed: int

    @property
    def names(self) -> set[str]:
        """The fields that its filters read."""
        return set().union(*(f.names for f in self.filters))


@dataclass(frozen=True)
class Settings:
    """`output` is the name of the data set; `against` are paths of evaluation sets by name."""

    output: str
    sources: list[Source]
    deduplicate: bool
    choose: str | None
    gold_from_trace: bool
    against: dict[str, str]
    ngram: int
    tokenizer: str | None
    most: int | None
    system: str | None

    @classmethod
    def read(cls, config: dict[str, Any], seed: int) -> "Settings":
        """Raises ConfigError that names the key."""
        sources = [_source(s, place, seed) for place, s in enumerate(config["sources"])]
        names = [s.name for s in sources]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ConfigError(f"two sources are named {', '.join(sorted(twice))}; each needs its own `name`")
        against = config.get("decontaminate") or {}
        choose = config.get("choose")
        if choose is not None and choose not in RULES:
            raise ConfigError(f"`choose` is one of {', '.join(RULES)}, not {choose!r}")
        if config.get("deduplicate") not in (None, "problem"):
            raise ConfigError("`deduplicate` is `problem` or left out")
        settings = cls(
            output=str(config.get("output") or "train"),
            sources=sources,
            deduplicate=config.get("deduplicate") == "problem",
            choose=choose,
            gold_from_trace=bool(config.get("gold_from_trace", False)),
            against=_by_name(against.get("against") or []),
            ngram=_positive(against.get("ngram", 13), "decontaminate.ngram"),
            tokenizer=config.get("tokenizer"),
            most=None if config.get("max_tokens") is None else _positive(config["max_tokens"], "max_tokens"),
            system=config.get("system"),
        )
        settings._check_tokens()
        return settings

    @property
    def counted(self) -> bool:
        return all(s.columns.named("tokens") for s in self.sources)

    def _check_tokens(self) -> None:
        if self.tokenizer:
            return
        if self.most is not None and not self.counted:
            raise ConfigError("`max_tokens` needs a `tokenizer`, or `columns.tokens` of every source")
        for source in self.sources:
            if (named := source.names & COUNTED) and not source.columns.named("tokens"):
                raise ConfigError(
                    f"the filter of {source.name} names `{sorted(named)[0]}`: give a `tokenizer`, or `columns.tokens`"
                )


def _source(given: dict[str, Any], place: int, seed: int) -> Source:
    where = given.get("hub") or given.get("path")
    if not where:
        raise ConfigError(f"source {place + 1} needs `path` or `hub`")
    name = clean_text(str(given.get("name") or Path(str(where)).stem))
    try:
        texts = given.get("filter") or []
        filters = tuple(parse(str(text)) for text in ([texts] if isinstance(texts, str) else texts))
    except FilterError as error:
        raise ConfigError(f"the filter of {name} cannot be read: {error}") from error
    try:
        columns = Columns(given.get("columns") or {})
    except ConfigError as error:
        raise ConfigError(f"the columns of {name}: {error}") from error
    sample = given.get("sample")
    return Source(
        name,
        given,
        columns,
        filters,
        None if sample is None else _positive(sample, f"`sample` of {name}"),
        int(given.get("seed", seed)),
    )


def _by_name(paths: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        stem = Path(path).stem
        found[stem if stem not in found else path] = path
    return found


def _positive(value: Any, key: str) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise ConfigError(f"{key} is a whole number above 0, not {value!r}")
    return number


def known_names(row: dict[str, Any]) -> list[str]:
    """What a filter might have meant."""
    return [*FIELDS, *row, *USUAL]
