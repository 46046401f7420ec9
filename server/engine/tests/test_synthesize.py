"""Two-turn synthesis: prompts and their places, the course of a problem, classes and balance, the rows, a resumed stage."""

import json
import shutil
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from two_turns import ENGINE, SYNTHESIZE, attempt, blocks, lines, problems, rows_behind, whole_events

from longhand_engine import behaviours
from longhand_engine.errors import ConfigError, DataError
from longhand_engine.synthesize.__main__ import synthesize
from longhand_engine.synthesize.documents import balance
from longhand_engine.synthesize.report import figures, funnel
from longhand_engine.synthesize.turns import ORDERS, Settings, fill, places, unboxed
from longhand_engine.worker import run_worker

NODE = shutil.which("node")
DETECTOR = [NODE or "node", str(ENGINE.parents[1] / "server" / "main.ts"), "annotate"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthesize")
    data = problems(folder / "fresh.jsonl", 60, [{"problem": "1+1?"}])
    done = attempt(folder / "synthesize" / "attempt-1", "synthesize", SYNTHESIZE, data)
    assert run_worker(synthesize, [str(done)]) == 0
    return done, data


def test_places_are_filled_and_braces_of_mathematics_are_left():
    text = "Is {problem} \\boxed{3}, {{problem}} or \\frac{1}{2}?"
    assert places(text) == {"problem"}
    assert fill(text, {"problem": "1+1"}) == "Is 1+1 \\boxed{3}, {problem} or \\frac{1}{2}?"
    assert unboxed("so \\(\\boxed{\\frac12}\\) and \\boxed{3}") == "so \\(\\frac12\\) and 3"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompts": SYNTHESIZE["prompts"] | {"answer_1": "{answer_2}"}}, "answer_2} is not known when it is drawn"),
        ({"prompts": SYNTHESIZE["prompts"] | {"transition": "{problm}"}}, "{{problm}} for the text itself"),
        ({"order": "in_sequence", "prompts": SYNTHESIZE["prompts"] | {"transition": "{answer_2}"}}, "in_sequence"),
        ({"prompts": {"answer_1": "{problem}"}}, "transition is missing"),
        ({"prompts": SYNTHESIZE["prompts"] | {"answer_1": {"RR": "a"}}}, "answer_1 needs `user`"),
        ({"prompts": SYNTHESIZE["prompts"] | {"summary": {"RR": "a"}}}, "needs RR, RW and WR"),
        ({"sampling": SYNTHESIZE["sampling"] | {"summary": {}}}, "summary needs max_tokens"),
        ({"sampling": SYNTHESIZE["sampling"] | {"summary": {"max_tokens": 1, "tries": 0}}}, "tries"),
        ({"order": "backwards"}, "backwards"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(change, words):
    with pytest.raises(ConfigError) as error:
        Settings.read(SYNTHESIZE | change, 0)
    assert words in str(error.value)


def chain(kind, number):
    return SimpleNamespace(kind=kind, number=number)


def chains(**counts):
    return [chain(kind, n) for kind, count in counts.items() for n in range(count)]


def test_balance_takes_all_wr_all_rw_and_rr_up_to_the_difference():
    found = balance(chains(RR=20, RW=3, WR=9), "drop_rw", 0)
    assert Counter(c.kind for c in found.taken) == {"WR": 9, "RW": 3, "RR": 6}
    assert len(found.left) == 14 and {c.kind for c, _ in found.left} == {"RR"}
    again, other = balance(chains(RR=20, RW=3, WR=9), "drop_rw", 0), balance(chains(RR=20, RW=3, WR=9), "drop_rw", 1)
    picked = lambda b: [c.number for c in b.taken if c.kind == "RR"]  # noqa: E731
    assert picked(found) == picked(again) != picked(other)
    short = balance(chains(RR=2, RW=3, WR=9), "drop_rw", 0)
    assert len(short.taken) == 14 and "wrong first answers are more" in short.note


def test_where_rw_are_more_the_choice_decides():
    given = chains(RR=5, RW=6, WR=2)
    assert Counter(c.kind for c in balance(given, "drop_rw", 0).taken) == {"WR": 2, "RW": 2}
    assert Counter(c.kind for c in balance(given, "keep_all", 0).taken) == {"WR": 2, "RW": 6}
    assert "RW (6) outnumber WR (2)" in balance(given, "keep_all", 0).note
    with pytest.raises(DataError, match="when_rw_exceeds"):
        balance(given, "error", 0)
    with pytest.raises(ConfigError, match="when_rw_exceeds"):
        balance(given, "else", 0)


def test_behaviours_are_those_of_the_one_detector():
    texts = [
        ("So it is 4. Let me check: 2 + 2 = 4. Yes, that is right.", ""),
        ("There is no need to check this. It is 4.", ""),
        ("Wait, that is wrong. So it is 5.", "Is it so?"),
        ("Zahl 𝟜: „4“\u2028.", ""),
    ]
    found = behaviours.find(DETECTOR, texts)
    assert found.detector.startswith("longhand ")
    # The second one says the cue word of a check, and that there is none.
    assert [c["verification"] for c in found.counts] == [1, 0, 0, 0]
    assert [c["backtracking"] for c in found.counts] == [0, 0, 1, 0]
    many = behaviours.find(DETECTOR, texts * 500)
    assert many.counts == found.counts * 500


def test_a_detector_that_is_not_there_or_fails_is_said():
    with pytest.raises(ConfigError, match="named none"):
        behaviours.find(None, [("a", "")])
    with pytest.raises(ConfigError, match="cannot be started"):
        behaviours.find(["/nowhere/node"], [("a", "")])
    with pytest.raises(DataError, match=r"exit code 3\): oh no"):
        behaviours.find([sys.executable, "-c", "import sys; print('oh no', file=sys.stderr); sys.exit(3)"], [("a", "")])
    with pytest.raises(DataError, match="0 of 1 texts were read"):
        behaviours.find([sys.executable, "-c", "import sys; sys.stdin.read()"], [("a", "")])


def test_a_document_is_its_four_turns_in_the_models_words(whole):
    folder, _ = whole
    rows = lines(folder / "data/data.jsonl")
    events = whole_events(folder)
    problem_of = {e["trace"]: e["problem"] for e in events if e["type"] == "trace_begin"}
    verdict_of = {
        e["trace"]: e["facts"]["verdict"]["value"]
        for e in events
        if e["type"] in ("trace_end", "trace_facts") and "verdict" in e["facts"]
    }
    assert rows
    for row in rows:
        content = row["completion"][0]["content"]
        assert "".join(s["text"] for s in row["segments"]) == content and content.startswith("<think>\n")
        assert [(s["name"], s["train"]) for s in row["segments"]] == [
            ("answer_1", False),
            ("transition", True),
            ("answer_2", True),
            ("summary", True),
        ]
        assert row["segments"][1]["text"].startswith("While") and row["segments"][1]["text"].endswith("second time.\n")
        assert f"\\boxed{{{row['answer']}}}" in row["segments"][3]["text"]
        traces = [int(t.split("/")[-1]) for t in row["from"]["traces"]]
        assert len(set(traces)) == 4 and {problem_of[t] for t in traces} == {row["problem_id"]}
        verdicts = [verdict_of[t] for t in traces]
        assert row["class"] == "".join("R" if v == "right" else "W" for v in (verdicts[0], verdicts[2]))
        assert verdicts[1] == "none" and verdicts[3] == "right"
    kinds = Counter(row["class"] for row in rows)
    assert kinds["WW"] == 0 and kinds["RW"] + kinds["RR"] <= kinds["WR"]


def test_the_report_accounts_for_every_problem(whole):
    folder, _ = whole
    found = blocks(folder)
    rows = [row["cells"] for row in lines(folder / "tables/documents.jsonl")]
    assert len(rows) == 61 and sum(c["kept"] for c in rows) == len(lines(folder / "data/data.jsonl"))
    steps = found["From problems to documents"]["steps"]
    assert steps[0]["n"] == 61 and steps[1]["n"] == 60
    assert all(len(rows_behind(folder, step["rows"])) == step["n"] for step in steps)
    shares = [i for i in found["Two turns"]["items"] if i.get("unit") == "%"]
    assert len(shares) == 5 and all(i["ci95"][0] <= i["value"] <= i["ci95"][1] for i in shares)
    for before, after in zip(steps, steps[1:], strict=False):
        dropped = after.get("dropped", [])
        assert after["n"] == before["n"] - sum(d["n"] for d in dropped)
        for reason in dropped:
            assert reason["n"] == sum(c["why"] == reason["rows"]["where"]["why"] for c in rows)
    flows = found["Classes"]["flows"]
    for kind in ("RR", "RW", "WR", "WW"):
        into = sum(f["n"] for f in flows if f["to"].startswith(kind))
        assert into == sum(f["n"] for f in flows if f["from"].startswith(kind))
        assert into == sum(c["class"] == kind for c in rows)
    kept = next(row for row in lines(folder / "tables/documents.jsonl") if row["cells"]["kept"])
    assert [p["label"] for p in kept["parts"]] == ["Answer 1", "Transition", "Answer 2", "Summary"]
    assert all(p["prompt"].startswith("<|im_start|>user\nStart with") and p["trace"] for p in kept["parts"])
    assert [p["tone"] for p in kept["parts"]] == ["masked", "trained", "trained", "trained"]
    bars = found["Balance of the first answers"]["bars"]
    assert sum(p["n"] for bar in bars[:2] for p in bar["parts"]) == sum(c["kept"] for c in rows)


def test_in_sequence_the_transition_comes_before_the_second_answer(whole, tmp_path):
    _, data = whole
    prompts = SYNTHESIZE["prompts"]
    answer_2 = prompts["answer_2"] | {"assistant": "<think>\n{answer_1_unboxed}{transition}"}
    config = SYNTHESIZE | {"order": "in_sequence", "prompts": prompts | {"answer_2": answer_2}}
    config |= {"filters": {"min_characters": 0, "decision": "any", "behaviours": {"verification": 1}}}
    folder = attempt(tmp_path / "synthesize" / "attempt-1", "synthesize", config, data, detector=DETECTOR)
    assert run_worker(synthesize, [str(folder)]) == 0
    order: dict[str, list[str]] = {}
    for event in whole_events(folder):
        if event["type"] == "trace_begin":
            seen = order.setdefault(event["problem"], [])
            if event["set"] not in seen:
                seen.append(event["set"])
    wanted = ["answer 1", "transition", "answer 2", "summary"]
    assert all(turns == wanted[: len(turns)] for turns in order.values()) and wanted in order.values()
    labels = [s["label"] for s in blocks(folder)["From problems to documents"]["steps"]]
    assert "With the behaviours asked for" in labels and "Long enough" not in labels
    # Every document that was kept has one by the same detector, which the report names; every one that was dropped for it has none.
    rows = lines(folder / "data/data.jsonl")
    texts = [(row["completion"][0]["content"], row["problem"]) for row in rows]
    found = behaviours.find(DETECTOR, texts)
    assert all(counts["verification"] >= 1 for counts in found.counts)
    assert blocks(folder)["From problems to documents"]["note"] == f"Behaviours were found by {found.detector}."
    cells = [row["cells"] for row in lines(folder / "tables/documents.jsonl")]
    assert {c["why"] for c in cells if c["why"].startswith("verification")} <= {
        "verification: 0 found, at least 1 are asked for"
    }


def test_a_resumed_stage_draws_only_what_is_missing_and_ends_the_same(whole, tmp_path):
    done, data = whole
    first = attempt(tmp_path / "synthesize" / "attempt-1", "synthesize", SYNTHESIZE, data)
    # As a kill in the middle leaves it: a part of the record, its last line torn.
    lines_of = (done / "events.jsonl").read_bytes().splitlines(keepends=True)
    half = len(lines_of) // 2
    (first / "events.jsonl").write_bytes(b"".join(lines_of[:half]) + lines_of[half][:20])
    for name in ("text", "tokens"):
        (first / name).symlink_to(done / name)
    had = sum(b'"type":"trace_end"' in line for line in lines_of[:half])
    again = attempt(tmp_path / "synthesize" / "attempt-2", "synthesize", SYNTHESIZE, data, 1)
    assert run_worker(synthesize, [str(again)]) == 0
    strip = lambda rows: [{k: v for k, v in row.items() if k != "from"} for row in rows]  # noqa: E731
    assert strip(lines(again / "data/data.jsonl")) == strip(lines(done / "data/data.jsonl"))
    total = sum(b'"type":"trace_end"' in line for line in lines_of)
    drawn = sum(e["type"] == "trace_end" for e in whole_events(again))
    # What had ended and was not judged yet is not drawn, but recorded again with its verdict.
    before = [json.loads(line) for line in lines_of[:half]]
    judged = {e["trace"] for e in before if "verdict" in e.get("facts", {})}
    recorded_again = had - len(judged)
    assert had > 0 and drawn == total - had + recorded_again
    figures = {i["label"]: i["value"] for i in blocks(again)["Two turns"]["items"]}
    assert figures["Completions drawn"] == total - had and figures["Taken over from earlier attempts"] == had


def test_nothing_left_is_an_error_with_the_reasons_in_the_report(whole, tmp_path):
    _, data = whole
    config = SYNTHESIZE | {"filters": {"min_characters": 100_000}}
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(data.read_text().splitlines()[:4]))
    folder = attempt(tmp_path / "synthesize" / "attempt-1", "synthesize", config, few)
    assert run_worker(synthesize, [str(folder)]) == 1
    (error,) = [e for e in whole_events(folder) if e["type"] == "error"]
    assert error["class"] == "DataError" and "no document is left" in error["message"]
    assert json.loads((folder / "report.json").read_text())["blocks"]


def test_before_anything_is_graded_there_is_no_accuracy():
    items = {i["label"]: i["value"] for i in figures([], 0, 0)["items"]}
    assert items["Accuracy of answer 1 (Acc@t1)"] is None and items["Wrong, then right (Δ i→c)"] is None


def test_the_funnel_drops_a_failed_transition_where_it_was_drawn():
    drops = Counter({("transition", "transition: empty"): 2, ("class", "WW: both answers are wrong"): 3})
    for order, left in (("together", [10, 10, 10, 10, 7, 5]), ("in_sequence", [10, 10, 8, 8, 5, 5])):
        steps = funnel(10, drops, set(), None, ORDERS[order])["steps"]
        assert [step["n"] for step in steps][:6] == left, order
