"""The real trainers on the shipped base model: what is recorded, how a stop and a resume behave, that nothing is changed."""

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from longhand_engine.dataset import task_rows
from longhand_engine.scores import unpack
from longhand_engine.worker import run_worker

ENGINE = Path(__file__).parents[1]
BASE = ENGINE / "longhand_engine" / "tiny" / "base"
os.environ.setdefault("OMP_NUM_THREADS", "1")
GPU = torch.cuda.is_available()

COMMON = {"learning_rate": 1e-3, "logging_steps": 1, "bf16": False, "gradient_checkpointing": False, "seed": 0}
SFT = COMMON | {
    "max_steps": 4,
    "per_device_train_batch_size": 4,
    "max_length": 256,
    "loss_type": "nll",
    "save_steps": 2,
}
GRPO = COMMON | {
    "max_steps": 3,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 48,
    "save_strategy": "no",
}
REWARDS = [
    {"name": "format"},
    {"name": "cosine", "unit": "characters", "max_length": 300},
    {"name": "length", "unit": "tokens", "weight": 0.5},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in task_rows("train", 32, 0)))
    return path


def attempt(folder, kind, data, config, resumed_from=None, **stage):
    folder.mkdir(parents=True)
    stage_config = {"id": kind, "kind": kind, "config": config, "rewards": REWARDS} | stage
    spec = {
        "v": 1,
        "run": "r",
        "stage": kind,
        "attempt": 1,
        "kind": kind,
        "env": {},
        "grace_s": 30,
        "mark": f"mark-{folder.name}",
        "seed": 0,
    }
    spec["command"] = [sys.executable, "-u", "-m", f"longhand_engine.train.{kind}", str(folder)]
    spec |= {
        "resumed_from": resumed_from,
        "stage_config": stage_config,
        "inputs": {"model": str(BASE), "data": str(data)},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def work(folder):
    """The worker in this process, as importing TRL takes most of its time."""
    from longhand_engine.train.grpo import run_grpo
    from longhand_engine.train.sft import run_sft

    kind = json.loads((folder / "spec.json").read_text())["kind"]
    return run_worker({"sft": run_sft, "grpo": run_grpo}[kind], [str(folder)])


def events(folder, kind=None):
    found = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert [e["seq"] for e in found] == list(range(len(found)))
    return [e for e in found if kind in (None, e["type"])]


def weights(folder, step):
    return hashlib.sha256((folder / f"checkpoints/checkpoint-{step}/model.safetensors").read_bytes()).hexdigest()


def stopped_after(folder, step):
    """Work until the metrics of `step` are there, then SIGTERM."""

    def watch():
        path = folder / "events.jsonl"
        while not (path.exists() and f'"metrics","step":{step},'.encode() in path.read_bytes()):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    code = work(folder)
    thread.join()
    return code


def resumed(stopped, step):
    return {"attempt": 1, "checkpoint": str(stopped / f"checkpoints/checkpoint-{step}"), "step": step}


def trace_facts(folder):
    facts = {}
    for event in events(folder):
        if event["type"] in ("trace_end", "trace_facts"):
            facts.setdefault(event["trace"], {}).update(event["facts"])
    return facts


@pytest.fixture(scope="module")
def sft(tmp_path_factory, data):
    folder = attempt(tmp_path_factory.mktemp("sft") / "whole", "sft", data, SFT)
    assert work(folder) == 0
    return folder


@pytest.fixture(scope="module")
def grpo(tmp_path_factory, data):
    folder = attempt(tmp_path_factory.mktemp("grpo") / "whole", "grpo", data, GRPO, record={"logprobs": True})
    assert work(folder) == 0
    return folder


def test_sft_is_recorded(sft):
    (begin,) = events(sft, "train_begin")
    assert (begin["max_steps"], begin["resumed_step"], begin["steps_per_epoch"], begin["epochs"]) == (4, 0, 8, 0.5)
    metrics = [e for e in events(sft, "metrics") if "loss" in e["values"]]
    assert [e["step"] for e in metrics] == [1, 2, 3, 4] and metrics[3]["epoch"] == 0.5
    assert metrics[3]["values"]["loss"] < metrics[0]["values"]["loss"]
    saved = events(sft, "checkpoint")
    assert [(e["step"], e["path"]) for e in saved] == [(2, "checkpoints/checkpoint-2"), (4, "checkpoints/checkpoint-4")]
    complete = json.loads((sft / saved[1]["path"] / "COMPLETE.json").read_text())
    assert (
        complete["step"] == 4
        and sum(complete["files"].values()) == saved[1]["bytes"]
        and "tokenizer.json" in complete["files"]
    )
    end = events(sft)[-1]
    assert (end["type"], end["complete"], end["step"], end["outputs"]) == (
        "end",
        True,
        4,
        {"checkpoint.last": "checkpoints/checkpoint-4"},
    )
    assert json.loads((sft / "env.json").read_text())["packages"]["trl"]


def test_the_weights_are_those_of_plain_trl(sft, data, tmp_path):
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    rows = [json.loads(line) for line in data.read_text().splitlines()]
    dataset = Dataset.from_list([{k: r[k] for k in ("prompt", "completion")} for r in rows])
    machine = {} if GPU else {"use_cpu": True, "dataloader_pin_memory": False}
    arguments = SFTConfig(output_dir=str(tmp_path), report_to="none", **machine, **SFT)
    trainer = SFTTrainer(
        str(BASE), args=arguments, train_dataset=dataset, processing_class=AutoTokenizer.from_pretrained(BASE)
    )
    trainer.train()
    plain = hashlib.sha256((tmp_path / "checkpoint-4/model.safetensors").read_bytes()).hexdigest()
    assert weights(sft, 4) == plain


def test_sft_stopped_and_resumed_ends_with_the_same_weights(sft, data, tmp_path):
    stopped = attempt(tmp_path / "stopped", "sft", data, SFT | {"save_strategy": "no"})
    assert stopped_after(stopped, 1) == 0
    end = events(stopped)[-1]
    assert (end["complete"], end["max_steps"]) == (False, 4) and 1 < end["step"] < 4 and end["outputs"] == {}
    assert [e["step"] for e in events(stopped, "checkpoint")] == [end["step"]]
    again = attempt(tmp_path / "again", "sft", data, SFT, resumed(stopped, end["step"]))
    assert work(again) == 0
    assert events(again, "train_begin")[0]["resumed_step"] == end["step"]
    assert min(e["step"] for e in events(again, "metrics")) == end["step"] + 1
    assert weights(again, 4) == weights(sft, 4)


def test_a_half_written_checkpoint_is_passed_over(sft, data, tmp_path):
    broken = sft / "checkpoints" / "checkpoint-3"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"half")
    again = attempt(tmp_path / "again", "sft", data, SFT, resumed(sft, 3))
    assert work(again) == 0
    (warning,) = events(again, "warn")
    assert warning["code"] == "checkpoint_skipped" and "checkpoint-3" in warning["message"]
    assert events(again, "train_begin")[0]["resumed_step"] == 2
    assert weights(again, 4) == weights(sft, 4)


