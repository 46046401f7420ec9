"""Training rows from JSONL, in the forms that TRL knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..ids import problem_id
from ..rows import json_row, origin_of

Row = dict[str, Any]
_SFT_FORMS = (("prompt", "completion"), ("messages",), ("text",))


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """`(line number, row)` of every line that is not empty. Raises DataError that names file and line."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            yield number, json_row(line, f"{path}, line {number}")


@dataclass(frozen=True)
class SftRows:
    """`segmented`: whether any row is cut into segments, also where they were not asked for."""

    rows: list[Row]
    segmented: bool


def sft_rows(path: Path, by_segment: bool = False) -> SftRows:
    """Rows for SFTTrainer: `prompt` and `completion` (texts or lists of messages), or `messages`, or `text`.

    A row with a `problem` in place of the prompt asks it as the user. `source` is kept where a row has one, `segments` where
    they are asked for. Raises DataError for a row of none of these forms, and for a file whose rows are not all of one form.
    """
    rows, first, segmented = [], None, False
    for number, row in rows_of(path):
        segmented = segmented or bool(row.get("segments"))
        prompt = _prompt(row)
        full = {**row, "prompt": prompt} if prompt is not None else row
        form = next((f for f in _SFT_FORMS if all(full.get(k) for k in f)), None)
        if form is None:
            raise DataError(
                f"{path}, line {number}: a row to train on has `prompt` and `completion`, or `messages`, or `text`"
            )
        found = {k: full[k] for k in form}
        if "completion" in found and isinstance(prompt, list) and isinstance(found["completion"], str):
            found["completion"] = [{"role": "assistant", "content": found["completion"]}]
        shape = (form, *(type(v) for v in found.values()))
        first = first or (shape, number)
        if shape != first[0]:
            raise DataError(
                f"{path}: line {number} is not of the form of line {first[1]} ({' and '.join(first[0][0])})"
            )
        if isinstance(row.get("source"), str) and row["source"]:
            found["source"] = row["source"]
        if by_segment and row.get("segments"):
            found["segments"] = _segments(row["segments"], found.get("completion"), f"{path}, line {number}")
        rows.append(found)
    return SftRows(_some(rows, path), segmented)


def _segments(value: Any, completion: Any, where: str) -> list[Row]:
    """Raises DataError for what is no list of `{name, text, train}` whose texts joined are the completion."""
    if not isinstance(value, list) or not all(
        isinstance(s, dict)
        and isinstance(s.get("name"), str)
        and isinstance(s.get("text"), str)
        and isinstance(s.get("train"), bool)
        for s in value
    ):
        raise DataError(f"{where}: `segments` is a list of {{name, text, train}}, `train` true or false")
    if isinstance(completion, list):
        completion = completion[0].get("content") if len(completion) == 1 else None
    if "".join(s["text"] for s in value) != completion:
        raise DataError(f"{where}: the texts of `segments`, joined, are not the content of the one completion")
    return [{k: s[k] for k in ("name", "text", "train")} for s in value]


def grpo_rows(path: Path) -> list[Row]:
    """Rows for GRPOTrainer: `prompt`, `answer` (the gold, or None), `answer_origin`, `problem_id`, `problem`, `source_id`.

    Completions are left out.
    """
    rows = []
    for number, row in rows_of(path):
        prompt = _prompt(row)
        if not prompt:
            raise DataError(f"{path}, line {number}: a row has neither `prompt` nor `problem`")
        problem = row.get("problem")
        if not isinstance(problem, str):
            problem = prompt if isinstance(prompt, str) else _last_user(prompt)
        answer = row.get("answer")
        rows.append(
            {
                "prompt": prompt,
                "answer": None if answer is None else str(answer),
                "problem_id": problem_id(problem),
                "problem": problem,
                "answer_origin": origin_of(row, answer),
                "source_id": None if row.get("source_id") is None else str(row["source_id"]),
            }
        )
    return _some(rows, path)


def _prompt(row: Row) -> Any:
    prompt = row.get("prompt")
    if prompt is None and isinstance(row.get("problem"), str) and "messages" not in row and "text" not in row:
        return [{"role": "user", "content": row["problem"]}]
    return prompt


def _last_user(messages: list[Row]) -> str:
    return next(
        (str(m.get("content", "")) for m in reversed(messages) if m.get("role") == "user"),
        str(messages[-1].get("content", "")),
    )


def _some(rows: list[Row], path: Path) -> list[Row]:
    if not rows:
        raise DataError(f"{path} has no rows")
    return rows
