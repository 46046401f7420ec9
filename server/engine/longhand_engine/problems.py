"""The problems of a data set, for stages that sample answers to them."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DataError
from .events import Record
from .ids import problem_id
from .rows import LONGEST, RowsFile, lines_of, normalise_row, origin_of


@dataclass(frozen=True)
class Problem:
    """One row: its prompt as messages, its gold answer, and the row itself for what else it says."""

    number: int
    id: str
    text: str
    prompt: list[dict[str, str]]
    gold: str | None
    source_id: str | None
    row: dict[str, Any]

    @property
    def gold_origin(self) -> str | None:
        return origin_of(self.row, self.gold)

    def data_row(self, completion: str, source: str) -> dict[str, Any]:
        """A line of a data set with this completion (core/protocol/dataset-row.ts), as far as the problem decides it."""
        return {
            "prompt": self.prompt,
            "completion": [{"role": "assistant", "content": completion}],
            "problem": self.text,
            "problem_id": self.id,
            "answer": self.gold,
            "answer_origin": self.gold_origin,
            "source_id": self.source_id,
            "source": source,
        }

    def record(self, record: Record) -> None:
        record.problem(self.text, self.gold, source_id=self.source_id, gold_origin=self.gold_origin)


def read_problems(path: Path) -> tuple[list[Problem], list[tuple[Problem, str]]]:
    """The problems to work on, each once, and those left out with the reason: no gold answer, or the same problem again.

    Raises DataError, naming the line, for a row that cannot be read: what is made from a data set accounts for all of it.
    """
    found: list[Problem] = []
    left_out: list[tuple[Problem, str]] = []
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            for line_number, line in enumerate(lines_of(file), 1):
                if not line.strip():
                    continue
                try:
                    row = normalise_row(line)
                    raw = json.loads(line.decode("utf-8-sig", "replace")) if len(line) <= LONGEST else {}
                except ValueError as error:
                    raise DataError(f"{path}, line {line_number}: {error}") from error
                name = problem_id(row.problem)
                problem = Problem(line_number, name, row.problem, row.prompt, row.answer, row.source_id, raw)
                if name in seen:
                    left_out.append((problem, f"the same problem as in line {seen[name]}"))
                elif row.answer is None or not row.answer.strip():
                    left_out.append((problem, "no gold answer"))
                else:
                    seen[name] = line_number
                    found.append(problem)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not found:
        why = f"none of its {len(left_out)} rows has a gold answer" if left_out else "it has no rows"
        raise DataError(f"{path}: there is nothing to sample for, {why}")
    return found, left_out


def seed_of(seed: int, role: str, problem: str) -> int:
    """48 bits (readers in JavaScript have 53), independent between problems and roles."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{role}/{problem}".encode()).digest()[:6], "big")


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Writes a data set whole or not at all; the number of its rows. Raises OSError."""
    with RowsFile(path) as file:
        for row in rows:
            file.write(row)
        file.keep()
    return file.rows
