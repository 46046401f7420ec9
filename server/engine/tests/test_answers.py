import json
import time
from pathlib import Path

import pytest

from longhand_engine.checker import stated
from longhand_engine.checker.answers import boxes, candidates, find_answer, gold_answer
from longhand_engine.texts import utf16_length

CASES = json.loads((Path(__file__).parents[3] / "test/fixtures/answers/extraction.json").read_text(encoding="utf-8"))
"""The same list holds core/answers/extract.ts."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_answer_is_found_with_its_rule_and_place(case):
    text, options = case["text"], (case.get("prompt"), case.get("reasoningAssumed", False))
    answer, found = find_answer(text, *options), candidates(text, *options)
    assert (answer and [answer.text, answer.rule]) == case["answer"]
    assert answer is None or text[answer.start : answer.end] == answer.text
    said = [[text[one.start : one.end], one.rule] for one in found]
    assert said == case.get("candidates", said)
    for key, section in (("before", "reasoning"), ("after", "answer")):
        last = [text[one.start : one.end] for one in found if one.section == section][-1:]
        assert key not in case or last == ([] if case[key] is None else [case[key]])


def test_the_pattern_of_stated_answers_is_tried_wherever_it_can_match():
    text = ("Wait. " * 300 + "The answer: 5. ") * 3 + "x" * 500 + "\nSo the value of x\nis 7, and the result\n= 8."
    assert [m.span() for m in stated._statements(text)] == [m.span() for m in stated._STATED.finditer(text)]


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
    begun = time.process_time()
    assert boxes("\\boxed{" * 100_000) == []
    assert len(boxes("\\boxed{" * 50_000 + "}" * 50_000)) == 1
    assert find_answer("\\boxed{" + "{" * 200_000) is None
    assert find_answer("answer is " * 50_000 + "$" * 50_000).rule == "answer_is"
    assert find_answer("\\boxed{" + "9" * 1_000_000 + "}").text.startswith("999")
    assert time.process_time() - begun < 8
