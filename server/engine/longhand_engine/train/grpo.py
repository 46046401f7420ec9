"""Worker of `grpo` stages: `python -u -m longhand_engine.train.grpo <attempt-dir>`.

TRL's GRPOTrainer with the recipe's `config` and `rewards`, on `inputs.model` and the rows of `inputs.data`; every
completion is recorded.
"""

from pathlib import Path
from typing import Any

from ..checker import Checker
from ..inference.open import wanted_scores
from ..quiet import quick_imports
from ..rewards import build_rewards
from ..worker import Stage, run_worker
from .checkpoints import step_of
from .common import begin_from, end_process, forced_arguments, prepare_process, train
from .completions import StepCompletions
from .data import grpo_rows
from .settings import build_arguments


def run_grpo(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError and DataError for what the user gave, and whatever the trainer raises."""
    prepare_process(stage)
    stage.record.state("loading")
    with stage.nothing_to_save(), quick_imports():
        from datasets import Dataset
        from transformers import AutoTokenizer
        from trl import GRPOConfig, GRPOTrainer

        from ..sampling.weights import without_cudnn_attention
        from .callback import RecordCallback
        from .order import KeepsOrder
        from .rollout import EngineRollout, can_sample

        class Trainer(KeepsOrder, GRPOTrainer):
            def _generate(self, *args: Any, **kwargs: Any) -> Any:
                with without_cudnn_attention():
                    return super()._generate(*args, **kwargs)

        class GrpoCallback(RecordCallback):
            """Also takes the trainer's own advantages, as soon as it has computed them."""

            completions: StepCompletions
            trainer: GRPOTrainer

            def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
                self.completions.logged(self.trainer)

            def on_substep_end(self, *_: Any, **__: Any) -> None:
                self.completions.logged(self.trainer)

    rewards, weights = build_rewards(stage.config.get("rewards") or [])
    forced = {"remove_unused_columns": False, "reward_weights": weights, **forced_arguments(stage)}
    arguments = build_arguments(GRPOConfig, stage.config.get("config") or {}, **forced)
    resume = begin_from(stage)
    callback = GrpoCallback(stage, step_of(resume) if resume else 0)
    rows = grpo_rows(Path(stage.inputs["data"]))
    if without := sum(row["answer"] is None for row in rows):
        stage.record.warn(
            "no_gold", f"{without} of {len(rows)} problems have no gold: rewards that need a verdict give them nothing."
        )
    with Checker() as checker:
        with stage.nothing_to_save():
            tokenizer = AutoTokenizer.from_pretrained(
                stage.inputs["model"], truncation_side="left", padding_side="left"
            )
            completions = StepCompletions(
                stage.record if stage.is_main else None, tokenizer, checker, rewards, weights, arguments, stage.config.get("markers")
            )
            # Built from the model that the stage starts from, also when it resumes: the trainer loads the checkpoint.
            trainer = Trainer(
                model=stage.inputs["model"],
                reward_funcs=completions.functions,
                args=arguments,
                train_dataset=Dataset.from_list(rows),
                processing_class=tokenizer,
                callbacks=[callback],
            )
        sharded = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
        if not sharded and can_sample(arguments, trainer.model):
            trainer.rollout_func = EngineRollout(tokenizer, scores=wanted_scores(stage.config) is not None)
        elif wanted_scores(stage.config) is not None:
            stage.record.warn(
                "no_logprobs",
                "TRL generates these completions itself and hands no log-probabilities on: none are recorded.",
            )
        completions.end_ids(trainer.eos_token_ids)
        callback.completions, callback.trainer = completions, trainer
        return train(stage, trainer, resume)


if __name__ == "__main__":
    end_process(run_worker(run_grpo))
