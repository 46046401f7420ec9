"""Worker of `select` stages: `python -u -m longhand_engine.select_checkpoint <attempt-dir>`.

Chooses a checkpoint of the stage whose folder is `inputs.from` by the evaluations in `inputs.evaluations`:

- `accuracy`: the highest;
- `accuracy_at_budget`: the highest where only completions of at most `budget` tokens count;
- `shortest_not_worse`: of those whose accuracy is not below the 95 % interval of the most accurate one, the one with the
  fewest tokens in the mean.

Of equals it is the earlier one. A checkpoint that was evaluated and is gone is named, never passed over in silence.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError, DataError
from .files import read_json
from .following import Checkpoint, Followed
from .report import Report, column
from .worker import Stage, run_worker

RULES = ("accuracy", "accuracy_at_budget", "shortest_not_worse")


@dataclass(frozen=True)
class Candidate:
    """An evaluated checkpoint. `value` is what is compared, `low` the lower end of its interval."""

    checkpoint: Checkpoint
    figures: dict[str, Any]
    value: float | None
    interval: tuple[float, float] | None

    @property
    def tokens(self) -> float:
        return self.figures["tokens_mean"]


def select(stage: Stage) -> dict[str, str] | None:
    """Raises ConfigError and DataError."""
    config, rule = stage.config, str(stage.config.get("rule", "accuracy"))
    if rule not in RULES:
        raise ConfigError(f"`rule` is one of {', '.join(RULES)}, not {rule!r}")
    if rule == "accuracy_at_budget" and config.get("budget") is None:
        raise ConfigError("`accuracy_at_budget` needs a `budget` in tokens")
    stage.record.state("running")
    source = Path(stage.inputs["from"])
    found = evaluations(Path(stage.inputs["evaluations"]), source.name)
    found = _of_set(found, config.get("set"))
    found = _of_marker(found, config.get("marker"))
    candidates = _candidates(source, found, config.get("budget"))
    chosen, why, reasons = choose(candidates, rule, config.get("budget"))
    report = Report(stage.dir, "select")
    _blocks(report, candidates, chosen, why, reasons, found, rule, config.get("budget"))
    report.write()
    stage.record.progress(len(candidates), len(candidates), "checkpoints")
    return {"checkpoint": os.path.relpath(chosen.checkpoint.path, stage.dir)}


def evaluations(folder: Path, of: str) -> list[dict[str, Any]]:
    """The `eval` events of all attempts of a stage, those of `of`; of two of the same model, set and marker the newer."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    attempts = [p for p in folder.glob("attempt-*") if p.name[8:].isdecimal()]
    for attempt in sorted(attempts, key=lambda p: int(p.name[8:])):
        for event in _evals(attempt / "events.jsonl"):
            if event.get("of") == of:
                found[event["step"], event["checkpoint"], event["set"], event.get("marker")] = event
    if not found:
        raise DataError(f"there is no evaluation of {of} in {folder}")
    return list(found.values())


def _evals(record: Path) -> Iterator[dict[str, Any]]:
    """The `eval` events of a record; nothing where there is none yet. Most of its lines are texts of traces."""
    try:
        with record.open("rb") as file:
            for line in file:
                if b'"type":"eval"' in line and line.endswith(b"\n"):
                    event = json.loads(line)
                    if event["type"] == "eval":
                        yield event
    except FileNotFoundError:
        return


def _of_set(found: list[dict[str, Any]], wanted: str | None) -> list[dict[str, Any]]:
    names = sorted({e["set"] for e in found})
    if wanted is None and len(names) > 1:
        raise ConfigError(f"evaluated were several sets: {', '.join(names)}. Say by which one with `set`")
    if wanted is not None and wanted not in names:
        raise ConfigError(f"no evaluation has the set {wanted!r}; there are {', '.join(names)}")
    return [e for e in found if wanted is None or e["set"] == wanted]


def _of_marker(found: list[dict[str, Any]], wanted: str | None) -> list[dict[str, Any]]:
    """Without `marker` those without one, or those of the only one that there is."""
    markers = {e.get("marker") for e in found}
    if wanted is None and None not in markers and len(markers) == 1:
        return found
    if wanted not in markers:
        said = ", ".join("none" if m is None else repr(m) for m in sorted(markers, key=str))
        raise ConfigError(f"no evaluation has the marker {wanted!r}; there are {said}. Say by which one with `marker`")
    return [e for e in found if e.get("marker") == wanted]


def _candidates(source: Path, found: list[dict[str, Any]], budget: int | None) -> list[Candidate]:
    """The checkpoints that count and were evaluated, by step. Raises DataError where one that was evaluated is gone."""
    by_name, upto = {c.name: c for c in Followed(source).checkpoints()}, _lineage(source)
    candidates, gone = [], []
    for event in sorted(found, key=lambda e: e["step"]):
        if event["step"] == 0:
            continue
        checkpoint = by_name.get(event["checkpoint"])
        if checkpoint is not None:
            candidates.append(Candidate(checkpoint, event, *_value(event, budget)))
        elif event["step"] <= upto.get(event["checkpoint"].split("/")[0], -1):
            gone.append(str(event["step"]))
        # The others were superseded by a later attempt.
    if gone:
        raise DataError(
            f"checkpoints of {source.name} that were evaluated are gone: step {', '.join(gone)}. "
            "Keep more of them (save_total_limit), or use checkpoint.last"
        )
    if not candidates:
        raise DataError(f"no checkpoint of {source.name} was evaluated")
    if all(c.value is None for c in candidates):
        raise DataError("no evaluation has an accuracy: no problem of its set has an answer")
    return candidates


