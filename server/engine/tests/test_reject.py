"""Rejection sampling in rounds: what is drawn, which length is kept, what-if, and a stage that is killed and goes on."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from two_turns import ENGINE, REJECT, attempt, blocks, lines, problems, rows_behind, whole_events

from longhand_engine import reject as worker
from longhand_engine.errors import ConfigError, DataError
from longhand_engine.rejection.lengths import check_rule, quantile, rank
from longhand_engine.rejection.rounds import Settings
from longhand_engine.rejection.what_if import Stored, expected, stored_samples, what_if
from longhand_engine.worker import run_worker

KILLS = 3


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reject")
    data = problems(folder / "fresh.jsonl", 24, [{"problem": "1+1?"}])
    done = attempt(folder / "whole" / "attempt-1", "reject", REJECT, data)
    assert run_worker(worker.reject, [str(done)]) == 0
    return done, data


def test_rounds_are_for_what_the_last_left_unsolved(whole):
    folder, _ = whole
    samples = [row["cells"] for row in lines(folder / "tables/samples.jsonl")]
    by = {}
    for cells in samples:
        by.setdefault(cells["problem_id"], []).append(cells)
    assert len(by) == 24
    for drawn in by.values():
        assert [c["sample"] for c in drawn] == list(range(len(drawn))) and len(drawn) in (2, 6, 14)
        right = [i for i, c in enumerate(drawn) if c["right"]]
        # All right ones are of the last round, and there was none before it.
        last = {2: 0, 6: 2, 14: 6}[len(drawn)]
        assert all(i >= last for i in right) and (right or len(drawn) == 14)
        assert sum(c["chosen"] for c in drawn) == bool(right)
    rows = lines(folder / "data/data.jsonl")
    assert len(rows) == sum(any(c["right"] for c in drawn) for drawn in by.values())
    traces = {row["trace"] for row in lines(folder / "tables/samples.jsonl") if row["cells"]["chosen"]}
    assert {row["from"]["traces"][0] for row in rows} == traces
    assert all(row["completion"][0]["content"].startswith("<think>") for row in rows)
    assert not any("<|im_end|>" in row["completion"][0]["content"] for row in rows)


def test_the_report_accounts_for_every_problem(whole):
    folder, _ = whole
    found = blocks(folder)
    figures = {i["label"]: i["value"] for i in found["Expected cost"]["items"]}
    assert figures == {
        "Problems": 24,
        "Fewest samples (all solved in round 1)": 48,
        "Most samples (none solved)": 24 * 14,
    }
    steps = found["Rounds"]["steps"]
    assert [s["n"] for s in steps[:2]] == [25, 24] and steps[1]["dropped"][0]["n"] == 1
    for before, after in zip(steps[1:], steps[2:], strict=False):
        assert after["n"] == before["n"] - sum(d["n"] for d in after["dropped"])
    assert all(len(rows_behind(folder, step["rows"])) == step["n"] for step in steps[1:])
    table = [row["cells"] for row in lines(folder / "tables/problems.jsonl")]
    assert Counter(c["round"] for c in table)[0] == steps[-1]["n"]
    for cells in table:
        values, chosen = cells["lengths"]["values"], cells["lengths"]["chosen"]
        assert len(values) == cells["c"] and (chosen is None) == (not values)
        if values:
            assert values[chosen] == sorted(values)[(len(values) - 1) // 2]


def test_stored_pass_rates_give_the_expected_cost(tmp_path, whole):
    rng = random.Random(0)
    rates = [rng.random() for _ in range(200)]
    samples = solved = 0
    for _ in range(100):
        for rate in rates:
            for n in (2, 10, 100):
                samples += n
                if any([rng.random() < rate for _ in range(n)]):
                    solved += 1
                    break
    found = expected(rates, [2, 10, 100])
    assert found[0] == pytest.approx(samples / 100, rel=0.03) and found[1] == pytest.approx(solved / 100, rel=0.01)
    assert expected([0.0, 1.0], [2, 10]) == (14.0, 1.0)


def test_length_rules():
    lengths = [50, 10, 30, 20, 100]
    assert [lengths[i] for i in rank(lengths, "median_of_correct")][:3] == [30, 50, 20]
    assert rank([10, 20], "median_of_correct")[0] == 0
    assert [lengths[i] for i in rank(lengths, "nearest_to_mean")][:2] == [50, 30]
    assert [lengths[i] for i in rank(lengths, {"band": [0.5, 1]})][0] == 50
    assert rank([10, 90], {"band": [0.4, 0.6]}) == [0, 1]
    assert rank([], "median_of_correct") == []
    assert quantile([1, 2, 4], 0.75) == 3
    for rule in ("median_of_correct", "nearest_to_mean", {"band": [0.25, 0.75]}):
        assert sorted(rank([7, 7, 7], rule)) == [0, 1, 2] and rank([7, 7, 7], rule)[0] in (0, 1)
    for bad in ("medium", {"band": [0.9, 0.1]}, {"band": [0]}, None, {"band": [0, 1], "more": 1}):
        with pytest.raises(ConfigError, match="median_of_correct"):
            check_rule(bad)


def test_what_if_is_what_the_stage_did_and_says_where_samples_lack(whole, capsys):
    folder, _ = whole
    stored = stored_samples(folder)
    same = what_if(stored, REJECT["rounds"], "median_of_correct", 1)
    rows = lines(folder / "data/data.jsonl")
    assert (same.solved, same.rows, same.incomplete) == (len(rows), len(rows), 0)
    assert same.samples == len(lines(folder / "tables/samples.jsonl"))
    assert same.tokens_mean == pytest.approx(sum(row["tokens"] for row in rows) / len(rows))
    one = what_if(stored, [14], "median_of_correct", 1)
    assert one.samples == 24 * 14 and one.solved == same.solved and one.incomplete > 0
    assert what_if(stored, [2], "median_of_correct", 1).solved <= same.solved
    held = {"p": [Stored(0, True, 10), Stored(1, False, 5), Stored(2, True, 30)]}
    assert (
        what_if(held, [1, 2], "median_of_correct", 2).rows == 1 and what_if(held, [3], "median_of_correct", 2).rows == 2
    )
    assert worker.main(["--what-if", str(folder), "--rounds", "2", "--length", "band:0.25,0.75"]) == 0
    assert json.loads(capsys.readouterr().out)["length"] == "band 0.25–0.75"
    assert worker.main(["--what-if", str(folder / "absent")]) == 2
    assert "absent" in capsys.readouterr().err


def test_what_if_keeps_to_the_figures_that_the_page_is_held_to_as_well():
    held = json.loads(Path(__file__).with_name("what_if.json").read_text())
    stored = {
        size: {name: [Stored(*sample) for sample in samples] for name, samples in problems.items()}
        for size, problems in held["stored"].items()
    }
    for case in held["cases"]:
        found = what_if(stored[str(case["stored"])], case["rounds"], case["length"], case["keep"])
        figures = [found.problems, found.solved, found.samples, found.rows, found.incomplete, found.tokens_mean]
        assert figures == case["expected"], case
    assert all(rank(lengths, rule) == places for lengths, rule, places in held["ranks"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rounds": []}, "rounds"),
        ({"rounds": [0]}, "rounds"),
        ({"keep": 0}, "keep"),
        ({"rounds": [9999, 2]}, "at most"),
    ],
)
def test_bad_configuration_is_said(change, words):
    with pytest.raises(ConfigError, match=words):
        Settings.read(REJECT | change, 0)
    with pytest.raises(ConfigError, match="max_tokens"):
        Settings.read({"rounds": [2]}, 0)


def test_a_set_without_gold_is_refused(tmp_path):
    data = tmp_path / "rows.jsonl"
    data.write_text('{"problem": "1+1?"}\n')
    with pytest.raises(DataError, match="gold"):
        worker.read_problems(data)


def test_killed_and_resumed_nothing_is_lost_and_nothing_drawn_twice(whole, tmp_path):
    """SIGKILL at random moments. Through runner and service, and many more: test/service/runs/killed-sampling.test.ts."""
    done, data = whole
    rng = random.Random(KILLS)
    stage = tmp_path / "reject"
    number, killed = 1, 0
    while True:
        folder = attempt(stage / f"attempt-{number}", "reject", REJECT, data, number - 1 or None)
        process = subprocess.Popen([sys.executable, "-u", "-m", "longhand_engine.reject", str(folder)], cwd=ENGINE)
        if killed < KILLS:
            # At a random one of the traces that are still to come, so that every kill falls into the sampling.
            ends = rng.randrange(1, 4)
            while process.poll() is None and _ended(folder) < ends:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.05)
            if process.poll() is None:
                process.kill()
                killed += 1
            process.wait()
        if process.wait() == 0:
            break
        number += 1
        assert number < KILLS + 10
    assert killed == KILLS, f"it was done after {killed} kills"
    ended = [event["item"] for n in range(1, number + 1) for event in _whole_traces(stage / f"attempt-{n}")]
    assert len(ended) == len(set(ended)), "a sample was drawn twice"
    strip = lambda rows: [{k: v for k, v in row.items() if k != "from"} for row in rows]  # noqa: E731
    rows = lines(stage / f"attempt-{number}" / "data/data.jsonl")
    wanted = lines(done / "data/data.jsonl")
    source = wanted[0]["source"]
    assert strip(rows) == strip([row | {"source": source} for row in wanted])
    cells = lambda folder: [row["cells"] for row in lines(folder / "tables/samples.jsonl")]  # noqa: E731
    assert cells(stage / f"attempt-{number}") == cells(done)
    # Every sample of the data set can be found: its trace is in the record that it names.
    for row in rows:
        _, _, n, trace = row["from"]["traces"][0].split("/")
        events = whole_events(stage / f"attempt-{n}")
        assert any(e["type"] == "trace_end" and e["trace"] == int(trace) for e in events)


def _ended(folder):
    path = folder / "events.jsonl"
    return path.read_bytes().count(b'"type":"trace_end"') if path.exists() else 0


def _whole_traces(folder):
    events = whole_events(folder)
    begun = {e["trace"]: e for e in events if e["type"] == "trace_begin"}
    ended = [e for e in events if e["type"] == "trace_end" and e["facts"].get("finish") in ("stop", "length")]
    return [begun[e["trace"]] for e in ended]
