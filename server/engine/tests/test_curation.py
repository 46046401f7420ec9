"""A data set from sources: what is read, kept and chosen, and that every row that is not there is listed with its reason."""

import json

import pytest
from made_data import BASE, Made, make, openr1, right, write, wrong
from tokenizers import Tokenizer

from longhand_engine.curation import columns, contamination
from longhand_engine.curation.columns import Columns
from longhand_engine.curation.contamination import Contamination
from longhand_engine.curation.lengths import Lengths
from longhand_engine.errors import ConfigError, DataError
from longhand_engine.ids import problem_id


def test_the_shortest_right_generation_is_chosen_and_all_candidates_are_shown(tmp_path):
    path = write(tmp_path / "a.jsonl", [openr1(1, [True, False, True], [30, 5, 20]), openr1(2, [False], [9])])
    made = make(
        tmp_path, {"sources": [{"name": "open", "path": path}], "choose": "shortest_correct", "tokenizer": BASE}
    )
    (row,) = made.rows
    assert row["completion"] == [{"role": "assistant", "content": right(20)}]
    assert row["prompt"] == [{"role": "user", "content": row["problem"]}]
    assert (row["answer"], row["answer_origin"], row["source_id"], row["source"]) == ("7", "given", "u1", "open")
    assert row["problem_id"] == problem_id(row["problem"])
    assert row["from"] == {"file": path, "line": 1, "traces": ["r/data/2/2"]}
    assert row["kept"] == f"shortest of 2 right of 3 generations, {row['tokens']} tokens" and row["tokens"] > 20
    first, second = made.lines("tables/problems.jsonl")
    assert first["trace"] == "r/data/2/2"
    assert first["cells"]["lengths"]["chosen"] == 2 and len(first["cells"]["lengths"]["values"]) == 3
    assert [p["trace"] for p in first["parts"]] == ["r/data/2/1", "r/data/2/2", "r/data/2/0"]
    assert [p["tone"] for p in first["parts"]] == ["dropped", "chosen", "dropped"]
    assert [p["verdict"] for p in first["parts"]] == ["wrong", "right", "right"]
    assert second["cells"]["reason"] == "no right generation"
    (dropped,) = made.lines("tables/dropped.jsonl")
    assert dropped["cells"]["detail"] == "of 1 generation: 1 wrong" and dropped["parts"][0]["trace"] == "r/data/2/3"


def test_every_generation_is_a_trace_of_the_record(tmp_path):
    path = write(tmp_path / "a.jsonl", [openr1(1, [True, False], [3, 2])])
    made = make(tmp_path, {"sources": [{"path": path}], "choose": "shortest_correct", "tokenizer": BASE})
    events = made.lines("events.jsonl")
    (problem,) = [e for e in events if e["type"] == "problem"]
    assert (problem["gold"], problem["gold_origin"], problem["source_id"]) == ("7", "given", "u1")
    ends = [e["facts"] for e in events if e["type"] == "trace_end"]
    assert [f["verdict"]["value"] for f in ends] == ["right", "wrong"]
    assert ends[0]["verdict"]["checker"] == "source" and ends[0]["verdict"]["version"] == "correctness_math_verify"
    assert [f["answer"]["text"] for f in ends] == ["7", "8"] and all(f["tokens_exact"] for f in ends)
    text = (made.folder / "text" / "part-00001.txt").read_text()
    assert text == right(3) + wrong(2)


def test_without_flags_the_checker_judges(tmp_path):
    row = {"problem": "x?", "answer": "\\frac{1}{2}", "generations": ["\\boxed{0.5}", "\\boxed{\\frac{2}{3}}"]}
    made = make(tmp_path, {"sources": [{"path": write(tmp_path / "a.jsonl", [row])}], "choose": "shortest_correct"})
    assert made.rows[0]["completion"][0]["content"] == "\\boxed{0.5}"
    assert "tokens" not in made.rows[0] and "characters" in made.rows[0]["kept"]
    facts = [e["facts"] for e in made.lines("events.jsonl") if e["type"] == "trace_end"]
    assert [f["verdict"]["checker"] for f in facts] == ["math-verify"] * 2 and "tokens" not in facts[0]


