"""The report of an `sft` stage: what carries loss, sample rows as the trainer sees them, how often each row is seen."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from ..report import Report, column
from ..worker import Stage

SHOWN = 40
"""Sample rows in the table, spread evenly over the data."""
HEAD = 60
"""Tokens of a row that stand in the table."""


class Tally:
    """Tokens that carry loss and tokens that do not, by part and by source."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.parts: dict[str, list[int]] = {}
        self.sources: dict[str, list[int]] = {}

    def add(self, parts: Iterable[tuple[str, bool, int]], source: str) -> None:
        """`parts`: name, whether trained, tokens."""
        self.rows[source] = self.rows.get(source, 0) + 1
        for name, trained, tokens in parts:
            for counts in (self.parts.setdefault(name, [0, 0]), self.sources.setdefault(source, [0, 0])):
                counts[trained] += tokens


def stretches(ids: list[int], labels: list[int], names: list[str]) -> list[tuple[str, bool, list[int]]]:
    """Neighbouring tokens of one part that all carry loss or all do not: name, trained, ids. `names` has one a token."""
    marked = zip(names, (label >= 0 for label in labels), ids, strict=True)
    grouped = groupby(marked, key=lambda token: token[:2])
    return [(name, trained, [token[2] for token in tokens]) for (name, trained), tokens in grouped]


def token_names(
    labels: list[int], parts: list[int] | None, names: list[str], lengths: list[int] | None = None
) -> list[str]:
    """The name of each token's part; without `parts`, what carries loss is the completion and what stands before it the prompt.

    `lengths`: of the rows that are packed into one sequence.
    """
    if parts is not None:
        return ["prompt" if part < 0 else names[part] for part in parts]
    found: list[str] = []
    for length in lengths or [len(labels)]:
        row = labels[len(found) : len(found) + length]
        first = next((i for i, label in enumerate(row) if label >= 0), length)
        found += ["prompt"] * first + ["completion"] * (length - first)
    return found


def sft_report(
    stage: Stage, trainer: Any, loss: str, left_out: list[tuple[int, str]], segment_names: list[str], sources: list[str]
) -> Report:
    """Made from the trainer's own data, so it shows what is trained and not what was meant. `left_out`: rows by number from 0, and why.

    Tables count from 1: `left_out` the rows of the file, `samples` those that are trained.
    """
    report = Report(stage.dir, "sft", record=stage.record)
    dataset, tokenizer = trainer.train_dataset, trainer.processing_class
    total = len(dataset)
    shown = {round(i * (total - 1) / max(1, min(SHOWN, total) - 1)) for i in range(min(SHOWN, total))}
    tally = Tally()
    for number, row in enumerate(dataset):
        ids, labels = row["input_ids"], row["labels"]
        names = token_names(labels, row.get("part_ids"), segment_names, row.get("seq_lengths"))
        found = stretches(ids, labels, names)
        source = sources[row["source_id"]] if sources and "source_id" in row else "all rows"
        tally.add(((name, trained, len(tokens)) for name, trained, tokens in found), source)
        if number in shown:
            trained = sum(len(tokens) for _, carries, tokens in found if carries)
            report.row(
                "samples",
                {
                    "row": number + 1,
                    "source": source,
                    "text": " ".join(tokenizer.decode(ids[:HEAD], skip_special_tokens=True).split()),
                    "tokens": len(ids),
                    "trained": trained,
                    "masked": len(ids) - trained,
                },
                parts=[
                    {
                        "label": name,
                        "text": tokenizer.decode(tokens, skip_special_tokens=False),
                        "tone": "trained" if carries else "masked",
                        "tokens": len(tokens),
                    }
                    for name, carries, tokens in found
                ],
            )
    for number, why in left_out:
        report.row("left_out", {"row": number + 1, "why": why})
    _figures(report, trainer, loss, tally, total, len(left_out))
    _bars(report, tally)
    note = f"{min(SHOWN, total)} of {total} rows, spread evenly." if total > SHOWN else ""
    columns = [column("row", "Row", "number")]
    columns += [column("source", "Source")] if len(tally.sources) > 1 else []
    columns += [column("text", "Begins with")]
    columns += [column(k, k.capitalize(), "number") for k in ("tokens", "trained", "masked")]
    report.block({"type": "table", "title": "Sample rows", "table": "samples", "columns": columns, "note": note})
    if left_out:
        columns = [column("row", "Row", "number"), column("why", "Why")]
        report.block({"type": "table", "title": "Rows left out or cut", "table": "left_out", "columns": columns})
    report.write()
    return report


def _figures(report: Report, trainer: Any, loss: str, tally: Tally, rows: int, noted: int) -> None:
    masked, trained = (sum(counts[i] for counts in tally.parts.values()) for i in (0, 1))
    arguments = trainer.args
    batch = arguments.train_batch_size * arguments.world_size
    batches = max(1, rows // batch if arguments.dataloader_drop_last else -(-rows // batch))
    per_epoch = max(1, -(-batches // arguments.gradient_accumulation_steps))
    epochs = arguments.max_steps / per_epoch if arguments.max_steps > 0 else arguments.num_train_epochs
    items = [
        {"label": "Loss on", "value": loss},
        {"label": "Rows" if not arguments.packing else "Packed sequences", "value": rows},
        {"label": "Tokens that carry loss", "value": trained},
        {"label": "Masked tokens", "value": masked},
        {"label": "Steps an epoch", "value": per_epoch},
        {"label": "Repeats of each row", "value": round(epochs, 2)},
    ]
    if noted:
        items.append({"label": "Rows left out or cut", "value": noted, "rows": {"table": "left_out"}})
    report.block({"type": "figures", "title": "What is trained", "items": items})


def _bars(report: Report, tally: Tally) -> None:
    def parts(counts: list[int]) -> list[dict[str, Any]]:
        return [{"label": "trained", "n": counts[1]}, {"label": "masked", "n": counts[0]}]

    by_part = [{"label": name, "parts": parts(counts)} for name, counts in tally.parts.items()]
    report.block({"type": "bars", "title": "Tokens by segment", "unit": "tokens", "bars": by_part})
    if len(tally.sources) > 1:
        bars = [{"label": f"{n} ({tally.rows[n]} rows)", "parts": parts(c)} for n, c in tally.sources.items()]
        report.block({"type": "bars", "title": "Tokens by source", "unit": "tokens", "bars": bars})
