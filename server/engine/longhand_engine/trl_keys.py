"""The keys of TRL's configurations, for the recipe editor: `python -m longhand_engine.trl_keys [--check] [FILE]`.

Writes core/recipes/trl-keys.json: for SFTConfig and GRPOConfig, each key with its type and default as TRL declares them;
beside them the keys that a recipe may not set (`owned`), older names (`renamed`), and our defaults. `--check` compares
instead, and exits with 1 when the file differs.
"""

import argparse
import dataclasses
import enum
import inspect
import json
import re
import sys
import types
import typing
from pathlib import Path
from typing import Any

from .environment import version_of
from .quiet import quick_imports
from .train.settings import DEFAULTS, OWNED, RENAMED

FILE = Path(__file__).parents[3] / "core" / "recipes" / "trl-keys.json"


def trl_keys() -> dict[str, Any]:
    """The content of the file for the installed versions."""
    with quick_imports():
        from trl import GRPOConfig, SFTConfig
    return {
        "v": 1,
        "versions": {name: version_of(name) for name in ("trl", "transformers")},
        "owned": OWNED,
        "renamed": RENAMED,
        "defaults": DEFAULTS,
        "SFTConfig": describe(SFTConfig),
        "GRPOConfig": describe(GRPOConfig),
    }


def describe(kind: type) -> dict[str, dict[str, Any]]:
    """`{key: {type, default}}` of a dataclass, and `choices` where the values are an enumeration."""
    hints = typing.get_type_hints(kind)
    found = {}
    for field in sorted(dataclasses.fields(kind), key=lambda f: f.name):
        if field.init:
            wanted = hints.get(field.name, field.type)
            entry = {"type": type_name(wanted), "default": default_of(field)}
            if choices := choices_of(wanted):
                entry["choices"] = choices
            found[field.name] = entry
    return found


def type_name(wanted: Any) -> str:
    """A type as Python writes it: `float`, `int | None`, `SchedulerType | str`."""
    if wanted is type(None):
        return "None"
    if inspect.isclass(wanted) and typing.get_origin(wanted) is None:
        return wanted.__name__
    return re.sub(r"\b(?:[a-z_]\w*\.)+", "", str(wanted))


def choices_of(wanted: Any) -> list[str]:
    """The values of the enumerations and literals in a type."""
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return [c for t in typing.get_args(wanted) for c in choices_of(t)]
    if typing.get_origin(wanted) is typing.Literal:
        return [str(v) for v in typing.get_args(wanted)]
    return [str(m.value) for m in wanted] if inspect.isclass(wanted) and issubclass(wanted, enum.Enum) else []


def default_of(field: "dataclasses.Field[Any]") -> Any:
    """The default as JSON; null where there is none or it is no plain value."""
    value = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if isinstance(value, enum.Enum):
        return value.value
    return value if isinstance(value, (bool, int, float, str, list, dict, type(None))) else None


def text_of(keys: dict[str, Any]) -> str:
    """The file's text: one line a key, so that a new version of TRL shows as a short difference."""
    text = json.dumps(keys, indent=2, ensure_ascii=False)
    return (
        re.sub(
            r"\{\n {6}(\"type\".*?)\n {4}\}",
            lambda m: "{ " + re.sub(r"\s*\n\s*", " ", m[1]) + " }",
            text,
            flags=re.DOTALL,
        )
        + "\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m longhand_engine.trl_keys", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    options = parser.parse_args()
    keys = trl_keys()
    if not options.check:
        options.file.write_text(text_of(keys), encoding="utf-8")
        return 0
    if options.file.exists() and json.loads(options.file.read_text(encoding="utf-8")) == keys:
        return 0
    print(
        f"{options.file} is not of the installed versions: write it anew with python -m longhand_engine.trl_keys",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
