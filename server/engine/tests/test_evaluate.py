"""The evaluate worker: traces that can be put together again, figures that follow from them, checkpoints as they come."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

import longhand_engine
from longhand_engine import evaluate as worker
from longhand_engine.dataset import task_rows
from longhand_engine.errors import ConfigError, DataError
from longhand_engine.following import Checkpoint, Followed, wanted
from longhand_engine.measures import Outcomes, measure
from longhand_engine.worker import Stage

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
ENGINE = Path(__file__).parents[1]
torch.set_num_threads(1)


@pytest.fixture
def data(tmp_path) -> Path:
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in task_rows("test", 12, 0)))
    return path


def attempt(folder: Path, config: dict, inputs: dict, resumed_from: dict | None = None) -> Path:
    folder.mkdir(parents=True)
    number = int(folder.name.removeprefix("attempt-"))
    spec = {
        "v": 1,
        "run": "r",
        "stage": folder.parent.name,
        "attempt": number,
        "kind": "evaluate",
        "seed": 0,
        "resumed_from": resumed_from,
        "inputs": {k: str(v) for k, v in inputs.items()},
    }
    config = {"samples": 3, "max_tokens": 120, "budgets": [60, 90], "batch": 8} | config
    (folder / "spec.json").write_text(json.dumps(spec | {"stage_config": config}))
    return folder


def run(folder: Path) -> tuple[dict | None, list[dict]]:
    stage = Stage(folder)
    with stage.record:
        outputs = worker.evaluate(stage)
    return outputs, events_of(folder)


def events_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def whole_events(folder: Path) -> list[dict]:
    """While the record is being written."""
    path = folder / "events.jsonl"
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def until(condition, seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def of_type(events: list[dict], name: str) -> list[dict]:
    return [e for e in events if e["type"] == name]


class Training:
    """A stage that trains, as far as its folder shows: its checkpoints are the base."""

    def __init__(self, folder: Path):
        self.folder, self.seq = folder, {}

    def attempt(self, number: int, resumed_from: dict | None = None) -> None:
        path = self.folder / f"attempt-{number}"
        path.mkdir(parents=True)
        (path / "spec.json").write_text(json.dumps({"resumed_from": resumed_from}))

    def checkpoint(self, number: int, step: int, epoch: float, complete: bool = True) -> None:
        relative = f"checkpoints/checkpoint-{step}"
        path = self.folder / f"attempt-{number}" / relative
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(shutil.copytree(BASE, self.folder.parent / f"weights-{number}-{step}"))
        if complete:
            (path / "COMPLETE.json").write_text("{}")
        with (self.folder / f"attempt-{number}" / "events.jsonl").open("a") as file:
            file.write(
                json.dumps({"type": "checkpoint", "step": step, "epoch": epoch, "path": relative, "bytes": 1}) + "\n"
            )

    def exit(self, number: int, outcome: str = "completed") -> None:
        (self.folder / f"attempt-{number}" / "exit.json").write_text(json.dumps({"outcome": outcome}))


def test_the_record_gives_back_every_trace_and_its_facts(tmp_path, data):
    outputs, events = run(attempt(tmp_path / "eval" / "attempt-1", {}, {"data": data, "model": BASE}))
    assert outputs == {}
    folder = tmp_path / "eval" / "attempt-1"
    text, ids = (
        (folder / kind / name).read_bytes() for kind, name in (("text", "part-00001.txt"), ("tokens", "part-00001.bin"))
    )
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    golds = {e["problem"]: e["gold"] for e in of_type(events, "problem")}
    assert [e["seq"] for e in events] == list(range(len(events)))
    begun, ended = of_type(events, "trace_begin"), of_type(events, "trace_end")
    assert len(begun) == len(ended) == 36 and len(golds) == 12 and len(of_type(events, "prompt")) == 12
    for begin in begun:
        number = begin["trace"]
        (end,) = [e for e in ended if e["trace"] == number]
        extents = [e for e in events if e["type"] == "trace_text" and e["trace"] == number]
        whole = b"".join(text[e["offset"] : e["offset"] + e["length"]] for e in extents).decode()
        place = end["token_ids"]
        tokens = np.frombuffer(ids, "<u4", place["length"] // 4, place["offset"]).tolist()
        facts = end["facts"]
        assert tokenizer.decode(tokens) == whole and len(tokens) == facts["tokens"]
        assert facts["finish"] == ("stop" if whole.endswith("<|im_end|>") else "length")
        assert facts["reasoning_tokens"] + facts["answer_tokens"] == facts["tokens"]
        if "</think>" in whole:
            assert tokenizer.decode(tokens[: facts["reasoning_tokens"]]).endswith("</think>")
        if facts["answer"]:
            assert whole[facts["answer"]["start"] : facts["answer"]["end"]] == facts["answer"]["text"]
            assert facts["verdict"]["value"] == (
                "right" if facts["answer"]["text"] == golds[begin["problem"]] else "wrong"
            )
        assert begin["sampling"]["seed"] < 2**53 and begin["sample"] in (0, 1, 2)


def test_figures_follow_from_the_traces(tmp_path, data):
    _, events = run(attempt(tmp_path / "eval" / "attempt-1", {"set": "held"}, {"data": data, "model": BASE}))
    (found,) = of_type(events, "eval")
    facts = [e["facts"] for e in of_type(events, "trace_end")]
    good = [f for f in facts if f["verdict"]["value"] == "right" and f["finish"] == "stop"]
    assert (found["problems"], found["samples"], found["n"], found["set"], found["step"]) == (12, 3, 36, "held", 0)
    assert found["accuracy"] == pytest.approx(len(good) / 36)
    assert found["tokens_mean"] == pytest.approx(sum(f["tokens"] for f in facts) / 36)
    assert [b["budget"] for b in found["budgets"]] == [60, 90]
    for b in found["budgets"]:
        assert b["accuracy"] == pytest.approx(sum(f["tokens"] <= b["budget"] for f in good) / 36)
    assert found["accuracy_ci95"][0] <= found["accuracy"] <= found["accuracy_ci95"][1]
    _, again = run(attempt(tmp_path / "eval" / "attempt-2", {"batch": 3, "set": "held"}, {"data": data, "model": BASE}))
    (same,) = of_type(again, "eval")
    assert {k: v for k, v in same.items() if k not in ("seconds", "t", "seq")} == {
        k: v for k, v in found.items() if k not in ("seconds", "t", "seq")
    }


def test_checkpoints_are_evaluated_as_they_come_and_the_start_first(tmp_path, data):
    training = Training(tmp_path / "stages" / "sft")
    training.attempt(1)
    folder = attempt(
        tmp_path / "sft.eval" / "attempt-1",
        {"every": "epoch", "start": True, "samples": 1},
        {"data": data, "model": BASE, "follow": training.folder},
    )

    def evaluated(count: int) -> bool:
        return until(lambda: len(of_type(whole_events(folder), "eval")) >= count)

    def train() -> None:
        training.checkpoint(1, 10, 1.0)
        training.checkpoint(1, 15, 1.5)
        training.checkpoint(1, 20, 2.0, complete=False)
        seen.append(evaluated(2))
        training.checkpoint(1, 22, 2.2)
        training.exit(1)

    seen: list[bool] = []
    thread = threading.Thread(target=train)
    thread.start()
    outputs, events = run(folder)
    thread.join()
    assert outputs == {} and seen == [True]
    found = [(e["of"], e["step"], e["epoch"], e["checkpoint"]) for e in of_type(events, "eval")]
    assert found == [
        ("sft", 0, 0.0, str(BASE)),
        ("sft", 10, 1.0, "attempt-1/checkpoints/checkpoint-10"),
        ("sft", 22, 2.2, "attempt-1/checkpoints/checkpoint-22"),
    ]


def test_a_resumed_attempt_leaves_out_what_was_done(tmp_path, data):
    training = Training(tmp_path / "stages" / "sft")
    training.attempt(1)
    training.checkpoint(1, 10, 1.0)
    training.exit(1)
    inputs = {"data": data, "model": BASE, "follow": training.folder}
    config = {"every": "checkpoint", "start": True, "samples": 1}
    run(attempt(tmp_path / "sft.eval" / "attempt-1", config, inputs))
    # Begun again from nothing: the same step, another checkpoint.
    training.attempt(2)
    training.checkpoint(2, 10, 1.0)
    training.exit(2)
    resumed = {"attempt": 1, "checkpoint": None, "step": 0}
    _, events = run(attempt(tmp_path / "sft.eval" / "attempt-2", config, inputs, resumed))
    assert [e["checkpoint"] for e in of_type(events, "eval")] == ["attempt-2/checkpoints/checkpoint-10"]
    resumed = {"attempt": 2, "checkpoint": None, "step": 0}
    _, events = run(attempt(tmp_path / "sft.eval" / "attempt-3", config, inputs, resumed))
    assert not of_type(events, "eval") and not of_type(events, "trace_begin")


def test_older_attempts_count_up_to_the_step_they_were_resumed_from(tmp_path):
    training = Training(tmp_path / "stages" / "sft")
    training.attempt(1)
    for step in (10, 20, 30):
        training.checkpoint(1, step, step / 10)
    training.attempt(2, {"attempt": 1, "step": 20, "checkpoint": "checkpoints/checkpoint-20"})
    followed = Followed(training.folder)
    assert [c.name for c in followed.checkpoints()] == [f"attempt-1/checkpoints/checkpoint-{s}" for s in (10, 20)]
    training.checkpoint(2, 30, 3.0)
    assert [c.name[:9] for c in followed.checkpoints()] == ["attempt-1", "attempt-1", "attempt-2"]
    training.exit(1, "failed")
    assert not followed.completed()
    training.exit(2)
    assert followed.completed()
    training.attempt(3)
    assert followed.checkpoints() == [] and not followed.completed()


def test_a_torn_line_is_left_until_it_is_whole(tmp_path):
    training = Training(tmp_path / "stages" / "sft")
    training.attempt(1)
    training.checkpoint(1, 10, 1.0)
    path = training.folder / "attempt-1" / "events.jsonl"
    whole = path.read_text()
    followed = Followed(training.folder)
    path.write_text(whole[:20])
    assert followed.checkpoints() == []
    path.write_text(whole)
    assert [c.step for c in followed.checkpoints()] == [10]


def test_which_checkpoints_are_wanted():
    all_ = [Checkpoint(s, e, Path(), str(s)) for s, e in ((5, 0.5), (10, 1.0), (15, 1.5), (20, 1.9999), (23, 2.3))]
    assert [c.step for c in wanted(all_, "checkpoint", False)] == [5, 10, 15, 20, 23]
    assert [c.step for c in wanted(all_, "epoch", False)] == [10, 20]
    assert [c.step for c in wanted(all_, "epoch", True)] == [10, 20, 23]
    assert wanted(all_, "end", False) == [] and [c.step for c in wanted(all_, "end", True)] == [23]


def test_sigterm_ends_it_with_what_it_has(tmp_path, data):
    data.write_text("".join(json.dumps(row) + "\n" for row in task_rows("test", 400, 0)))
    folder = attempt(tmp_path / "eval" / "attempt-1", {"samples": 20}, {"data": data, "model": BASE})
    process = subprocess.Popen([sys.executable, "-u", "-m", "longhand_engine.evaluate", folder], cwd=ENGINE)
    assert until(lambda: of_type(whole_events(folder), "trace_text"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    events = events_of(folder)
    assert events[-1]["type"] == "end" and events[-1]["complete"] is False
    assert not of_type(events, "eval")
    assert len(of_type(events, "trace_begin")) == len(of_type(events, "trace_end"))
    assert {e["facts"]["finish"] for e in of_type(events, "trace_end")} >= {"error"}


def test_each_marker_is_an_evaluation_of_its_own(tmp_path, data):
    markers = [None, " Be short."]
    config = {"samples": 1, "markers": markers}
    _, events = run(attempt(tmp_path / "eval" / "attempt-1", config, {"data": data, "model": BASE}))
    assert [e.get("marker") for e in of_type(events, "eval")] == markers
    text = (tmp_path / "eval" / "attempt-1" / "text" / "part-00001.txt").read_bytes()
    prompts = {e["prompt"]: text[e["offset"] :][: e["length"]].decode() for e in of_type(events, "prompt")}
    begun = of_type(events, "trace_begin")
    assert len(begun) == 24
    for begin in begun:
        assert (" Be short.<|im_end|>" in prompts[begin["prompt"]]) == (begin.get("marker") == " Be short.")
    # The second setting only, where the first was finished.
    folder = tmp_path / "eval" / "attempt-2"
    record = tmp_path / "eval" / "attempt-1" / "events.jsonl"
    lines = record.read_text().splitlines()
    record.write_text("\n".join(line for line in lines if '"marker":" Be short."' not in line) + "\n")
    _, again = run(
        attempt(folder, config, {"data": data, "model": BASE}, {"attempt": 1, "checkpoint": None, "step": 0})
    )
    assert [e.get("marker") for e in of_type(again, "eval")] == [" Be short."]
    figures = [[e for e in of_type(es, "eval") if e.get("marker")][0] for es in (events, again)]
    assert figures[0]["tokens_mean"] == figures[1]["tokens_mean"]


def test_completions_may_end_at_the_end_of_the_thought(tmp_path, data):
    config = {"stop_at_think": True, "max_tokens": 200}
    _, events = run(attempt(tmp_path / "eval" / "attempt-1", config, {"data": data, "model": BASE}))
    (found,) = of_type(events, "eval")
    assert found["stop"] == "</think>" and found["accuracy"] > 0
    text = (tmp_path / "eval" / "attempt-1" / "text" / "part-00001.txt").read_bytes()
    ended = of_type(events, "trace_end")
    for end in ended:
        extents = [e for e in events if e["type"] == "trace_text" and e["trace"] == end["trace"]]
        whole = b"".join(text[e["offset"] :][: e["length"]] for e in extents).decode()
        if end["tail"] == len("</think>"):
            assert whole.endswith("</think>") and end["facts"]["reasoning_tokens"] == end["facts"]["tokens"]
            answer = end["facts"]["answer"]
            if answer and answer["rule"] == "boxed":
                assert whole.rfind("\\boxed{") + len("\\boxed{") == answer["start"]
    assert sum(end["tail"] == len("</think>") for end in ended) > 20


def test_an_evaluation_that_was_killed_draws_only_what_is_missing(tmp_path, data):
    inputs = {"data": data, "model": BASE}
    _, whole = run(attempt(tmp_path / "eval" / "attempt-1", {}, inputs))
    record = tmp_path / "eval" / "attempt-1" / "events.jsonl"
    lines = record.read_text().splitlines()
    ends = [i for i, line in enumerate(lines) if '"type":"trace_end"' in line]
    record.write_text("\n".join(lines[: ends[19] + 1]) + '\n{"v":1,"seq":9')
    resumed = {"attempt": 1, "checkpoint": None, "step": 0}
    _, events = run(attempt(tmp_path / "eval" / "attempt-2", {}, inputs, resumed))
    assert len(of_type(events, "trace_begin")) == 36 - 20
    (one,), (other,) = of_type(whole, "eval"), of_type(events, "eval")
    differing = ("seconds", "t", "seq")
    assert {k: v for k, v in one.items() if k not in differing} == {k: v for k, v in other.items() if k not in differing}


@pytest.mark.parametrize(
    ("config", "said"), [({"samples": "many"}, "wrong type"), ({"max_tokens": None}, "wrong type")]
)
def test_bad_configuration_is_said(tmp_path, data, config, said):
    with pytest.raises(ConfigError, match=said):
        run(attempt(tmp_path / "eval" / "attempt-1", config, {"data": data, "model": BASE}))


def test_a_set_with_a_hole_is_refused(tmp_path, data):
    data.write_text(data.read_text() + "?\n")
    with pytest.raises(DataError, match="line 13"):
        run(attempt(tmp_path / "eval" / "attempt-1", {}, {"data": data, "model": BASE}))


def test_intervals_are_those_of_the_binomial_where_problems_have_one_sample():
    rng = np.random.default_rng(0)
    right = rng.random((400, 1)) < 0.3
    ones = np.ones_like(right)
    found = measure(Outcomes(right, ones, ones.astype(int) * 9, ones[:, 0]), [5, 9], 10, seed=1)
    half = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    low, high = found["accuracy_ci95"]
    assert abs((high - low) / 2 - half) < 0.006 and abs((high + low) / 2 - right.mean()) < 0.006
    assert [b["accuracy"] for b in found["budgets"]] == [0.0, pytest.approx(right.mean())]


def test_unfinished_is_not_right_and_cut_counts_at_the_limit_and_no_gold_is_no_accuracy():
    right, finished = np.array([[True, True], [True, False]]), np.array([[True, False], [True, False]])
    tokens = np.array([[4, 10], [6, 10]])
    found = measure(Outcomes(right, finished, tokens, np.array([True, True])), [5], 10, seed=0)
    assert (found["accuracy"], found["tokens_mean"], found["tokens_mean_finished"], found["finished"]) == (
        0.5,
        7.5,
        5.0,
        0.5,
    )
    assert found["budgets"][0]["accuracy"] == 0.25
    without = measure(Outcomes(right, finished, tokens, np.array([False, False])), [5], 10, seed=0)
    assert without["accuracy"] is None and without["accuracy_ci95"] is None and without["tokens_mean"] == 7.5
