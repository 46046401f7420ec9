"""The report of a `reject` stage: expected cost, funnel by round, problems with the lengths of their right samples."""

from collections.abc import Sequence
from typing import Any

from ..problems import Problem
from ..report import Report, column
from .lengths import rule_name
from .rounds import Sampled, Settings, is_right
from .what_if import Stored, WhatIf, expected, what_if

PROBLEMS, SAMPLES = "problems", "samples"
SHOWN_SAMPLES = 12
"""Samples of a problem that stand with its row; all of them are in the table of samples."""


def expectation(report: Report, problems: Sequence[Problem], rates: list[float | None], settings: Settings) -> None:
    """What the stage may cost, said before it begins. `rates`: stored pass rates, where the rows have them."""
    n = len(problems)
    least, most = n * settings.rounds[0], n * sum(settings.rounds)
    known = [rate for rate in rates if rate is not None]
    items: list[dict[str, Any]] = [
        {"label": "Problems", "value": n},
        {"label": "Fewest samples (all solved in round 1)", "value": least},
        {"label": "Most samples (none solved)", "value": most},
    ]
    note = "No pass rates are stored with the problems, so only bounds are known."
    if known:
        samples, solved = expected(known, settings.rounds)
        items.append({"label": "Expected samples", "value": round(samples * n / len(known))})
        items.append({"label": "Expected to be solved", "value": round(solved * n / len(known))})
        note = f"From the pass rates that {len(known)} of {n} problems have."
    report.block({"type": "figures", "title": "Expected cost", "items": items, "note": note})


def progress(
    report: Report, sampled: Sequence[Sampled], settings: Settings, left_out: int, drawn: int, reused: int
) -> None:
    """Funnel and figures as they stand."""
    report.block(funnel(sampled, settings, left_out))
    samples = sum(len(one.samples) for one in sampled)
    right = sum(len(one.right) for one in sampled)
    solved = [one for one in sampled if one.solved]
    kept = [taken.completion.tokens for one in solved for taken in one.kept]
    items = [
        {"label": "Samples", "value": samples, "rows": {"table": SAMPLES}},
        {"label": "Right samples", "value": right, "rows": {"table": SAMPLES, "where": {"right": True}}},
        {"label": "Samples a solved problem", "value": round(samples / len(solved), 2) if solved else None},
        {"label": "Mean tokens of the kept", "value": round(sum(kept) / len(kept), 1) if kept else None},
        {"label": "Failed requests", "value": sum(one.failed for one in sampled)},
    ]
    if reused:
        items.append({"label": "Taken over from earlier attempts", "value": reused})
    items.append({"label": "Drawn by this attempt", "value": drawn})
    report.block({"type": "figures", "title": "Samples", "items": items})


def funnel(sampled: Sequence[Sampled], settings: Settings, left_out: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"label": "Rows of the data set", "n": len(sampled) + left_out}]
    first: dict[str, Any] = {"label": "Problems with a gold answer", "n": len(sampled), "rows": {"table": PROBLEMS}}
    if left_out:
        first["dropped"] = [{"reason": "no gold answer, or a repetition", "n": left_out, "rows": {"table": "left_out"}}]
    steps.append(first)
    left = len(sampled)
    for number, n in enumerate(settings.rounds, 1):
        solved = sum(one.solved == number for one in sampled)
        left -= solved
        gone = {"reason": f"solved in round {number}", "n": solved}
        gone["rows"] = {"table": PROBLEMS, "where": {"round": number}}
        step = {"label": f"Unsolved after round {number} (n = {n})", "n": left, "dropped": [gone]}
        later = list(range(number + 1, len(settings.rounds) + 1))
        steps.append(step | {"rows": {"table": PROBLEMS, "where": {"round": [0, *later]}}})
    note = "A problem leaves the funnel by being solved; what is left at its end has no right sample."
    return {"type": "funnel", "title": "Rounds", "steps": steps, "note": note}


