"""Sums modulo 7: problems whose answers are computed, in pools that never meet.

A problem is a start value and two to four additions; there are 10,836 of them. Each belongs to exactly one pool by a hash
of its text, so that training and evaluation are disjoint for every seed and every size, the base model's data included.
"""

import hashlib
import random
from functools import cache
from itertools import product
from typing import NamedTuple

MODULUS = 7
ORDINALS = ("First", "Second", "Third", "Fourth")
# Shares of problems by their number of steps.
STEP_SHARES = {2: 0.15, 3: 0.4, 4: 0.45}
# Pools with their shares in per cent. `base`: what the base model is made from; `train`: what stages train on; `dev`: what
# parameters may be chosen by; `test`: what is reported; `fresh`: problems that no other pool knows, for synthesis.
POOL_SHARES = {"base": 35, "train": 20, "dev": 10, "test": 15, "fresh": 20}


class Problem(NamedTuple):
    """`start` in 0…6 and two to four `addends` in 1…6."""

    start: int
    addends: tuple[int, ...]


class Step(NamedTuple):
    """One addition: `left + right ≡ result (mod 7)`."""

    ordinal: str
    left: int
    right: int
    result: int


def problem_text(problem: Problem) -> str:
    """The problem in words, as the user turn of a conversation."""
    steps = "".join(f" {o}, add \\({b}\\)." for o, b in zip(ORDINALS, problem.addends, strict=False))
    return f"Start with \\({problem.start}\\).{steps} What is the result modulo \\({MODULUS}\\)?"


def steps_of(problem: Problem) -> list[Step]:
    """The additions in order with their results modulo 7."""
    steps, value = [], problem.start
    for ordinal, addend in zip(ORDINALS, problem.addends, strict=False):
        steps.append(Step(ordinal, value, addend, (value + addend) % MODULUS))
        value = steps[-1].result
    return steps


def answer_of(problem: Problem) -> int:
    """The result modulo 7."""
    return (problem.start + sum(problem.addends)) % MODULUS


def pool_of(problem: Problem) -> str:
    """The one pool that a problem belongs to: a hash of its text, so it is the same everywhere and for ever."""
    point = int.from_bytes(hashlib.sha256(problem_text(problem).encode()).digest()[:8], "big") % 100
    for name, share in POOL_SHARES.items():
        if point < share:
            return name
        point -= share
    raise AssertionError("the shares of the pools add up to 100")


@cache
def pool(name: str) -> dict[int, tuple[Problem, ...]]:
    """All problems of a pool by their number of steps. Raises KeyError for an unknown name."""
    if name not in POOL_SHARES:
        raise KeyError(f"no pool {name!r}; there are {', '.join(POOL_SHARES)}")
    problems = {
        count: tuple(
            Problem(start, rest) for start in range(MODULUS) for rest in product(range(1, MODULUS), repeat=count)
        )
        for count in STEP_SHARES
    }
    return {count: tuple(p for p in all_ if pool_of(p) == name) for count, all_ in problems.items()}


def sample_problems(name: str, count: int, seed: int) -> list[Problem]:
    """`count` distinct problems of a pool in an order drawn by `seed`.

    Their numbers of steps follow STEP_SHARES as far as the pool has such problems; what short ones lack, the longest make
    up. Raises ValueError when the whole pool has fewer.
    """
    there = pool(name)
    quotas = {steps: min(round(count * share), len(there[steps])) for steps, share in STEP_SHARES.items()}
    longest = max(quotas)
    quotas[longest] += count - sum(quotas.values())
    if quotas[longest] > len(there[longest]):
        most = count - quotas[longest] + len(there[longest])
        raise ValueError(f"{count} problems were asked of the pool {name!r}; it can give {most}")
    rng = random.Random(f"{seed}/{name}")
    chosen = [problem for steps, quota in quotas.items() for problem in rng.sample(there[steps], quota)]
    rng.shuffle(chosen)
    return chosen
