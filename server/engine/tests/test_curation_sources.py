"""What sources may be: formats, columns, hostile and torn files, the hub; and that no row of them is lost in silence."""

import csv
import json
import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_data import make, openr1, right, write

from longhand_engine.curation import columns, sources
from longhand_engine.curation.columns import Columns
from longhand_engine.curation.sources import lines_of_source
from longhand_engine.errors import DataError

ROWS = [openr1(n, [True, False], [n + 1, 2]) for n in range(5)]


def _as(suffix: str, folder: Path) -> Path:
    path = folder / f"rows{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif suffix == ".json":
        path.write_text(json.dumps({"version": 1, "data": ROWS}, indent=1))
    elif suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            out = csv.writer(file)
            out.writerow(["problem", "answer", "uuid", "completion", "correct", "note"])
            for row in ROWS:
                out.writerow([row["problem"], "7", row["uuid"], row["generations"][0], "True", ""])
    else:
        write(path, ROWS)
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".csv"])
def test_formats(tmp_path, suffix):
    path = _as(suffix, tmp_path)
    made = make(tmp_path, {"sources": [{"path": str(path)}], "choose": "shortest_correct"})
    assert [row["source_id"] for row in made.rows] == [f"u{n}" for n in range(5)]
    assert [row["completion"][0]["content"] for row in made.rows] == [right(n + 1) for n in range(5)]