def test_resumed_from_the_very_end_the_attempt_has_its_output(sft, data, tmp_path):
    again = attempt(tmp_path / "again", "sft", data, SFT, resumed(sft, 4))
    assert work(again) == 0
    assert events(again)[-1]["complete"] is True and weights(again, 4) == weights(sft, 4)


def test_grpo_records_every_completion_whole(grpo):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    text = (grpo / "text/part-00001.txt").read_bytes()
    ids = (grpo / "tokens/part-00001.bin").read_bytes()
    begins, texts, ends = events(grpo, "trace_begin"), events(grpo, "trace_text"), events(grpo, "trace_end")
    assert len(begins) == len(texts) == len(ends) == 24
    assert [b["step"] for b in begins] == [1] * 8 + [2] * 8 + [3] * 8
    assert [b["sample"] for b in begins] == [0, 1, 2, 3] * 6
    assert len({b["group"] for b in begins}) == 6 and all(b["group"] == f"{b['step']}:{b['problem']}" for b in begins)
    assert begins[0]["sampling"] == {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 48}
    for t, e in zip(texts, ends, strict=True):
        extent = e["token_ids"]
        tokens = struct.unpack(
            f"<{extent['length'] // 4}I", ids[extent["offset"] : extent["offset"] + extent["length"]]
        )
        assert text[t["offset"] : t["offset"] + t["length"]].decode() == tokenizer.decode(
            tokens, skip_special_tokens=False
        )
        facts = e["facts"]
        assert facts["tokens"] == len(tokens) == facts["reasoning_tokens"] + facts["answer_tokens"]
        assert facts["finish"] == ("stop" if tokens[-1] == tokenizer.eos_token_id else "length")
        if GPU:  # TRL generates there, and hands no scores on
            continue
        place = e["scores"]
        scores = unpack(ids[place["offset"] : place["offset"] + place["length"]])
        assert len(scores.logprobs) == len(scores.entropies) == len(tokens)
    if GPU:
        assert [e["code"] for e in events(grpo, "warn")] == ["no_logprobs"]
    # The first step draws from the model as it was given: its mean entropy is the one that the trainer logs.
    first = [e["facts"] for b, e in zip(begins, ends, strict=True) if b["step"] == 1 and not GPU]
    (logged,) = [m["values"]["entropy"] for m in events(grpo, "metrics") if m["step"] == 1 and "entropy" in m["values"]]
    if first:
        mean = sum(f["entropy"] * f["tokens"] for f in first) / sum(f["tokens"] for f in first)
        assert mean == pytest.approx(logged, rel=2e-2)
    assert events(grpo, "problem")[0]["source_id"].startswith("train-")
    prompt = events(grpo, "prompt")[0]
    shown = text[prompt["offset"] : prompt["offset"] + prompt["length"]].decode()
    assert shown.startswith("<|im_start|>user\nStart with") and shown.endswith("<|im_start|>assistant\n")


