"""Training by two real processes on the CPU (gloo), started as the service starts them: stop and resume, a rank that dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longhand_engine import processes
from longhand_engine.dataset import task_rows
from longhand_engine.errors import ConfigError
from longhand_engine.launch import Launch, configuration
from longhand_engine.outcome import classify_error
from longhand_engine.train.checkpoints import problem_of

ENGINE = Path(__file__).parents[1]
BASE = ENGINE / "longhand_engine" / "tiny" / "base"
COMMON = {"learning_rate": 1e-3, "logging_steps": 1, "bf16": False, "gradient_checkpointing": False, "seed": 0}
REWARDS = [{"name": "format"}, {"name": "length", "unit": "tokens"}]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in task_rows("train", 32, 0)))
    return path


def attempt(folder, kind, data, config, resumed_from=None):
    folder.mkdir(parents=True)
    module = f"longhand_engine.train.{kind}"
    spec = {
        "v": 1,
        "run": "r",
        "stage": kind,
        "attempt": 1,
        "kind": kind,
        # Two ranks cannot share a GPU.
        "env": {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        "grace_s": 60,
        "mark": f"mark-{folder}",
        "seed": 0,
        "resumed_from": resumed_from,
        "stage_config": {"id": kind, "kind": kind, "config": COMMON | config, "rewards": REWARDS},
        "inputs": {"model": str(BASE), "data": str(data)},
        "command": [sys.executable, "-u", "-m", "longhand_engine.launch", str(folder), module, "--processes", "2"],
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def start(folder):
    env = {**os.environ, "PYTHONPATH": str(ENGINE)}
    return subprocess.Popen([sys.executable, "-m", "longhand_engine.runner", str(folder)], env=env)


def ended(folder, runner):
    assert runner.wait(240) == 0
    assert processes.marked(json.loads((folder / "spec.json").read_text())["mark"]) == set()
    return json.loads((folder / "exit.json").read_text())


def events(folder, kind=None):
    lines = (folder / "events.jsonl").read_bytes().splitlines() if (folder / "events.jsonl").exists() else []
    found = [json.loads(line) for line in lines]
    assert [e["seq"] for e in found] == list(range(len(found)))
    return [e for e in found if kind in (None, e["type"])]


def until_step(folder, runner, step):
    path = folder / "events.jsonl"
    while not (path.exists() and f'"metrics","step":{step},'.encode() in path.read_bytes()):
        assert runner.poll() is None, (folder / "stderr.log").read_text()[-3000:]
        time.sleep(0.05)


def rank(folder, number):
    return json.loads((folder / f"ranks/rank-{number}.json").read_text())


def test_sft_stops_on_all_ranks_at_one_step_and_goes_on(tmp_path, data):
    config = {"max_steps": 300, "per_device_train_batch_size": 2, "max_length": 128, "loss_type": "nll", "save_steps": 1000}
    first = attempt(tmp_path / "attempt-1", "sft", data, config)
    runner = start(first)
    until_step(first, runner, 3)
    (first / "stop.json").write_text(json.dumps({"v": 1, "t": 0, "grace_s": 60}))
    exit = ended(first, runner)
    assert (exit["outcome"], exit["reason"]) == ("stopped", None), exit
    (saved,) = events(first, "checkpoint")
    (end,) = events(first, "end")
    step = saved["step"]
    assert 3 <= step < 300 and (end["step"], end["max_steps"], end["complete"]) == (step, 300, False)
    checkpoint = first / saved["path"]
    assert problem_of(checkpoint) is None
    assert sorted(p.name for p in checkpoint.glob("rng_state*")) == ["rng_state_0.pth", "rng_state_1.pth"]
    assert [e["step"] for e in events(first, "metrics") if "loss" in e["values"]] == list(range(1, step + 1))
    assert all(rank(first, n)["ended"] and rank(first, n)["step"] == step for n in (0, 1))
    assert (first / "ranks/rank-1.stderr.log").exists() and not events(first, "error")

    more = {"attempt": 1, "checkpoint": str(checkpoint), "step": step}
    second = attempt(tmp_path / "attempt-2", "sft", data, config | {"max_steps": step + 2}, more)
    exit = ended(second, start(second))
    assert exit["outcome"] == "completed", (exit, (second / "stderr.log").read_text()[-3000:])
    (begin,), (end,) = events(second, "train_begin"), events(second, "end")
    assert begin["resumed_step"] == step and end["outputs"] == {"checkpoint.last": f"checkpoints/checkpoint-{step + 2}"}
    assert [e["step"] for e in events(second, "metrics") if "loss" in e["values"]] == [step + 1, step + 2]
    assert not [e for e in events(second, "warn") if e["code"] == "processes_changed"]


def test_grpo_records_the_completions_of_all_ranks_and_names_the_one_that_dies(tmp_path, data):
    # Two completions a rank and four a group: every group lies on both.
    config = {
        "max_steps": 500,
        "per_device_train_batch_size": 2,
        "num_generations": 4,
        "max_completion_length": 24,
        "save_strategy": "no",
    }
    folder = attempt(tmp_path / "a", "grpo", data, config)
    runner = start(folder)
    until_step(folder, runner, 3)
    os.kill(rank(folder, 1)["pid"], signal.SIGKILL)
    exit = ended(folder, runner)
    assert (exit["outcome"], exit["reason"]) == ("failed", "killed"), exit
    assert "RankLost: Rank 1 of 2 was ended by SIGKILL" in exit["message"], exit
    assert "rank-1.stderr.log" in exit["message"] and exit["survivors"] == []
    (error,) = events(folder, "error")
    assert error["class"] == "RankLost"

    begun = {e["trace"]: e for e in events(folder, "trace_begin")}
    facts = {}
    for event in events(folder):
        if event["type"] in ("trace_end", "trace_facts"):
            facts.setdefault(event["trace"], {}).update(event["facts"])
    for step in (1, 2, 3):
        traces = [n for n, e in begun.items() if e["step"] == step]
        assert len(traces) == 4 and len({begun[n]["group"] for n in traces}) == 1
        assert [begun[n]["sample"] for n in traces] == [0, 1, 2, 3]
        # The shortest gets +0.5 and the longest -0.5 among all four, a wrong one never more than 0: judged by the whole group.
        lengths = {n: facts[n]["tokens"] for n in traces}
        longest = max(traces, key=lengths.get)
        if len(set(lengths.values())) > 1:
            assert facts[longest]["rewards"]["length"] == -0.5
        assert all("advantage_logged" in facts[n] for n in traces)
    ids = (folder / "tokens/part-00001.bin").read_bytes()
    extents = [e["token_ids"] for e in events(folder, "trace_end")][:12]
    drawn = [ids[e["offset"] : e["offset"] + e["length"]] for e in extents]
    # Traces 0 and 1 are rank 0's, 2 and 3 rank 1's: with the same seeds they would be the same in every step.
    assert any(drawn[k : k + 2] != drawn[k + 2 : k + 4] for k in (0, 4, 8))
    assert not [e for e in events(folder, "warn") if e["code"].startswith("advantage")]


def test_what_cannot_be_launched_says_why(tmp_path, data):
    with pytest.raises(ConfigError, match="none of zero2, zero3, fsdp"):
        configuration("zero9", 2, {})
    assert configuration("fsdp", 2, {})["fsdp_config"]["fsdp_state_dict_type"] == "FULL_STATE_DICT"
    assert configuration("fsdp", 2, {"fp16": True})["mixed_precision"] == "fp16"
    folder = attempt(tmp_path / "a", "sft", data, {"learning_rat": 1})
    exit = ended(folder, start(folder))
    assert exit["reason"] == "config_error" and "Rank " in exit["message"] and "`learning_rat`" in exit["message"], exit


def test_the_first_to_fail_is_named(tmp_path):
    """By times: rank 1 raised, the launcher then ended rank 0, which raised because of it; rank 2 was killed by the launcher."""
    (tmp_path / "ranks").mkdir()
    for number, t in ((0, 2000), (1, 1000)):
        said = {"class": "OutOfMemoryError", "message": "out", "traceback": "", "hint": None, "t": t}
        (tmp_path / f"ranks/rank-{number}.error.json").write_text(json.dumps(said))
    for number in range(3):
        beat = {"v": 1, "rank": number, "pid": 2**22 + number, "start_time": "1", "t": 0, "step": 7, "ended": number < 2}
        (tmp_path / f"ranks/rank-{number}.json").write_text(json.dumps(beat))
    launch = Launch(tmp_path, 3)
    launch.gone = {0: 2100, 1: 1100, 2: 31_500}
    found = launch.culprit()
    assert found["message"] == "Rank 1 of 3: out" and classify_error(found) == "oom_gpu"
    launch.gone[2] = 900
    found = launch.culprit()
    assert found["message"].startswith("Rank 2 of 3 is gone at step 7.") and classify_error(found) == "killed"
