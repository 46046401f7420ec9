"""The report of a `synthesize` stage: classes, balance, funnel, and every problem with its four turns."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..problems import Problem
from ..report import Report, column
from .chain import Chain
from .documents import Balance
from .turns import TURNS

TITLES = {"answer_1": "Answer 1", "transition": "Transition", "answer_2": "Answer 2", "summary": "Summary"}
STEPS = (
    ("gold", "Problems with a gold answer", ()),
    ("drawn", "Both answers drawn", ("answer_1", "answer_2")),
    ("graded", "Both answers graded", ("graded",)),
    ("class", "Right at least once", ("class",)),
    ("whole", "Transition and summary drawn", ("transition", "summary")),
    ("decision", "The decision is right", ("decision",)),
    ("min_characters", "Long enough", ("min_characters",)),
    ("behaviours", "With the behaviours asked for", ("behaviours",)),
    ("balance", "In the balance", ("balance",)),
)
TABLE = "documents"


IN_SEQUENCE = {
    "drawn": ("Both answers and the transition drawn", ("answer_1", "transition", "answer_2")),
    "whole": ("Summary drawn", ("summary",)),
}
"""The steps that are others where the transition is drawn before the second answer."""


def funnel(
    rows: int, drops: Counter[tuple[str, str]], asked: set[str], detector: str | None, order: Sequence[str]
) -> dict[str, Any]:
    """What is left after each step. `drops` counts by step and reason; steps that this stage does not have are left out.
    `detector`: what found the behaviours, where the documents are chosen by them; `order`: in which the turns are drawn."""
    left, gone = rows, set[str]()
    steps: list[dict[str, Any]] = [{"label": "Rows of the data set", "n": rows, "rows": {"table": TABLE}}]
    for key, label, names in STEPS:
        if key in ("decision", "min_characters", "behaviours") and key not in asked:
            continue
        if key in IN_SEQUENCE and order == TURNS:
            label, names = IN_SEQUENCE[key]
        reasons = [(why, n) for (step, why), n in sorted(drops.items()) if step in (names or (key,))]
        left -= sum(n for _, n in reasons)
        gone |= {why for why, _ in reasons}
        # Every row says why it is dropped, or that it is kept: what is left are the reasons still to come.
        whys = ["kept", *sorted({why for _, why in drops} - gone)]
        step: dict[str, Any] = {"label": label, "n": left, "rows": {"table": TABLE, "where": {"why": whys}}}
        if reasons:
            step["dropped"] = [
                {"reason": why, "n": n, "rows": {"table": TABLE, "where": {"why": why}}} for why, n in reasons
            ]
        steps.append(step)
    steps[-1]["rows"] = {"table": TABLE, "where": {"kept": True}}
    block = {"type": "funnel", "title": "From problems to documents", "steps": steps}
    return block | {"note": f"Behaviours were found by {detector}."} if detector else block


def sankey(chains: Sequence[Chain], kept: set[int]) -> dict[str, Any]:
    """First answer → second answer by class → whether the document is kept."""
    kinds = Counter(c.kind for c in chains if c.kind)
    taken = Counter(c.kind for c in chains if c.kind and id(c) in kept)
    flows = []
    for kind in ("RR", "RW", "WR", "WW"):
        if not kinds[kind]:
            continue
        where = {"class": kind}
        first, second = ("right" if letter == "R" else "wrong" for letter in kind)
        flows.append({"from": f"answer 1 {first}", "to": f"{kind}: answer 2 {second}", "n": kinds[kind]} | _rows(where))
        for said, n, flag in (("kept", taken[kind], True), ("not kept", kinds[kind] - taken[kind], False)):
            if n:
                flow = {"from": f"{kind}: answer 2 {second}", "to": said, "n": n}
                flows.append(flow | _rows(where | {"kept": flag}))
    return {"type": "sankey", "title": "Classes", "flows": flows}


def balance_bars(balance: Balance) -> dict[str, Any]:
    taken = Counter(c.kind for c in balance.taken)
    left = Counter(c.kind for c, _ in balance.left)

    def part(kind: str, n: int, kept: bool) -> dict[str, Any]:
        return {"label": kind, "n": n} | _rows({"class": kind, "kept": kept})

    bars = [
        {"label": "first answer wrong", "parts": [part("WR", taken["WR"], True)]},
        {"label": "first answer right", "parts": [part(k, taken[k], True) for k in ("RW", "RR")]},
        {"label": "left over", "parts": [part(k, left[k], False) for k in ("RW", "RR")]},
    ]
    block = {"type": "bars", "title": "Balance of the first answers", "unit": "documents", "bars": bars}
    return block | {"note": balance.note or "All WR, all RW, and RR up to WR − RW."}


def wilson(count: int, of: int) -> tuple[float, float]:
    """Ends of the 95 % interval of a share (Wilson 1927). `of` is above 0."""
    z2 = 1.959964**2
    middle = (count + z2 / 2) / (of + z2)
    half = math.sqrt(z2 * (count * (of - count) / of + z2 / 4)) / (of + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def figures(chains: Sequence[Chain], drawn: int, reused: int) -> dict[str, Any]:
    """Self-correction by SCoRe's names, over the problems whose two answers were graded."""
    graded = [c for c in chains if c.kind]
    n = len(graded)
    kinds = Counter(c.kind for c in graded)
    decided = [c for c in graded if "summary" in c.lanes]
    torn = [c for c in decided if c.kind in ("RW", "WR")]

    def share(label: str, count: int, of: int) -> dict[str, Any]:
        if of == 0:
            return {"label": label, "value": None}
        low, high = (round(100 * end, 1) for end in wilson(count, of))
        return {"label": label, "value": round(100 * count / of, 1), "unit": "%", "ci95": [low, high]}

    first_try = sum(c.lanes["summary"].first_verdict == "right" for c in torn)
    tries = [lane.tries for c in chains for lane in c.lanes.values()]
    items = [
        share("Accuracy of answer 1 (Acc@t1)", kinds["RR"] + kinds["RW"], n),
        share("Accuracy of answer 2 (Acc@t2)", kinds["RR"] + kinds["WR"], n),
        share("Wrong, then right (Δ i→c)", kinds["WR"], n),
        share("Right, then wrong (Δ c→i)", kinds["RW"], n),
        share("Decision right at the first try, where one answer is", first_try, len(torn)),
        {"label": "Completions drawn", "value": drawn},
        {"label": "Draws a turn", "value": round(sum(tries) / len(tries), 2) if tries else None},
    ]
    if reused:
        items.append({"label": "Taken over from earlier attempts", "value": reused})
    return {"type": "figures", "title": "Two turns", "items": items}