def final(
    report: Report, sampled: Sequence[Sampled], settings: Settings, left_out: Sequence[tuple[Problem, str]]
) -> None:
    """Tables and what-if."""
    for one in sampled:
        _problem_row(report, one)
    for problem, why in left_out:
        report.row("left_out", {"line": problem.number, "problem": problem.text, "why": why})
    columns = [column("problem", "Problem"), column("gold", "Gold"), column("round", "Solved in round", "number")]
    columns += [
        column("c", "Right", "number"),
        column("n", "Of", "number"),
        column("lengths", "Right lengths", "lengths"),
    ]
    note = f"Length rule: {rule_name(settings.length)}; round 0: not solved."
    report.block({"type": "table", "title": "Problems", "table": PROBLEMS, "columns": columns, "note": note})
    columns = [column("problem", "Problem"), column("round", "Round", "number"), column("sample", "Sample", "number")]
    columns += [column("verdict", "Verdict", "verdict"), column("tokens", "Tokens", "number"), column("chosen", "Kept")]
    report.block({"type": "table", "title": "Samples drawn", "table": SAMPLES, "columns": columns})
    if left_out:
        columns = [column("line", "Line", "number"), column("problem", "Problem"), column("why", "Why")]
        report.block({"type": "table", "title": "Rows left out", "table": "left_out", "columns": columns})
    _what_if_table(report, sampled, settings)
    report.write()


def _problem_row(report: Report, one: Sampled) -> None:
    right = one.right
    are_right = {id(taken) for taken in right}
    chosen = {id(taken) for taken in one.kept}
    places = [i for i, taken in enumerate(right) if id(taken) in chosen]
    # The kept and other right ones first.
    shown = sorted(one.samples, key=lambda t: (id(t) not in chosen, id(t) not in are_right))[:SHOWN_SAMPLES]
    report.row(
        PROBLEMS,
        {
            "problem": one.problem.text,
            "problem_id": one.problem.id,
            "gold": one.problem.gold,
            "round": one.solved,
            "c": len(right),
            "n": len(one.samples),
            "lengths": {"values": [t.completion.tokens for t in right], "chosen": places[0] if places else None},
        },
        trace=one.kept[0].trace if one.kept else None,
        parts=[
            {
                "label": f"Sample {taken.item.sample + 1}",
                "trace": taken.trace,
                "tone": "chosen" if id(taken) in chosen else "dropped",
                "answer": taken.answer,
                "verdict": taken.verdict,
                "tokens": taken.completion.tokens,
            }
            for taken in shown
        ],
    )
    for round_, taken in zip(one.rounds, one.samples, strict=True):
        cells = {
            "problem": one.problem.text,
            "problem_id": one.problem.id,
            "round": round_,
            "sample": taken.item.sample,
        }
        cells |= {"verdict": taken.verdict, "right": id(taken) in are_right, "tokens": taken.completion.tokens}
        report.row(SAMPLES, cells | {"chosen": id(taken) in chosen}, trace=taken.trace)


def _what_if_table(report: Report, sampled: Sequence[Sampled], settings: Settings) -> None:
    stored = {
        one.problem.id: [Stored(t.item.sample, is_right(t), t.completion.tokens) for t in one.samples]
        for one in sampled
    }
    rounds = settings.rounds
    rules = ["median_of_correct", "nearest_to_mean", {"band": [0.25, 0.75]}]
    rules = [settings.length, *(r for r in rules if r != settings.length)]
    found: list[WhatIf] = [what_if(stored, rounds, rule, settings.keep) for rule in rules]
    found += [what_if(stored, rounds[:k], settings.length, settings.keep) for k in range(1, len(rounds))]
    found.append(what_if(stored, [sum(rounds)], settings.length, settings.keep))
    for one in found:
        cells = {"rounds": ", ".join(map(str, one.rounds)), "length": one.length, "solved": one.solved}
        cells |= {"samples": one.samples, "rows": one.rows, "incomplete": one.incomplete}
        report.row("what_if", cells | {"tokens": one.tokens_mean and round(one.tokens_mean, 1)})
    columns = [column("rounds", "Rounds"), column("length", "Length rule"), column("solved", "Solved", "number")]
    columns += [column("samples", "Samples", "number"), column("rows", "Rows", "number")]
    columns += [column("tokens", "Mean tokens", "number"), column("incomplete", "Not enough stored", "number")]
    note = "On the samples of this stage. The last column counts problems for which more would be drawn than is stored."
    report.block({"type": "table", "title": "What if", "table": "what_if", "columns": columns, "note": note})
