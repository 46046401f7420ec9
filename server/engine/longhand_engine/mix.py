"""Worker of `mix` stages: `python -u -m longhand_engine.mix <attempt-dir>`.

The union of data sets. Of each source the first `limit` rows (in an order drawn by `seed`) are taken `weight` times: whole
copies for the whole part of it, and for the rest rows drawn without repetition, so that the number of rows is the product,
rounded. A source's `marker` is put, as it stands, at the end of the last user message of its prompts; `problem`, by which
completions are graded and compared, stays without it.
"""

import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .curation.intake import head
from .errors import ConfigError, DataError
from .ids import problem_id
from .report import Report, column, histogram
from .rows import LONGEST, RowsFile, json_row, lines_of
from .worker import Stage, run_worker

Row = dict[str, Any]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_STAGE = re.compile(r"stages/([^/]+)/attempt-\d+/data/([^/]+)\.jsonl$")


@dataclass
class Source:
    """`places` are offset, length and line number of its rows in the file."""

    path: Path
    name: str
    named: bool
    """The recipe gives the name: then it stands in every row, in place of the row's own `source`."""
    marker: str | None
    weight: float
    limit: int | None
    places: list[tuple[int, int, int]] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)
    taken: list[tuple[int, int, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def take(self, rng: random.Random) -> None:
        """Draws which rows are taken, in `taken`."""
        rows = rng.sample(self.places, len(self.places))[: self.limit]
        wanted = round(self.weight * len(rows))
        copies, rest = divmod(wanted, len(rows))
        self.taken = rows * copies + rng.sample(rows, rest)


def mix(stage: Stage) -> dict[str, str] | None:
    """Raises ConfigError and DataError."""
    config = stage.config
    output = str(config.get("output") or "train")
    if not _NAME.fullmatch(output):
        raise ConfigError(f"{output!r} is no name of a data set: letters, digits, - and _, at most 40")
    sources = [_source(given, number) for number, given in enumerate(config.get("sources") or [])]
    if not sources:
        raise ConfigError("a mix stage needs `sources`")
    if twice := [n for n, times in Counter(s.name for s in sources).items() if times > 1]:
        raise ConfigError(f"two sources are named {twice[0]}; give each its own `name`")
    stage.record.state("running")
    report = Report(stage.dir, "mix", record=stage.record)
    rng = random.Random(int(config.get("seed", stage.spec["seed"])))
    for source in sources:
        _index(source)
        source.take(rng)
    order = [(source, place) for source in sources for place in source.taken]
    if not order:
        raise DataError("every weight is so small that no row is taken")
    if config.get("shuffle", True):
        rng.shuffle(order)
    relative = f"data/{output}.jsonl"
    if not _write(stage, report, order, stage.dir / relative):
        return None
    _blocks(report, sources, output)
    report.write()
    stage.record.progress(len(order), len(order), "rows")
    return {output: relative}


def _source(given: Row, number: int) -> Source:
    if not given.get("data"):
        raise ConfigError(f"source {number + 1} needs `data`")
    path = Path(given["data"])
    made = _STAGE.search(path.as_posix())
    weight, limit = float(given.get("weight", 1)), given.get("limit")
    if not 0 < weight <= 1000:
        raise ConfigError(f"the weight of source {number + 1} is above 0 and at most 1000, not {weight:g}")
    if limit is not None and int(limit) < 1:
        raise ConfigError(f"the limit of source {number + 1} is a whole number above 0, not {limit}")
    return Source(
        path,
        str(given.get("name") or (made.group(1) if made else path.stem)),
        bool(given.get("name")),
        given.get("marker") or None,
        weight,
        None if limit is None else int(limit),
    )


def _index(source: Source) -> None:
    """Finds and checks every row. Raises DataError that names the line: what is mixed has no holes."""
    offset = 0
    try:
        with source.path.open("rb") as file:
            for number, line in enumerate(lines_of(file), 1):
                if len(line) > LONGEST:
                    raise DataError(f"{source.path}, line {number}: longer than {LONGEST >> 20} MiB")
                if line.strip():
                    row = json_row(line, f"{source.path}, line {number}")
                    source.problems.add(_marked(row, source, number)["problem_id"])
                    source.places.append((offset, len(line), number))
                offset += len(line)
    except OSError as error:
        raise DataError(f"{source.path} cannot be read: {error.strerror}") from error
    if not source.places:
        raise DataError(f"{source.path} has no rows")


def _marked(row: Row, source: Source, number: int) -> Row:
    """The row with its prompt as messages, the marker at the end of the last one of the user, and its source's name."""
    where = f"{source.path}, line {number}"
    prompt, problem = row.get("prompt"), row.get("problem")
    if prompt is None and isinstance(problem, str):
        prompt = problem
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list) or not all(
        isinstance(m, dict) and isinstance(m.get("role"), str) and isinstance(m.get("content"), str) for m in prompt
    ):
        raise DataError(f"{where}: neither a `prompt` (a text or messages) nor a `problem`")
    asked = [i for i, m in enumerate(prompt) if m["role"] == "user"]
    if not asked:
        raise DataError(f"{where}: no message of `prompt` is the user's")
    if not isinstance(problem, str):
        problem = prompt[asked[-1]]["content"]
    found = row | {"prompt": prompt, "problem": problem, "problem_id": row.get("problem_id") or problem_id(problem)}
    if source.marker is not None:
        if row.get("marker"):
            raise DataError(f"{where}: the row has a marker already ({row['marker']!r})")
        last = prompt[asked[-1]]
        marked = last | {"content": last["content"] + source.marker}
        found |= {"prompt": [*prompt[: asked[-1]], marked, *prompt[asked[-1] + 1 :]], "marker": source.marker}
    if source.named or not isinstance(row.get("source"), str):
        found["source"] = source.name
    return found


def _write(stage: Stage, report: Report, order: list[tuple[Source, tuple[int, int, int]]], path: Path) -> bool:
    """Writes the rows whole or not at all; False where it was stopped."""
    files: dict[Path, BinaryIO] = {}
    seen: Counter[tuple[Path, int]] = Counter()
    try:
        with RowsFile(path) as out:
            for done, (source, (offset, length, number)) in enumerate(order):
                file = files.get(source.path) or files.setdefault(source.path, source.path.open("rb"))
                file.seek(offset)
                row = json_row(file.read(length), f"{source.path}, line {number}")
                row = _marked(row, source, number)
                out.write(row)
                seen[source.path, number] += 1
                _tell(report, source, row, number, seen[source.path, number])
                if done % 1000 == 0:
                    stage.record.progress(done, len(order), "rows")
                    if stage.stopping.is_set():
                        return False
            out.keep()
    finally:
        for file in files.values():
            file.close()
    return True


def _tell(report: Report, source: Source, row: Row, number: int, copy: int) -> None:
    completion = row.get("completion")
    said = completion[0].get("content") if isinstance(completion, list) and len(completion) == 1 else completion
    said = said if isinstance(said, str) else None
    if said is not None:
        source.lengths.append(len(said))
    asked = next(m["content"] for m in reversed(row["prompt"]) if m["role"] == "user")
    # Cut before the marker, so that it is seen at the end of a long problem as well.
    shown = asked.removesuffix(source.marker) if source.marker else asked
    cells = {
        "problem": head(row["problem"]),
        "source": source.name,
        "marker": (row.get("marker") or "").strip() or None,
        "answer": _cell(row.get("answer")),
        "length": None if said is None else len(said),
        "copy": copy,
        "line": number,
        "file": str(source.path),
    }
    parts: list[dict[str, Any]] = [{"label": "prompt", "text": shown, "tone": "plain"}]
    if source.marker:
        parts.append({"label": "marker", "text": source.marker, "tone": "chosen"})
    if said is not None:
        parts.append({"label": "completion", "text": said, "tone": "plain"})
    origin = row.get("from")
    traces = origin.get("traces") if isinstance(origin, dict) else None
    trace = traces[0] if isinstance(traces, list) and traces and isinstance(traces[0], str) else None
    report.row("rows", cells, trace=trace, parts=parts)


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)[:1000]


