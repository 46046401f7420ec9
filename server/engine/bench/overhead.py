"""CPU time of our training worker against a plain TRL script, with the same config, data and reward functions.

    python server/engine/bench/overhead.py grpo|grpo-generate|sft [--pairs 9] [--steps 3]

In `grpo` our worker samples with its own engine, as it does on the embedded model; in `grpo-generate` both sides generate
with TRL, so that the ratio is what recording alone costs. Pairs run one after the other, the order changing from pair to pair. Two ratios, medians with a 95 % bootstrap interval:
`train` is CPU time within `trainer.train()`; `process` is that of the whole process, imports included (both leave
without taking Python down). The model is the shipped base, the data the built-in task; no evaluation. One JSON line.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINE = Path(__file__).parents[1]
sys.path.insert(0, str(ENGINE))

BASE = ENGINE / "longhand_engine" / "tiny" / "base"
COMMON = {"lr_scheduler_type": "cosine", "adam_beta2": 0.95, "bf16": False, "gradient_checkpointing": False, "seed": 0}
CONFIGS = {
    "grpo": COMMON
    | {
        "num_generations": 8,
        "per_device_train_batch_size": 128,
        "max_completion_length": 256,
        "learning_rate": 3e-4,
        "beta": 0.0,
        "temperature": 1.0,
        "logging_steps": 1,
        "save_strategy": "no",
    },
    "sft": COMMON
    | {
        "per_device_train_batch_size": 16,
        "learning_rate": 2e-3,
        "max_length": 512,
        "loss_type": "nll",
        "train_sampling_strategy": "group_by_length",
        "logging_steps": 5,
        "save_strategy": "no",
    },
}
REWARDS = [
    {"name": "format"},
    {"name": "cosine", "unit": "characters", "max_length": 600},
    {"name": "length", "unit": "tokens"},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["grpo", "grpo-generate", "sft"])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--child", nargs=2, metavar=("WHO", "FOLDER"))
    options = parser.parse_args()
    if options.child:
        child(options.kind, *options.child)
        return
    steps = options.steps or (50 if options.kind == "sft" else 3)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), options.kind, steps)
        pairs = []
        for k in range(options.pairs):
            order = ["ours", "bare"] if k % 2 else ["bare", "ours"]
            found = {who: run(options.kind, who, Path(folder)) for who in order}
            pairs.append({part: found["ours"][part] / found["bare"][part] for part in ("train", "process")})
            print(json.dumps(found), file=sys.stderr, flush=True)
    for part in ("train", "process"):
        ratios = [p[part] for p in pairs]
        line = {
            "name": f"overhead: {options.kind}, CPU time of {part}",
            "value": round(statistics.median(ratios), 4),
            "unit": "ratio",
        }
        print(json.dumps(line | {"target": "<=1.03", "peer": "plain TRL", "ci95": interval(ratios), "n": len(ratios)}))


def prepare(folder: Path, kind: str, steps: int) -> None:
    """The attempt's folder, and its data from the built-in task."""
    from longhand_engine.dataset import task_rows

    data = folder / "train.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in task_rows("train", 400, 0)))
    kind = kind.removesuffix("-generate")
    config = CONFIGS[kind] | {"max_steps": steps}
    stage = {"id": kind, "kind": kind, "config": config, "rewards": REWARDS}
    spec = {
        "v": 1,
        "run": "bench",
        "stage": kind,
        "attempt": 1,
        "kind": kind,
        "resumed_from": None,
        "stage_config": stage,
    }
    spec |= {
        "inputs": {"model": str(BASE), "data": str(data)},
        "seed": 0,
        "command": ["-"],
        "env": {},
        "grace_s": 1,
        "mark": "-",
    }
    (folder / "spec.json").write_text(json.dumps(spec))


def run(kind: str, who: str, folder: Path) -> dict[str, float]:
    """CPU seconds of one child, checker processes included."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
    for name in ("events.jsonl", "checkpoints"):
        subprocess.run(["rm", "-rf", str(folder / name)], check=True)
    command = [sys.executable, __file__, kind, "--child", who, str(folder)]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{who} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def child(kind: str, who: str, folder: str) -> None:
    from transformers import Trainer

    plain, spent = Trainer.train, {}

    def timed(self: Trainer, *args: object, **options: object) -> object:
        begun = time.process_time()
        try:
            return plain(self, *args, **options)
        finally:
            spent["train"] = time.process_time() - begun

    Trainer.train = timed
    (ours if who == "ours" else bare)(kind, Path(folder))
    usage = os.times()
    print(
        json.dumps(spent | {"process": usage.user + usage.system + usage.children_user + usage.children_system}),
        flush=True,
    )
    os._exit(0)


def ours(kind: str, folder: Path) -> None:
    from longhand_engine.train.grpo import run_grpo
    from longhand_engine.train.sft import run_sft
    from longhand_engine.worker import run_worker

    if kind == "grpo-generate":
        from longhand_engine.train import rollout

        rollout.can_sample = lambda *_: False
    if run_worker(run_sft if kind == "sft" else run_grpo, [str(folder)]):
        raise SystemExit(1)


def bare(kind: str, folder: Path) -> None:
    """What a person would write for the same training; like ours it saves its last checkpoint."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    from longhand_engine.checker import Checker
    from longhand_engine.rewards import build_rewards
    from longhand_engine.train.completions import StepCompletions

    spec = json.loads((folder / "spec.json").read_text())
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    config = spec["stage_config"]["config"] | {
        "output_dir": str(folder / "checkpoints"),
        "use_cpu": True,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    if kind == "sft":
        data = Dataset.from_list([{k: row[k] for k in ("prompt", "completion")} for row in rows])
        trainer = SFTTrainer(str(BASE), args=SFTConfig(**config), train_dataset=data, processing_class=tokenizer)
    else:
        data = Dataset.from_list([{k: row[k] for k in ("prompt", "answer", "problem_id", "problem")} for row in rows])
        arguments = GRPOConfig(**config)
        rewards, weights = build_rewards(REWARDS)
        functions = StepCompletions(None, tokenizer, Checker(), rewards, weights, arguments).functions
        trainer = GRPOTrainer(
            str(BASE), reward_funcs=functions, args=arguments, train_dataset=data, processing_class=tokenizer
        )
    trainer.train()
    trainer._save_checkpoint(trainer.model, None)


def interval(ratios: list[float]) -> list[float]:
    """95 % percentile bootstrap of the median."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(2000))
    return [round(medians[50], 4), round(medians[1949], 4)]


if __name__ == "__main__":
    main()
