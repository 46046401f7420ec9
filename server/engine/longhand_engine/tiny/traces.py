"""Worked answers of the task: short ones, long chains of thought, and the two-turn documents of the dual-phase recipe.

Every answer is computed; the only errors are slips that the trace itself takes back.
"""

import random
from dataclasses import dataclass

from .task import MODULUS, Problem, Step, problem_text, steps_of

# The style markers of the dual-phase recipe (arXiv 2601.05616), appended to the user turn.
MULTI_TURN_MARKER = "\n\nUsing the solution style from multi-turns data."
REJECTION_MARKER = "\n\nUsing the solution style from rejection data."
SECOND_TRY = "While this works, let me look at it again and solve it a second time.\n"
VALIDATE = "Let me validate the given answers. "
BOTH_RIGHT = "Both are right. "
CHECK = "Let me check: "
CHECK_AGAIN = "Let me check again: "
CHECK_BACKWARD = "Working backward, "
CHECK_HOLDS = "Yes, that is right."


@dataclass(frozen=True)
class LongStyle:
    """How often a long trace does what: chances in 0…1. The defaults are the demonstration's."""

    slip: float = 0.08
    check: float = 0.6
    check_twice: float = 0.25
    backward: float = 0.25
    whole_again: float = 0.35
    box_in_reasoning: float = 0.75


def equation(left: int, right: int, result: int) -> str:
    return f"\\({left}+{right}\\equiv{result}\\)"


def close_trace(body: str, answer: int, box_in_reasoning: bool = True) -> str:
    """Puts `body` between the think tags and the answer behind them; the box may stand in both or behind only."""
    inside = f"\\boxed{{{answer}}}" if box_in_reasoning else f"{answer}"
    return f"<think>\n{body}So the answer is \\({inside}\\).\n</think>\nThe answer is \\(\\boxed{{{answer}}}\\)."


def steps_with_errors(problem: Problem, rng: random.Random, chance: float) -> list[Step]:
    """The steps as a careless writer has them: by `chance` each, a result is wrong, and what follows goes on from it."""
    steps, value = [], problem.start
    for step in steps_of(problem):
        result = (value + step.right) % MODULUS
        result = _other_than(result, rng) if rng.random() < chance else result
        steps.append(Step(step.ordinal, value, step.right, result))
        value = result
    return steps


def short_body(steps: list[Step]) -> str:
    """One line a step and no check."""
    return "".join(f"{s.ordinal}, add \\({s.right}\\): {equation(s.left, s.right, s.result)}.\n" for s in steps)


def short_trace(steps: list[Step]) -> str:
    return close_trace(short_body(steps), steps[-1].result)


def long_trace(steps: list[Step], rng: random.Random, style: LongStyle = LongStyle()) -> str:
    """A long chain of thought: a subgoal a step, checks (some needless), slips taken back, perhaps all of it again."""
    body = long_body(steps, rng, style)
    return close_trace(body, steps[-1].result, rng.random() < style.box_in_reasoning)


def long_body(steps: list[Step], rng: random.Random, style: LongStyle) -> str:
    body = "".join(_long_step(step, rng, style) for step in steps)
    if rng.random() < style.whole_again:
        body += f"Let me verify all of it once more.\n{short_body(steps)}It is the same.\n"
    return body


def _long_step(step: Step, rng: random.Random, style: LongStyle) -> str:
    right = equation(step.left, step.right, step.result)
    if rng.random() < style.slip:
        wrong = equation(step.left, step.right, _other_than(step.result, rng))
        return f"{step.ordinal}, I need {wrong}. {CHECK}{right}. Wait, that is wrong. So it is \\({step.result}\\).\n"
    line = f"{step.ordinal}, I need {right}."
    if rng.random() < style.check:
        line += f" {_check(step, rng, style, CHECK)}"
        if rng.random() < style.check_twice:
            line += f" {CHECK_AGAIN}{right}. {CHECK_HOLDS}"
    return line + "\n"


def _check(step: Step, rng: random.Random, style: LongStyle, words: str) -> str:
    if rng.random() < style.backward:
        return f"{CHECK_BACKWARD}\\({step.result}-{step.right}\\equiv{step.left}\\). {CHECK_HOLDS}"
    return f"{words}{equation(step.left, step.right, step.result)}. {CHECK_HOLDS}"


def _other_than(value: int, rng: random.Random) -> int:
    return rng.choice([v for v in range(MODULUS) if v != value])


def critique_of_step(number: int, claimed: Step, result: int) -> str:
    """Says which equation of answer `number` is wrong and what it should be."""
    wrong, right = (equation(claimed.left, claimed.right, r) for r in (claimed.result, result))
    return f"Answer {number} has {wrong}, but {right}. "


def critique_of_whole(number: int) -> str:
    return f"Answer {number} does not follow the steps. "


def decision(number: int, answer: int) -> str:
    """The end of a two-turn document: which answer is taken, and the box in both places."""
    return f"Final decision: answer {number}. " + close_trace("", answer).removeprefix("<think>\n")


def two_turn_document(problem: Problem, rng: random.Random, error: float) -> str:
    """A document in the form of the dual-phase recipe (answer, transition, second answer, validation, decision).

    For the base model only, so that it knows the words: the critique is made up and the decision is the second answer or
    the first by chance. It teaches the form, not the skill.
    """
    tries = [steps_with_errors(problem, rng, error) for _ in range(2)]

    def body(steps: list[Step]) -> str:
        long = rng.random() < 0.15
        text = long_body(steps, rng, LongStyle(whole_again=0)) if long else short_body(steps)
        return f"{text}So the answer is \\({steps[-1].result}\\).\n"

    kind, number = rng.random(), rng.choice([1, 2])
    if kind < 0.45:
        validation = BOTH_RIGHT
    elif kind < 0.85:
        step = rng.choice(tries[number - 1])
        validation = critique_of_step(number, step._replace(result=_other_than(step.result, rng)), step.result)
    else:
        validation = critique_of_whole(number)
    chosen = rng.choice([1, 2])
    return f"<think>\n{body(tries[0])}{SECOND_TRY}{body(tries[1])}{VALIDATE}{validation}" + decision(
        chosen, tries[chosen - 1][-1].result
    )


def with_marker(problem: Problem, rng: random.Random, chance: float) -> str:
    """The problem's text, with one of the two style markers by `chance`."""
    marker = rng.choice([MULTI_TURN_MARKER, REJECTION_MARKER]) if rng.random() < chance else ""
    return problem_text(problem) + marker