def test_grpo_records_verdicts_rewards_and_both_advantages(grpo):
    facts = trace_facts(grpo)
    for trace in facts.values():
        assert trace["verdict"]["checker"] in ("integer", "answer", "math-verify")
        parts = trace["rewards"]
        assert list(parts) == ["format", "cosine", "length"]
        assert trace["reward"] == pytest.approx(parts["format"] + parts["cosine"] + 0.5 * parts["length"])
        assert trace["advantage"] == pytest.approx(trace["advantage_logged"], abs=5e-3)
    for start in range(0, 24, 4):
        assert sum(facts[t]["advantage"] for t in range(start, start + 4)) == pytest.approx(0, abs=1e-6)
    assert any(abs(t["advantage"]) > 0.1 for t in facts.values())
    logged = next(e["values"] for e in events(grpo, "metrics") if e["step"] == 1)
    mean = sum(facts[t]["reward"] for t in range(8)) / 8
    assert logged["reward"] == pytest.approx(mean, rel=1e-4) and "rewards/cosine/mean" in logged
    assert logged["accuracy"] == sum(facts[t]["verdict"]["value"] == "right" for t in range(8)) / 8
    assert GPU or not events(grpo, "warn")


def test_grpo_stopped_and_resumed_ends_with_the_same_weights(grpo, data, tmp_path):
    stopped = attempt(tmp_path / "stopped", "grpo", data, GRPO)
    assert stopped_after(stopped, 1) == 0
    step = events(stopped)[-1]["step"]
    assert step in (1, 2)
    again = attempt(tmp_path / "again", "grpo", data, GRPO, resumed(stopped, step))
    assert work(again) == 0
    assert weights(again, 3) == weights(grpo, 3)
    assert min(e["step"] for e in events(again, "trace_begin")) == step + 1


@pytest.mark.parametrize(
    ("kind", "config", "rows", "steps"),
    [
        # Eight and two steps an epoch: resumed in the first one, in the second, and between them.
        ("sft", SFT | {"train_sampling_strategy": "group_by_length", "max_steps": 12, "save_steps": 1}, 32, (3, 8, 10)),
        ("grpo", GRPO | {"max_steps": 5, "max_completion_length": 16, "save_strategy": "steps", "save_steps": 1}, 4, (1, 2, 3)),
    ],
)
def test_the_order_of_an_epoch_is_kept_over_a_resume(kind, config, rows, steps, data, tmp_path):
    few = tmp_path / "few.jsonl"
    few.write_text("".join(data.read_text().splitlines(keepends=True)[:rows]))
    whole = attempt(tmp_path / "whole", kind, few, config)
    assert work(whole) == 0
    for step in steps:
        again = attempt(tmp_path / f"from-{step}", kind, few, config, resumed(whole, step))
        assert work(again) == 0
        assert weights(again, config["max_steps"]) == weights(whole, config["max_steps"]), step


