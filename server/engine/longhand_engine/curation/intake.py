"""The first pass: rows are read, filtered, compared with the evaluation sets and sampled; what is left goes to a spool file.

The sample is that of the smallest hashes of seed, source and row, so that it is drawn in one pass, does not depend on the
order of the work, and only rows that are (so far) in it are written to the spool.
"""

import hashlib
import heapq
import json
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from ..checker import Checker
from ..errors import DataError
from ..ids import problem_id
from .choose import judge_later
from .columns import Candidate, Problem, at
from .contamination import Contamination
from .expression import FieldError, nearest
from .lengths import Lengths
from .settings import COUNTED, FIELDS, JUDGED, Source, known_names
from .sources import Line, lines_of_source


@dataclass(frozen=True)
class Place:
    """A row that goes on to the second pass: where it came from, and where it stands in the spool."""

    key: str
    """Hash of the normalised problem."""
    source: int
    file: str
    line: int
    offset: int
    length: int


@dataclass(frozen=True)
class Dropped:
    """Why a row is not in the data set: `reason` in two words, `detail` in as many as it takes."""

    reason: str
    detail: str
    source: str
    file: str
    line: int
    problem: str
    cells: dict[str, Any]


class Spool:
    """Problems as lines of a file that is thrown away at the end."""

    def __init__(self, file: BinaryIO):
        self._file, self._end = file, 0

    def put(self, problem: Problem, column: str) -> tuple[int, int]:
        data = json.dumps({"column": column, **asdict(problem)}, ensure_ascii=False).encode()
        self._file.seek(self._end)
        self._file.write(data)
        place = (self._end, len(data))
        self._end += len(data)
        return place

    def get(self, place: Place) -> tuple[Problem, str]:
        """The problem, and the column of its flags."""
        self._file.seek(place.offset)
        found = json.loads(self._file.read(place.length))
        column = found.pop("column")
        candidates = [Candidate(**c) for c in found.pop("candidates")]
        return Problem(**found, candidates=candidates), column


