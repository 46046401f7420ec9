import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longhand_engine.checker import Checker, integer
from longhand_engine.checker import pool as pool_module
from longhand_engine.checker import worker
from longhand_engine.checker.pool import CheckerError, Pool

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
    # Math-Verify is not symmetric: an equation as the answer is read as what stands behind its sign, as the gold it is not.
    assert checker.judge(box("2x+z=1"), "1").value == "right"
    assert checker.judge(box("1"), "2x+z=1").value == "wrong"


@pytest.mark.parametrize(
    "answer,gold",
    [
        (r"\sqrt{\sqrt{2}}", "2**(1/4)"),
        ("-1 + sqrt(3)", r"\sqrt{3} - 1"),
        ("1,234/2", "617"),
        (r"\\frac{1}{2}", "0.5"),
        (r"\begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix}", r"\begin{pmatrix}0&1\\1&0\end{pmatrix}"),
        (r"\left[\begin{array}{cc}1 & 2 \\3 & 4\end{array}\right]", r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}"),
        (r"1-\frac{1}{e}", r"1 - \frac{1}{\mathrm{e}}"),
        (r"1-\sqrt{5}, 1+\sqrt{5}", r"1 \pm \sqrt{5}"),
        (r"x \approx 11", "11"),
        (r"k = \frac13 \approx 0.33", r"\frac{1}{3}"),
        (r"-2 \le x \le 7", r"x \in [-2,7]"),
        ("1000,99", "1000.99"),
        (r"12$ and $13", r"12\text{ and }13"),
        ("AB=4, CD=5", "4, 5"),
    ],
)
def test_what_math_verify_would_misread_is_respelled(checker, answer, gold):
    assert checker.judge(f"<answer>{answer}</answer>", gold).value == "right"


@pytest.mark.parametrize(
    "answer,gold",
    [
        (r"1+\frac{1}{\mathrm{e}}", r"1-\frac{1}{\mathrm{e}}"),
        (r"\begin{bmatrix} 0 & 1 \\ 1 & 1 \end{bmatrix}", r"\begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix}"),
        (r"\pm 2", "2"),
    ],
)
def test_what_cannot_be_read_whole_is_not_read_in_part(checker, answer, gold):
    assert checker.judge(box(answer), gold).value != "right"


@pytest.mark.parametrize("gold", ["{{{", r"\frac{", "", "???"])
def test_a_gold_that_cannot_be_parsed_is_never_wrong(checker, gold):
    judged = checker.judge(box(r"\frac{1}{7}"), gold)
    assert judged.value in ("undecided", "none") and (gold == "" or judged.unparsable_gold)


