"""What the training workers share: the process's settings, where to begin, the course of one training, its end."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..environment import accelerators
from ..files import read_json
from ..ranks import world
from ..worker import Stage, leave
from . import checkpoints

if TYPE_CHECKING:
    import torch
    from transformers import Trainer, TrainingArguments

    from .order import KeepsOrder

_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
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
        asked = config.get("use_cpu") or os.environ.get("CUDA_VISIBLE_DEVICES") == ""
        if not asked and (unused := accelerators()):
            stage.record.warn(
                "gpu_not_used",
                f"This machine has {unused[0]['name']} (driver {unused[0]['driver']}), and torch {torch.__version__} cannot use it: "
                "the training runs on the CPU. Set up the engine with a torch for this driver, or update the driver.",
            )
    limit = config.get("save_total_limit")
    if limit is not None and (stage.config.get("evaluate") or {}).get("every", "end") != "end":
        forced["save_total_limit"] = None
        stage.record.warn(
            "save_total_limit_ignored",
            f"save_total_limit {limit} is not applied: the evaluation beside this stage reads every checkpoint.",
        )
    return forced


def begin_from(stage: Stage) -> Path | None:
    """The checkpoint that this attempt resumes from; None for a fresh start."""
    resumed = stage.spec.get("resumed_from")
    if not resumed or not resumed.get("checkpoint"):
        return None
    path = Path(resumed["checkpoint"])
    if not path.is_absolute():
        path = stage.dir.parent / f"attempt-{resumed['attempt']}" / path
    found = checkpoints.resume_point(path, stage.record.warn)
    if found and (before := checkpoints.processes_of(found)) != world():
        stage.record.warn(
            "processes_changed",
            f"{found} was trained by {before} processes and goes on with {world()}: the batch, the order of the data and the "
            "random numbers differ from what they would have been.",
        )
    return found


def train(stage: Stage, trainer: "KeepsOrder | Trainer", resume: Path | None) -> dict[str, str] | None:
    """Train to the end or to a stop. Returns the outputs, None when it was stopped before its last step.

    A stage is complete when it has done all steps; the trainer returns normally in both cases.
    """
    if stage.stopping.is_set():
        return None
    done = finished(trainer.args, resume) if resume else None
    if resume and done:
        stage.step = stage.max_steps = done["global_step"]
        return _taken_over(stage, resume, done)
    trainer.resumed = resume
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    state = trainer.state
    stage.step, stage.max_steps = state.global_step, state.max_steps
    if state.global_step < state.max_steps:
        return None
    return {"checkpoint.last": f"checkpoints/checkpoint-{state.global_step}"}


def agreed(flag: bool, device: "torch.device") -> bool:
    """True on every rank at the same step, as soon as one of them says so."""
    if world() == 1:
        return flag
    import torch
    from torch import distributed

    said = torch.tensor(int(flag), device=device)
    distributed.all_reduce(said, distributed.ReduceOp.MAX)
    return bool(said.item())


def all_here() -> None:
    """Returns when every rank has come so far."""
    if world() > 1:
        from torch import distributed

        distributed.barrier()


def finished(arguments: "TrainingArguments", checkpoint: Path) -> dict[str, Any] | None:
    """The trainer's state in a checkpoint of the last step; None where steps are left.

    Killed between its last checkpoint and its end, an attempt has nothing left to train; the trainer would do one more
    step all the same.
    """
    state = read_json(checkpoint / "trainer_state.json")
    if arguments.max_steps > 0:
        return state if state["global_step"] >= arguments.max_steps else None
    same = state.get("num_train_epochs") == arguments.num_train_epochs
    return state if same and state["global_step"] >= state["max_steps"] else None


def _taken_over(stage: Stage, checkpoint: Path, state: dict[str, Any]) -> dict[str, str]:
    """The finished checkpoint as the output of this attempt."""
    step = state["global_step"]
    name = f"checkpoints/checkpoint-{step}"
    if not stage.is_main:
        return {"checkpoint.last": name}
    stage.record.train_begin(step, step, state.get("num_train_epochs"), None)
    shutil.copytree(checkpoint, stage.dir / name, ignore=shutil.ignore_patterns(checkpoints.COMPLETE))
    size = checkpoints.seal(stage.dir / name, step, state.get("epoch"))
    stage.record.checkpoint(step, state.get("epoch"), name, size)
    return {"checkpoint.last": name}


def end_process(code: int) -> NoReturn:
    """Leave at once, unless a tracker (wandb, …) was loaded that sends its last data when Python ends."""
    if any(name in sys.modules for name in _TRACKERS):
        sys.exit(code)
    leave(code)
