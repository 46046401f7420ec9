"""What a trainer does, as events; checkpoints sealed; a stop at the next step."""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ..worker import Stage
from . import checkpoints
from .common import agreed, all_here

PROGRESS_S = 1.0
"""Least time between two `progress` events; `metrics` say the step as well."""


def gpu_memory() -> dict[str, float]:
    """`gpu_memory`: the most that this process held so far, in GiB, with what its allocator keeps for later; nothing without a GPU."""
    if not torch.cuda.is_available():
        return {}
    return {"gpu_memory": round(torch.cuda.max_memory_reserved() / 2**30, 3)}


class RecordCallback(TrainerCallback):
    """Runs after the trainer's own callbacks, so that it sees what they decided and can correct it."""

    def __init__(self, stage: Stage, resumed_step: int):
        self.stage, self.record = stage, stage.record
        self.resumed_step = resumed_step
        self.saved_step = -1
        self._said = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        loader = kwargs.get("train_dataloader")
        batches = len(loader) if hasattr(loader, "__len__") else None
        per_epoch = batches and max(-(-batches // args.gradient_accumulation_steps), 1)
        epochs = round(state.max_steps / per_epoch, 6) if per_epoch else None
        self.record.train_begin(state.max_steps, self.resumed_step, epochs, per_epoch)
        self.record.state("running")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            control.should_save = True  # the stage's output, whatever the save strategy
        self.stage.step = state.global_step
        # One rank that stops alone would leave the others waiting for it.
        if agreed(self.stage.stopping.is_set(), args.device):
            self.stage.stopping.set()
            control.should_save = control.should_training_stop = True
            self.record.state("stopping")
        elif control.should_save:
            self.record.state("saving")
        now = time.monotonic()
        if now - self._said >= PROGRESS_S and not control.should_log:
            self._said = now
            self.record.progress(state.global_step, state.max_steps, "steps")

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step == self.saved_step:
            control.should_save = False  # saved at this very step already: not written over again
        elif control.should_save:
            self.record.state("saving")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        values = {
            k: v
            for k, v in (logs or {}).items()
            if k != "epoch" and (v is None or isinstance(v, (int, float)) or hasattr(v, "item"))
        }
        if values:
            values |= gpu_memory()
            self._said = time.monotonic()
            self.record.metrics(state.global_step, state.epoch, values)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        self.saved_step = state.global_step
        all_here()  # each rank writes files of its own
        if not self.stage.is_main:
            return
        size = checkpoints.seal(folder, state.global_step, state.epoch)
        self.record.checkpoint(state.global_step, state.epoch, folder.relative_to(self.stage.dir).as_posix(), size)
        if not self.stage.stopping.is_set():
            self.record.state("running")
