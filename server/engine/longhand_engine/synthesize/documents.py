"""What is kept of the drawn turns: filters, classes, the balance between right and wrong first answers, the rows."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, DataError
from .chain import Chain
from .turns import TURNS, Settings

UNTRAINED = "answer_1"
"""Conditioned on and not trained: the loss is on transition, second answer and summary (Eq. 5 of the paper)."""


@dataclass(frozen=True)
class Balance:
    """Which documents are taken. `note` says what the rule did."""

    taken: list[Chain]
    left: list[tuple[Chain, str]]
    note: str


def segments(chain: Chain, settings: Settings) -> list[dict[str, Any]]:
    """The document cut into its turns. What joins two turns stands at the beginning of the second."""
    found = []
    for number, name in enumerate(TURNS):
        before = settings.join if number else settings.lead
        found.append({"name": name, "text": before + chain.lanes[name].text, "train": name != UNTRAINED})
    return found


def filtered(chain: Chain, settings: Settings) -> tuple[str, str] | None:
    """The filter that a whole document does not pass and why; None where it passes all but that of behaviours."""
    if settings.decision == "right" and chain.lanes["summary"].verdict != "right":
        return "decision", f"final decision: {chain.lanes['summary'].verdict}"
    for name in TURNS:
        length = len(chain.lanes[name].text.strip())
        if length < settings.min_characters:
            return "min_characters", f"{name.replace('_', ' ')}: fewer than {settings.min_characters} characters"
    return None


def lacking_behaviours(counts: Mapping[str, int], settings: Settings) -> tuple[str, str] | None:
    """The behaviour of which a document has too few spans; None where it has enough of all. `counts` are the detector's."""
    for behaviour, least in settings.behaviours.items():
        if (there := counts.get(behaviour, 0)) < least:
            return "behaviours", f"{behaviour}: {there} found, at least {least} are asked for"
    return None


def document_text(chain: Chain, settings: Settings) -> str:
    return "".join(s["text"] for s in segments(chain, settings))


def balance(chains: Sequence[Chain], when_rw_exceeds: str, seed: int) -> Balance:
    """All WR, all RW, and RR up to WR − RW, so that right and wrong first answers are as many (section B2 of the recipe).

    Which RR (and, where RW outnumber WR, which RW) are taken is drawn by `seed`. The paper does not say what happens in that
    case: `drop_rw` takes as many RW as WR (then 1:1 holds, and no RR); `keep_all` takes all RW (then right first answers
    are more); `error` raises DataError.
    """
    by = {kind: [c for c in chains if c.kind == kind] for kind in ("WR", "RW", "RR")}
    wr, rw, rr = (len(by[kind]) for kind in ("WR", "RW", "RR"))
    rng = random.Random(f"{seed}/balance")
    wanted_rw, note = rw, ""
    if rw > wr:
        if when_rw_exceeds == "error":
            raise DataError(
                f"{rw} documents go from right to wrong and only {wr} from wrong to right: the balance is not defined. "
                "Sample the second answer at a lower temperature, or set balance.when_rw_exceeds"
            )
        if when_rw_exceeds not in ("drop_rw", "keep_all"):
            raise ConfigError(f"balance: when_rw_exceeds: {when_rw_exceeds!r} is none of drop_rw, keep_all, error")
        wanted_rw = wr if when_rw_exceeds == "drop_rw" else rw
        note = f"RW ({rw}) outnumber WR ({wr}): {when_rw_exceeds} keeps {wanted_rw} of them."
    wanted = {"WR": wr, "RW": wanted_rw, "RR": min(rr, max(0, wr - rw))}
    chosen: set[int] = set()
    for kind, count in wanted.items():
        chosen |= {id(c) for c in rng.sample(by[kind], count)}
    left = [
        (c, f"balance: {wanted[c.kind]} of {len(by[c.kind])} {c.kind} are taken") for c in chains if id(c) not in chosen
    ]
    if not note and wanted["RR"] < wr - rw:
        note = f"Only {rr} RR for the {wr - rw} that the balance asks for: wrong first answers are more."
    return Balance([c for c in chains if id(c) in chosen], left, note)


def document_row(chain: Chain, settings: Settings, source: str) -> dict[str, Any]:
    """A line of the data set (core/protocol/dataset-row.ts)."""
    cut = segments(chain, settings)
    return chain.problem.data_row(document_text(chain, settings), source) | {
        "class": chain.kind,
        "segments": cut,
        "from": {"traces": [chain.lanes[name].taken.trace for name in TURNS]},
        "kept": f"class {chain.kind}, in the balance of first answers",
    }
