"""What the training workers share: the process's settings, where to begin, the course of one training, its end."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ConfigError
from ..worker import Stage, leave
from . import checkpoints

if TYPE_CHECKING:
    from transformers import Trainer

    from .callback import RecordCallback

_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "warning",
}
_TRACKERS = ("wandb", "trackio", "mlflow", "comet_ml", "clearml", "swanlab", "neptune", "dvclive")
_SMALL = 64 * 2**20
"""A model whose files are smaller trains faster with one thread: the threads would wait for each other."""


def prepare_process(stage: Stage) -> None:
    """Settings that must be made before torch is imported. What the environment says already stays."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if "OMP_NUM_THREADS" not in os.environ and model_bytes(Path(stage.inputs["model"])) < _SMALL:
        os.environ["OMP_NUM_THREADS"] = "1"
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("a training stage runs in one process so far; WORLD_SIZE must be 1")


def model_bytes(model: Path) -> int:
    """Size of a model's weights in a folder; a name on a hub counts as large."""
    return sum(p.stat().st_size for p in model.glob("*.safetensors")) if model.is_dir() else _SMALL


def forced_arguments(stage: Stage) -> dict[str, Any]:
    """Arguments that are ours; and `use_cpu`, where there is no accelerator."""
    import torch

    forced: dict[str, Any] = {"output_dir": str(stage.dir / "checkpoints")}
    config = stage.config.get("config") or {}
    if not torch.accelerator.is_available():
        forced |= {"use_cpu": True, "dataloader_pin_memory": False}
    limit = config.get("save_total_limit")
    if limit is not None and (stage.config.get("evaluate") or {}).get("every", "end") != "end":
        forced["save_total_limit"] = None
        stage.record.warn("save_total_limit_ignored", f"save_total_limit {limit} is not applied: the evaluation beside this stage reads every checkpoint.")
    return forced


def begin_from(stage: Stage) -> Path | None:
    """The checkpoint that this attempt resumes from; None for a fresh start."""
    resumed = stage.spec.get("resumed_from")
    if not resumed or not resumed.get("checkpoint"):
        return None
    path = Path(resumed["checkpoint"])
    if not path.is_absolute():
        path = stage.dir.parent / f"attempt-{resumed['attempt']}" / path
    return checkpoints.resume_point(path, stage.record.warn)


def train(stage: Stage, trainer: "Trainer", callback: "RecordCallback", resume: Path | None) -> dict[str, str] | None:
    """Train to the end or to a stop. Returns the outputs, None when it was stopped before its last step.

    A stage is complete when it has done all steps; the trainer returns normally in both cases.
    """
    if stage.stopping.is_set():
        return None
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    state = trainer.state
    stage.step, stage.max_steps = state.global_step, state.max_steps
    if state.global_step < state.max_steps:
        return None
    last = stage.dir / "checkpoints" / f"checkpoint-{state.global_step}"
    if callback.saved_step != state.global_step and resume and checkpoints.step_of(resume) == state.global_step:
        # Resumed from the very end: there was nothing to train, but the attempt has its output all the same.
        shutil.copytree(resume, last, ignore=shutil.ignore_patterns(checkpoints.COMPLETE))
        size = checkpoints.seal(last, state.global_step, state.epoch)
        stage.record.checkpoint(state.global_step, state.epoch, last.relative_to(stage.dir).as_posix(), size)
    return {"checkpoint.last": last.relative_to(stage.dir).as_posix()}


def end_process(code: int) -> NoReturn:
    """Leave at once, unless a tracker (wandb, …) was loaded that sends its last data when Python ends."""
    if any(name in sys.modules for name in _TRACKERS):
        sys.exit(code)
    leave(code)