def document_table(report: Report) -> None:
    columns = [column("problem", "Problem"), column("gold", "Gold"), column("class", "Class")]
    for name, title in (("answer_1", "Answer 1"), ("answer_2", "Answer 2"), ("summary", "Decision")):
        columns += [column(name, title), column(f"{name}_verdict", "", "verdict")]
    columns += [column("kept", "Kept"), column("why", "Why")]
    report.block({"type": "table", "title": "Documents", "table": TABLE, "columns": columns})


def document_cells(report: Report, chain: Chain, why: str, kept: bool) -> None:
    """One row of the table: the problem with its lanes."""
    cells: dict[str, Any] = {
        "line": chain.problem.number,
        "problem": chain.problem.text,
        "gold": chain.problem.gold,
        "class": chain.kind,
        "kept": kept,
        "why": why,
    }
    parts = []
    for name in TURNS:
        lane = chain.lanes.get(name)
        if name != "transition":
            cells |= {name: lane and lane.taken.answer, f"{name}_verdict": lane and lane.verdict}
        if lane:
            tone = "dropped" if not kept else "masked" if name == "answer_1" else "trained"
            part = {"label": TITLES[name], "text": lane.text, "tone": tone, "trace": lane.taken.trace}
            part |= {"tokens": lane.taken.completion.tokens, "prompt": lane.prompt}
            if name != "transition":
                part |= {"answer": lane.taken.answer, "verdict": lane.verdict}
            parts.append(part)
    report.row(TABLE, cells, trace=parts[-1]["trace"] if parts else None, parts=parts)


def left_out_cells(report: Report, problem: Problem, why: str) -> None:
    cells = {
        "line": problem.number,
        "problem": problem.text,
        "gold": problem.gold,
        "class": None,
        "kept": False,
        "why": why,
    }
    report.row(TABLE, cells)


def _rows(where: dict[str, Any]) -> dict[str, Any]:
    return {"rows": {"table": TABLE, "where": where}}
