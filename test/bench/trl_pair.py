"""One side of the overhead bench: `python trl_pair.py ours|bare FOLDER ROWS STEPS`. Prints CPU seconds of the process.

`ours` is the worker of grpo stages as the service starts it; `bare` builds TRL's GRPOTrainer with the same arguments, rows
and reward functions and records nothing. Neither is evaluated. FOLDER is made anew.
"""

import json
import os
import resource
import sys
from pathlib import Path

CONFIG = {
    "num_generations": 8,
    "per_device_train_batch_size": 64,
    "max_completion_length": 128,
    "learning_rate": 3.0e-4,
    "adam_beta2": 0.95,
    "beta": 0.0,
    "logging_steps": 1,
    "save_strategy": "steps",
    "bf16": False,
    "gradient_checkpointing": False,
    "seed": 0,
}
REWARDS = [{"name": "format"}, {"name": "cosine", "unit": "characters", "max_length": 600}, {"name": "length", "unit": "tokens"}]


def main() -> None:
    side, folder, rows, steps = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    import longhand_engine

    model = Path(longhand_engine.__file__).parent / "tiny" / "base"
    config = {**CONFIG, "max_steps": steps, "save_steps": steps}
    folder.mkdir(parents=True)
    if side == "ours":
        spec = {
            "v": 1, "run": "bench", "stage": "grpo", "attempt": 1, "kind": "grpo", "command": ["-"], "env": {}, "grace_s": 60, "mark": "bench",
            "resumed_from": None, "stage_config": {"config": config, "rewards": REWARDS}, "inputs": {"model": str(model), "data": str(rows)}, "seed": 0,
        }  # fmt: skip
        (folder / "spec.json").write_text(json.dumps(spec))
        from longhand_engine.train.grpo import run_grpo
        from longhand_engine.worker import run_worker

        if run_worker(run_grpo, [str(folder)]) != 0:
            raise SystemExit("the worker failed")
    else:
        bare(folder, model, rows, config)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"cpu_s": sum(u.ru_utime + u.ru_stime for u in usage)}))


def bare(folder: Path, model: Path, rows: Path, config: dict) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from datasets import Dataset
    from longhand_engine.checker import Checker
    from longhand_engine.rewards import build_rewards
    from longhand_engine.train.completions import StepCompletions
    from longhand_engine.train.data import grpo_rows
    from transformers import AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    rewards, weights = build_rewards(REWARDS)
    arguments = GRPOConfig(
        output_dir=str(folder), use_cpu=True, dataloader_pin_memory=False, report_to="none", disable_tqdm=True,
        remove_unused_columns=False, reward_weights=weights, **config,
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(model, truncation_side="left", padding_side="left")
    with Checker() as checker:
        functions = StepCompletions(None, tokenizer, checker, rewards, weights, arguments).functions
        GRPOTrainer(
            model=str(model), reward_funcs=functions, args=arguments, train_dataset=Dataset.from_list(grpo_rows(rows)), processing_class=tokenizer
        ).train()


if __name__ == "__main__":
    main()
