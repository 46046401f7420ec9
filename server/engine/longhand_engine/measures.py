"""The figures of one evaluation, from the outcomes of its completions. Each function says where its formula is from."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checker import integer

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Outcome:
    """What counts of one completion. `answer` is the answer as it was found, None where there is none."""

    right: bool
    finished: bool
    tokens: int
    answer: str | None


@dataclass(frozen=True)
class Outcomes:
    """One entry a completion, arrays [problems, samples]. `tokens` count the end token; a cut completion has max_tokens."""

    right: np.ndarray
    """bool"""
    finished: np.ndarray
    """bool: ended by itself, by an end token or a stop text"""
    tokens: np.ndarray
    """int"""
    graded: np.ndarray
    """bool [problems]: there is a gold; only these count for accuracy"""
    answers: np.ndarray | None = None
    """object: the answers as `vote_key` makes them, None where there is none"""

    @classmethod
    def of(cls, found: Iterable[Outcome], graded: list[bool]) -> "Outcomes":
        """Of completions in the order of their problems, as many for each."""
        found, problems = list(found), len(graded)

        def array(values: list[Any], dtype: type) -> np.ndarray:
            return np.array(values, dtype=dtype).reshape(problems, -1)

        return cls(
            right=array([o.right for o in found], bool),
            finished=array([o.finished for o in found], bool),
            tokens=array([o.tokens for o in found], int),
            graded=np.array(graded, dtype=bool),
            answers=array([vote_key(o.answer) for o in found], object),
        )


def measure(outcomes: Outcomes, budgets: list[int], max_tokens: int, seed: int) -> dict[str, Any]:
    """The figures of an `eval` event: accuracy is right and finished, at a budget B also at most B tokens long.

    Intervals are percentile bootstraps over problems: 2,000 resamples drawn by `seed`, a problem's samples together.
    Accuracies are None where no problem has a gold.
    """
    rng = np.random.default_rng(seed)
    counted = outcomes.right & outcomes.finished
    graded, tokens = outcomes.graded, outcomes.tokens
    samples = tokens.shape[1]
    within = [outcomes.finished & (tokens <= budget) for budget in budgets]
    ks = ladder(samples)
    columns = [c.mean(axis=1) for c in (counted, *(counted & w for w in within))]
    columns += [pass_at(counted, k) for k in ks]
    columns += [pass_at(counted & w, samples) for w in within]
    if outcomes.answers is not None:
        columns += [majority(outcomes.answers, outcomes.right, w) for w in (outcomes.finished, *within)]
    means, intervals = bootstrap(np.stack([c[graded] for c in columns], axis=1), rng)
    found = list(zip(means, intervals, strict=True))
    token_means, token_intervals = bootstrap(tokens.mean(axis=1, keepdims=True), rng)
    accuracy, at_budgets, found = found[0], found[1 : 1 + len(budgets)], found[1 + len(budgets) :]
    passes, passes_within, votes = found[: len(ks)], found[len(ks) : len(ks) + len(budgets)], found[len(ks) + len(budgets) :]
    figures: dict[str, Any] = {
        "problems": tokens.shape[0],
        "samples": samples,
        "n": int(tokens.size),
        "accuracy": accuracy[0],
        "accuracy_ci95": accuracy[1],
        "tokens_mean": token_means[0],
        "tokens_mean_ci95": token_intervals[0],
        "tokens_mean_finished": mean_of(tokens[outcomes.finished]),
        "tokens_mean_right": mean_of(tokens[counted]),
        "tokens_mean_wrong": mean_of(tokens[~counted & graded[:, None]]),
        "finished": float(outcomes.finished.mean()) if tokens.size else None,
        "max_tokens": max_tokens,
        "pass": [{"k": k, "value": value, "ci95": ci95} for k, (value, ci95) in zip(ks, passes, strict=True)],
        "budgets": [],
    }
    if votes:
        figures |= {"majority": votes[0][0], "majority_ci95": votes[0][1]}
        figures["answers"] = collected(outcomes.answers, outcomes.finished)
    for i, (budget, inside) in enumerate(zip(budgets, within, strict=True)):
        at: dict[str, Any] = {"budget": budget, "accuracy": at_budgets[i][0], "accuracy_ci95": at_budgets[i][1]}
        at |= {
            "pass": passes_within[i][0],
            "tokens_mean": float(np.minimum(tokens, budget).mean()) if tokens.size else None,
            "tokens_mean_finished": mean_of(tokens[inside]),
        }
        if votes:
            at |= {"majority": votes[1 + i][0], "answers": collected(outcomes.answers, inside)}
        figures["budgets"].append(at)
    return figures


def ladder(samples: int) -> list[int]:
    """The powers of two up to `samples`, and `samples`."""
    return sorted({2**i for i in range(samples.bit_length()) if 2**i <= samples} | {samples})


def pass_at(right: np.ndarray, k: int) -> np.ndarray:
    """The unbiased estimate of pass@k of each problem, float [problems]: `1 − C(n−c, k) / C(n, k)`, with n samples of which c
    are right, for k ≤ n (Chen et al. 2021, arXiv 2107.03374, equation 1). pass@1 is the mean of the samples."""
    n = right.shape[1]
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs at least {k} samples; there are {n}")
    by_count = np.array([1 - math.comb(n - c, k) / math.comb(n, k) for c in range(n + 1)])
    return by_count[right.sum(axis=1)]


def majority(answers: np.ndarray, right: np.ndarray, voting: np.ndarray) -> np.ndarray:
    """maj@n of each problem (self-consistency, Wang et al. 2023, arXiv 2203.11171), float [problems]: whether the most
    frequent answer is right.

    Answers are the same where `vote_key` is the same, and all that the checker called right are one answer. A completion
    without an answer, or outside `voting` (it did not finish, or not within the budget), has no vote; a problem without a
    vote is wrong. Of answers that tie, one is drawn: counted is the chance that it is the right one.
    """
    found = np.zeros(len(answers))
    for i, (keys, oks, votes) in enumerate(zip(answers, right, voting, strict=True)):
        counts: dict[Any, int] = {}
        for key, ok, votes_too in zip(keys, oks, votes, strict=True):
            if votes_too and key is not None:
                name = True if ok else key
                counts[name] = counts.get(name, 0) + 1
        most = max(counts.values(), default=0)
        if counts.get(True) == most:
            found[i] = 1 / sum(count == most for count in counts.values())
    return found


def vote_key(answer: str | None) -> str | None:
    """Answers with the same key are the same vote: integers by their value, other answers by their text without spaces,
    dollar signs, a full stop at the end, and the differences between `\\dfrac`, `\\tfrac` and `\\frac`."""
    if answer is None:
        return None
    value = integer(answer)
    if value is not None:
        return str(value)
    text = "".join(answer.replace("$", "").split()).rstrip(".")
    return text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\left", "").replace("\\right", "")


def collected(answers: np.ndarray, voting: np.ndarray) -> float | None:
    """How many of a problem's completions gave an answer in time, mean over problems (the two-stage recipe's authors report
    it beside maj@32: a model that runs out of tokens collects few)."""
    given = np.vectorize(lambda a: a is not None, otypes=[bool])(answers) & voting
    return float(given.sum(axis=1).mean()) if given.size else None


def mean_of(values: np.ndarray) -> float | None:
    return float(values.mean()) if values.size else None


def bootstrap(values: np.ndarray, rng: np.random.Generator) -> tuple[list[float | None], list[list[float] | None]]:
    """Means and 95 % percentile intervals of the columns of `values` [problems, columns], problems drawn with replacement."""
    problems, columns = values.shape
    if not problems:
        return [None] * columns, [None] * columns
    times = rng.multinomial(problems, np.full(problems, 1 / problems), size=RESAMPLES)
    ends = np.quantile(times @ values / problems, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return values.mean(axis=0).tolist(), ends.T.tolist()
