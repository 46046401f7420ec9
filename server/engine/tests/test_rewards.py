import math

import pytest

from longhand_engine.checker import Checker
from longhand_engine.errors import ConfigError
from longhand_engine.rewards import Completion, build_rewards
from longhand_engine.train.advantages import advantages, total

checker = Checker()


def completion(text, gold="5", tokens=10, group="1:a"):
    return Completion(
        text=text, full=text + "<|im_end|>", ids=list(range(tokens)), group=group, judge=checker.judge_later(text, gold)
    )


def one(config):
    (reward,) = build_rewards([config])[0].values()
    return reward


RIGHT, WRONG, NONE = r"\boxed{5}", r"\boxed{4}", "x" * 300


@pytest.mark.parametrize(
    "text,value",
    [
        (r"<think> \boxed{5} </think> five", 1.0),
        (r"\boxed{\frac{1}{2}} </think>", 1.0),
        (r"<think> 5 </think> \boxed{5}", 0.0),
        (r"<think> \boxed{5}", 0.0),
        (r"<think> \boxed{5 </think> }", 0.0),
        ("</think>", 0.0),
    ],
)
def test_format_is_a_box_that_closes_before_the_thought_ends(text, value):
    assert one({"name": "format"})([completion(text)]) == [value]


@pytest.mark.parametrize(
    "length,right,wrong", [(0, 1.0, -1.0), (300, 0.55, -0.55), (600, 0.1, -0.1), (9000, 0.1, -0.1)]
)
def test_cosine_at_its_start_middle_and_end(length, right, wrong):
    cosine = one({"name": "cosine", "unit": "characters", "max_length": 600})
    assert cosine.of(length, True) == pytest.approx(right)
    assert cosine.of(length, False) == pytest.approx(wrong)
    assert cosine.of(length, None) is None


def test_cosine_counts_what_its_unit_says():
    by_token = one({"name": "cosine", "unit": "tokens", "max_length": 20})
    by_character = one({"name": "cosine", "unit": "characters", "max_length": 18, "right": [2, 0], "wrong": [0, -2]})
    c = completion(RIGHT, tokens=10)  # 9 characters without the end token
    assert by_token([c]) == [pytest.approx(0.55)]
    assert by_character([c]) == [pytest.approx(1.0)]
    assert by_character([completion(WRONG)]) == [pytest.approx(-1.0)]
    # a quarter of the way: 0.1 + 0.9 · (1 + cos π/4) / 2
    assert one({"name": "cosine", "unit": "characters", "max_length": 36})([c]) == [
        pytest.approx(0.1 + 0.45 * (1 + math.sqrt(0.5)))
    ]


def test_length_compares_within_one_prompt_only():
    reward = one({"name": "length", "unit": "tokens"})
    batch = [completion(RIGHT, tokens=n) for n in (10, 20, 30)] + [completion(WRONG, tokens=n) for n in (10, 30)]
    batch += [completion(RIGHT, tokens=n, group="1:b") for n in (1000, 2000)]
    batch += [completion(RIGHT, tokens=7, group="1:c"), completion(WRONG, tokens=7, group="1:c")]
    assert reward(batch) == [0.5, 0.0, -0.5, 0.0, -0.5, 0.5, -0.5, 0.0, 0.0]


def test_undecided_gives_nothing_and_the_papers_one_is_an_option():
    c = completion(r"\boxed{\frac{1}{2}}", gold="{{{")
    for name, more in [
        ("accuracy", {}),
        ("cosine", {"unit": "tokens", "max_length": 20}),
        ("length", {"unit": "tokens"}),
    ]:
        assert one({"name": name, **more})([c]) == [None]
        assert one({"name": name, "unparsable_gold": "null", **more})([c]) == [None]
    assert one({"name": "accuracy", "unparsable_gold": "one"})([c]) == [1.0]
    assert one({"name": "cosine", "unit": "tokens", "max_length": 20, "unparsable_gold": "one"})([c]) == [
        pytest.approx(0.55)
    ]
    no_gold = completion(RIGHT, gold=None)
    assert one({"name": "accuracy", "unparsable_gold": "one"})([no_gold]) == [None]


def test_accuracy_is_the_verdict():
    assert one({"name": "accuracy"})([completion(RIGHT), completion(WRONG), completion(NONE)]) == [1.0, 0.0, 0.0]


def test_trls_own_are_trls():
    a, b = completion("", tokens=0), completion("", tokens=90)
    a.ids = [5, 5, 5, 5, 5]
    assert one({"name": "repetition", "ngram_size": 2})([a, b]) == [-0.75, 0.0]
    assert one({"name": "soft_overlong", "unit": "tokens", "max_length": 100, "soft_length": 20})([a, b]) == [0.0, -0.5]


def test_names_weights_and_wrong_parameters():
    rewards, weights = build_rewards([{"name": "accuracy", "weight": 2}, {"name": "accuracy"}])
    assert list(rewards) == ["accuracy", "accuracy_2"] and weights == [2.0, 1.0]
    for config, words in [
        ({"name": "cosin"}, "no reward 'cosin'"),
        ({"name": "cosine", "max_length": 5}, "`unit` is missing"),
        ({"name": "cosine", "unit": "words", "max_length": 5}, "tokens or characters"),
        ({"name": "cosine", "unit": "tokens", "max_lenght": 5}, "did you mean `max_length`"),
        ({"name": "repetition", "max_penalty": 1}, "positive"),
    ]:
        with pytest.raises(ConfigError, match=words):
            build_rewards([config])


def test_advantages_by_hand():
    rows = [[1.0, 1.0], [0.0, None], [1.0, 0.0], [0.0, 0.0], [2.0, 2.0], [2.0, 2.0], [None, None], [2.0, 2.0]]
    # sums with weights (1, .5): 1.5 0 1 0 | 3 3 - 3; first group: mean .625, std sqrt((.875²+.625²+.375²+.625²)/3)
    std = math.sqrt((0.875**2 + 2 * 0.625**2 + 0.375**2) / 3)
    expected = [0.875, -0.625, 0.375, -0.625, 0, 0, 0, 0]
    assert [total(r, [1, 0.5]) for r in rows] == [1.5, 0.0, 1.0, 0.0, 3.0, 3.0, None, 3.0]
    assert advantages(rows, [1, 0.5], 4, "none") == pytest.approx(expected)
    assert advantages(rows, [1, 0.5], 4, "group") == pytest.approx([e / (std + 1e-4) for e in expected])
    sums = [1.5, 0, 1, 0, 3, 3, 3]
    mean = sum(sums) / 7
    whole = math.sqrt(sum((s - mean) ** 2 for s in sums) / 6)
    assert advantages(rows, [1, 0.5], 4, "batch") == pytest.approx([e / (whole + 1e-4) for e in expected])
