"""One evaluation: a model is loaded into the sampling engine, answers every problem, and its figures are recorded."""

import time
from typing import TYPE_CHECKING

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from .checker import Checker
from .errors import ConfigError
from .measures import Outcomes, measure
from .rows import FoundRow
from .sampling.engine import Engine
from .sampling.requests import Request
from .sampling.text import Texts
from .sections import TokenSections
from .tracing import Trace, TraceWriter
from .worker import Stage

if TYPE_CHECKING:
    from .evaluate import Settings, Target

PROGRESS_S = 0.5
logging.disable_progress_bar()
# Below this many parameters a second thread only costs, and a trainer beside it wants the core.
ONE_THREAD = 5_000_000


class Evaluator:
    """Holds what all evaluations of a stage share: problems, tokenizer, prompts."""

    def __init__(self, stage: Stage, settings: "Settings", rows: list[FoundRow]):
        self._stage, self._settings, self._rows = stage, settings, rows
        self._tokenizer = AutoTokenizer.from_pretrained(stage.inputs["model"])
        if not self._tokenizer.chat_template:
            raise ConfigError(f"the tokenizer of {stage.inputs['model']} has no chat template")
        self._texts, self._sections = Texts(self._tokenizer), TokenSections(self._tokenizer)
        texts = [
            self._tokenizer.apply_chat_template(r.prompt, tokenize=False, add_generation_prompt=True) for r in rows
        ]
        self._prompts = list(zip(texts, self._tokenizer(texts, add_special_tokens=False).input_ids, strict=True))
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._engine: Engine | None = None

    def run(self, target: "Target", checker: Checker) -> bool:
        """False where it was stopped before its end: then there is no `eval` event."""
        settings, record, started = self._settings, self._stage.record, time.monotonic()
        engine = self._loaded(target.path)
        writer = TraceWriter(record, checker, self._texts, self._sections)
        traces = self._submit(engine, writer, target)
        if not self._sample(engine, writer, len(traces)):
            writer.finish()
            return False
        writer.finish()
        outcomes = Outcomes.of(traces, len(self._rows))
        record.eval(
            of=settings.of,
            step=target.step,
            epoch=target.epoch,
            checkpoint=target.name,
            set=settings.set,
            **measure(outcomes, settings.budgets, settings.max_tokens, settings.seed),
            seconds=round(time.monotonic() - started, 3),
        )
        return True

    def _loaded(self, path: str) -> Engine:
        dtype = "auto" if self._device == "cuda" else torch.float32
        model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype).to(self._device)
        if model.num_parameters() < ONE_THREAD:
            torch.set_num_threads(1)
        if self._engine is None:
            self._engine = Engine(model, batch=self._settings.batch, texts=self._texts)
        else:
            self._engine.swap(model)
        return self._engine

    def _submit(self, engine: Engine, writer: TraceWriter, target: "Target") -> list[Trace]:
        settings, record = self._settings, self._stage.record
        where = {
            "step": target.step,
            "epoch": target.epoch,
            "of": settings.of,
            "set": settings.set,
            "model": target.name,
        }
        traces = []
        for number, (row, (text, ids)) in enumerate(zip(self._rows, self._prompts, strict=True)):
            name = record.problem(
                row.problem, row.answer, source_id=row.source_id, gold_origin="given" if row.answer else None
            )
            prompt = record.prompt(name, text, len(ids))
            request = Request(
                ids,
                n=settings.samples,
                max_tokens=settings.max_tokens,
                seed=settings.seed_of(name, number),
                **settings.sampling,
            )
            for sequence in engine.submit(request):
                traces.append(Trace(sequence, name, prompt, text, row.answer, where))
                writer.add(traces[-1])
        return traces

    def _sample(self, engine: Engine, writer: TraceWriter, total: int) -> bool:
        told = time.monotonic()
        while engine.step():
            if not writer.flush_if_due():
                continue
            if self._stage.stopping.is_set():
                engine.cancel_all()
                return False
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                self._stage.record.progress(writer.ended, total, "completions")
        self._stage.record.progress(total, total, "completions")
        return True
