"""The embedded task and model: pools that never meet, answers that hold, and a base that is what its report says."""

import json
import random
import re
from pathlib import Path

import pytest

from longhand_engine.dataset import task_rows
from longhand_engine.tiny import base, task, traces
from longhand_engine.tiny.task import POOL_SHARES, answer_of, pool, pool_of, problem_text, sample_problems, steps_of

BASE = Path(base.__file__).parent / "base"
EQUATION = re.compile(r"\\\((\d)\+(\d)\\equiv(\d)\\\)")


def pool_by_text() -> dict[str, str]:
    return {problem_text(p): name for name in POOL_SHARES for group in pool(name).values() for p in group}


def test_pools_share_the_whole_space_and_no_problem():
    sizes = [sum(map(len, pool(name).values())) for name in POOL_SHARES]
    assert len(pool_by_text()) == sum(sizes) == 7 * (6**2 + 6**3 + 6**4)
    assert all(pool_of(p) == name for name in POOL_SHARES for group in pool(name).values() for p in group)


def test_no_evaluation_problem_is_in_any_training_data():
    # What the base was made from, what stages train on, and what is evaluated, for many seeds.
    where = pool_by_text()
    rng = random.Random(5)
    seen = {base.draw_document(rng)[0].split("\n\n")[0] for _ in range(5000)}
    assert {where[text] for text in seen} == {"base"}
    evaluated = {row["problem"] for seed in range(20) for name in ("dev", "test") for row in task_rows(name, 200, seed)}
    trained = {row["problem"] for seed in range(20) for row in task_rows("train", 400, seed)}
    assert not evaluated & (seen | trained)
    assert {where[text] for text in trained} == {"train"}


def test_base_is_made_from_its_own_pool_only(monkeypatch):
    asked = set()
    original = task.pool
    monkeypatch.setattr(base, "pool", lambda name: asked.add(name) or original(name))
    rng = random.Random(0)
    for _ in range(200):
        base.draw_document(rng)
    assert asked == {"base"}


def test_samples_are_distinct_drawn_by_the_seed_and_bounded():
    first, again, other = (sample_problems("test", 200, seed) for seed in (0, 0, 1))
    assert first == again and first != other and len(set(first)) == 200
    with pytest.raises(ValueError, match="it can give"):
        sample_problems("dev", 5000, 0)


@pytest.mark.parametrize("seed", range(3))
def test_long_traces_are_right_but_for_slips_taken_back(seed):
    rng = random.Random(seed)
    for problem in sample_problems("train", 100, seed):
        text = traces.long_trace(steps_of(problem), rng)
        assert text.count(f"\\boxed{{{answer_of(problem)}}}") in (1, 2)
        assert text.endswith(f"\\boxed{{{answer_of(problem)}}}\\).")
        for line in text.splitlines():
            found = [tuple(map(int, m)) for m in EQUATION.findall(line)]
            wrong = [f for f in found if (f[0] + f[1]) % 7 != f[2]]
            assert len(wrong) == ("Wait" in line)


def test_careless_steps_go_on_from_their_errors():
    rng = random.Random(1)
    problem = sample_problems("train", 1, 0)[0]
    for _ in range(50):
        steps = traces.steps_with_errors(problem, rng, 0.5)
        assert [s.left for s in steps] == [problem.start, *(s.result for s in steps[:-1])]
    assert traces.steps_with_errors(problem, rng, 0) == steps_of(problem)


def test_shipped_base_is_what_its_report_says():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    report = json.loads((BASE / "report.json").read_text())
    model, tokenizer = AutoModelForCausalLM.from_pretrained(BASE), AutoTokenizer.from_pretrained(BASE)
    assert model.num_parameters() == report["parameters"] < 140_000
    assert len(tokenizer) == report["vocabulary"]
    assert sum(p.stat().st_size for p in BASE.iterdir()) < 700_000
    problems = sample_problems("test", 100, 11)
    found = base.measure(model, tokenizer, problems, 2, seed=3)
    # 200 completions: the standard error is 0.035.
    assert abs(found["accuracy"] - report["test"]["accuracy"]) < 0.12


def test_tokenizer_gives_back_any_text_and_keeps_the_think_tags():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    for text in (
        "<think>\nWait, that is wrong.\n</think>\n",
        "naïve 汉字 𝔸\t\x00 \\(\\boxed{3}\\)",
        traces.MULTI_TURN_MARKER,
    ):
        assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text
    assert [len(tokenizer(t).input_ids) for t in ("<think>", "</think>", "<|im_end|>")] == [1, 1, 1]
    assert tokenizer.decode(tokenizer("a<|im_end|>").input_ids, skip_special_tokens=True) == "a"
