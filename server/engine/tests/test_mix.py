"""The union of data sets: exact counts, markers where they belong, nothing else changed."""

import json
from collections import Counter
from pathlib import Path

import pytest

from longhand_engine.errors import ConfigError, DataError
from longhand_engine.mix import mix
from longhand_engine.rows import normalise_row
from longhand_engine.train.data import grpo_rows, sft_rows
from longhand_engine.worker import Stage

MULTI = "\n\nUsing the solution style from multi-turns data."
REJECTION = "\n\nUsing the solution style from rejection data."


def rows_of(n: int, name: str, **more) -> list[dict]:
    return [
        {
            "prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": f"{name} {i}?"}],
            "completion": [{"role": "assistant", "content": f"{i}"}],
            "problem": f"{name} {i}?",
            "answer": str(i),
        }
        | more
        for i in range(n)
    ]


def write(path: Path, rows: list) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


def make(folder: Path, config: dict, stop: bool = False) -> tuple[dict | None, list[dict], dict]:
    folder.mkdir(exist_ok=True)
    spec = {"v": 1, "run": "r", "stage": "mix", "attempt": 1, "kind": "mix", "seed": 3, "inputs": {}}
    (folder / "spec.json").write_text(json.dumps(spec | {"stage_config": config}))
    stage = Stage(folder)
    if stop:
        stage.stopping.set()
    with stage.record:
        outputs = mix(stage)
    if outputs is None:
        return None, [], {}
    (path,) = outputs.values()
    rows = [json.loads(line) for line in (folder / path).read_text().splitlines()]
    return outputs, rows, json.loads((folder / "report.json").read_text())


def test_markers_stand_at_the_end_of_the_last_user_message_exactly(tmp_path):
    config = {
        "sources": [
            {"name": "multi", "data": write(tmp_path / "multi.jsonl", rows_of(3, "m")), "marker": MULTI},
            {"name": "rejection", "data": write(tmp_path / "rej.jsonl", rows_of(2, "r")), "marker": REJECTION},
            {"name": "plain", "data": write(tmp_path / "plain.jsonl", rows_of(1, "p")), "marker": None},
        ]
    }
    outputs, rows, _ = make(tmp_path / "a", config)
    assert outputs == {"train": "data/train.jsonl"}
    by = {row["problem"]: row for row in rows}
    for name, source, marker, n in (("m", "multi", MULTI, 3), ("r", "rejection", REJECTION, 2), ("p", "plain", "", 1)):
        for i in range(n):
            row = by[f"{name} {i}?"]
            assert row["prompt"] == [
                {"role": "system", "content": "s"},
                {"role": "user", "content": f"{name} {i}?{marker}"},
            ]
            assert row["source"] == source and row.get("marker") == (marker or None)
            assert row["completion"] == [{"role": "assistant", "content": str(i)}] and row["answer"] == str(i)


def test_what_it_writes_is_what_the_other_stages_read(tmp_path):
    data = write(tmp_path / "multi.jsonl", [{"problem": "1+1?", "completion": "2", "answer": 2}])
    make(tmp_path / "a", {"sources": [{"data": data, "marker": MULTI}]})
    path = tmp_path / "a" / "data" / "train.jsonl"
    (sft,) = sft_rows(path).rows
    assert sft["prompt"][-1]["content"] == "1+1?" + MULTI and sft["source"] == "multi"
    (grpo,) = grpo_rows(path)
    assert grpo["problem"] == "1+1?" and grpo["prompt"][-1]["content"] == "1+1?" + MULTI and grpo["answer"] == "2"
    found = normalise_row(path.read_bytes())
    assert found.problem == "1+1?" and found.prompt[-1]["content"].endswith(MULTI)


@pytest.mark.parametrize(
    ("weight", "limit", "counts"),
    [
        (1, None, {1: 10}),
        (2, None, {2: 10}),
        (0.5, None, {1: 5}),
        (1.5, None, {2: 5, 1: 5}),
        (2.5, 4, {3: 2, 2: 2}),
        (0.25, 10, {1: 2}),
    ],
)
def test_weights_are_whole_copies_and_a_sample_of_the_rest(tmp_path, weight, limit, counts):
    data = write(tmp_path / "a.jsonl", rows_of(10, "a"))
    source = {"name": "a", "data": data, "weight": weight} | ({"limit": limit} if limit else {})
    _, rows, report = make(tmp_path / "x", {"sources": [source]})
    assert Counter(Counter(row["problem"] for row in rows).values()) == counts
    (bar,) = next(b for b in report["blocks"] if b["title"] == "Rows of each source")["bars"]
    assert bar["parts"][0]["n"] == len(rows) == sum(k * v for k, v in counts.items())
    cells = json.loads((tmp_path / "x" / "tables" / "sources.jsonl").read_text())["cells"]
    assert cells["taken"] == len(rows) and cells["whole"] == int(weight) and cells["rows"] == 10
    table = [json.loads(line)["cells"] for line in (tmp_path / "x" / "tables" / "rows.jsonl").read_text().splitlines()]
    assert Counter(c["copy"] for c in table if c["copy"] == 1)[1] == sum(counts.values())