def test_a_generation_for_two_steps_belongs_to_the_first(data, tmp_path):
    folder = attempt(
        tmp_path / "a", "grpo", data, GRPO | {"max_steps": 4, "steps_per_generation": 2, "max_completion_length": 16}
    )
    assert work(folder) == 0
    assert [b["step"] for b in events(folder, "trace_begin")] == [1] * 16 + [3] * 16
    facts = trace_facts(folder)
    assert len(facts) == 32 and all(
        t["advantage"] == pytest.approx(t["advantage_logged"], abs=5e-3) for t in facts.values()
    )


def test_trl_generates_without_the_attention_of_cudnn(data, tmp_path, monkeypatch):
    from transformers import GenerationMixin

    enabled, generate = [], GenerationMixin.generate

    def watched(self, *args, **kwargs):
        enabled.append(torch.backends.cuda.cudnn_sdp_enabled())
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(GenerationMixin, "generate", watched)
    # Not plain sampling: the embedded engine leaves it to TRL, as it does on a GPU.
    config = GRPO | {"max_steps": 1, "max_completion_length": 8, "repetition_penalty": 1.1}
    assert work(attempt(tmp_path / "a", "grpo", data, config)) == 0
    assert enabled == [False] and torch.backends.cuda.cudnn_sdp_enabled()


def test_the_memory_of_the_gpu_is_among_the_metrics(monkeypatch):
    monkeypatch.setattr("longhand_engine.train.callback.torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("longhand_engine.train.callback.torch.cuda.max_memory_reserved", lambda: 3 * 2**29)
    from longhand_engine.train.callback import RecordCallback

    record = SimpleNamespace(said=[], metrics=lambda step, epoch, values: record.said.append(values))
    callback = RecordCallback(SimpleNamespace(record=record), 0)
    callback.on_log(None, SimpleNamespace(global_step=1, epoch=0.1), None, logs={"loss": 2.0, "epoch": 0.1})
    assert record.said == [{"loss": 2.0, "gpu_memory": 1.5}]


def test_what_the_user_got_wrong_is_an_error_event(data, tmp_path):
    folder = attempt(tmp_path / "a", "grpo", data, GRPO | {"num_generation": 4})
    assert work(folder) == 1
    (error,) = events(folder, "error")
    assert error["class"] == "ConfigError" and "did you mean `num_generations`" in error["message"]
    folder = attempt(tmp_path / "b", "grpo", data, GRPO | {"num_generations": 3})
    assert work(folder) == 1
    (error,) = events(folder, "error")
    assert error["class"] == "ConfigError" and "num_generations" in error["message"] and "multiple" in error["hint"]
    folder = attempt(tmp_path / "c", "sft", tmp_path / "absent.jsonl", SFT)
    assert work(folder) == 1
    assert events(folder, "error")[0]["class"] == "DataError"


def test_save_total_limit_spares_what_an_evaluation_beside_reads(data, tmp_path):
    config = SFT | {"save_total_limit": 1, "save_steps": 1, "max_steps": 2}
    followed = attempt(tmp_path / "a", "sft", data, config, evaluate={"every": "checkpoint"})
    alone = attempt(tmp_path / "b", "sft", data, config)
    assert work(followed) == work(alone) == 0
    assert events(followed, "warn")[0]["code"] == "save_total_limit_ignored"
    assert len(list((followed / "checkpoints").glob("checkpoint-*"))) == 2
    assert [p.name for p in (alone / "checkpoints").glob("checkpoint-*")] == ["checkpoint-2"]


def test_under_the_runner_a_stop_saves_and_ends_in_time(data, tmp_path):
    folder = attempt(tmp_path / "a", "sft", data, SFT | {"max_steps": 100_000, "logging_steps": 1})
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(ENGINE)}
    runner = subprocess.Popen(
        [sys.executable, "-m", "longhand_engine.runner", str(folder)], env=env, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not ((folder / "events.jsonl").exists() and b'"type":"metrics"' in (folder / "events.jsonl").read_bytes()):
        assert time.monotonic() < deadline and runner.poll() is None
        time.sleep(0.05)
    (folder / "stop.json").write_text('{"v":1,"t":0,"grace_s":30}')
    asked = time.monotonic()
    assert runner.wait(timeout=40) == 0
    assert time.monotonic() - asked < 20
    result = json.loads((folder / "exit.json").read_text())
    assert (result["outcome"], result["reason"], result["survivors"]) == ("stopped", None, [])
    step = events(folder)[-1]["step"]
    assert (folder / f"checkpoints/checkpoint-{step}/COMPLETE.json").exists()
