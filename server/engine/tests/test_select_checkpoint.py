"""Choosing a checkpoint by its evaluations: each rule, what counts, and what is said."""

import json
from pathlib import Path

import pytest

from longhand_engine.errors import ConfigError, DataError
from longhand_engine.select_checkpoint import select
from longhand_engine.worker import Stage


def evaluation(step: int, accuracy: float | None, tokens: float, ci=None, attempt: int = 1, **more) -> dict:
    ci = ci or (None if accuracy is None else [accuracy - 0.05, accuracy + 0.05])
    event = {
        "v": 1,
        "seq": 0,
        "t": 0,
        "type": "eval",
        "of": "sft",
        "step": step,
        "epoch": step / 10,
        "checkpoint": f"attempt-{attempt}/checkpoints/checkpoint-{step}",
        "set": "test",
        "accuracy": accuracy,
        "accuracy_ci95": ci,
        "tokens_mean": tokens,
        "tokens_mean_ci95": [tokens - 1, tokens + 1],
        "finished": 1.0,
        "budgets": [{"budget": 50, "accuracy": accuracy and 1 - accuracy, "accuracy_ci95": ci}],
    }
    return event | more


class Run:
    def __init__(self, root: Path):
        self.root = root
        self.train(1, [])

    def train(self, attempt: int, steps: list[int], resumed=None, complete: bool = True) -> None:
        folder = self.root / "stages" / "sft" / f"attempt-{attempt}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "spec.json").write_text(json.dumps({"resumed_from": resumed}))
        lines = []
        for step in steps:
            path = folder / "checkpoints" / f"checkpoint-{step}"
            path.mkdir(parents=True)
            if complete:
                (path / "COMPLETE.json").write_text("{}")
            event = {"type": "checkpoint", "step": step, "epoch": None, "path": f"checkpoints/checkpoint-{step}"}
            lines.append(json.dumps(event, separators=(",", ":")))
        (folder / "events.jsonl").write_text("".join(line + "\n" for line in lines))

    def evals(self, attempt: int, events: list[dict]) -> None:
        folder = self.root / "stages" / "sft.eval" / f"attempt-{attempt}"
        folder.mkdir(parents=True)
        text = "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in events)
        (folder / "events.jsonl").write_text(text + '{"type":"eval","torn')

    def select(self, **config) -> tuple[str, str, list[dict]]:
        folder = self.root / "stages" / "pick" / "attempt-1"
        folder.mkdir(parents=True, exist_ok=True)
        stages = self.root / "stages"
        inputs = {"from": str(stages / "sft"), "evaluations": str(stages / "sft.eval")}
        spec = {"run": "r", "stage": "pick", "attempt": 1, "seed": 0, "inputs": inputs, "stage_config": config}
        (folder / "spec.json").write_text(json.dumps(spec))
        stage = Stage(folder)
        with stage.record:
            outputs = select(stage)
        path = (folder / outputs["checkpoint"]).resolve()
        assert (path / "COMPLETE.json").exists() and not Path(outputs["checkpoint"]).is_absolute()
        report = json.loads((folder / "report.json").read_text())
        table = [
            json.loads(line)["cells"] for line in (folder / "tables" / "checkpoints.jsonl").read_text().splitlines()
        ]
        return f"{path.parents[1].name}/{path.name}", report["blocks"][0]["text"], table


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    run.train(1, [10, 20, 30, 40])
    run.evals(
        1,
        [
            evaluation(0, 0.4, 20, checkpoint="/models/base", budgets=[]),
            evaluation(10, 0.70, 50),
            evaluation(20, 0.80, 90),
            evaluation(30, 0.76, 60),
            evaluation(40, 0.80, 95),
        ],
    )
    return run


def test_the_most_accurate_and_of_equals_the_earlier(run):
    path, why, table = run.select(rule="accuracy")
    assert path == "attempt-1/checkpoint-20" and why == "Step 20 has the highest accuracy: 80.0%."
    assert {row["step"]: row["why"] for row in table} == {
        0: "the model before training, no candidate",
        10: "lower accuracy",
        20: "chosen",
        30: "lower accuracy",
        40: "equal, and later",
    }
    assert [row["chosen"] for row in table] == [False, False, True, False, False]


def test_the_most_accurate_within_a_budget(run):
    # In these evaluations the accuracy within 50 tokens falls with that of the whole.
    path, why, table = run.select(rule="accuracy_at_budget", budget=50)
    assert path == "attempt-1/checkpoint-10" and "within 50 tokens: 30.0%" in why
    assert table[1]["compared"] == pytest.approx(0.3) and table[0]["compared"] is None


