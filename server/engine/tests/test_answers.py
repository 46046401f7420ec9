import time

import pytest

from longhand_engine.checker.answers import boxes, find_answer, gold_answer
from longhand_engine.texts import utf16_length

T = "</think>"


@pytest.mark.parametrize(
    "text,answer,rule",
    [
        (r"so \boxed{1} at first, later \boxed{\frac{1}{2}}.", r"\frac{1}{2}", "boxed"),
        (rf"a \boxed{{3}}{T}The answer is \(\boxed{{4}}\).", "4", "boxed"),
        (rf"a \boxed{{3}}{T}Done.", "3", "boxed"),
        (rf"\boxed{{3}}{T}The answer is 9.", "9", "answer_is"),
        (r"\boxed{ \{1, 2\} }", r"\{1, 2\}", "boxed"),
        (r"first \boxed{1}, then it was cut: \boxed{2", "1", "boxed"),
        (r"\boxed 7 is it", "7", "boxed"),
        ("Final Answer: **42**\nmore", "42", "answer_is"),
        ("the answer is $3.5$ metres. Next", "3.5", "answer_is"),
        ("the answer is 3.5. Next", "3.5", "answer_is"),
        ("答案是：12。", "12", "answer_is"),
        (f"long thought{T}\n12 apples\n", "12 apples", "final_line"),
        ("12", "12", "final_line"),
        (r"\boxed{\boxed{5}}", r"\boxed{5}", "boxed"),
        (r"{ { \boxed{5} stray", "5", "boxed"),
        (
            r"first \boxed{1}. Later $$\boxed{2} \quad \text{and} \quad \boxed{3}$$",
            r"\boxed{2} \quad \text{and} \quad \boxed{3}",
            "boxed",
        ),
        (r"\boxed{1} papers, then \boxed{2}", "2", "boxed"),
        (r"\\boxed{\\frac{1}{2}}", r"\\frac{1}{2}", "boxed"),
        ("One.\nTwo.\nSo the chance is 2/3.", "So the chance is 2/3.", "final_line"),
        ("Answer \\[ \n 9 \n \\]", "\\[ \n 9 \n \\]", "final_line"),
    ],
)
def test_the_last_answer_is_found_with_its_rule_and_span(text, answer, rule):
    found = find_answer(text)
    assert (found.text, found.rule) == (answer, rule)
    assert text[found.start : found.end] == answer


@pytest.mark.parametrize(
    "text",
    ["", "   ", "<think>\nSo 3+4=7 and then", "One, 1.\nTwo, 2.\nThree, 3", r"\boxed{}", "x" * 300, f"thought{T}", r"<think>So the answer is \(2"],
)
def test_where_there_is_no_answer_none_is_made_up(text):
    assert find_answer(text) is None


def test_spans_are_utf16_units():
    text = "😀😀 \\boxed{x😀}"
    fact = find_answer(text).fact(text)
    units = text.encode("utf-16-le")
    assert units[2 * fact["start"] : 2 * fact["end"]].decode("utf-16-le") == "x😀" == fact["text"]
    assert utf16_length(text) == fact["end"] + 1


def test_gold_in_a_solution():
    assert gold_answer("We get $2$, so \\boxed{\\frac12}.") == "\\frac12"
    assert gold_answer("12 * 3 = 36\n#### 36") == "36"
    assert gold_answer(" 7 ") == "7"


def test_hostile_texts_take_linear_time():
    begun = time.perf_counter()
    assert boxes("\\boxed{" * 100_000) == []
    assert len(boxes("\\boxed{" * 50_000 + "}" * 50_000)) == 50_000
    assert find_answer("\\boxed{" + "{" * 200_000) is None
    assert find_answer("answer is " * 50_000 + "$" * 50_000).rule == "answer_is"
    assert find_answer("\\boxed{" + "9" * 1_000_000 + "}").text.startswith("999")
    assert time.perf_counter() - begun < 5