def _lineage(folder: Path) -> dict[str, float]:
    """Attempts that the newest one came from, by the names of their folders, with the step up to which each counts."""
    numbers = [int(p.name[8:]) for p in folder.glob("attempt-*") if p.name[8:].isdecimal()]
    number, upto, found = max(numbers, default=0), float("inf"), {}
    while number in numbers:
        found[f"attempt-{number}"] = upto
        resumed = read_json(folder / f"attempt-{number}" / "spec.json").get("resumed_from")
        if not resumed or resumed["attempt"] >= number:
            break
        number, upto = resumed["attempt"], min(upto, resumed["step"])
    return found


def _value(event: dict[str, Any], budget: int | None) -> tuple[float | None, tuple[float, float] | None]:
    if budget is None:
        interval = event.get("accuracy_ci95")
        return event["accuracy"], None if interval is None else tuple(interval)
    at = next((b for b in event.get("budgets", []) if b["budget"] == budget), None)
    if at is None:
        known = ", ".join(str(b["budget"]) for b in event.get("budgets", [])) or "none"
        raise ConfigError(f"step {event['step']} was not evaluated at the budget {budget}; its budgets are {known}")
    return at["accuracy"], None if at["accuracy_ci95"] is None else tuple(at["accuracy_ci95"])


def choose(candidates: list[Candidate], rule: str, budget: int | None) -> tuple[Candidate, str, dict[int, str]]:
    """The chosen one, why, and for each step in words why it was or was not."""
    graded = [c for c in candidates if c.value is not None]
    best = min(graded, key=lambda c: (-c.value, c.checkpoint.step))
    what = "accuracy" if budget is None else f"accuracy within {budget:,} tokens"
    chosen, usable = best, graded
    if rule == "shortest_not_worse":
        low = best.interval[0] if best.interval else best.value
        usable = [c for c in graded if c.value >= low]
        chosen = min(usable, key=lambda c: (c.tokens, -c.value, c.checkpoint.step))
    reasons = {}
    for c in candidates:
        if c is chosen:
            reasons[c.checkpoint.step] = "chosen"
        elif c.value is None:
            reasons[c.checkpoint.step] = "no accuracy"
        elif c not in usable:
            reasons[c.checkpoint.step] = "worse than the most accurate beyond its interval"
        elif rule == "shortest_not_worse":
            reasons[c.checkpoint.step] = (
                "not worse, but longer" if c.tokens > chosen.tokens else "equal, and less accurate or later"
            )
        else:
            reasons[c.checkpoint.step] = f"lower {what}" if c.value < chosen.value else "equal, and later"
    return chosen, _why(chosen, best, usable, rule, what), reasons


def _why(chosen: Candidate, best: Candidate, usable: list[Candidate], rule: str, what: str) -> str:
    step = f"Step {chosen.checkpoint.step}"
    if rule != "shortest_not_worse":
        return f"{step} has the highest {what}: {chosen.value:.1%}."
    low, high = best.interval or (best.value, best.value)
    return (
        f"Step {best.checkpoint.step} has the highest {what}: {best.value:.1%} (95 % interval {low:.1%} to {high:.1%}). "
        f"{len(usable)} {'checkpoint is' if len(usable) == 1 else 'checkpoints are'} not below that interval; of these "
        f"step {chosen.checkpoint.step} is the shortest: {chosen.tokens:,.1f} tokens in the mean, {what} {chosen.value:.1%}."
    )


def _blocks(
    report: Report,
    candidates: list[Candidate],
    chosen: Candidate,
    why: str,
    reasons: dict[int, str],
    found: list[dict[str, Any]],
    rule: str,
    budget: int | None,
) -> None:
    report.block({"type": "text", "title": "Choice", "text": why})
    value: dict[str, Any] = {
        "label": "Accuracy" if budget is None else f"Accuracy within {budget}",
        "value": chosen.value,
    }
    if chosen.interval:
        value["ci95"] = chosen.interval
    tokens: dict[str, Any] = {"label": "Mean tokens", "value": chosen.tokens, "unit": "tokens"}
    if chosen.figures.get("tokens_mean_ci95"):
        tokens["ci95"] = chosen.figures["tokens_mean_ci95"]
    items = [{"label": "Step", "value": chosen.checkpoint.step}, value, tokens]
    report.block({"type": "figures", "title": f"Chosen by {rule}", "items": items})
    start = [e for e in found if e["step"] == 0]
    for event in [*start, *(c.figures for c in candidates)]:
        report.row("checkpoints", _cells(event, budget, reasons))
    columns = [
        column("step", "Step", "number"),
        column("epoch", "Epoch", "number"),
        column("compared", value["label"], "number"),
        column("interval", "95 % interval"),
        column("tokens_mean", "Mean tokens", "number"),
        column("finished", "Finished", "number"),
        column("why", "Why"),
        column("checkpoint", "Checkpoint"),
    ]
    report.block({"type": "table", "title": "Checkpoints", "table": "checkpoints", "columns": columns})


def _cells(event: dict[str, Any], budget: int | None, reasons: dict[int, str]) -> dict[str, Any]:
    step = event["step"]
    try:
        value, interval = _value(event, budget)
    except ConfigError:  # the model that training starts from
        value, interval = None, None
    return {
        "step": step,
        "epoch": event.get("epoch"),
        "compared": value,
        "interval": None if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}",
        "accuracy": event["accuracy"],
        "tokens_mean": event["tokens_mean"],
        "finished": event.get("finished"),
        "chosen": reasons.get(step) == "chosen",
        "why": reasons.get(step, "the model before training, no candidate"),
        "checkpoint": event["checkpoint"],
    }


if __name__ == "__main__":
    sys.exit(run_worker(select))
