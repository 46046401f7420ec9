"""The record and the report of a data set while it is made: what came in, what was dropped and why, what was chosen."""

from collections import Counter
from typing import Any

from ..report import Report, column, histogram
from ..worker import Stage
from .choose import Choice, Judged
from .intake import Dropped, Place, head
from .lengths import Lengths
from .settings import Settings, Source

STEPS = (
    ("Read", ("unreadable",)),
    ("Pass the filters", ("filter",)),
    ("Not in an evaluation set", ("contaminated",)),
    ("Sampled", ("not sampled",)),
    ("One a problem", ("duplicate",)),
    ("With a generation to keep", ("no generation", "no right generation", "too long")),
)
SHOWN = 200
"""Generations of a problem that its row lists, the shortest and those that were taken; every one is a trace of the problem."""
_IN_WORDS = {
    "shortest_correct": "the shortest right generation",
    "longest_correct": "the longest right generation",
    "first": "the first generation",
    "all": "every generation",
    None: "the first generation",
}


def _listed(parts: list[dict[str, Any]], measured: list[int], taken: list[int]) -> list[dict[str, Any]]:
    """By length; of more than SHOWN some of those that were not taken are left out, and that is said."""
    chosen = set(taken[:SHOWN])
    shortest = sorted(range(len(parts)), key=lambda i: (i not in chosen, measured[i]))[:SHOWN]
    listed = [parts[i] for i in sorted(shortest, key=lambda i: measured[i])]
    if more := len(parts) - len(listed):
        listed.append(
            {"label": f"{more:,} more", "text": "They are among the traces of this stage, under the same problem."}
        )
    return listed


