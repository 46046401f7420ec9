"""Figures of evaluations against values that can be checked by hand, and against enumeration."""

from itertools import combinations

import numpy as np
import pytest

from longhand_engine.measures import Outcome, Outcomes, collected, ladder, majority, measure, pass_at, vote_key


def outcomes(rows: list[list[tuple[bool, bool, int, str | None]]], graded: list[bool] | None = None) -> Outcomes:
    return Outcomes.of((Outcome(*one) for row in rows for one in row), graded or [True] * len(rows))


def test_pass_at_k_is_the_share_of_subsets_with_a_right_one():
    rng = np.random.default_rng(3)
    right = rng.random((20, 6)) < 0.3
    for k in range(1, 7):
        subsets = list(combinations(range(6), k))
        expected = [sum(any(row[i] for i in subset) for subset in subsets) / len(subsets) for row in right]
        assert pass_at(right, k) == pytest.approx(expected)
    assert pass_at(right, 1) == pytest.approx(right.mean(axis=1))
    # Of 10 samples 3 right: 1 - C(7, 4) / C(10, 4) = 1 - 35 / 210.
    assert pass_at(np.array([[True] * 3 + [False] * 7]), 4) == pytest.approx([1 - 35 / 210])
    with pytest.raises(ValueError, match="at least 7"):
        pass_at(right, 7)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # (answer, right, votes): two of three.
        ([("4", True, True), ("4", True, True), ("5", False, True)], 1),
        ([("4", True, True), ("5", False, True), ("5", False, True)], 0),
        # A tie of the right answer and another one: half of the draws.
        ([("4", True, True), ("5", False, True)], 0.5),
        ([("4", True, True), ("5", False, True), ("6", False, True)], 1 / 3),
        # Without an answer, or not in time: no vote.
        ([("4", True, True), (None, False, True), (None, False, True)], 1),
        ([("4", True, True), ("5", False, False), ("5", False, False)], 1),
        ([(None, False, True), ("4", True, False)], 0),
        # What the checker calls right is one answer, however it is written.
        ([("1/2", True, True), ("0.5", True, True), ("3", False, True), ("3", False, True), ("4", False, True)], 0.5),
    ],
)
def test_majority(votes, expected):
    keys = np.array([[vote_key(a) for a, _, _ in votes]], dtype=object)
    right, voting = (np.array([[v[i] for v in votes]]) for i in (1, 2))
    assert majority(keys, right, voting) == pytest.approx([expected])


def test_votes_are_the_same_where_only_the_writing_differs():
    assert vote_key("$04$") != vote_key("4")  # 04 is no integer of ours: left as it is
    assert vote_key(" +7 ") == vote_key("$7$") == "7"
    assert vote_key(r"\dfrac{1}{2}.") == vote_key(r"$\frac{1}{ 2}$") == r"\frac{1}{2}"
    assert vote_key(r"\left( 1, 2 \right)") == vote_key("(1,2)")
    assert vote_key(None) is None


def test_a_ladder_ends_with_the_samples():
    assert [ladder(n) for n in (1, 4, 6, 64)] == [[1], [1, 2, 4], [1, 2, 4, 6], [1, 2, 4, 8, 16, 32, 64]]


def test_figures_of_two_problems_by_hand():
    found = measure(
        outcomes(
            [
                # right, finished, tokens, answer
                [(True, True, 10, "4"), (True, True, 30, "4"), (False, True, 20, "5"), (False, False, 40, None)],
                [(False, True, 10, "1"), (True, True, 30, "2"), (False, True, 20, None), (True, False, 40, "2")],
            ]
        ),
        [15, 30],
        40,
        seed=0,
    )
    assert found["accuracy"] == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert [p["k"] for p in found["pass"]] == [1, 2, 4]
    assert found["pass"][0]["value"] == found["accuracy"] and found["pass"][2]["value"] == 1
    # First: "4" twice against "5". Second: "1" against "2", the cut one does not vote: half.
    assert found["majority"] == pytest.approx((1 + 0.5) / 2)
    assert found["answers"] == pytest.approx((3 + 2) / 2)
    assert found["tokens_mean"] == 25 and found["tokens_mean_finished"] == pytest.approx(120 / 6)
    assert found["tokens_mean_right"] == pytest.approx(70 / 3) and found["tokens_mean_wrong"] == pytest.approx(130 / 5)
    at15, at30 = found["budgets"]
    assert (at15["accuracy"], at15["pass"], at15["majority"], at15["answers"]) == (0.125, 0.5, 0.5, 1.0)
    assert at15["tokens_mean"] == pytest.approx((10 + 15 * 3) / 4) and at15["tokens_mean_finished"] == 10
    assert at30["tokens_mean"] == pytest.approx((10 + 30 + 20 + 30) / 4) and at30["tokens_mean_finished"] == 20
    assert (at30["accuracy"], at30["majority"], at30["answers"]) == (found["accuracy"], found["majority"], 2.5)
    assert found["majority_ci95"][0] <= found["majority"] <= found["majority_ci95"][1]


def test_without_gold_there_are_answers_and_tokens_and_no_accuracy():
    found = measure(outcomes([[(False, True, 5, "1")]], [False]), [3], 9, seed=0)
    assert found["accuracy"] is found["majority"] is found["pass"][0]["value"] is None
    assert found["answers"] == 1.0 and found["tokens_mean_wrong"] is None
    assert found["budgets"][0]["tokens_mean"] == 3.0 and found["budgets"][0]["tokens_mean_finished"] is None


def test_collected_counts_what_came_in_time():
    answers = np.array([["1", None, "2"], [None, None, "3"]], dtype=object)
    voting = np.array([[True, True, False], [True, True, True]])
    assert collected(answers, voting) == 1.0