def test_the_answer_is_taken_from_the_trace_where_there_is_none_and_marked(tmp_path):
    rows = [
        {"problem": "one?", "completion": right(1)},
        {"problem": "many?", "generations": [wrong(1), right(9), right(4)]},
        {"problem": "given?", "answer": "8", "completion": wrong(2)},
        {"problem": "never?", "completion": "<think>no end"},
    ]
    config = {"sources": [{"path": write(tmp_path / "a.jsonl", rows)}], "choose": "shortest_correct"}
    made = make(tmp_path, config | {"gold_from_trace": True})
    found = {row["problem"]: row for row in made.rows}
    assert {k: (r["answer"], r["answer_origin"]) for k, r in found.items()} == {
        "one?": ("7", "trace"),
        "many?": ("7", "trace"),
        "given?": ("8", "given"),
    }
    assert found["many?"]["completion"][0]["content"] == right(4)
    (dropped,) = made.table("dropped")
    assert "no generation has one" in dropped["detail"]
    assert [i["value"] for i in made.block("Result")["items"] if "Answers" in i["label"]] == [2]
    golds = {e["text"]: e.get("gold_origin") for e in made.lines("events.jsonl") if e["type"] == "problem"}
    assert golds["one?"] == "trace" and golds["given?"] == "given"
    # Without it nothing can be right.
    made = make(tmp_path, config, "b")
    assert [row["problem"] for row in made.rows] == ["given?"]


def test_filters_keep_what_they_say_and_list_the_rest_with_values(tmp_path):
    rows = [
        openr1(1, [True, True], [40, 50], level="hard"),
        openr1(2, [True, False], [40, 50]),
        openr1(3, [True], [2]),
        openr1(4, [True, True], [40, 50], level=5),
    ]
    path = write(tmp_path / "a.jsonl", rows)
    source = {"path": path, "filter": ["tokens > 30 and accuracy > 0.5", "level contains 'ha' or level is null"]}
    made = make(tmp_path, {"sources": [source], "tokenizer": BASE})
    assert [row["source_id"] for row in made.rows] == ["u1"]
    details = {row["line"]: row["detail"] for row in made.table("dropped")}
    assert "accuracy = 0.5" in details[2] and "tokens > 30" in details[3]
    assert "cannot be applied: `contains`" in details[4]
    funnel = made.block("From the sources to the data set")["steps"]
    assert [(s["label"], s["n"]) for s in funnel] == [
        ("Rows of the sources", 4),
        ("Pass the filters", 1),
        ("Rows of train", 1),
    ]
    assert funnel[1]["dropped"] == [
        {"reason": "filter", "n": 3, "rows": {"table": "dropped", "where": {"reason": "filter"}}}
    ]


def test_accuracy_of_a_filter_comes_from_the_checker_where_there_are_no_flags(tmp_path):
    rows = [
        {"problem": "a?", "answer": "7", "generations": [right(1), wrong(1)]},
        {"problem": "b?", "generations": ["x"]},
    ]
    source = {"path": write(tmp_path / "a.jsonl", rows), "filter": "accuracy between 0.5 and 0.75"}
    made = make(tmp_path, {"sources": [source]})
    assert [row["problem"] for row in made.rows] == ["a?"]


def test_duplicates_are_joined_by_the_normalised_problem_and_the_key_is_recorded(tmp_path):
    one = write(tmp_path / "one.jsonl", [{"problem": "What  is\n1+1?", "generations": [right(9)], "answer": None}])
    two = write(
        tmp_path / "two.jsonl",
        [
            {"problem": " What is 1+1? ", "generations": [right(9), right(3)], "answer": "7"},
            {"problem": "what is 1+1?", "generations": [right(2)], "answer": "7"},
            {"problem": "What is 1+1?", "generations": [right(1)], "answer": "seven"},
        ],
    )
    config = {
        "sources": [{"name": "one", "path": one}, {"name": "two", "path": two}],
        "deduplicate": "problem",
        "choose": "shortest_correct",
    }
    made = make(tmp_path, config)
    joined, other = made.rows
    # The first row's place, the gold of the second, the generation of the third: each generation once.
    assert joined["from"]["file"] == one and joined["answer"] == "7" and "of 3 generations" in joined["kept"]
    assert joined["problem_id"] == problem_id("What is 1+1?") != other["problem_id"]
    first, second = made.table("dropped")
    assert first["reason"] == second["reason"] == "duplicate" and first["problem_id"] == joined["problem_id"]
    assert f"the problem of {one}, row 1; 1 of its generations" in first["detail"]
    items = {i["label"]: i["value"] for i in made.block("Result")["items"]}
    assert items["Duplicates with another answer"] == 1
    # Each by itself: the first has nothing to be right by, and the last is wrong.
    assert [r["from"]["line"] for r in make(tmp_path, config | {"deduplicate": None}, "b").rows] == [1, 2]


