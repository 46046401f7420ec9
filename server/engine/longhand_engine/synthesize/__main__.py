"""Worker of `synthesize` stages: `python -u -m longhand_engine.synthesize <attempt-dir>`.

Samples two-turn documents of the stage's problems from `inputs.model`, grades both answers and the decision, and writes
those that the filters and the balance keep as `data/data.jsonl`. A resumed attempt takes what older ones have drawn.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from .. import behaviours
from ..checker import Checker
from ..errors import DataError
from ..inference.open import open_sampler
from ..inference.sampler import Failure, Sampler
from ..inference.traces import ItemTraces, Wanted
from ..problems import Problem, read_problems, write_rows
from ..report import Report
from ..worker import Stage, leave, run_worker
from . import report as shown
from .chain import Chain
from .documents import Balance, balance, document_row, document_text, filtered, lacking_behaviours
from .turns import Settings

TELL_S = 1.0
OUTPUT = "data/data.jsonl"


def synthesize(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError and DataError for what the user gave."""
    settings = Settings.read(stage.config, stage.spec["seed"])
    problems, left_out = read_problems(Path(stage.inputs["data"]))
    stage.record.state("loading")
    with stage.nothing_to_save():
        sampler = open_sampler(stage, stage.inputs["model"])
    work = Synthesis(stage, settings, problems, left_out)
    with Checker() as checker:
        stage.record.state("running")
        work.draw(sampler, ItemTraces(stage, checker))
    sampler.close()
    return None if stage.stopping.is_set() else work.finish()


class Synthesis:
    """The chains of one stage, under way and done."""

    def __init__(self, stage: Stage, settings: Settings, problems: list[Problem], left_out: list[tuple[Problem, str]]):
        self._stage, self._settings, self._left_out = stage, settings, left_out
        self._chains = [Chain(problem, settings) for problem in problems]
        self._report = Report(stage.dir, "synthesize", record=stage.record)
        self._drawn = self._reused = self._done = 0
        self._told = 0.0

    def draw(self, sampler: Sampler, traces: ItemTraces) -> None:
        """Every chain to its end. What is begun is gone on with before new problems are begun."""
        pending, waiting = deque(self._chains), dict[str, Chain]()

        def wanted() -> Iterator[Wanted | None]:
            while pending or waiting:
                if not pending:
                    yield None
                    continue
                chain = pending.popleft()
                chain.problem.record(self._stage.record)
                one = chain.want()
                waiting[one.item.key] = chain
                yield one

        for came in traces.draw(sampler, wanted()):
            chain = waiting.pop(came.item.key)
            if isinstance(came, Failure):
                self._stage.record.warn("request_failed", f"{came.item.role} of {chain.problem.id}: {came.why}")
            chain.take(came)
            if chain.turn:
                pending.appendleft(chain)
            else:
                self._done += 1
            self._drawn, self._reused = traces.drawn, traces.reused
            self._tell()
        traces.finish()

    def finish(self) -> dict[str, str]:
        """Filters, balances and writes. Raises DataError where nothing is left."""
        drops: Counter[tuple[str, str]] = Counter(("gold", why) for _, why in self._left_out)
        whys: dict[int, str] = {}
        whole = []
        for chain in self._chains:
            dropped = chain.dropped or filtered(chain, self._settings)
            if dropped is None:
                whole.append(chain)
            else:
                drops[dropped] += 1
                whys[id(chain)] = dropped[1]
        whole, detector = self._with_behaviours(whole, drops, whys)
        balanced = balance(whole, self._settings.when_rw_exceeds, self._settings.seed)
        for chain, why in balanced.left:
            drops[("balance", why)] += 1
            whys[id(chain)] = why
        source = self._stage.name
        rows = write_rows(self._stage.dir / OUTPUT, (document_row(c, self._settings, source) for c in balanced.taken))
        self._show(drops, balanced, whys, detector)
        self._stage.record.progress(len(self._chains), len(self._chains), "problems")
        if not rows:
            raise DataError("no document is left: the stage's report says what was dropped, and why")
        return {"data": OUTPUT}

    def _with_behaviours(
        self, whole: list[Chain], drops: Counter[tuple[str, str]], whys: dict[int, str]
    ) -> tuple[list[Chain], str | None]:
        """The documents with the behaviours asked for, and the name of the detector that decided."""
        settings = self._settings
        if not settings.behaviours:
            return whole, None
        texts = [(document_text(chain, settings), chain.problem.text) for chain in whole]
        found = behaviours.find(self._stage.spec.get("detector"), texts)
        kept = []
        for chain, counts in zip(whole, found.counts, strict=True):
            lacking = lacking_behaviours(counts, settings)
            if lacking is None:
                kept.append(chain)
            else:
                drops[lacking] += 1
                whys[id(chain)] = lacking[1]
        return kept, found.detector

    def _tell(self) -> None:
        if time.monotonic() - self._told < TELL_S:
            return
        self._told = time.monotonic()
        self._stage.record.progress(self._done, len(self._chains), "problems")
        self._report.block(shown.figures(self._chains, self._drawn, self._reused))
        self._report.write()

    def _show(
        self, drops: Counter[tuple[str, str]], balanced: Balance, whys: dict[int, str], detector: str | None
    ) -> None:
        report, kept = self._report, {id(chain) for chain in balanced.taken}
        for chain in self._chains:
            shown.document_cells(report, chain, whys.get(id(chain), "kept"), id(chain) in kept)
        for problem, why in self._left_out:
            shown.left_out_cells(report, problem, why)
        report.block(shown.figures(self._chains, self._drawn, self._reused))
        rows, order = len(self._chains) + len(self._left_out), self._settings.order
        report.block(shown.funnel(rows, drops, self._asked(), detector, order))
        report.block(shown.sankey(self._chains, kept))
        report.block(shown.balance_bars(balanced))
        shown.document_table(report)
        report.write()

    def _asked(self) -> set[str]:
        settings = self._settings
        asked = {"decision": settings.decision == "right", "min_characters": settings.min_characters > 0}
        return {k for k, v in (asked | {"behaviours": bool(settings.behaviours)}).items() if v}


if __name__ == "__main__":
    leave(run_worker(synthesize))
