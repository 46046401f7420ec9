"""Benchmarks in their published shapes, small ones written here and the shared Parquet files, and golds that the checker reads."""

import json
import os
from pathlib import Path

import pytest

from longhand_engine.benchmarks import BENCHMARKS, load, number
from longhand_engine.checker import Checker
from longhand_engine.curation.sources import lines_of_source
from longhand_engine.errors import ConfigError, DataError

SHARED = Path(os.environ.get("LONGHAND_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
PARQUET = SHARED / "traces" / "benchmark-parquet"

TABLE = "Kind | Cost\npen | $1,250.00\nbook | $3.50"
# Name, a row as it is published, what the problem holds, the gold, a completion's answer that is right.
PUBLISHED = [
    (
        "aime24",
        {"id": 60, "problem": "P?", "solution": "So \\boxed{073}.", "answer": "073", "url": "u", "year": "2024"},
        "P?",
        "73",
        "73",
    ),
    ("aime24", {"ID": "2024-I-1", "Problem": "P?", "Solution": "…", "Answer": 204}, "P?", "204", "204"),
    ("aime25", {"problem": "P?", "answer": "70", "id": "0"}, "P?", "70", "70"),
    ("aime25", {"question": "P?", "answer": "70"}, "P?", "70", "70"),
    ("amc23", {"id": 0, "question": "P?", "answer": 27.0, "url": "u"}, "P?", "27", "27"),
    (
        "math500",
        {
            "problem": "P?",
            "solution": "We have \\boxed{\\left( 3, \\frac{\\pi}{2} \\right)}",
            "answer": "\\left( 3, \\frac{\\pi}{2} \\right)",
            "subject": "Precalculus",
            "level": 2,
            "unique_id": "test/precalculus/807.json",
        },
        "P?",
        "\\left( 3, \\frac{\\pi}{2} \\right)",
        "(3, \\pi/2)",
    ),
    # Without `answer`, as in the set it was taken from.
    ("math500", {"problem": "P?", "solution": "\\boxed{1} and \\boxed{\\frac{1}{2}}"}, "P?", "\\frac{1}{2}", "0.5"),
    (
        "gsm8k",
        {"question": "How many?", "answer": "She has 9*60=<<9*60=540>>540 each.\nTwice: 1,080\n#### 1,080"},
        "How many?",
        "1080",
        "1080",
    ),
    ("gsm8k", {"question": "How many?", "answer": "It is -5.\n#### -5"}, "How many?", "-5", "-5"),
    (
        "svamp",
        {
            "ID": "chal-1",
            "Body": "Ann has 3 pens",
            "Question": "How many are left?",
            "Equation": "( 8.0 - 3.0 )",
            "Answer": 145.0,
            "Type": "Subtraction",
        },
        "Ann has 3 pens. How many are left?",
        "145",
        "145",
    ),
    (
        "tabmwp",
        {
            "question": "How much do both cost?",
            "choices": None,
            "answer": "1,253.50",
            "unit": "$",
            "table_title": "Prices",
            "table": TABLE,
            "ques_type": "free_text",
            "ans_type": "decimal_number",
        },
        "Table: Prices\nKind | Cost",
        "1253.50",
        "1253.5",
    ),
    (
        "tabmwp",
        {
            "question": "Which share?",
            "choices": None,
            "answer": "3/4",
            "unit": None,
            "table_title": None,
            "table": TABLE,
            "ans_type": "decimal_number",
        },
        "Which share?",
        "3/4",
        "\\frac{3}{4}",
    ),
    (
        "gaokao2023en",
        {"idx": 3, "question": "Find $a$.", "answer": "$\\frac{\\sqrt{3}}{2}$"},
        "Find $a$.",
        "\\frac{\\sqrt{3}}{2}",
        "\\sqrt{3}/2",
    ),
]


def loaded(tmp_path: Path, name: str, rows: list[dict], **options):
    path = tmp_path / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load(name, str(path), **options)


@pytest.fixture(scope="module")
def checker():
    with Checker() as found:
        yield found


@pytest.mark.parametrize(("name", "row", "problem", "gold", "answer"), PUBLISHED)
def test_published_rows(tmp_path, checker, name, row, problem, gold, answer):
    found = loaded(tmp_path, name, [row])
    (one,) = found.rows
    assert problem in one.problem and one.answer == gold
    assert one.prompt == [{"role": "user", "content": one.problem}]
    assert str(BENCHMARKS[name].size) in found.notes[0]
    assert checker.judge(f"<think>\nso</think>\nIt is \\boxed{{{answer}}}.", one.answer).value == "right"
    assert checker.judge("<think>\nso</think>\nIt is \\boxed{99991}.", one.answer).value == "wrong"


def test_tabmwp_tells_the_unit_and_the_options(tmp_path):
    row = {"question": "Is it?", "choices": ["yes", "no"], "answer": "yes", "unit": "$", "table_title": "T"}
    row |= {"table": TABLE, "ques_type": "multi_choice", "ans_type": "boolean_text"}
    # As it was published first: one object, the rows by their numbers.
    path = tmp_path / "problems_test.json"
    path.write_text(json.dumps({"8": row, "11": row | {"answer": "no"}}))
    found = load("tabmwp", str(path)).rows
    assert [(r.source_id, r.answer) for r in found] == [("tabmwp/8", "yes"), ("tabmwp/11", "no")]
    assert found[0].problem.endswith("Is it?\nGive the answer in this unit: $.\nChoose one of: yes; no.")


@pytest.mark.parametrize(("name", "count"), [("aime24", 30), ("aime25", 30), ("amc23", 83)])
def test_shared_parquet_files(name, count):
    path = PARQUET / f"benchmarks__{name}.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    found = load(name, str(path))
    assert len(found.rows) == count and all(row.answer.lstrip("-").isdigit() for row in found.rows)
    assert bool(found.notes) == (count != BENCHMARKS[name].size)
    assert len({row.source_id for row in found.rows}) == count
    if name == "aime24":
        assert "Aya goes for a $9$-kilometer-long walk" in found.rows[0].problem and found.rows[0].answer == "204"


def test_an_instruction_is_the_prompts_and_not_the_problems(tmp_path):
    (one,) = loaded(tmp_path, "aime25", [{"problem": "P?", "answer": "1"}], instruction="\nUse \\boxed{}.").rows
    assert (one.problem, one.prompt[0]["content"]) == ("P?", "P?\nUse \\boxed{}.")


def test_a_system_message_and_a_template_make_the_prompt(tmp_path):
    rows = [{"problem": "P {x}?", "answer": "1"}]
    (one,) = loaded(tmp_path, "aime25", rows, template="Solve:\n{problem}\nEnd.", system="Think.").rows
    assert one.problem == "P {x}?"
    assert one.prompt == [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "Solve:\nP {x}?\nEnd."},
    ]
    chat = [{"prompt": [{"role": "system", "content": "Old."}, {"role": "user", "content": "P?"}], "answer": 1}]
    asked = [loaded(tmp_path, "amc23", chat, system=system).rows[0].prompt for system in (None, "New.", "")]
    assert [[m["content"] for m in prompt] for prompt in asked] == [["Old.", "P?"], ["New.", "P?"], ["", "P?"]]
    for wrong in ({"template": "Solve."}, {"template": "{problem}", "instruction": "x"}):
        with pytest.raises(ConfigError, match="template"):
            loaded(tmp_path, "aime25", rows, **wrong)


def test_a_benchmark_is_a_source_of_a_data_set(tmp_path):
    path = tmp_path / "tabmwp.jsonl"
    row = next(row for name, row, *_ in PUBLISHED if name == "tabmwp")
    path.write_text(json.dumps(row) + "\n")
    (line,) = lines_of_source({"benchmark": "tabmwp", "path": str(path)})
    (one,) = load("tabmwp", str(path)).rows
    assert line.value == {"problem": one.problem, "answer": one.answer, "id": one.source_id}
    path.write_text(json.dumps({"question": "no table"}) + "\n")
    with pytest.raises(DataError, match="tabmwp.*row 1"):
        list(lines_of_source({"benchmark": "tabmwp", "path": str(path)}))


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("aime24", {"problem": "P?"}, "no gold"),
        ("aime24", {"problem": "P?", "answer": "x"}, "no integer"),
        ("aime24", {"answer": "1"}, "no problem or question"),
        ("gsm8k", {"question": "P?", "answer": "It is\n5"}, "####"),
        ("svamp", {"Body": "B", "Answer": 1}, "no Question"),
        ("math500", {"problem": " ", "answer": "1"}, "no problem"),
        ("amc23", {"prompt": [{"role": "assistant", "content": "x"}], "answer": 1}, "not the user's"),
        ("amc23", {"prompt": [{"role": "user", "content": "x"}], "reward_model": {"ground_truth": [1, 2]}}, "2 gold"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path, name, row, said):
    good = next(row for other, row, *_ in PUBLISHED if other == name)
    with pytest.raises(DataError, match=f"{name}.*row 2: .*{said}"):
        loaded(tmp_path, name, [good, row])


def test_what_is_no_benchmark_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no benchmark 'aime'; known are aime24"):
        load("aime", "x")
    with pytest.raises(ConfigError, match="openai/gsm8k"):
        load("gsm8k")
    with pytest.raises(DataError, match="no such file"):
        load("gsm8k", str(tmp_path / "none.jsonl"))
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match="no problems"):
        load("gsm8k", str(tmp_path / "empty.jsonl"))


def test_numbers():
    wanted = {"$1,250": "1250", "007": "7", "-0.50": "-0.50", "3.0": "3", "+4": "4", "1,23": "1,23", "12%": "12%", "0": "0"}
    assert {given: number(given) for given in wanted} == wanted
