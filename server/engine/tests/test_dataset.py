"""The dataset worker: rows of the built-in task and of the user's files, in TRL's form; what cannot be read is said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from longhand_engine import rows
from longhand_engine.dataset import NAMED, make_data
from longhand_engine.errors import ConfigError, DataError
from longhand_engine.events import Record
from longhand_engine.ids import problem_id
from longhand_engine.problems import read_problems
from longhand_engine.rows import normalise_row
from longhand_engine.worker import Stage

ENGINE = Path(__file__).parents[1]


def attempt(folder: Path, config: dict, **more) -> Path:
    spec = {
        "v": 1,
        "run": "r",
        "stage": "data",
        "attempt": 1,
        "kind": "dataset",
        "seed": 0,
        "inputs": {},
        "stage_config": config,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.json").write_text(json.dumps(spec | more))
    return folder


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def make(folder: Path, config: dict) -> tuple[dict, list[dict]]:
    stage = Stage(attempt(folder, config))
    with stage.record:
        outputs = make_data(stage)
    return {name: lines(folder / path) for name, path in outputs.items()}, lines(folder / "events.jsonl")


def test_the_worker_runs_without_torch_and_says_that_it_is_complete(tmp_path):
    attempt(tmp_path / "attempt-1", {"task": {"builtin": "sums-mod-7", "train": 20, "test": 10}})
    code = (
        "import sys; from longhand_engine.dataset import make_data; from longhand_engine.worker import run_worker\n"
        "c = run_worker(make_data, sys.argv[1:]); sys.exit(c or 3 * ('torch' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "attempt-1"], cwd=ENGINE, check=True)
    end = lines(tmp_path / "attempt-1" / "events.jsonl")[-1]
    assert (end["type"], end["complete"]) == ("end", True)
    assert end["outputs"] == {"train": "data/train.jsonl", "test": "data/test.jsonl"}


def test_rows_of_the_task_are_trls_form_with_completions_for_training_only(tmp_path):
    task = {"builtin": "sums-mod-7", "train": 30, "dev": 5, "test": 10, "seed": 3}
    outputs, _ = make(tmp_path / "a", {"task": task})
    assert {k: len(v) for k, v in outputs.items()} == {"train": 30, "dev": 5, "test": 10}
    for name, found in outputs.items():
        for row in found:
            assert row["prompt"] == [{"role": "user", "content": row["problem"]}]
            assert row["problem_id"] == problem_id(row["problem"]) and row["source_id"].startswith(name)
            assert ("completion" in row) == (name == "train")
    row = outputs["train"][0]
    assert row["completion"][0]["role"] == "assistant"
    assert row["completion"][0]["content"].endswith(f"\\boxed{{{row['answer']}}}\\).")
    assert make(tmp_path / "b", {"task": task})[0] == outputs
    assert make(tmp_path / "c", {"task": task | {"seed": 4}})[0] != outputs


def test_files_are_normalised_and_bad_rows_are_named(tmp_path):
    own = tmp_path / "own.jsonl"
    own.write_bytes(
        b'\xef\xbb\xbf{"problem": "1+1?", "answer": 2, "id": "p1"}\n'
        b"not json\n"
        b"\n"
        b'{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "2+2?"}], "gold": "4", "completion": "\\\\boxed{4}"}\n'
        b'{"prompt": 3}\n'
        b'{"problem": "x\xff\\ud800"}\n'
        b"[1]\n"
    )
    outputs, events = make(tmp_path / "a", {"files": {"own": str(own)}})
    first, second, third = outputs["own"]
    assert (first["answer"], first["source_id"]) == ("2", "p1")
    assert second["prompt"][0]["role"] == "system" and second["problem"] == "2+2?"
    assert second["completion"] == [{"role": "assistant", "content": "\\boxed{4}"}]
    assert third["problem"] == "x\ufffd\ufffd" and third["answer"] is None and third["source_id"] == "own.jsonl:6"
    (warn,) = [e for e in events if e["type"] == "warn"]
    assert "3 of 6 rows" in warn["message"]
    assert all(f"line {n}:" in warn["message"] for n in (2, 5, 7)) and str(own) in warn["message"]


def test_many_bad_rows_are_counted(tmp_path):
    own = tmp_path / "own.jsonl"
    own.write_text('{"problem": "a"}\n' + "?\n" * 100)
    _, events = make(tmp_path / "a", {"files": {"own": str(own)}})
    (warn,) = [e for e in events if e["type"] == "warn"]
    assert f"{100 - NAMED} more" in warn["message"] and len(warn["message"].splitlines()) == NAMED + 2


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({}, ConfigError, "needs"),
        ({"task": {"builtin": "nope", "train": 1, "test": 1}}, ConfigError, "sums-mod-7"),
        ({"task": {"builtin": "sums-mod-7", "train": 10**6, "test": 1}}, DataError, "it can give"),
        ({"files": {"x": "/nowhere/x.jsonl"}}, DataError, "No such file"),
        ({"task": {"builtin": "sums-mod-7", "train": 3}, "files": {"train": "/x"}}, ConfigError, "train"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, config, error, said):
    with pytest.raises(error, match=said):
        make(tmp_path / "a", config)


@pytest.mark.parametrize("content", ["", "\n\n", "?\n"])
def test_a_file_without_rows_is_an_error(tmp_path, content):
    own = tmp_path / "own.jsonl"
    own.write_text(content)
    with pytest.raises(DataError, match="no row"):
        make(tmp_path / "a", {"files": {"own": str(own)}})
    assert not (tmp_path / "a" / "data" / "own.jsonl").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"1", "not a JSON object"),
        (b'{"answer": 1}', "neither"),
        (b'{"problem": "  "}', "empty"),
        (b'{"problem": ["a"]}', "a list"),
        (b'{"problem": "a", "answer": {}}', "`answer`"),
        (b'{"problem": "a", "answer": NaN}', "finite"),
        (b'{"prompt": []}', "`prompt`"),
        (b'{"prompt": [{"role": "user"}]}', "lacks"),
        (b'{"prompt": [{"role": "system", "content": "a"}]}', "no message of the user"),
        (b'{"problem": "a", "completion": [{"role": "user", "content": "a"}]}', "`completion`"),
    ],
)
def test_a_bad_row_says_what_is_wrong(line, said):
    with pytest.raises(ValueError, match=said):
        normalise_row(line)


def test_a_line_without_end_does_not_hide_those_behind_it(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST", 1000)
    own = tmp_path / "own.jsonl"
    own.write_text('{"problem": "a"}\n{"problem": "' + "x" * 5000 + '"}\n{"problem": "b"}\n')
    outputs, events = make(tmp_path / "a", {"files": {"own": str(own)}})
    assert [row["problem"] for row in outputs["own"]] == ["a", "b"]
    (warn,) = [e for e in events if e["type"] == "warn"]
    assert "line 2: longer than" in warn["message"]


def test_an_answer_that_was_taken_from_a_trace_stays_marked(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"problem": "1+1?", "answer": "2", "answer_origin": "trace"}, {"problem": "2+2?", "answer": "4"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"problem": "3+3?"}]))
    found = [normalise_row(line) for line in path.read_bytes().splitlines()]
    assert [row.answer_origin for row in found] == ["trace", "given", None]
    with Record(tmp_path / "attempt") as record:
        for problem in read_problems(path)[0]:
            problem.record(record)
    events = (tmp_path / "attempt" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["gold_origin"] for line in events] == ["trace", "given"]
