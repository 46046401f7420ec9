"""Sources become a data set: first pass (`intake.py`), then problem by problem: duplicates joined, judged, chosen, written."""

import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..checker import Checker
from ..errors import DataError
from ..report import Report
from ..rows import RowsFile
from ..worker import Stage
from .choose import Choice, Judged, choose, forget, judge_later
from .columns import Columns, Problem
from .contamination import Contamination
from .intake import Dropped, Intake, Place, Spool, head
from .lengths import Lengths
from .settings import Settings, Source
from .sources import lines_of_source
from .summary import Summary

_AHEAD = 32
"""Problems whose candidates are judged at the same time."""
_PROGRESS_S = 0.5
Row = dict[str, Any]


def curate(stage: Stage, report: Report) -> str | None:
    """Writes `data/<output>.jsonl` and returns its path, or None where it was stopped. Raises ConfigError and DataError."""
    settings = Settings.read(stage.config, int(stage.spec["seed"]))
    lengths = Lengths(settings.tokenizer, settings.counted)
    summary = Summary(stage, report, settings, lengths)
    # An attempt that was killed leaves its spool.
    for old in stage.dir.parent.glob("attempt-*/spool.tmp"):
        old.unlink(missing_ok=True)
    path = stage.dir / "spool.tmp"
    try:
        with Checker(workers=max(1, min(4, (os.cpu_count() or 1) - 1))) as checker, path.open("wb+") as file:
            return _Work(stage, settings, lengths, checker, Spool(file), summary).run()
    finally:
        path.unlink(missing_ok=True)