def _blocks(report: Report, sources: list[Source], output: str) -> None:
    common = len(set.intersection(*(s.problems for s in sources))) if len(sources) > 1 else 0
    items: list[dict[str, Any]] = [
        {"label": "Rows", "value": sum(len(s.taken) for s in sources), "rows": {"table": "rows"}},
        {"label": "Problems", "value": len(set().union(*(s.problems for s in sources)))},
    ]
    if len(sources) > 1:
        items.append({"label": "Problems that every source has", "value": common})
    report.block({"type": "figures", "title": "Result", "items": items})
    bars = [
        {
            "label": s.name,
            "parts": [{"label": s.name, "n": len(s.taken), "rows": {"table": "rows", "where": {"source": s.name}}}],
        }
        for s in sources
    ]
    report.block({"type": "bars", "title": "Rows of each source", "unit": "rows", "bars": bars})
    for s in sources:
        rows = min(len(s.places), s.limit or len(s.places))
        cells = {
            "source": s.name,
            "marker": s.marker,
            "file": str(s.path),
            "rows": len(s.places),
            "limit": s.limit,
            "weight": s.weight,
            "whole": len(s.taken) // rows,
            "rest": len(s.taken) % rows,
            "taken": len(s.taken),
        }
        report.row("sources", cells)
    columns = [
        column("source", "Source"),
        column("marker", "Marker"),
        column("rows", "Rows it has", "number"),
        column("limit", "Limit", "number"),
        column("weight", "Weight", "number"),
        column("whole", "Whole copies", "number"),
        column("rest", "Rows drawn beyond", "number"),
        column("taken", "Rows taken", "number"),
        column("file", "File"),
    ]
    note = "Rows taken are weight × the rows up to the limit, rounded: whole copies, and the rest drawn without repetition."
    report.block({"type": "table", "title": "Sources", "table": "sources", "columns": columns, "note": note})
    if any(s.lengths for s in sources):
        report.block(histogram("Lengths of the completions", "characters", {s.name: s.lengths for s in sources}))
    columns = [
        column("problem", "Problem"),
        column("source", "Source"),
        column("marker", "Marker"),
        column("answer", "Answer"),
        column("length", "Length (characters)", "number"),
        column("copy", "Copy", "number"),
        column("line", "Line", "number"),
    ]
    report.block({"type": "table", "title": f"Rows of {output}", "table": "rows", "columns": columns})


if __name__ == "__main__":
    sys.exit(run_worker(mix))