def test_a_sample_is_exact_seeded_and_lists_what_is_not_in_it(tmp_path):
    path = write(tmp_path / "a.jsonl", [openr1(n, [True], [3]) for n in range(200)])

    def ids(name, **more):
        made = make(tmp_path, {"sources": [{"path": path, "sample": 30, "seed": 1} | more]}, name)
        assert made.dropped() == {"not sampled": 170} and len(made.table("dropped")) == 170
        drawn = [row["source_id"] for row in made.rows]
        assert set(drawn) | {f"u{row['line'] - 1}" for row in made.table("dropped")} == {f"u{n}" for n in range(200)}
        return drawn

    first = ids("a")
    assert len(set(first)) == 30 and first == ids("b") != ids("c", seed=2)
    assert [int(i[1:]) for i in first] == sorted(int(i[1:]) for i in first)


def test_contaminated_problems_are_dropped_with_the_words_and_the_row_hit(tmp_path):
    words = "one two three four five six seven eight nine ten eleven twelve thirteen"
    test = write(
        tmp_path / "test.jsonl", [{"problem": "1+1?"}, {"problem": f"Well: {words.upper()}, fourteen!", "answer": 1}]
    )
    rows = [
        {"problem": f"So {words} and more", "completion": right(1)},
        {"problem": words.replace("seven", "7"), "completion": right(1)},
        {"problem": "1 + 1", "completion": right(1)},
        {"problem": "What is 1+1?", "completion": right(1)},
    ]
    config = {
        "sources": [{"path": write(tmp_path / "a.jsonl", rows)}],
        "decontaminate": {"against": [test], "ngram": 13},
    }
    made = make(tmp_path, config)
    assert [row["from"]["line"] for row in made.rows] == [2, 4]
    hit, same = made.table("contaminated")
    assert hit["ngram"] == words and hit["set_line"] == 2 and "FOURTEEN" in hit["hit"].upper()
    assert same["ngram"] == "1 1" and same["set_line"] == 1
    assert make(tmp_path, config | {"decontaminate": {"against": [test], "ngram": 20}}, "b").dropped() == {
        "contaminated": 1
    }


def test_an_evaluation_set_with_a_hole_is_refused(tmp_path):
    test = write(tmp_path / "test.jsonl", [{"problem": "a"}, "nonsense"])
    config = {
        "sources": [{"path": write(tmp_path / "a.jsonl", [{"problem": "b"}])}],
        "decontaminate": {"against": [test]},
    }
    with pytest.raises(DataError, match="row 2: not JSON"):
        make(tmp_path, config)


def test_what_is_too_long_is_dropped_and_a_shorter_one_is_taken(tmp_path):
    rows = [openr1(1, [True, True], [300, 10]), openr1(2, [True], [300])]
    config = {"sources": [{"path": write(tmp_path / "a.jsonl", rows)}], "tokenizer": BASE, "max_tokens": 100}
    for choose in ("shortest_correct", "longest_correct", "first", "all"):
        made = make(tmp_path, config | {"choose": choose}, choose)
        assert [row["completion"][0]["content"] for row in made.rows] == [right(10)], choose
        assert made.dropped() == {"too long": 1}
        assert "100 are the most" in made.table("dropped")[0]["detail"]


def test_choices(tmp_path):
    path = write(tmp_path / "a.jsonl", [openr1(1, [False, True, True], [5, 20, 10]), {"problem": "alone?"}])

    def taken(choose):
        made = make(tmp_path, {"sources": [{"path": path}], "choose": choose}, str(choose))
        return [row.get("completion", [{"content": None}])[0]["content"] for row in made.rows]

    assert taken("longest_correct") == [right(20)]
    assert taken("first") == [wrong(5)]
    assert taken("all") == [wrong(5), right(20), right(10)]
    assert taken(None) == [wrong(5), None]


def test_a_system_message_is_put_before_or_in_place(tmp_path):
    rows = [
        {"problem": "a?", "completion": "x"},
        {"prompt": [{"role": "system", "content": "old"}, {"role": "user", "content": "b?"}], "completion": "x"},
    ]
    made = make(tmp_path, {"sources": [{"path": write(tmp_path / "a.jsonl", rows)}], "system": "new"})
    assert [[m["content"] for m in row["prompt"]] for row in made.rows] == [["new", "a?"], ["new", "b?"]]


