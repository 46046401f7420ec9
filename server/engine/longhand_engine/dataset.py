"""Worker of `dataset` stages: `python -u -m longhand_engine.dataset <attempt-dir>`.

Writes `data/<name>.jsonl` in TRL's conversational form, from a task whose answers are computed, from the user's files as
they stand, or from sources that are filtered and chosen from (`curation/`). It imports no torch, so that it is done when
others still start.
"""

import random
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .curation.curate import curate
from .curation.intake import head
from .errors import ConfigError, DataError
from .ids import problem_id
from .report import Report, column, histogram
from .rows import RowsFile, lines_of, normalise_row
from .tiny.task import answer_of, problem_text, sample_problems, steps_of
from .tiny.traces import long_trace
from .worker import Stage, run_worker

Row = dict[str, Any]
# Bad rows of one file that are named one by one; the rest are counted.
NAMED = 20
TASKS = ("sums-mod-7",)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def make_data(stage: Stage) -> dict[str, str] | None:
    """All outputs of the stage, by name. Raises ConfigError and DataError."""
    task, files, sources = (stage.config.get(key) or {} for key in ("task", "files", "sources"))
    if not task and not files and not sources:
        raise ConfigError("a dataset stage needs `task`, `files` or `sources`")
    output = [str(stage.config.get("output") or "train")] if sources else []
    names = [*_parts(task), *files, *output]
    if both := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"two parts of this stage both make {', '.join(sorted(both))}: give one of them another name")
    if bad := [name for name in names if not _NAME.fullmatch(name)]:
        raise ConfigError(f"{bad[0]!r} is no name of a data set: letters, digits, - and _, at most 40")
    stage.record.state("running")
    report = Report(stage.dir, "dataset", record=stage.record)
    outputs = _made(stage, report) if task or files else {}
    if sources and not stage.stopping.is_set():
        path = curate(stage, report)
        outputs |= {} if path is None else {output[0]: path}
    return None if stage.stopping.is_set() else outputs


def _made(stage: Stage, report: Report) -> dict[str, str]:
    """The outputs of `task` and `files`."""
    task, files = stage.config.get("task"), stage.config.get("files") or {}
    outputs, counts, lengths = {}, {}, {}

    def told(name: str, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            counts[name] = counts.get(name, 0) + 1
            _tell(report, name, row, lengths)
            yield row

    try:
        for name, count in _parts(task).items():
            seed = int(task.get("seed", stage.spec["seed"]))
            outputs[name] = _write(stage, name, told(name, task_rows(name, count, seed)), count)
        for name, path in files.items():
            outputs[name] = _write(stage, name, told(name, _file_rows(stage, report, name, Path(path))), None)
    finally:
        _blocks(report, counts, lengths)
        report.write()
    return outputs


def _tell(report: Report, name: str, row: Row, lengths: dict[str, list[int]]) -> None:
    said = row["completion"][0]["content"] if "completion" in row else None
    if said is not None:
        lengths.setdefault(name, []).append(len(said))
    cells = {
        "set": name,
        "problem": head(row["problem"]),
        "answer": row["answer"],
        "source_id": row["source_id"],
        "length": None if said is None else len(said),
    } | row.get("from", {})
    report.row("made", cells, parts=None if said is None else [{"label": "completion", "text": said}])


def _blocks(report: Report, counts: dict[str, int], lengths: dict[str, list[int]]) -> None:
    items = [
        {"label": name, "value": n, "unit": "rows", "rows": {"table": "made", "where": {"set": name}}}
        for name, n in counts.items()
    ]
    report.block({"type": "figures", "title": "Data sets", "items": items})
    if lengths:
        report.block(histogram("Lengths of the completions", "characters", lengths))
    columns = [
        column("set", "Data set"),
        column("problem", "Problem"),
        column("answer", "Answer"),
        column("source_id", "Id"),
        column("length", "Length (characters)", "number"),
    ]
    report.block({"type": "table", "title": "Rows", "table": "made", "columns": columns})
    if report.count("unread"):
        columns = [column("detail", "What is wrong"), column("file", "File"), column("line", "Line", "number")]
        report.block({"type": "table", "title": "Left out", "table": "unread", "columns": columns})


def _parts(task: Row | None) -> dict[str, int]:
    if not task:
        return {}
    if task.get("builtin") not in TASKS:
        raise ConfigError(f"no task {task.get('builtin')!r}; there are: {', '.join(TASKS)}")
    return {name: int(task[name]) for name in ("train", "dev", "test", "fresh") if task.get(name)}


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


def _file_rows(stage: Stage, report: Report, name: str, path: Path) -> Iterator[Row]:
    """The rows of one JSONL file; those that cannot be read are named in a `warn` event, and all of them in the report."""
    named: list[str] = []
    bad = good = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(lines_of(file), 1):
                if not line.strip():
                    continue
                try:
                    found = normalise_row(line)
                except ValueError as error:
                    bad += 1
                    if bad <= NAMED:
                        named.append(f"line {number}: {error}")
                    cells = {"set": name, "detail": str(error)[:2000], "file": str(path), "line": number}
                    report.row("unread", cells)
                    continue
                good += 1
                source_id = found.source_id or f"{path.name}:{number}"
                row = make_row(found.problem, found.answer, source_id, found.completion, found.prompt)
                yield row | {"from": {"file": str(path), "line": number}}
    except OSError as error:
        raise DataError(f"{name}: {path} cannot be read: {error.strerror}") from error
    if bad:
        more = f"\n… and {bad - NAMED} more" if bad > NAMED else ""
        listed = "\n".join(named)
        stage.record.warn("rows_skipped", f"{path}: {bad} of {good + bad} rows left out\n{listed}{more}")
    if not good:
        raise DataError(f"{name}: {path} has no row that can be read" + (f"; {named[0]}" if bad else ": it is empty"))


def _write(stage: Stage, name: str, rows: Iterable[Row], total: int | None) -> str:
    """Writes the rows whole or not at all; the path relative to the attempt's folder."""
    relative = f"data/{name}.jsonl"
    with RowsFile(stage.dir / relative) as file:
        for row in rows:
            file.write(row)
            if file.rows % 1000 == 0:
                stage.record.progress(file.rows, total, "rows")
                if stage.stopping.is_set():
                    break
        file.keep()
    stage.record.progress(file.rows, total or file.rows, "rows")
    return relative


if __name__ == "__main__":
    sys.exit(run_worker(make_data))
