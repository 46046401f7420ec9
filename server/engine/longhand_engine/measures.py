"""The figures of one evaluation, from the outcomes of its completions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .tracing import Trace

RESAMPLES = 2000
LEVEL = 0.95


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

    @classmethod
    def of(cls, traces: list[Trace], problems: int) -> "Outcomes":
        """Of ended traces in the order of their problems, as many for each."""

        def array(values: list[bool | int]) -> np.ndarray:
            return np.array(values).reshape(problems, -1)

        return cls(
            right=array([t.verdict == "right" for t in traces]),
            finished=array([t.sequence.finish == "stop" for t in traces]),
            tokens=array([len(t.sequence.tokens) for t in traces]),
            graded=array([t.gold is not None for t in traces])[:, 0],
        )


def measure(outcomes: Outcomes, budgets: list[int], max_tokens: int, seed: int) -> dict[str, Any]:
    """The figures of an `eval` event: accuracy is right and finished, at a budget B also at most B tokens long.

    Intervals are percentile bootstraps over problems: 2,000 resamples drawn by `seed`, a problem's samples together.
    Accuracies are None where no problem has a gold.
    """
    rng = np.random.default_rng(seed)
    counted = outcomes.right & outcomes.finished
    graded = outcomes.graded
    columns = [counted] + [counted & (outcomes.tokens <= budget) for budget in budgets]
    means, intervals = bootstrap(np.stack([c[graded].mean(axis=1) for c in columns], axis=1), rng)
    token_means, token_intervals = bootstrap(outcomes.tokens.mean(axis=1, keepdims=True), rng)
    ended = outcomes.tokens[outcomes.finished]
    return {
        "problems": outcomes.tokens.shape[0],
        "samples": outcomes.tokens.shape[1],
        "n": int(outcomes.tokens.size),
        "accuracy": means[0],
        "accuracy_ci95": intervals[0],
        "tokens_mean": token_means[0],
        "tokens_mean_ci95": token_intervals[0],
        "tokens_mean_finished": float(ended.mean()) if ended.size else None,
        "finished": float(outcomes.finished.mean()) if outcomes.finished.size else None,
        "max_tokens": max_tokens,
        "budgets": [
            {"budget": budget, "accuracy": mean, "accuracy_ci95": interval}
            for budget, mean, interval in zip(budgets, means[1:], intervals[1:], strict=True)
        ],
    }


def bootstrap(values: np.ndarray, rng: np.random.Generator) -> tuple[list[float | None], list[list[float] | None]]:
    """Means and 95 % percentile intervals of the columns of `values` [problems, columns], problems drawn with replacement."""
    problems, columns = values.shape
    if not problems:
        return [None] * columns, [None] * columns
    times = rng.multinomial(problems, np.full(problems, 1 / problems), size=RESAMPLES)
    ends = np.quantile(times @ values / problems, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return values.mean(axis=0).tolist(), ends.T.tolist()