def test_the_shortest_that_is_not_worse_beyond_the_interval(run):
    path, why, table = run.select(rule="shortest_not_worse")
    # 0.80 [0.75, 0.85]: 0.76 is not below it and shorter, 0.70 is below it and shorter still.
    assert path == "attempt-1/checkpoint-30"
    assert "interval 75.0% to 85.0%" in why and "step 30 is the shortest: 60.0 tokens" in why
    assert {row["step"]: row["why"] for row in table if row["step"]} == {
        10: "worse than the most accurate beyond its interval",
        20: "not worse, but longer",
        30: "chosen",
        40: "not worse, but longer",
    }


def test_an_older_attempt_counts_up_to_the_step_that_was_resumed_from(tmp_path):
    run = Run(tmp_path)
    run.train(1, [10, 20, 30])
    run.train(2, [30, 40], {"attempt": 1, "step": 20, "checkpoint": "x"})
    first = [evaluation(10, 0.5, 50), evaluation(20, 0.6, 50), evaluation(30, 0.9, 50)]
    run.evals(1, first)
    run.evals(2, [evaluation(30, 0.7, 50, attempt=2), evaluation(40, 0.6, 50, attempt=2), evaluation(20, 0.65, 50)])
    path, _, table = run.select(rule="accuracy")
    assert path == "attempt-2/checkpoint-30"
    # That the superseded one is gone matters to nobody.
    (run.root / "stages/sft/attempt-1/checkpoints/checkpoint-30/COMPLETE.json").unlink()
    assert run.select(rule="accuracy")[0] == path
    # Of two evaluations of one checkpoint the newer counts; that of a superseded one does not.
    assert [(row["step"], row["compared"]) for row in table] == [(10, 0.5), (20, 0.65), (30, 0.7), (40, 0.6)]


def test_set_and_marker(run):
    run.evals(2, [evaluation(20, 0.1, 5, set="aime"), evaluation(10, 0.9, 5, set="aime")])
    with pytest.raises(ConfigError, match="several sets: aime, test"):
        run.select(rule="accuracy")
    assert run.select(rule="accuracy", set="aime")[0] == "attempt-1/checkpoint-10"
    with pytest.raises(ConfigError, match="no evaluation has the set 'math'; there are aime, test"):
        run.select(rule="accuracy", set="math")
    run.evals(3, [evaluation(10, 0.99, 5, marker="m"), evaluation(20, 0.98, 5, marker="m")])
    assert run.select(rule="accuracy", set="test")[0] == "attempt-1/checkpoint-20"
    assert run.select(rule="accuracy", set="test", marker="m")[0] == "attempt-1/checkpoint-10"
    with pytest.raises(ConfigError, match="no evaluation has the marker 'x'"):
        run.select(rule="accuracy", set="test", marker="x")


def test_without_accuracies_only_those_that_have_one_count(tmp_path):
    run = Run(tmp_path)
    run.train(1, [10, 20])
    run.evals(1, [evaluation(10, None, 5, budgets=[]), evaluation(20, 0.1, 50)])
    path, _, table = run.select(rule="shortest_not_worse")
    assert path == "attempt-1/checkpoint-20" and table[0]["why"] == "no accuracy"


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"rule": "best"}, ConfigError, "`rule` is one of"),
        ({"rule": "accuracy_at_budget"}, ConfigError, "needs a `budget`"),
        (
            {"rule": "accuracy_at_budget", "budget": 70},
            ConfigError,
            "not evaluated at the budget 70; its budgets are 50",
        ),
    ],
)
def test_what_cannot_be_used_is_said(run, config, error, said):
    with pytest.raises(error, match=said):
        run.select(**config)


def test_a_checkpoint_that_is_gone_is_named(run):
    (run.root / "stages/sft/attempt-1/checkpoints/checkpoint-20/COMPLETE.json").unlink()
    with pytest.raises(DataError, match="gone: step 20. Keep more of them"):
        run.select(rule="accuracy")


def test_nothing_to_choose_from_is_said(tmp_path):
    run = Run(tmp_path)
    with pytest.raises(DataError, match="no evaluation of sft"):
        run.select(rule="accuracy")
    run.evals(1, [evaluation(0, 0.4, 20, checkpoint="/base")])
    with pytest.raises(DataError, match="no checkpoint of sft was evaluated"):
        run.select(rule="accuracy")
    run.train(1, [10])
    run.evals(2, [evaluation(10, None, 20)])
    with pytest.raises(DataError, match="no problem of its set has an answer"):
        run.select(rule="accuracy")