class _Work:
    def __init__(
        self, stage: Stage, settings: Settings, lengths: Lengths, checker: Checker, spool: Spool, summary: Summary
    ):
        self._stage, self._settings, self._lengths = stage, settings, lengths
        self._checker, self._spool, self._summary = checker, spool, summary
        self._told = 0.0

    def run(self) -> str | None:
        places = self._read_all()
        if places is None:
            return None
        groups = self._grouped(places)
        relative = f"data/{self._settings.output}.jsonl"
        done = 0
        with RowsFile(self._stage.dir / relative) as file:
            for group, judged in self._judged(groups):
                for row in self._rows(group, judged):
                    file.write(row)
                done += 1
                self._tell(done, len(groups), "problems")
                if self._stage.stopping.is_set():
                    return None
            self._summary.end()
            self._tell(done, len(groups), "problems", now=True)
            if not self._summary.rows:
                raise DataError(f"{self._settings.output}: no row is left. {self._summary.in_words()}")
            file.keep()
        return relative

    def _read_all(self) -> list[Place] | None:
        contamination = _contamination(self._settings)
        places: list[Place] = []
        read = 0
        for number, source in enumerate(self._settings.sources):
            intake = Intake(
                source,
                number,
                self._spool,
                self._lengths,
                self._checker,
                contamination,
                self._settings.gold_from_trace,
            )
            for dropped in intake.read():
                read += 1
                self._summary.read(source.name, dropped)
                self._tell(read, None, "rows")
                if self._stage.stopping.is_set():
                    return None
            self._summary.source_read(source, intake.rows, intake.empty)
            places += intake.places
        self._tell(read, read, "rows", now=True)
        return places

    def _grouped(self, places: list[Place]) -> list[list[Place]]:
        """Places of one problem together, in the order of their first."""
        if not self._settings.deduplicate:
            return [[place] for place in places]
        groups: dict[str, list[Place]] = {}
        for place in places:
            groups.setdefault(place.key, []).append(place)
        return list(groups.values())

    def _judged(self, groups: list[list[Place]]) -> Iterator[tuple[list[Place], Judged]]:
        """In order; the checker works on some problems ahead."""
        waiting: list[tuple[list[Place], Callable[[], Judged]]] = []
        rest = iter(groups)
        while True:
            for group in islice(rest, _AHEAD - len(waiting)):
                problem, column = self._joined(group)
                waiting.append((group, judge_later(problem, self._checker, self._settings.gold_from_trace, column)))
            if not waiting:
                return
            group, later = waiting.pop(0)
            yield group, later()

    def _joined(self, group: list[Place]) -> tuple[Problem, str]:
        """The first row, with the generations of all; the gold is the first one that there is.

        What was right by another gold is judged again by that one.
        """
        problem, column = self._spool.get(group[0])
        texts = {c.text for c in problem.candidates}
        own = [(problem.gold, problem.candidates)]
        for place in group[1:]:
            other, _ = self._spool.get(place)
            new = [c for c in other.candidates if c.text not in texts]
            own.append((other.gold, new))
            texts |= {c.text for c in new}
            problem.candidates += new
            differs = bool(other.gold and problem.gold and other.gold.strip() != problem.gold.strip())
            self._summary.golds_differ += differs
            if problem.gold is None:
                problem.gold, problem.origin = other.gold, other.origin
            detail = (
                f"the problem of {group[0].file}, row {group[0].line}; {len(new)} of its generations are candidates"
            )
            detail += f"; its answer is another one: {other.gold[:200]}" if differs else ""
            name = self._settings.sources[place.source].name
            text, more = head(other.problem), {"problem_id": place.key, "other_answer": differs}
            self._summary.drop(Dropped("duplicate", detail, name, place.file, place.line, text, more))
        for gold, candidates in own:
            if gold != problem.gold:
                forget(candidates, flags=gold is not None)
        self._lengths.count(problem.candidates)
        return problem, column

    def _rows(self, group: list[Place], judged: Judged) -> Iterator[Row]:
        settings, lengths = self._settings, self._lengths
        place, problem = group[0], judged.problem
        source = settings.sources[place.source]
        choice = choose(judged, settings.choose, lengths.of, lengths.unit, settings.most)
        traces = self._summary.problem(place, source.name, judged, choice)
        if choice.reason:
            return
        for taken in choice.taken or [None]:
            yield self._row(place, source, problem, judged, choice, taken, traces)

    def _row(
        self,
        place: Place,
        source: Source,
        problem: Problem,
        judged: Judged,
        choice: Choice,
        taken: int | None,
        traces: list[str],
    ) -> Row:
        prompt = problem.prompt
        if self._settings.system is not None:
            others = [m for m in prompt if m["role"] != "system"]
            prompt = [{"role": "system", "content": self._settings.system}, *others]
        row: Row = {"prompt": prompt}
        if taken is not None:
            row["completion"] = [{"role": "assistant", "content": problem.candidates[taken].text}]
        row |= {"problem": problem.problem, "problem_id": place.key, "answer": judged.gold}
        if judged.origin:
            row["answer_origin"] = judged.origin
        row |= {"source_id": problem.source_id, "source": source.name}
        if taken is not None and self._lengths.unit == "tokens":
            row["tokens"] = problem.candidates[taken].tokens
        row["from"] = {"file": place.file, "line": place.line}
        if taken is not None:
            row["from"]["traces"] = [traces[taken]]
        return row | {"kept": choice.kept}

    def _tell(self, done: int, total: int | None, unit: str, now: bool = False) -> None:
        if now or time.monotonic() - self._told >= _PROGRESS_S:
            self._told = time.monotonic()
            self._stage.record.progress(done, total, unit)
            self._summary.write_soon()


def _contamination(settings: Settings) -> Contamination | None:
    """Raises DataError for an evaluation set that cannot be read to its last row: a hole in it would be one here."""
    if not settings.against:
        return None
    found = Contamination(settings.ngram)
    for name, path in settings.against.items():
        problems = []
        for line in lines_of_source({"path": path}):
            try:
                if line.value is None:
                    raise ValueError(line.problem)
                problems.append((name, line.line, Columns({}).read(line.value).problem))
            except ValueError as error:
                raise DataError(f"{Path(path)}, row {line.line}: {error}") from error
        try:
            found.add(problems)
        except ValueError as error:
            raise DataError(f"decontaminate against {name}: {error}") from error
    return found