def test_the_order_is_the_seeds(tmp_path):
    config = {
        "sources": [
            {"name": "a", "data": write(tmp_path / "a.jsonl", rows_of(30, "a"))},
            {"name": "b", "data": write(tmp_path / "b.jsonl", rows_of(30, "b"))},
        ]
    }

    def problems(name, **more):
        return [row["problem"] for row in make(tmp_path / name, config | more)[1]]

    first = problems("1")
    assert first == problems("2") == problems("3", seed=3) != problems("4", seed=4)
    apart = problems("5", shuffle=False)
    assert sorted(first) == sorted(apart) and [p[0] for p in apart] == ["a"] * 30 + ["b"] * 30


def test_a_source_keeps_what_the_rows_say_unless_it_is_named(tmp_path):
    data = write(tmp_path / "run" / "stages" / "multi" / "attempt-2" / "data" / "train.jsonl", rows_of(1, "a"))
    own = write(
        tmp_path / "own.jsonl", rows_of(1, "b", source="light", segments=[{"name": "x", "text": "0", "train": True}])
    )
    config = {"sources": [{"data": data}, {"data": own}], "shuffle": False}
    _, (first, second), _ = make(tmp_path / "a", config)
    assert first["source"] == "multi" and second["source"] == "light"
    assert second["segments"] == [{"name": "x", "text": "0", "train": True}]
    config["sources"][1]["name"] = "named"
    assert make(tmp_path / "b", config)[1][1]["source"] == "named"


def test_the_table_opens_the_trace_and_shows_the_marker(tmp_path):
    data = write(tmp_path / "a.jsonl", rows_of(1, "a", **{"from": {"traces": ["r/s/1/4"]}}))
    make(tmp_path / "a", {"sources": [{"name": "a", "data": data, "marker": MULTI}]})
    row = json.loads((tmp_path / "a" / "tables" / "rows.jsonl").read_text())
    assert row["trace"] == "r/s/1/4"
    assert [(p["label"], p["text"]) for p in row["parts"]] == [
        ("prompt", "a 0?"),
        ("marker", MULTI),
        ("completion", "0"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ('{"answer": 1}', "line 2: neither a `prompt`"),
        ('{"prompt": [{"role": "assistant", "content": "x"}]}', "line 2: no message of `prompt` is the user's"),
        ('{"prompt": ["x"]}', "line 2: neither"),
        ('{"problem": "x", "marker": "m"}', "line 2: the row has a marker already"),
    ],
)
def test_a_row_that_cannot_be_mixed_is_named(tmp_path, line, said):
    data = write(tmp_path / "a.jsonl", [*rows_of(1, "a"), line])
    with pytest.raises(DataError, match=said):
        make(tmp_path / "a", {"sources": [{"data": data, "marker": MULTI}]})
    assert not (tmp_path / "a" / "data" / "train.jsonl").exists()


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({}, ConfigError, "needs `sources`"),
        ({"sources": [{"data": "x"}, {"data": "x"}]}, ConfigError, "two sources are named x"),
        ({"sources": [{"data": "/nowhere.jsonl"}]}, DataError, "No such file"),
        ({"sources": [{"data": "x", "weight": 0}]}, ConfigError, "the weight of source 1"),
        ({"sources": [{"data": "x", "limit": 0}]}, ConfigError, "the limit of source 1"),
        ({"sources": [{"marker": "x"}]}, ConfigError, "needs `data`"),
        ({"sources": [{"data": "x"}], "output": "a/b"}, ConfigError, "is no name"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, config, error, said):
    with pytest.raises(error, match=said):
        make(tmp_path / "a", config)


def test_nothing_taken_is_an_error_and_an_empty_file_too(tmp_path):
    one = write(tmp_path / "a.jsonl", rows_of(1, "a"))
    with pytest.raises(DataError, match="no row is taken"):
        make(tmp_path / "a", {"sources": [{"data": one, "weight": 0.1}]})
    with pytest.raises(DataError, match="has no rows"):
        make(tmp_path / "b", {"sources": [{"data": write(tmp_path / "b.jsonl", ["", " "])}]})


def test_a_stop_leaves_no_half_data_set(tmp_path):
    data = write(tmp_path / "a.jsonl", rows_of(3, "a"))
    assert make(tmp_path / "a", {"sources": [{"data": data}]}, stop=True)[0] is None
    assert not (tmp_path / "a" / "data" / "train.jsonl").exists()