def test_a_folder_is_all_its_files(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    for suffix in (".jsonl", ".parquet"):
        _as(suffix, folder)
    (folder / "README.md").write_text("x")
    made = make(tmp_path, {"sources": [{"path": str(folder)}], "deduplicate": "problem", "choose": "shortest_correct"})
    assert len(made.rows) == 5 and made.dropped() == {"duplicate": 5}


def test_conversations_as_light_r1_has_them(tmp_path):
    said = [{"from": "human", "value": "a?"}, {"from": "gpt", "value": right(2)}]
    path = tmp_path / "stage2-3k.json"
    path.write_text(json.dumps([{"conversations": said}]))
    made = make(tmp_path, {"sources": [{"path": str(path)}], "choose": "shortest_correct", "gold_from_trace": True})
    (row,) = made.rows
    assert (row["problem"], row["answer"], row["completion"][0]["content"]) == ("a?", "7", right(2))


def test_columns_are_mapped_dotted_names_too(tmp_path):
    row = {"q": {"text": "a?"}, "outs": [right(1)], "ok": ["1"], "n": [3], "problem": "another", "key": 4}
    given = {"problem": "q.text", "generations": "outs", "correct": "ok", "tokens": "n", "id": "key", "gold": None}
    path = write(tmp_path / "a.jsonl", [row])
    made = make(tmp_path, {"sources": [{"path": path, "columns": given}], "choose": "shortest_correct"})
    (found,) = made.rows
    assert (found["problem"], found["tokens"], found["source_id"], found["answer"]) == ("a?", 3, "4", None)


def test_a_hostile_file_loses_nothing_in_silence(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "LONGEST", 3000)
    monkeypatch.setattr(columns, "MOST_CANDIDATES", 3)
    rows = [
        "{",
        "[" * 2000,
        "[1]",
        '"x"',
        '{"problem": 3}',
        '{"problem": " "}',
        '{"answer": 1}',
        '{"problem": "a", "answer": {}}',
        '{"problem": "a", "answer": NaN}',
        '{"problem": "a", "generations": "x"}',
        '{"problem": "a", "generations": [1]}',
        '{"problem": "a", "generations": ["a", "b"], "correct": [true]}',
        '{"problem": "a", "generations": ["a"], "correct": ["maybe"]}',
        '{"problem": "a", "generations": ["a", "b", "c", "d"]}',
        '{"problem": "a", "completion": "x", "tokens": -1}',
        '{"problem": "a", "completion": "x", "accuracy": "high"}',
        '{"conversations": [{"from": "gpt", "value": "x"}]}',
        '{"conversations": ["x"]}',
        json.dumps({"problem": "x" * 5000}),
        '{"problem": "good\\ud800", "generations": ["x", null, ""], "answer": ""}',
    ]
    made = make(tmp_path, {"sources": [{"name": "h", "path": write(tmp_path / "a.jsonl", rows)}]})
    (row,) = made.rows
    assert row["problem"] == "good\ufffd" and row["answer"] is None and row["from"]["line"] == 20
    assert made.dropped() == {"unreadable": 19}
    assert [r["line"] for r in made.table("dropped")] == list(range(1, 20))
    assert all(r["detail"] for r in made.table("dropped"))
    assert [i["value"] for i in made.block("Result")["items"] if i["label"] == "Generations without a text"] == [2]
    (warn,) = [e for e in made.lines("events.jsonl") if e["type"] == "warn"]
    assert "19 of 20 rows" in warn["message"]
    assert not (made.folder / "spool.tmp").exists()


def test_a_damaged_parquet_is_an_error_that_names_it(tmp_path):
    path = _as(".parquet", tmp_path)
    data = path.read_bytes()
    for broken in (data[: len(data) // 2], b"PAR1" + b"\0" * 100 + b"PAR1", b""):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="rows.parquet cannot be read as Parquet"):
            list(lines_of_source({"path": str(path)}))


def test_csv_that_is_torn_is_listed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem,answer\na,1\nb,2,3\nc\n")
    found = list(lines_of_source({"path": str(path)}))
    assert [line.problem for line in found] == [None, "3 cells under 2 names", None]
    assert found[2].value == {"problem": "c"}


def test_the_hub_that_cannot_be_reached_is_said_with_the_way_out(tmp_path, monkeypatch):
    import datasets

    def refuse(name, *_, **__):
        raise ConnectionError(f"Couldn't reach {name!r} on the Hub")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match=r"open-r1/x \(split train\) cannot be read from the hub.*give `path`"):
        make(tmp_path, {"sources": [{"hub": "open-r1/x"}]})


def test_a_hub_data_set_is_read_as_a_stream(tmp_path, monkeypatch):
    import datasets

    asked = []

    def load(name, config, *, split, streaming):
        asked.append((name, config, split, streaming))
        return iter(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load)
    made = make(tmp_path, {"sources": [{"hub": "open-r1/x", "config": "extended", "split": "dev"}], "choose": "first"})
    assert asked == [("open-r1/x", "extended", "dev", True)]
    assert made.rows[0]["from"]["file"] == "hub:open-r1/x" and len(made.rows) == 5


def test_a_conversation_beside_problem_and_generations_is_left_alone():
    row = {"problem": "a?", "generations": ["x"], "messages": "broken"}
    assert Columns({}).read(row).candidates[0].text == "x"


def test_a_file_whose_name_is_no_unicode(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, [{"problem": "What?", "answer": "7"}])
    odd = os.fsdecode(os.fsencode(str(tmp_path)) + b"/b\xff.jsonl")
    os.rename(path, odd)
    (row,) = make(tmp_path, {"sources": [{"path": odd}]}).rows
    assert row["source"] == "b\ufffd" and row["from"]["file"].endswith("/b\ufffd.jsonl")


def test_an_answer_of_blanks_is_none_and_a_decimal_is_a_number(tmp_path):
    path = write(tmp_path / "a.jsonl", [{"problem": "What?", "answer": " ", "completion": "\\boxed{7}"}])
    (row,) = make(tmp_path, {"sources": [{"path": path}], "gold_from_trace": True}).rows
    assert (row["answer"], row["answer_origin"]) == ("7", "trace")
    answers = [Decimal("1.50"), Decimal("20")]
    pq.write_table(pa.table({"problem": ["a", "b"], "answer": answers}), tmp_path / "b.parquet")
    assert [
        row["answer"] for row in make(tmp_path, {"sources": [{"path": str(tmp_path / "b.parquet")}]}, "b").rows
    ] == [
        "1.5",
        "20",
    ]


def test_a_json_object_holds_a_list_of_rows_or_is_one(tmp_path):
    row = {"problem": "What?", "answer": "7", "generations": ["\\boxed{7}"]}
    for name, value in (("one", row), ("held", {"keys": ["problem"], "data": [row]})):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
        (made,) = make(tmp_path, {"sources": [{"path": str(tmp_path / f"{name}.json")}]}, name).rows
        assert made["completion"][0]["content"] == "\\boxed{7}", name


def test_csv_with_a_blank_line_first_and_with_two_columns_of_one_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\nproblem,answer\nWhat?,7\n")
    assert [row["answer"] for row in make(tmp_path, {"sources": [{"path": str(path)}]}).rows] == ["7"]
    path.write_text("problem,answer,answer\nWhat?,7,8\n")
    with pytest.raises(DataError, match="two columns named `answer`"):
        make(tmp_path, {"sources": [{"path": str(path)}]}, "b")
