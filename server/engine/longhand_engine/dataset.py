"""Worker of `dataset` stages: `python -u -m longhand_engine.dataset <attempt-dir>`.

Writes `data/<name>.jsonl` in TRL's conversational form, from a task whose answers are computed or from the user's files.
It imports no torch, so that it is done when others still start.
"""

import json
import os
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import ConfigError, DataError
from .ids import problem_id
from .rows import lines_of, normalise_row
from .tiny.task import answer_of, problem_text, sample_problems, steps_of
from .tiny.traces import long_trace
from .worker import Stage, run_worker

Row = dict[str, Any]
# Bad rows of one file that are named one by one; the rest are counted.
NAMED = 20
TASKS = ("sums-mod-7",)


def make_data(stage: Stage) -> dict[str, str] | None:
    """All outputs of the stage, by name. Raises ConfigError and DataError."""
    task, files = stage.config.get("task"), stage.config.get("files") or {}
    if not task and not files:
        raise ConfigError("a dataset stage needs `task` or `files`")
    if both := set(_parts(task)) & set(files):
        raise ConfigError(f"`files` and `task` both make {', '.join(sorted(both))}: give one of them another name")
    stage.record.state("running")
    outputs = {}
    for name, count in _parts(task).items():
        seed = int(task.get("seed", stage.spec["seed"]))
        outputs[name] = _write(stage, name, task_rows(name, count, seed), count)
    for name, path in files.items():
        outputs[name] = _write(stage, name, _file_rows(stage, name, Path(path)), None)
    return None if stage.stopping.is_set() else outputs


def _parts(task: Row | None) -> dict[str, int]:
    if not task:
        return {}
    if task.get("builtin") not in TASKS:
        raise ConfigError(f"no task {task.get('builtin')!r}; there are: {', '.join(TASKS)}")
    return {name: int(task[name]) for name in ("train", "dev", "test") if task.get(name)}


def task_rows(name: str, count: int, seed: int) -> Iterator[Row]:
    """Rows of the built-in task; `name` is the pool. Only `train` has completions: long worked answers.

    Raises DataError where the pool has fewer than `count` problems.
    """
    try:
        problems = sample_problems(name, count, seed)
    except ValueError as error:
        raise DataError(str(error)) from error
    rng = random.Random(f"{seed}/traces")
    for number, problem in enumerate(problems):
        completion = long_trace(steps_of(problem), rng) if name == "train" else None
        yield make_row(problem_text(problem), str(answer_of(problem)), f"{name}-{number}", completion)


def make_row(
    problem: str, answer: str | None, source_id: str, completion: str | None, prompt: list[Row] | None = None
) -> Row:
    row: Row = {"prompt": prompt or [{"role": "user", "content": problem}]}
    if completion is not None:
        row["completion"] = [{"role": "assistant", "content": completion}]
    return row | {"answer": answer, "problem_id": problem_id(problem), "problem": problem, "source_id": source_id}


def _file_rows(stage: Stage, name: str, path: Path) -> Iterator[Row]:
    """The rows of one JSONL file; those that cannot be read are named in `warn` events and counted."""
    bad: list[str] = []
    good = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(lines_of(file), 1):
                if not line.strip():
                    continue
                try:
                    found = normalise_row(line)
                except ValueError as error:
                    bad.append(f"line {number}: {error}")
                    continue
                good += 1
                yield make_row(
                    found.problem,
                    found.answer,
                    found.source_id or f"{path.name}:{number}",
                    found.completion,
                    found.prompt,
                )
    except OSError as error:
        raise DataError(f"{name}: {path} cannot be read: {error.strerror}") from error
    if bad:
        more = f"\n… and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        listed = "\n".join(bad[:NAMED])
        stage.record.warn("rows_skipped", f"{path}: {len(bad)} of {good + len(bad)} rows left out\n{listed}{more}")
    if not good:
        raise DataError(f"{name}: {path} has no row that can be read" + (f"; {bad[0]}" if bad else ": it is empty"))


def _write(stage: Stage, name: str, rows: Iterable[Row], total: int | None) -> str:
    """Writes the rows whole or not at all; the path relative to the attempt's folder."""
    relative = f"data/{name}.jsonl"
    path = stage.dir / relative
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".tmp")
    count = 0
    with temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            if count % 1000 == 0:
                stage.record.progress(count, total, "rows")
                if stage.stopping.is_set():
                    break
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    stage.record.progress(count, total or count, "rows")
    return relative


if __name__ == "__main__":
    sys.exit(run_worker(make_data))
