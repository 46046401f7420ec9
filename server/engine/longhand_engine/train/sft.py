"""Worker of `sft` stages: `python -u -m longhand_engine.train.sft <attempt-dir>`.

TRL's SFTTrainer with the recipe's `config`, on `inputs.model` and the rows of `inputs.data`.
"""

from pathlib import Path

from ..quiet import quick_imports
from ..worker import Stage, run_worker
from .checkpoints import step_of
from .common import begin_from, end_process, forced_arguments, prepare_process, train
from .data import sft_rows
from .settings import build_arguments


def run_sft(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError and DataError for what the user gave, and whatever the trainer raises."""
    prepare_process(stage)
    stage.record.state("loading")
    with stage.nothing_to_save(), quick_imports():
        from datasets import Dataset
        from transformers import AutoTokenizer
        from trl import SFTConfig, SFTTrainer

        from .callback import RecordCallback
    arguments = build_arguments(SFTConfig, stage.config.get("config") or {}, **forced_arguments(stage))
    resume = begin_from(stage)
    callback = RecordCallback(stage, step_of(resume) if resume else 0)
    rows = sft_rows(Path(stage.inputs["data"]))
    with stage.nothing_to_save():
        # Built from the model that the stage starts from, also when it resumes: the trainer loads the checkpoint itself.
        trainer = SFTTrainer(
            model=stage.inputs["model"],
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=AutoTokenizer.from_pretrained(stage.inputs["model"]),
            callbacks=[callback],
        )
    return train(stage, trainer, resume)


if __name__ == "__main__":
    end_process(run_worker(run_sft))
