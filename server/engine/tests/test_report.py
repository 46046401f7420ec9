"""The report of a stage: what is written is what core/protocol/report.ts reads, whole at any moment."""

import json
import math
import time

import pytest

from longhand_engine import report as module
from longhand_engine.events import Record
from longhand_engine.report import LONGEST, Report, column, histogram


def read(folder, name="report.json"):
    return json.loads((folder / name).read_text())


def table(folder, name):
    return [json.loads(line) for line in (folder / "tables" / f"{name}.jsonl").read_bytes().splitlines()]


def test_blocks_come_in_order_and_a_title_given_again_replaces(tmp_path):
    report = Report(tmp_path, "dataset")
    report.block({"type": "text", "title": "a", "text": "1"})
    report.block({"type": "text", "title": "b", "text": "2"})
    report.block({"type": "figures", "title": "a", "items": [{"label": "n", "value": math.nan}]})
    report.write()
    assert read(tmp_path) == {
        "v": 1,
        "kind": "dataset",
        "blocks": [
            {"type": "figures", "title": "a", "items": [{"label": "n", "value": None}]},
            {"type": "text", "title": "b", "text": "2"},
        ],
    }


def test_rows_lie_in_their_table_before_the_report_names_them(tmp_path):
    report = Report(tmp_path, "dataset")
    for i in range(3):
        report.row("rows", {"n": i, "text": "\ud800x"}, trace=f"r/s/1/{i}", parts=[{"label": "a", "tone": None}])
    report.block({"type": "table", "title": "Rows", "table": "rows", "columns": [column("n", "N", "number")]})
    report.write()
    assert read(tmp_path)["blocks"][0]["rows"] == 3
    first = table(tmp_path, "rows")[0]
    assert first == {"cells": {"n": 0, "text": "\ufffdx"}, "trace": "r/s/1/0", "parts": [{"label": "a"}]}


def test_many_rows_reach_the_file_before_the_end(tmp_path):
    report = Report(tmp_path, "dataset")
    for i in range(5000):
        report.row("rows", {"text": "x" * 50, "n": i})
    assert 4000 < len((tmp_path / "tables" / "rows.jsonl").read_bytes().splitlines()) < 5000
    report.write()
    assert [row["cells"]["n"] for row in table(tmp_path, "rows")] == list(range(5000))


def test_a_report_opened_again_starts_anew(tmp_path):
    for n in (3, 1):
        report = Report(tmp_path, "dataset")
        for i in range(n):
            report.row("rows", {"n": i})
        report.write()
    assert len(table(tmp_path, "rows")) == 1


def test_long_texts_go_to_the_part_files_of_the_record(tmp_path):
    text = "€𝒳" * 20_000
    with Record(tmp_path) as record:
        Report(tmp_path, "reject", record=record).row("rows", {}, parts=[{"label": "a", "text": text}])
        report = Report(tmp_path, "reject", record=record)
        report.row("rows", {}, parts=[{"label": "a", "text": text, "answer": None}, {"label": "b", "text": "short"}])
        report.write()
    long, short = table(tmp_path, "rows")[0]["parts"]
    assert "text" not in long and long["answer"] is None and short["text"] == "short"
    data = (tmp_path / "text" / f"part-{long['extent']['part']:05d}.txt").read_bytes()
    assert data[long["extent"]["offset"] :][: long["extent"]["length"]].decode() == text


def test_without_a_record_what_is_too_long_is_cut_and_says_so(tmp_path):
    report = Report(tmp_path, "reject")
    report.row("rows", {"problem": "p" * 10**6}, parts=[{"label": "a", "text": "\0" * 10**6}])
    report.write()
    line = (tmp_path / "tables" / "rows.jsonl").read_bytes()
    assert len(line) <= LONGEST
    row = json.loads(line)
    for text in (row["cells"]["problem"], row["parts"][0]["text"]):
        assert "characters left out" in text


def test_what_the_contract_does_not_know_is_refused(tmp_path):
    report = Report(tmp_path, "dataset")
    with pytest.raises(ValueError, match="no name of a table"):
        report.row("../x", {})
    for i in range(module.BLOCKS):
        report.block({"type": "text", "title": str(i), "text": ""})
    with pytest.raises(ValueError, match="at most"):
        report.block({"type": "text", "title": "more", "text": ""})
    with pytest.raises(ValueError, match="larger than"):
        report.row("rows", {str(i): i for i in range(30_000)})


def test_write_soon_writes_at_most_once_a_second(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    report = Report(tmp_path, "dataset")
    seen = []
    for step in range(25):
        now[0] = 100 + step / 10
        report.block({"type": "text", "title": "t", "text": str(step)})
        report.write_soon()
        seen.append(read(tmp_path)["blocks"][0]["text"])
    assert sorted(set(map(int, seen))) == [0, 10, 20]


@pytest.mark.parametrize(
    "values", [[], [5], [5, 5, 5], [0, 1, 2, 3], list(range(100)), [0.5, 0.25, 7.75], [-3, 10**6], [1.5]]
)
def test_a_histogram_counts_every_value_once(values):
    block = histogram("L", "tokens", {"a": values, "b": values[:1]}, bins=7)
    assert len(block["edges"]) == len(block["series"][0]["counts"]) + 1 <= 8
    assert sum(block["series"][0]["counts"]) == len(values)
    for v in values:
        assert block["edges"][0] <= v <= block["edges"][-1]
    for i, n in enumerate(block["series"][0]["counts"]):
        low, high = block["edges"][i], block["edges"][i + 1]
        last = i == len(block["series"][0]["counts"]) - 1
        assert n == sum(low <= v < high or (last and v == high) for v in values)
