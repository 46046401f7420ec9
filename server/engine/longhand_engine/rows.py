"""Lines of data sets: a user's as problem, prompt, answer and completion (what shapes are taken, and what is wrong with the rest),
and the files that stages leave."""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from .errors import DataError
from .texts import clean_text

LONGEST = 64 * 2**20
"""Bytes of one line; a longer one is no row of text."""
_IDS = ("source_id", "id", "problem_id", "uuid")
_ANSWERS = ("answer", "gold", "ground_truth")


class RowsFile:
    """A data set that is being written: it stands under its name only once it is whole (`keep`). Raises OSError."""

    def __init__(self, path: Path):
        path.parent.mkdir(exist_ok=True)
        self._path, self._temporary, self.rows = path, path.with_suffix(".tmp"), 0
        self._file = self._temporary.open("w", encoding="utf-8")

    def __enter__(self) -> "RowsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, row: dict[str, Any]) -> None:
        # A file's name may hold what is no Unicode, and stands in the rows that came from it.
        self._file.write(clean_text(json.dumps(row, ensure_ascii=False)) + "\n")
        self.rows += 1

    def keep(self) -> None:
        """Gives the file its name; nothing is written after it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self._path)


def json_row(line: bytes, where: str) -> dict[str, Any]:
    """One line as a JSON object. Raises DataError that begins with `where`."""
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: not a JSON object")
    return row


@dataclass(frozen=True)
class FoundRow:
    """`prompt` are the messages up to the completion; `problem` is the text of the user turn that asks."""

    problem: str
    prompt: list[dict[str, str]]
    answer: str | None
    completion: str | None
    source_id: str | None
    answer_origin: str | None = None
    """Where the answer comes from (`origin_of`)."""


def origin_of(row: dict[str, Any], answer: str | None) -> str | None:
    """Where the answer of a row comes from, as another stage has marked it: `given`, `trace` or `joined`; None without one."""
    said = row.get("answer_origin")
    return None if answer is None else said if said in ("trace", "joined") else "given"


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of `file`; of one that is longer than LONGEST a little more than that is kept, and the rest passed over."""
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
        yield line


def normalise_row(line: bytes) -> FoundRow:
    """Reads one line. Raises ValueError that says what is wrong in words for the user.

    `problem` is a text; `prompt` a text or a list of messages; `completion` a text or a list of one assistant message.
    `answer` (or `gold`, `ground_truth`) may be a text or a number.
    """
    if len(line) > LONGEST:
        raise ValueError(f"longer than {LONGEST >> 20} MiB")
    try:
        row = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if row.get("problem") is None and row.get("prompt") is None:
        raise ValueError("neither `problem` nor `prompt`")
    prompt = as_messages(row["prompt"], "prompt", "user") if row.get("prompt") is not None else None
    problem = as_text(row["problem"], "problem") if row.get("problem") is not None else _last_user(prompt)
    if not problem.strip():
        raise ValueError("the problem is empty")
    answer = next((as_scalar(row[k], k) for k in _ANSWERS if row.get(k) is not None), None)
    return FoundRow(
        problem,
        prompt or [{"role": "user", "content": problem}],
        answer,
        _completion(row.get("completion")),
        next((as_scalar(row[k], k) for k in _IDS if row.get(k) is not None), None),
        origin_of(row, answer),
    )


def as_text(value: Any, key: str) -> str:
    """Raises ValueError that names `key` for what is no text."""
    if not isinstance(value, str):
        raise ValueError(f"`{key}` is not a text but {_kind(value)}")
    return clean_text(value)


def as_scalar(value: Any, key: str) -> str:
    """A text or a finite number as a text (`2.0` as `2`). Raises ValueError that names `key` for anything else."""
    if isinstance(value, Decimal) and value.is_finite():  # Parquet has them
        return format(value.normalize(), "f")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"`{key}` is neither a text nor a number but {_kind(value)}")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"`{key}` is not a finite number")
        if value.is_integer() and abs(value) < 2**53:
            value = int(value)
    return clean_text(str(value))


def as_messages(value: Any, key: str, role: str) -> list[dict[str, str]]:
    """A list of messages, or a text as one message of `role`. Raises ValueError that names `key` for anything else."""
    if isinstance(value, str):
        return [{"role": role, "content": clean_text(value)}]
    if not isinstance(value, list) or not value:
        raise ValueError(f"`{key}` is neither a text nor a list of messages but {_kind(value)}")
    found = []
    for message in value:
        if not isinstance(message, dict) or not all(isinstance(message.get(k), str) for k in ("role", "content")):
            raise ValueError(f"a message of `{key}` lacks `role` or `content`")
        found.append({k: clean_text(message[k]) for k in ("role", "content")})
    return found


def _last_user(prompt: list[dict[str, str]] | None) -> str:
    asked = [m["content"] for m in prompt or [] if m["role"] == "user"]
    if not asked:
        raise ValueError("`prompt` has no message of the user")
    return asked[-1]


def _completion(value: Any) -> str | None:
    if value is None:
        return None
    messages = as_messages(value, "completion", "assistant")
    if len(messages) != 1 or messages[0]["role"] != "assistant":
        raise ValueError("`completion` is not one message of the assistant")
    return messages[0]["content"]


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value)) or (
        "a number" if isinstance(value, (int, float)) else f"of type {type(value).__name__}"
    )