MATRIX = r"\begin{pmatrix}%s\end{pmatrix}"
HOSTILE = {
    "a power of powers": "10^{10^{10}}",
    "1,000 nested fractions": r"\frac{1}{" * 1000 + "2" + "}" * 1000,
    "5,000 nested fractions": r"\frac{1}{" * 5000 + "2" + "}" * 5000,
    "30 nested fractions": r"\frac{1}{" * 30 + "2" + "}" * 30,
    "1 MB of digits": "9" * 1_000_000,
    "9,000 digits": "9" * 9000,
    "six factorials": "9!!!!!!",
    "three factorials": "99999!!!",
    "2,000 factorials": "x!" * 2000,
    "open brackets": "(" * 4000,
    "nested braces": "{" * 3000 + "5" + "}" * 3000,
    "a tower of powers": "2^" * 3000 + "2",
    "nested roots": r"\sqrt{" * 1500 + "2" + "}" * 1500,
    "a matrix of 40,000": MATRIX % r"\\".join(["&".join("1" * 200)] * 200),
    "a bomb of fractions": r"\frac" * 3000,
    "a short bomb of fractions": r"\frac" * 300,
    "NUL": "\x00" * 500,
    "a number and NUL": "5\x00",
    "half a surrogate pair": "\ud800",
    "a number and half a surrogate pair": "5\udfff",
    "2,500 terms": "+".join("x" * 2500),
    "bars": "|" * 2000,
    "a sum of too many": r"\sum_{k=1}^{10^{12}} \frac{1}{k^2}",
    "a binomial coefficient": r"\binom{10^9}{5\cdot 10^8}",
    "a power of a sum": "(x+y+z)^{300}",
    "ten million digits": "10^{9999999}",
    "e to the e": "e^{e^{e^{e^{e}}}}",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_and_golds_are_undecided_in_time(impatient, answer):
    for pred, gold in ((box(answer), "1/2"), (box("1/2"), answer), (answer, "1/2")):
        begun = time.monotonic()
        judged = impatient.judge(pred, gold)
        assert time.monotonic() - begun < impatient.longest_s + 1
        assert judged.value == "undecided" and judged.reason, (pred[:40], gold[:40])


def test_every_worker_that_swells_is_replaced():
    with Checker(1, max_rss=1) as pool:
        assert pool.judge(box("0.5"), "1/2").value == "right"
        assert pool.processes() == []
        assert pool.judge(box("0.25"), "1/4").value == "right"


def test_what_overstays_is_killed_and_the_next_pair_is_judged():
    with Checker(1, hard_s=3.0, limit_s=30) as strict:
        assert strict.judge(box("0.5"), "1/2").value == "right"
        before = strict.processes()
        judged = strict.judge(box("10^{10^{10}}"), "1/2")
        assert (judged.value, judged.reason) == ("undecided", "time-out: the checker was killed after 3 s")
        assert strict.processes() == [] and not Path(f"/proc/{before[0]}").exists()
        assert strict.judge(box("0.25"), "1/4").value == "right"


def test_pairs_sent_ahead_of_one_that_overstays_or_ends_a_worker_are_judged_by_the_next():
    hostile = (box("10^{10^{10}}"), "1/2")
    long = (box("1" + "0" * 20_000), "1/2")  # not sent ahead
    with Checker(1, hard_s=3.0, limit_s=30, max_pairs=4) as pool:
        pairs = [(box(f"{k}/3"), f"{k}/3" if k % 2 else "7") for k in range(1, 9)]
        judged = pool.judge_many([*pairs[:2], hostile, *pairs[2:5], long, *pairs[5:]])
        values = [j.value for j in judged]
        assert values.pop(2) == "undecided" and values.pop(5) != "right"
        assert values == ["right", "wrong"] * 4
        assert sum("killed" in (j.reason or "") for j in judged) == 1


def test_a_pool_that_is_closed_leaves_no_process_and_nobody_waiting():
    pool = Pool(2, limit_s=30)
    futures = [pool.ask("10^{10^{10}}", f"1/{k}") for k in range(2, 12)]
    while len(pool.processes()) < 2:
        time.sleep(0.01)
    ids = pool.processes()
    pool.close()
    assert all(future.done() for future in futures)
    assert {future.result()[0] for future in futures if not future.cancelled()} == {"undecided"}
    assert not any(Path(f"/proc/{pid}").exists() for pid in ids)
    with pytest.raises(RuntimeError, match="closed"):
        pool.ask("1", "2")


def test_a_pool_that_is_closed_does_not_wait_for_a_process_that_starts(monkeypatch):
    code = "import time; time.sleep(60)"
    start = subprocess.Popen
    monkeypatch.setattr(pool_module.subprocess, "Popen", lambda _, **rest: start([sys.executable, "-c", code], **rest))
    pool = Pool(1)
    future = pool.ask("1/2", "0.5")
    while not pool.processes():
        time.sleep(0.01)
    [pid] = pool.processes()
    begun = time.monotonic()
    pool.close()
    assert time.monotonic() - begun < 5
    assert future.result(0)[0] == "undecided" and not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("what", ["no process", "nonsense", "nonsense at its start"])
def test_nobody_waits_for_a_checker_that_does_not_work(monkeypatch, what):
    start = subprocess.Popen
    hello = "nonsense" if what == "nonsense at its start" else '{"version": "1"}'
    code = f"print('{hello}', flush=True)\nfor line in open(0): print('nonsense', flush=True)"

    def popen(_, **rest):
        if what == "no process":
            raise OSError(12, "Cannot allocate memory")
        return start([sys.executable, "-c", code], **rest)

    pool = Pool(1)
    with monkeypatch.context() as patch:
        patch.setattr(pool_module.subprocess, "Popen", popen)
        futures = [pool.ask("1/2", f"1/{k}") for k in range(3, 9)]
        for future in futures:
            with pytest.raises(CheckerError, match="does not work"):
                future.result(30)
    assert pool.processes() == []
    assert pool.ask("0.5", "1/2").result(60)[0] == "right"  # the pool itself goes on
    pool.close()


def test_very_many_pairs_that_nobody_wants_any_more_are_passed_over():
    pool = Pool(1, limit_s=30, hard_s=3.0)
    first = pool.ask("10^{10^{10}}", "1/2")
    while not first.running():
        time.sleep(0.01)
    others = [pool.ask(f"{k}/7", "1/2") for k in range(3000)]
    for other in others:
        other.cancel()
    assert pool.ask("0.5", "1/2").result(60)[0] == "right"
    pool.close()


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


def test_a_gold_is_read_once_for_all_attempts_and_never_too_many_are_kept(monkeypatch):
    read = []
    monkeypatch.setattr(worker, "parse_answer", lambda text, _: read.append(text) or [text])
    monkeypatch.setattr(worker, "_golds", {})
    monkeypatch.setattr(worker, "GOLDS_KEPT", 2)
    for gold in ["a", "a", "b", "a", "c", "a"]:
        assert worker.parse_gold(gold, 0.0) == [gold]
    assert read == ["a", "b", "c", "a"]
    assert len(worker._golds) == 2


def test_a_gold_that_was_not_read_in_time_is_read_again(monkeypatch):
    def late(*_):
        raise TimeoutError

    monkeypatch.setattr(worker, "_golds", {})
    monkeypatch.setattr(worker, "parse_answer", late)
    with pytest.raises(TimeoutError):
        worker.parse_gold("a", 0.0)
    monkeypatch.setattr(worker, "parse_answer", lambda text, _: [text])
    assert worker.parse_gold("a", 0.0) == ["a"]


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
    assert "line 3" in found[1]["reason"] and found[2]["reason"] == found[4]["reason"] == "no gold"
    assert found[0]["extracted"] == {"text": "1/2", "start": 7, "end": 10, "rule": "boxed"}
    assert list(found[1]) == list(found[0]) == ["id", "verdict", "checker", "version", "extracted", "reason"]