class Summary:
    def __init__(self, stage: Stage, report: Report, settings: Settings, lengths: Lengths):
        self._stage, self._report, self._settings, self._lengths = stage, report, settings, lengths
        spec = stage.spec
        self._traces = f"{spec['run']}/{spec['stage']}/{spec['attempt']}"
        self._read: Counter[str] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._kept: Counter[str] = Counter()
        self._origins: Counter[str | None] = Counter()
        self._before: list[int] = []
        self._after: list[int] = []
        self._empty = 0
        self.golds_differ = 0
        self.rows = 0

    def read(self, source: str, dropped: Dropped | None) -> None:
        """A row was read. `dropped` may be an earlier one that lost its place in the sample."""
        self._read[source] += 1
        if dropped:
            self.drop(dropped)

    def source_read(self, source: Source, rows: int, empty: int) -> None:
        self._empty += empty
        bad = self._dropped[source.name, "unreadable"]
        if bad:
            said = f"{source.name}: {bad} of {rows} rows could not be read; the report lists each"
            self._stage.record.warn("rows_skipped", said)

    def drop(self, dropped: Dropped, parts: list[dict[str, Any]] | None = None) -> None:
        self._dropped[dropped.source, dropped.reason] += 1
        cells = {
            "problem": dropped.problem,
            "source": dropped.source,
            "reason": dropped.reason,
            "detail": dropped.detail,
            "file": dropped.file,
            "line": dropped.line,
        }
        self._report.row("dropped", cells | dropped.cells, parts=parts)
        if dropped.reason == "contaminated":
            hit = {k: dropped.cells[k] for k in ("ngram", "set", "set_line", "hit")}
            self._report.row(
                "contaminated", {"problem": dropped.problem, **hit, "file": dropped.file, "line": dropped.line}
            )

    def problem(self, place: Place, source: str, judged: Judged, choice: Choice) -> list[str]:
        """Records the generations of a problem as traces, and its row of the tables; the ids of the traces."""
        problem, record, lengths = judged.problem, self._stage.record, self._lengths
        traces, parts = [], []
        name = record.problem(problem.problem, judged.gold, source_id=problem.source_id, gold_origin=judged.origin)
        measured = [lengths.of(c) for c in problem.candidates]
        for number, candidate in enumerate(problem.candidates):
            trace = record.trace_begin(name, sample=number, set=self._settings.output, model=source)
            record.trace_text(trace, candidate.text)
            answer = judged.answers[number]
            facts = {
                "tokens": candidate.tokens,
                "tokens_exact": lengths.exact if candidate.tokens is not None else None,
                "answer": answer and answer.fact(candidate.text),
                "verdict": candidate.verdict,
            }
            record.trace_end(trace, facts)
            traces.append(f"{self._traces}/{trace}")
            parts.append(
                {
                    "label": f"{measured[number]:,} {lengths.unit}",
                    "trace": traces[-1],
                    "tone": "chosen" if number in choice.taken else "dropped",
                    "answer": answer and answer.text[:200],
                    "verdict": candidate.verdict["value"] if candidate.verdict else "none",
                    "tokens": candidate.tokens,
                }
            )
        self._before += measured
        self._row(place, source, judged, choice, _listed(parts, measured, choice.taken), measured, traces)
        return traces

    def _row(
        self,
        place: Place,
        source: str,
        judged: Judged,
        choice: Choice,
        parts: list[dict[str, Any]],
        measured: list[int],
        traces: list[str],
    ) -> None:
        label = head(judged.problem.problem)
        right, n = len(judged.right), len(measured)
        one = choice.taken[0] if choice.taken else None
        cells = {
            "problem": label,
            "source": source,
            "answer": judged.gold,
            "answer_origin": judged.origin,
            "generations": n,
            "right": right,
            "lengths": {"values": measured, "chosen": one},
            "kept": choice.kept or None,
            "reason": choice.reason or None,
            "file": place.file,
            "line": place.line,
            "problem_id": place.key,
        }
        self._report.row("problems", cells, trace=None if one is None else traces[one], parts=parts)
        if choice.reason:
            more = {"problem_id": place.key}
            self.drop(Dropped(choice.reason, choice.detail, source, place.file, place.line, label, more), parts)
            return
        self._origins[judged.origin] += 1
        self._kept[source] += 1
        for taken in choice.taken or [None]:
            self.rows += 1
            length = None if taken is None else measured[taken]
            if length is not None:
                self._after.append(length)
            cells = {
                "problem": label,
                "source": source,
                "answer": judged.gold,
                "answer_origin": judged.origin,
                "length": length,
                "kept": choice.kept,
                "file": place.file,
                "line": place.line,
            }
            self._report.row("rows", cells, trace=None if taken is None else traces[taken])

    def write_soon(self) -> None:
        if self._report.due:
            self.end()

    def end(self) -> None:
        self._blocks()
        self._report.write()

    def in_words(self) -> str:
        dropped = Counter()
        for (_, reason), n in self._dropped.items():
            dropped[reason] += n
        said = ", ".join(f"{n:,} {reason}" for reason, n in dropped.most_common())
        return f"{self._read.total():,} rows read; dropped: {said or 'none'}. The report lists each row and why."

    def _blocks(self) -> None:
        put = self._report.block
        put(self._figures())
        put(
            {
                "type": "bars",
                "title": "Sources",
                "unit": "rows",
                "bars": [self._bar(s.name) for s in self._settings.sources],
            }
        )
        put(self._funnel())
        unit = self._lengths.unit
        put(
            histogram(
                "Lengths",
                unit,
                {"all generations": self._before, "taken": self._after},
                note=f"Before and after the choice, of the problems that reached it; counted by {self._lengths.by}.",
            )
        )
        columns = [
            column("problem", "Problem"),
            column("source", "Source"),
            column("answer", "Answer"),
            column("answer_origin", "Answer from"),
            column("generations", "Generations", "number"),
            column("right", "Right", "number"),
            column("lengths", f"Lengths ({unit})", "lengths"),
            column("kept", "Kept because"),
            column("reason", "Dropped because"),
        ]
        put({"type": "table", "title": "Problems and their generations", "table": "problems", "columns": columns})
        columns = [
            column("problem", "Problem"),
            column("source", "Source"),
            column("answer", "Answer"),
            column("length", f"Length ({unit})", "number"),
            column("kept", "Kept because"),
            column("file", "File"),
            column("line", "Row", "number"),
        ]
        put({"type": "table", "title": f"Rows of {self._settings.output}", "table": "rows", "columns": columns})
        if self._report.count("dropped"):
            columns = [
                column("problem", "Problem"),
                column("source", "Source"),
                column("reason", "Dropped because"),
                column("detail", "Rule"),
                column("file", "File"),
                column("line", "Row", "number"),
            ]
            put({"type": "table", "title": "Dropped", "table": "dropped", "columns": columns})
        if self._report.count("contaminated"):
            columns = [
                column("problem", "Problem"),
                column("ngram", "Words that both have"),
                column("set", "Evaluation set"),
                column("set_line", "Its row", "number"),
                column("hit", "Its problem"),
            ]
            note = (
                "The words that hit may be a phrase that many problems share: look at them before you trust the number."
            )
            title = "In an evaluation set"
            put({"type": "table", "title": title, "table": "contaminated", "columns": columns, "note": note})

    def _figures(self) -> dict[str, Any]:
        n = self._kept.total()
        mean = round(sum(self._after) / len(self._after), 1) if self._after else None
        items: list[dict[str, Any]] = [
            {"label": "Rows", "value": self.rows, "rows": {"table": "rows"}},
            {"label": "Mean length", "value": mean, "unit": self._lengths.unit},
            {
                "label": "Answers taken from a generation",
                "value": self._origins["trace"],
                "rows": {"table": "rows", "where": {"answer_origin": "trace"}},
            },
            {
                "label": "Without an answer",
                "value": self._origins[None],
                "rows": {"table": "rows", "where": {"answer_origin": None}},
            },
        ]
        if self._settings.deduplicate:
            rows = {"table": "dropped", "where": {"other_answer": True}}
            items.append({"label": "Duplicates with another answer", "value": self.golds_differ, "rows": rows})
        if self._empty:
            items.append({"label": "Generations without a text", "value": self._empty})
        chosen = _IN_WORDS[self._settings.choose]
        key = (
            "Duplicates are rows whose normalised problem text has the same hash (`problem_id`). "
            if self._settings.deduplicate
            else ""
        )
        return {
            "type": "figures",
            "title": "Result",
            "items": items,
            "note": f"{key}Of each problem {chosen} is taken ({n:,} problems).",
        }

    def _bar(self, source: str) -> dict[str, Any]:
        parts = [{"label": "kept", "n": self._kept[source], "rows": {"table": "rows", "where": {"source": source}}}]
        for _, reasons in STEPS:
            for reason in reasons:
                if n := self._dropped[source, reason]:
                    rows = {"table": "dropped", "where": {"source": source, "reason": reason}}
                    parts.append({"label": reason, "n": n, "rows": rows})
        return {"label": f"{source} ({self._read[source]:,})", "parts": parts}

    def _funnel(self) -> dict[str, Any]:
        left = self._read.total()
        steps: list[dict[str, Any]] = [{"label": "Rows of the sources", "n": left}]
        for label, reasons in STEPS:
            dropped = []
            for reason in reasons:
                n = sum(self._dropped[s.name, reason] for s in self._settings.sources)
                if n:
                    where = {"reason": reason}
                    dropped.append({"reason": reason, "n": n, "rows": {"table": "dropped", "where": where}})
                left -= n
            if dropped:
                steps.append({"label": label, "n": left, "dropped": dropped})
        steps.append({"label": f"Rows of {self._settings.output}", "n": self.rows, "rows": {"table": "rows"}})
        return {"type": "funnel", "title": "From the sources to the data set", "steps": steps}