def test_a_tokenizer_counts_again_and_only_what_is_asked(tmp_path, monkeypatch):
    counted = []
    encoded = Lengths._encoded

    def watch(self, texts):
        counted.extend(texts)
        return encoded(self, texts)

    monkeypatch.setattr(Lengths, "_encoded", watch)
    path = write(tmp_path / "a.jsonl", [openr1(n, [True], [n + 1], tokens=[999]) for n in range(20)])
    source = {"path": path, "filter": "accuracy > 0.5", "sample": 4}
    made = make(tmp_path, {"sources": [source], "tokenizer": BASE})
    assert len(counted) == 4 and all(row["tokens"] < 999 for row in made.rows)
    made = make(tmp_path, {"sources": [source | {"filter": "tokens < 900"}], "tokenizer": BASE}, "b")
    assert len(counted) == 24 and len(made.rows) == 4, "each once"


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"sources": [{"name": "x"}]}, ConfigError, "needs `path` or `hub`"),
        ({"sources": [{"path": "/nowhere.jsonl"}]}, DataError, "no such file"),
        ({"sources": [{"path": BASE + "/model.safetensors"}]}, DataError, "known endings"),
        ({"filter": "tokens > 5"}, ConfigError, "give a `tokenizer`"),
        ({"max_tokens": 5}, ConfigError, "needs a `tokenizer`"),
        ({"tokenizer": "/tmp"}, ConfigError, "`tokenizer`: /tmp/tokenizer.json"),
        ({"filter": "tokns >"}, ConfigError, r"the filter of own cannot be read: .*\n.*tokns >"),
        ({"filter": "acuracy > 0.5"}, DataError, "names `acuracy`, which no row has; did you mean `accuracy`"),
        ({"columns": {"solution": "x"}}, ConfigError, "no column solution"),
        ({"sample": 0}, ConfigError, "`sample` of own"),
        ({"choose": "best"}, ConfigError, "`choose` is one of"),
        ({"filter": "problem = 'z'"}, DataError, "no row is left. 1 rows read; dropped: 1 filter"),
        ({"decontaminate": {"against": [], "ngram": 0}}, ConfigError, "decontaminate.ngram"),
        ({"output": "../x"}, ConfigError, "is no name of a data set"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, change, error, said):
    source = {"name": "own", "path": write(tmp_path / "own.jsonl", [{"problem": "a", "completion": "b"}])}
    of_source = {k: v for k, v in change.items() if k in ("filter", "columns", "sample")}
    config = {"sources": [source | of_source]} | {k: v for k, v in change.items() if k not in of_source}
    with pytest.raises(error, match=said):
        make(tmp_path, config)


def test_a_data_set_without_a_row_still_reports(tmp_path):
    path = write(tmp_path / "own.jsonl", [{"problem": "a"}])
    with pytest.raises(DataError):
        make(tmp_path, {"sources": [{"path": path, "filter": "problem = 'z'"}]})
    assert json.loads((tmp_path / "a" / "report.json").read_text())["blocks"]
    assert not (tmp_path / "a" / "data" / "train.jsonl").exists()


def test_two_sources_of_one_name_are_refused(tmp_path):
    path = write(tmp_path / "own.jsonl", [{"problem": "a"}])
    with pytest.raises(ConfigError, match="two sources are named own"):
        make(tmp_path, {"sources": [{"path": path}, {"path": path}]})


def test_a_stop_leaves_no_half_data_set(tmp_path):
    path = write(tmp_path / "own.jsonl", [{"problem": "a"}])
    made = Made(tmp_path / "a", {"sources": [{"path": path}]}, stop=True)
    assert made.outputs is None and not (tmp_path / "a" / "data" / "train.jsonl").exists()


def test_what_a_killed_attempt_left_is_cleared_away(tmp_path):
    left = tmp_path / "attempt-1" / "spool.tmp"
    left.parent.mkdir()
    left.write_text("x")
    path = write(tmp_path / "own.jsonl", [{"problem": "a"}])
    Made(tmp_path / "attempt-2", {"sources": [{"path": path}]})
    assert not left.exists()


