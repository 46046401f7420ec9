"""Rows of a source as plain objects: JSONL, JSON, Parquet, CSV, a folder of these, or a data set of the hub.

All but JSON are read row by row (Parquet by batches), so that a source may be larger than the memory.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataError
from ..rows import LONGEST, lines_of
from ..texts import clean_text
from .columns import USUAL

LARGEST_JSON = 2**30
"""Bytes of a JSON file, which is held whole."""
_BATCH = 64
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet", ".csv": "csv"}


@dataclass(frozen=True)
class Line:
    """One row and where it stands: `line` counts lines of a text file and rows of every other, from 1."""

    file: str
    line: int
    value: dict[str, Any] | None
    problem: str | None = None
    """Why there is no value."""


def lines_of_source(source: dict[str, Any]) -> Iterator[Line]:
    """Rows of `path` or `hub`; with `benchmark` each is its problem and gold. Raises DataError for a source that cannot be read at
    all, ConfigError for one that names none."""
    if source.get("benchmark"):
        from ..benchmarks import lines

        yield from lines(source)
        return
    if source.get("hub"):
        yield from _hub(source)
        return
    if not source.get("path"):
        raise ConfigError("a source needs `path` or `hub`")
    for path in _files(Path(source["path"])):
        try:
            yield from _READERS[_SUFFIXES[path.suffix.lower()]](path)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _files(path: Path) -> list[Path]:
    known = ", ".join(_SUFFIXES)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        if not found:
            raise DataError(f"{path} is a folder without a file that ends in one of {known}")
        return found
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    if path.suffix.lower() not in _SUFFIXES:
        raise DataError(f"{path}: its name says nothing about its format; known endings are {known}")
    return [path]


def _row(file: str, number: int, value: Any) -> Line:
    if isinstance(value, dict):
        return Line(file, number, value)
    return Line(file, number, None, "not a JSON object")


def _jsonl(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, line in enumerate(lines_of(file), 1):
            if not line.strip():
                continue
            if len(line) > LONGEST:
                yield Line(str(path), number, None, f"longer than {LONGEST >> 20} MiB")
                continue
            try:
                yield _row(str(path), number, json.loads(line.decode("utf-8-sig", "replace")))
            except (ValueError, RecursionError) as error:
                yield Line(str(path), number, None, f"not JSON: {error}")


def _json(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        try:
            value = _parsed(path)
        except DataError:
            # One object a line, under the wrong name.
            yield from _jsonl(path)
            return
        rows = _list_in(value) if isinstance(value, dict) else value
    else:
        rows = _parsed(path)
    if not isinstance(rows, list):
        raise DataError(f"{path} is neither a list of rows nor an object that holds one")
    for number, row in enumerate(rows, 1):
        yield _row(str(path), number, row)


def _list_in(value: dict[str, Any]) -> list[Any]:
    """The list of rows that an object holds, or the object as the only row. Lists of a row itself hold texts or messages."""
    lists = (v for k, v in value.items() if isinstance(v, list) and v and k not in USUAL["messages"] + USUAL["prompt"])
    return next((v for v in lists if any(isinstance(row, dict) for row in v)), [value])


def _parsed(path: Path) -> Any:
    size = path.stat().st_size
    if size > LARGEST_JSON:
        raise DataError(f"{path} is larger than {LARGEST_JSON >> 30} GiB: JSON is read whole. Write it as JSONL")
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error


def _csv(path: Path) -> Iterator[Line]:
    csv.field_size_limit(LONGEST)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        number = 0
        names: list[str] | None = None
        while True:
            number += 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(str(path), number, None, f"not CSV: {error}")
                continue
            if not cells:
                continue
            if names is None:
                names = [clean_text(cell.strip()) for cell in cells]
                if twice := [name for name in names if names.count(name) > 1]:
                    raise DataError(f"{path} has two columns named `{twice[0]}`: rename one of them")
            elif len(cells) > len(names):
                yield Line(str(path), number, None, f"{len(cells)} cells under {len(names)} names")
            else:
                # A cell that is empty or not there says nothing.
                found = {name: cell if cell != "" else None for name, cell in zip(names, cells, strict=False)}
                yield Line(str(path), number, found)


def _parquet(path: Path) -> Iterator[Line]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield Line(str(path), number, row)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as Parquet after row {number}: {error}") from error


def _hub(source: dict[str, Any]) -> Iterator[Line]:
    name, config, split = source["hub"], source.get("config"), source.get("split", "train")
    from datasets import load_dataset

    number = 0
    try:
        for number, row in enumerate(load_dataset(name, config, split=split, streaming=True), 1):
            yield _row(f"hub:{name}", number, row)
    except Exception as error:  # whatever the hub's client, its cache or its connection raise
        said = str(error).strip().splitlines()
        raise DataError(
            f"{name} (split {split}) cannot be read from the hub after row {number}: {type(error).__name__}: "
            f"{said[0] if said else ''}. Without a connection, copy its files to this machine and give `path`"
        ) from error


_READERS = {"jsonl": _jsonl, "json": _json, "parquet": _parquet, "csv": _csv}
