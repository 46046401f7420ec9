import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longhand_engine.checker import Checker, integer

ENGINE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def checker():
    with Checker(1) as one:
        yield one


@pytest.fixture(scope="module")
def impatient():
    with Checker(1, limit_s=1) as one:
        yield one


def box(text):
    return f"\\boxed{{{text}}}"


def test_integers_need_no_process():
    with Checker() as lazy:
        assert lazy.judge(box(5), "5").verdict() == {
            "value": "right",
            "checker": "integer",
            "version": "0.1.0",
            "reason": None,
        }
        assert lazy.judge(box(-5), "$5$").value == "wrong"
        assert lazy.judge("it was cut\nafter 5", "5").verdict()["reason"] == "no_answer"
        assert lazy.judge(box(5), None).value == lazy.judge(box(5), " ").value == "none"
        assert lazy.processes() == []


def test_what_counts_as_an_integer():
    assert [integer(t) for t in ["7", " +7 ", "$-7$", r"\(7\)"]] == [7, 7, -7, 7]
    assert all(integer(t) is None for t in ["007", "7.0", "1,000", "٣", "9" * 19, "", "$$", "7 cm"])


@pytest.mark.parametrize(
    "answer,gold,value",
    [
        (r"\frac{1}{2}", "0.5", "right"),
        ("x=3", "3", "right"),
        ("1,000", "1000", "right"),
        (r"2\sqrt{2}", r"\sqrt{8}", "right"),
        (r"\frac{1}{3}", r"\frac{1}{2}", "wrong"),
        ("yes", "no", "wrong"),
        (r"12\text{ cm}", "12", "right"),
        ("(1,2)", "(2,1)", "wrong"),
        ("3", "3.0", "right"),
        ("3, 1, 2", r"\{1, 2, 3\}", "right"),
        ("10 000", "10000.0", "right"),
        (r"(0.5, 2]", r"$(\frac{1}{2}, 2]$", "right"),
    ],
)
def test_expressions_are_math_verifys(checker, answer, gold, value):
    judged = checker.judge(box(answer), gold)
    assert (judged.value, judged.checker) == (value, "math-verify") and judged.version[0].isdigit()


def test_the_gold_comes_first(checker):
    # Math-Verify is not symmetric: an assignment as the answer is read as its value, as the gold it is not.
    from math_verify import parse, verify

    g, p = parse("$x>3$"), parse("$(3,\\infty)$")
    expected = {True: "right", False: "wrong"}
    assert checker.judge(box(r"(3,\infty)"), "x>3").value == expected[verify(g, p)]
    assert checker.judge(box("x>3"), r"(3,\infty)").value == expected[verify(p, g)]


@pytest.mark.parametrize("gold", ["{{{", r"\frac{", "", "???"])
def test_a_gold_that_cannot_be_parsed_is_never_wrong(checker, gold):
    judged = checker.judge(box(r"\frac{1}{7}"), gold)
    assert judged.value in ("undecided", "none") and (gold == "" or judged.unparsable_gold)


HOSTILE = [
    "10^{10^{10}}",
    r"\frac{1}{" * 1000 + "2" + "}" * 1000,
    r"\frac{1}{" * 5000 + "2" + "}" * 5000,
    "9" * 1_000_000,
    "(" * 4000,
    "9" * 9000,
    "2^" * 3000 + "2",
    "x!" * 2000,
    r"\sqrt{" * 1500 + "2" + "}" * 1500,
    "\x00" * 500,
    "99999!!!",
]


@pytest.mark.parametrize("answer", HOSTILE, ids=lambda a: a[:12].replace("\x00", "NUL"))
def test_hostile_answers_end_in_time_and_are_not_right(impatient, answer):
    begun = time.monotonic()
    judged = impatient.judge(box(answer), "1/2")
    assert time.monotonic() - begun < 15
    assert judged.value != "right"
    assert judged.value == "wrong" or judged.reason


def test_what_overstays_is_killed_and_the_next_pair_is_judged():
    with Checker(1, hard_s=3.0, limit_s=30) as strict:
        assert strict.judge(box("0.5"), "1/2").value == "right"
        before = strict.processes()
        judged = strict.judge(box("10^{10^{10}}"), "1/2")
        assert (judged.value, judged.reason) == ("undecided", "time-out: the checker was killed after 3 s")
        assert strict.processes() == [] and not Path(f"/proc/{before[0]}").exists()
        assert strict.judge(box("0.25"), "1/4").value == "right"


def test_a_dead_process_and_an_old_one_are_replaced():
    with Checker(1, max_pairs=2) as pool:
        pool.judge(box("0.5"), "1/2")
        first = pool.processes()
        os.kill(first[0], 9)
        while Path(f"/proc/{first[0]}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
            time.sleep(0.01)  # dead for certain: the next write finds a broken pipe
        assert pool.judge(box("0.125"), "1/8").value == "undecided"
        assert (
            pool.judge(box("0.125"), "1/8").value == "undecided"
        )  # the verdict of a pair does not change within a run
        assert pool.judge(box("0.2"), "1/5").value == pool.judge(box("0.4"), "2/5").value == "right"
        assert pool.processes() == []


def test_many_keep_their_order_and_repeat_for_free(checker):
    pairs = [(box(f"{k}/2"), f"{k % 3}/2" if k % 2 else str(k)) for k in range(12)] * 4
    values = [j.value for j in checker.judge_many(pairs)]
    assert values[:12] * 4 == values and set(values) == {"right", "wrong"}


def test_grade_streams_json_lines_in_order():
    rows = [
        '{"id":"a","pred":"\\\\boxed{1/2}","gold":"0.5"}',
        "nonsense",
        '{"id":"b","pred":"3"}',
        '{"id":"c","pred":"3","gold":3}',
        "",
        '{"id":"d","pred":"\\ud800 \\\\boxed{1}","gold":null}',
        '["e"]',
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "longhand_engine.checker.grade"],
        cwd=ENGINE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdin.write(b'{"id":0,"pred":"4","gold":"4"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["verdict"] is True  # before the input ends
    out, _ = process.communicate("\n".join(rows).encode(), timeout=60)
    found = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0
    assert [(r["id"], r["verdict"]) for r in found] == [
        ("a", True),
        (None, None),
        ("b", None),
        ("c", True),
        ("d", None),
        (None, None),
    ]
    assert "line 3" in found[1]["reason"] and "'gold'" in found[2]["reason"] and found[4]["reason"] == "no_gold"