def test_bars_and_funnel_count_every_row_once(tmp_path):
    rows = [openr1(n, [n % 2 == 0], [n + 1]) for n in range(20)] + ["{"] + [openr1(0, [True], [1])]
    source = {"name": "s", "path": write(tmp_path / "a.jsonl", rows), "filter": "tokens < 18", "sample": 12}
    config = {"sources": [source], "deduplicate": "problem", "choose": "shortest_correct", "tokenizer": BASE}
    made = make(tmp_path, config)
    (bar,) = made.block("Sources")["bars"]
    assert bar["label"] == "s (22)" and sum(p["n"] for p in bar["parts"]) == 22
    steps = made.block("From the sources to the data set")["steps"]
    for before, after in zip(steps, steps[1:], strict=False):
        assert after["n"] == before["n"] - sum(d["n"] for d in after.get("dropped", []))
    for part in bar["parts"][1:]:
        where = part["rows"]["where"]
        matching = [r for r in made.table("dropped") if all(r[k] == v for k, v in where.items())]
        assert len(matching) == part["n"]


def test_too_many_ngrams_are_refused(monkeypatch):
    monkeypatch.setattr(contamination, "MOST_NGRAMS", 3)
    with pytest.raises(ValueError, match="more than 3 runs of 2 words"):
        Contamination(2).add([("s", 1, "a b c d e f")])


def test_our_own_rows_are_a_source(tmp_path):
    row = {
        "prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "a? marker"}],
        "problem": "a?",
        "completion": [{"role": "assistant", "content": right(1)}],
        "answer": "7",
        "answer_origin": "trace",
    }
    found = Columns({}).read(row)
    assert found.origin == "trace" and found.gold == "7"
    assert found.problem == "a?" and found.prompt == row["prompt"] and found.candidates[0].text == right(1)


@pytest.mark.parametrize("flags", [True, False])
def test_a_generation_that_is_right_by_another_rows_gold_is_judged_by_the_gold_that_is_kept(tmp_path, flags):
    first = {"problem": "What is it?", "answer": "7", "generations": ["a long way to \\boxed{7}"]}
    second = {"problem": "What is  it?", "answer": "8", "generations": ["\\boxed{8}"]}
    more = {"correct": [True]} if flags else {}
    one = {"path": write(tmp_path / "a.jsonl", [first | more])}
    # Its filter has it judged by its own answer, before the two rows are joined.
    two = {"path": write(tmp_path / "b.jsonl", [second | more]), "filter": "accuracy > 0.5"}
    made = make(tmp_path, {"sources": [one, two], "deduplicate": "problem", "choose": "shortest_correct"})
    (row,) = made.rows
    assert (row["answer"], row["completion"][0]["content"]) == ("7", "a long way to \\boxed{7}")
    (figure,) = [i for i in made.block("Result")["items"] if i["label"] == "Duplicates with another answer"]
    (behind,) = [row for row in made.table(figure["rows"]["table"]) if row["other_answer"]]
    assert figure["value"] == 1 and behind["detail"].endswith("its answer is another one: 8")


def test_lengths_are_those_of_the_whole_text_whatever_the_tokenizer_was_saved_with(tmp_path):
    tokenizer = Tokenizer.from_file(f"{BASE}/tokenizer.json")
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=64)
    (tmp_path / "model").mkdir()
    tokenizer.save(str(tmp_path / "model" / "tokenizer.json"))
    texts = [columns.Candidate(right(n)) for n in (3, 30)]
    plain, saved = Lengths(BASE, False), Lengths(str(tmp_path / "model"), False)
    plain.count(texts)
    again = [columns.Candidate(c.text) for c in texts]
    saved.count(again)
    assert [c.tokens for c in again] == [c.tokens for c in texts] and texts[0].tokens < 64 < texts[1].tokens


def test_a_problem_with_very_many_generations_lists_the_chosen_and_the_shortest(tmp_path):
    texts = [right(40), *(wrong(1 + n % 30) + " " * (n // 30) for n in range(columns.MOST_CANDIDATES - 1))]
    path = write(tmp_path / "a.jsonl", [{"problem": "What?", "answer": "7", "generations": texts}])
    made = make(tmp_path, {"sources": [{"path": path}], "choose": "shortest_correct"})
    (row,) = made.lines("tables/problems.jsonl")
    assert [p["answer"] for p in row["parts"] if p.get("tone") == "chosen"] == ["7"]
    assert row["parts"][-1]["label"] == f"{len(texts) - 200:,} more" and len(row["parts"]) == 201
    assert len(row["cells"]["lengths"]["values"]) == len(texts)