@dataclass
class Intake:
    """Reads one source. `read` gives every row's fate; `places` has those that go on, in the order of the source."""

    source: Source
    number: int
    spool: Spool
    lengths: Lengths
    checker: Checker
    contamination: Contamination | None
    gold_from_trace: bool
    rows: int = 0
    empty: int = 0
    """Generations without a text."""

    def __post_init__(self) -> None:
        self._heap: list[tuple[int, int, Place, str]] = []
        self._all: list[Place] = []
        self._seen: set[str] = set()

    @property
    def places(self) -> list[Place]:
        return [p for _, _, p, _ in sorted(self._heap, key=lambda h: h[1])] if self.source.sample else self._all

    def read(self):
        """Yields what is dropped, and None for a row that goes on (a later one may still take its place in the sample).

        Raises DataError for a source that cannot be read, has no row, or has none of the fields that its filter names.
        """
        last: dict[str, Any] = {}
        for line in lines_of_source(self.source.config):
            self.rows += 1
            last = line.value or last
            yield self._take(line)
        missing = self.source.names - self._seen
        if missing and last:
            name = sorted(missing)[0]
            known = ", ".join(f"`{n}`" for n in dict.fromkeys([*FIELDS, *list(last)[:40]]))
            raise DataError(
                f"the filter of {self.source.name} names `{name}`, which no row has"
                f"{nearest(name, known_names(last))} There are {known}"
            )
        if not self.rows:
            raise DataError(f"{self.source.name}: {self.source.config.get('path')} has no row")

    def _take(self, line: Line) -> Dropped | None:
        if line.value is None:
            return self._drop("unreadable", line.problem or "", line)
        try:
            problem = self.source.columns.read(line.value)
            self.empty += problem.empty
            self.lengths.check(problem.candidates)
        except ValueError as error:
            return self._drop("unreadable", str(error), line)
        if dropped := self._filtered(problem, line) or self._contaminated(problem, line):
            return dropped
        return self._sampled(problem, line)

    def _filtered(self, problem: Problem, line: Line) -> Dropped | None:
        if not self.source.filters:
            return None
        fields = self._fields(problem, line)
        self._seen |= {n for n in self.source.names if n in FIELDS or at(line.value, n) is not None or n in line.value}

        def look(name: str) -> Any:
            return fields[name] if name in fields else at(line.value, name)

        for rule in self.source.filters:
            try:
                if rule(look):
                    continue
                values = ", ".join(f"{n} = {_shown(look(n))}" for n in sorted(rule.names))
                return self._drop("filter", f"{rule.text} ({values})", line, problem)
            except FieldError as error:
                return self._drop("filter", f"{rule.text} cannot be applied: {error}", line, problem)
        return None

    def _fields(self, problem: Problem, line: Line) -> dict[str, Any]:
        """By the names of FIELDS. `tokens` is that of the longest generation. Tokens are counted here only if they are asked for."""
        if self.source.names & COUNTED:
            self.lengths.count(problem.candidates)
        counts = [c.tokens for c in problem.candidates if c.tokens is not None]
        fields: dict[str, Any] = {
            "tokens": max(counts, default=None),
            "tokens_max": max(counts, default=None),
            "tokens_min": min(counts, default=None),
            "tokens_mean": sum(counts) / len(counts) if counts else None,
            "characters": max((len(c.text) for c in problem.candidates), default=None),
            "generations": len(problem.candidates),
            "problem": problem.problem,
            "answer": problem.gold,
            "id": problem.source_id,
            "line": line.line,
        }
        if self.source.names & JUDGED:
            fields |= self._judged(problem, line)
        return fields

    def _judged(self, problem: Problem, line: Line) -> dict[str, Any]:
        column = self.source.columns.name("correct", line.value or {}) or ""
        judged = judge_later(problem, self.checker, self.gold_from_trace, column)()
        n, right = len(problem.candidates), len(judged.right)
        known = any(c.verdict for c in problem.candidates)
        share = right / n if known else None
        return {
            "accuracy": problem.accuracy if problem.accuracy is not None else share,
            "correct": right if known else None,
        }

    def _contaminated(self, problem: Problem, line: Line) -> Dropped | None:
        hit = self.contamination and self.contamination.find(problem.problem)
        if not hit:
            return None
        what = "the same words" if hit.ngram.startswith("= ") else f"“{hit.ngram}”"
        detail = f"{what} in {hit.set}, row {hit.line}"
        cells = {"ngram": hit.ngram.removeprefix("= "), "set": hit.set, "set_line": hit.line, "hit": head(hit.problem)}
        return self._drop("contaminated", detail, line, problem, cells)

    def _sampled(self, problem: Problem, line: Line) -> Dropped | None:
        size, label = self.source.sample, head(problem.problem)
        said = f"{self.source.seed}/{self.source.name}/{self.rows}"
        priority = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big")
        if size and len(self._heap) == size and -self._heap[0][0] <= priority:
            return self._not_sampled(line.file, line.line, label)
        column = self.source.columns.name("correct", line.value or {}) or ""
        offset, length = self.spool.put(problem, column)
        place = Place(problem_id(problem.problem), self.number, line.file, line.line, offset, length)
        if not size:
            self._all.append(place)
            return None
        entry = (-priority, self.rows, place, label)
        if len(self._heap) < size:
            heapq.heappush(self._heap, entry)
            return None
        out = heapq.heapreplace(self._heap, entry)
        return self._not_sampled(out[2].file, out[2].line, out[3])

    def _not_sampled(self, file: str, line: int, label: str) -> Dropped:
        detail = f"sample of {self.source.sample:,}, seed {self.source.seed}"
        return Dropped("not sampled", detail, self.source.name, file, line, label, {})

    def _drop(
        self, reason: str, detail: str, line: Line, problem: Problem | None = None, cells: dict[str, Any] | None = None
    ) -> Dropped:
        text = head(problem.problem) if problem else ""
        return Dropped(reason, detail[:2000], self.source.name, line.file, line.line, text, cells or {})


def head(text: str) -> str:
    """The beginning of a problem, for a cell."""
    one = " ".join(text[:400].split())
    return one if len(one) <= 200 else one[:199] + "…"


def _shown(value: Any) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    said = str(value)
    return said if len(said) <= 60 else said[:59] + "…"
