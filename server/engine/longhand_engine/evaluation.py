"""One evaluation: a model answers every problem, once for each marker setting, and its figures are recorded."""

import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .checker import Checker
from .errors import ConfigError, DataError
from .inference.open import open_sampler
from .inference.sampler import Failure, Item, Sampling
from .inference.traces import ItemTraces, Taken, Wanted
from .measures import Outcome, Outcomes, measure
from .rows import FoundRow
from .worker import Stage

if TYPE_CHECKING:
    from .evaluate import Settings, Target

PROGRESS_S = 0.5


class Evaluator:
    """Holds what all evaluations of a stage share: the sampler, the problems, and what older attempts have drawn."""

    def __init__(self, stage: Stage, settings: "Settings", rows: list[FoundRow]):
        """Loads the model, or asks the server that serves it."""
        self._stage, self._settings, self._rows = stage, settings, rows
        self._sampler = open_sampler(stage, stage.inputs["model"])
        self._traces: ItemTraces | None = None

    def run(self, target: "Target", marker: str | None, checker: Checker) -> bool:
        """False where it was stopped before its end: then there is no `eval` event."""
        settings, record, started = self._settings, self._stage.record, time.monotonic()
        if self._traces is None:
            self._traces = ItemTraces(self._stage, checker)
        if hasattr(self._sampler, "swap"):
            self._sampler.swap(target.path)
        elif target.path != self._stage.inputs["model"]:
            raise ConfigError(
                f"a server serves one model: it cannot evaluate {target.name} of a stage that is training"
            )
        outcomes, exact = self._sample(target, marker)
        self._traces.finish()
        if outcomes is None:
            return False
        found = measure(outcomes, settings.budgets, settings.max_tokens, settings.seed)
        told = {"marker": marker} if marker is not None else {}
        told |= {"stop": "</think>"} if settings.stop_at_think else {}
        told |= {} if exact else {"tokens_exact": False}
        record.eval(
            of=settings.of,
            step=target.step,
            epoch=target.epoch,
            checkpoint=target.name,
            set=settings.set,
            **told,
            **found,
            seconds=round(time.monotonic() - started, 3),
        )
        return True

    def close(self) -> None:
        self._sampler.close()

    def _wanted(self, target: "Target", marker: str | None) -> Iterator[Wanted]:
        settings, record = self._settings, self._stage.record
        where = {"step": target.step, "epoch": target.epoch, "of": settings.of, "set": settings.set}
        where |= {"model": target.name, "marker": marker}
        sampling = Sampling(
            max_tokens=settings.max_tokens, stop=("</think>",) if settings.stop_at_think else (), **settings.sampling
        )
        for number, row in enumerate(self._rows):
            name = record.problem(row.problem, row.answer, source_id=row.source_id, gold_origin=row.answer_origin)
            messages, seed = marked(row.prompt, marker), settings.seed_of(name, number)
            for sample in range(settings.samples):
                yield Wanted(Item(name, messages, sample, seed, sampling, target.name), row.answer, where)

    def _sample(self, target: "Target", marker: str | None) -> tuple[Outcomes | None, bool]:
        """What came, in the order of the problems, and whether all tokens are counted exactly; None where it was stopped."""
        settings, told = self._settings, time.monotonic()
        places: dict[str, int] = {}

        def wanted() -> Iterator[Wanted]:
            for place, one in enumerate(self._wanted(target, marker)):
                places[one.item.key] = place
                yield one

        total, exact = len(self._rows) * settings.samples, True
        found: list[Outcome | None] = [None] * total
        # A completion's text and token ids are let go of as soon as it is judged.
        judging: deque[tuple[int, Taken]] = deque()
        ended = 0
        for taken in self._traces.draw(self._sampler, wanted()):
            if isinstance(taken, Failure):
                self._traces.finish()
                raise DataError(f"a completion of problem {taken.item.problem} could not be drawn: {taken.why}")
            judging.append((places.pop(taken.item.key), taken))
            exact = exact and bool(taken.completion.exact)
            ended += 1
            while judging and judging[0][1].ready:
                place, first = judging.popleft()
                found[place] = outcome_of(first)
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                self._stage.record.progress(ended, total, "completions")
        if ended < total:
            return None, exact
        for place, taken in judging:
            found[place] = outcome_of(taken)
        self._stage.record.progress(total, total, "completions")
        return Outcomes.of(found, [row.answer is not None for row in self._rows]), exact


def outcome_of(taken: Taken) -> Outcome:
    completion = taken.completion
    return Outcome(taken.verdict == "right", completion.finish == "stop", completion.tokens, taken.answer)


def marked(prompt: list[dict[str, str]], marker: str | None) -> tuple[tuple[str, str], ...]:
    """The messages with the marker, as it stands, at the end of the last one of the user: as `mix` puts it there."""
    last = max((i for i, message in enumerate(prompt) if message["role"] == "user"), default=None)
    return tuple(
        (message["role"], message["content"] + (marker if marker and i == last else ""))
        for i, message in enumerate(prompt)
    )
