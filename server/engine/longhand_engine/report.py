"""The report of a stage: `report.json` and `tables/<name>.jsonl` (contract: core/protocol/report.ts).

    report = Report(stage.dir, "dataset", record=stage.record)
    report.row("rows", {"problem": "1 + 1?", "tokens": 12}, trace="r/s/1/0")
    report.block({"type": "table", "title": "Rows", "table": "rows", "columns": [column("problem", "Problem")]})
    report.write_soon()   # as often as you like: at most once a second
    report.write()        # at the end

Rows that a report names lie in their table before it does. An attempt has one report, made once: opened a second time it
starts anew.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .events import Record, plain
from .files import write_json
from .parts import write_all

BLOCKS = 60
"""Most blocks of a report."""
INLINE = 16 * 2**10
"""Bytes of a part's text that stand in the row; a longer one goes to the record's part files."""
LONGEST = 192 * 2**10
"""Bytes of a row, so that a page of 256 KiB always holds one."""
_BUFFER = 64 * 2**10
_EVERY = 1.0
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ROOM = 2 * 2**10
"""Bytes that a row keeps for everything but its texts when these are cut."""

Block = dict[str, Any]
Cells = Mapping[str, Any]


class Report:
    """Writer of one attempt's report. `record` takes the texts of parts that are too long for a row; without one they are cut.

    Methods raise OSError where the disk does, and ValueError for what the contract does not know.
    """

    def __init__(self, stage_dir: Path, kind: str, *, record: Record | None = None):
        self.dir, self.kind = Path(stage_dir), kind
        self._record = record
        self._blocks: list[Block] = []
        self._tables: dict[str, _Table] = {}
        self._written = 0.0

    def block(self, block: Block) -> None:
        """Appends a block, or puts it in place of the one with the same title. `rows` of a table are counted here."""
        title = block["title"]
        for place, old in enumerate(self._blocks):
            if old["title"] == title:
                self._blocks[place] = block
                return
        if len(self._blocks) == BLOCKS:
            raise ValueError(f"a report has at most {BLOCKS} blocks; there is no room for “{title}”")
        self._blocks.append(block)

    def row(
        self, table: str, cells: Cells, trace: str | None = None, parts: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        """Appends a row to a table. `parts`: what it is made of, by the names of `rowPartSchema`; None values are left out.

        A text that a part cannot hold goes to the record's part files (`extent`).
        """
        if table not in self._tables:
            self._tables[table] = _Table(self.dir, table)
        row: dict[str, Any] = {"cells": dict(cells)}
        if trace is not None:
            row["trace"] = trace
        if parts is not None:
            row["parts"] = [self._part(part) for part in parts]
        line = _line(row)
        if len(line) > LONGEST:
            line = _line(_cut(row))
        if len(line) > LONGEST:
            raise ValueError(f"a row of the table {table} is larger than {LONGEST >> 10} KiB even without its texts")
        self._tables[table].append(line)

    def count(self, table: str) -> int:
        """Rows of the table so far."""
        return self._tables[table].rows if table in self._tables else 0

    @property
    def due(self) -> bool:
        """Whether `write_soon` would write."""
        return time.monotonic() - self._written >= _EVERY

    def write_soon(self) -> None:
        """Writes the report unless it was written less than a second ago."""
        if self.due:
            self.write()

    def write(self) -> None:
        """Writes the tables' rows, then the report whole, in place of the old one."""
        for table in self._tables.values():
            table.flush()
        blocks = [b | {"rows": self.count(b["table"])} if b["type"] == "table" else b for b in self._blocks]
        write_json(self.dir / "report.json", {"v": 1, "kind": self.kind, "blocks": plain(blocks)})
        self._written = time.monotonic()

    def _part(self, given: Mapping[str, Any]) -> dict[str, Any]:
        part = {k: v for k, v in given.items() if v is not None or k == "answer"}
        text = part.get("text")
        if self._record is not None and isinstance(text, str) and len(text.encode(errors="replace")) > INLINE:
            del part["text"]
            part["extent"] = self._record.text(text)
        return part


class _Table:
    def __init__(self, folder: Path, name: str):
        if not _NAME.fullmatch(name):
            raise ValueError(f"“{name}” is no name of a table: lower-case letters, digits, - and _, at most 40")
        (folder / "tables").mkdir(exist_ok=True)
        self.path, self.rows = folder / "tables" / f"{name}.jsonl", 0
        self.path.write_bytes(b"")
        self._lines: list[bytes] = []
        self._bytes = 0

    def append(self, line: bytes) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        self.rows += 1
        if self._bytes > _BUFFER:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            with self.path.open("ab", buffering=0) as file:
                write_all(file.fileno(), b"".join(self._lines))
            self._lines.clear()
            self._bytes = 0


def _line(row: dict[str, Any]) -> bytes:
    text = json.dumps(plain(row), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _cut(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its long texts shortened to their two ends so that all of it fits; each says what is left out."""
    texts = sum(isinstance(v, str) for v in row["cells"].values())
    texts += sum(isinstance(v, str) for part in row.get("parts", []) for v in part.values())
    # A character has at most six bytes in JSON.
    room = max(100, (LONGEST - _ROOM) // max(1, texts) // 6)
    cut = row | {"cells": {k: _ends(v, room) for k, v in row["cells"].items()}}
    if "parts" in row:
        cut["parts"] = [{k: _ends(v, room) for k, v in part.items()} for part in row["parts"]]
    return cut


def _ends(value: Any, room: int) -> Any:
    if not isinstance(value, str) or len(value) <= room:
        return value
    half = max(1, (room - 50) // 2)
    return f"{value[:half]} … {len(value) - 2 * half} characters left out … {value[-half:]}"


def column(key: str, label: str, kind: str = "text") -> dict[str, str]:
    """A column of a table block. `kind`: text, number, verdict or lengths."""
    return {"key": key, "label": label, "kind": kind}


def histogram(title: str, unit: str, series: Mapping[str, Iterable[float]], bins: int = 30, **more: Any) -> Block:
    """A block of type histogram with bins of one width over all series; the last bin holds its upper edge as well."""
    values = {label: list(numbers) for label, numbers in series.items()}
    every = [v for numbers in values.values() for v in numbers]
    low, high = (min(every), max(every)) if every else (0, 1)
    whole = all(isinstance(v, int) for v in every)
    width = (high - low) / bins or 1
    if whole:
        width = max(1, -(-(high - low + 1) // bins))
    # Not one empty bin behind the last value.
    used = max(1, int((high - low) // width) + (1 if whole or high == low or (high - low) % width else 0))
    used = min(used, bins)
    edges = [low + i * width for i in range(used + 1)]
    counts = {label: [0] * used for label in values}
    for label, numbers in values.items():
        for v in numbers:
            counts[label][min(used - 1, int((v - low) // width))] += 1
    listed = [{"label": label, "counts": found} for label, found in counts.items()]
    return {"type": "histogram", "title": title, "unit": unit, "edges": edges, "series": listed, **more}
