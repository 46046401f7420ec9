"""The course of one problem through the four turns: what to draw next, and what came of it."""

from dataclasses import dataclass, field

from ..inference.sampler import Failure, Item
from ..inference.traces import Taken, Wanted
from ..problems import Problem, seed_of
from .turns import Prompt, Settings, Turn, fill, values_of


@dataclass(eq=False)
class Lane:
    """One turn that was drawn: its text as it stands in the document, and the trace that it is from."""

    text: str
    taken: Taken
    tries: int
    first_verdict: str
    """Verdict of the first try, before any was drawn again."""
    prompt: str
    """As the model saw it."""

    @property
    def verdict(self) -> str:
        return self.taken.verdict


@dataclass(eq=False)
class Chain:
    """`dropped`: the step at which it ended and why; None while it is under way or whole."""

    problem: Problem
    settings: Settings
    lanes: dict[str, Lane] = field(default_factory=dict)
    dropped: tuple[str, str] | None = None
    _tries: int = 0
    _first: str = ""

    @property
    def turn(self) -> Turn | None:
        """The turn that is to be drawn next; None at the end."""
        if self.dropped:
            return None
        name = next((n for n in self.settings.order if n not in self.lanes), None)
        return self.settings.turns[name] if name else None

    @property
    def kind(self) -> str | None:
        """RR, RW, WR or WW by the verdicts on both answers; None where one is missing or neither right nor wrong."""
        letters = [
            {"right": "R", "wrong": "W"}.get(self.lanes[name].verdict) if name in self.lanes else None
            for name in ("answer_1", "answer_2")
        ]
        return "".join(letters) if all(letters) else None

    def want(self) -> Wanted:
        """The next completion."""
        turn, prompt = self.turn, self._prompt()
        item = Item(
            problem=self.problem.id,
            messages=prompt.messages(self._values()),
            sample=self._tries,
            seed=seed_of(self.settings.seed, turn.name, self.problem.id),
            sampling=turn.sampling_for(prompt),
            role=turn.name.replace("_", " "),
        )
        gold = None if turn.name == "transition" else self.problem.gold
        return Wanted(item, gold, {"group": self.problem.id, "set": item.role})

    def take(self, came: Taken | Failure) -> None:
        """What was wanted has come: the turn is done, or is drawn again, or the chain ends."""
        turn, prompt = self.turn, self._prompt()
        if isinstance(came, Failure):
            self.dropped = (turn.name, f"{came.item.role}: the request failed")
            return
        self._tries += 1
        text = _text(prompt, came, self._values())
        problem = _refused(prompt, came, text)
        wrong = turn.name == "summary" and self.settings.decision == "right" and came.verdict != "right"
        self._first = self._first or came.verdict
        if (problem or wrong) and self._tries < turn.tries:
            return
        if problem:
            self.dropped = (turn.name, f"{came.item.role}: {problem}")
            return
        self.lanes[turn.name] = Lane(text, came, self._tries, self._first, _shown(came))
        self._tries, self._first = 0, ""
        if turn.name in ("answer_1", "answer_2") and came.verdict not in ("right", "wrong"):
            self.dropped = ("graded", f"{came.item.role}: {came.verdict}")
        elif self.kind == "WW":
            self.dropped = ("class", "WW: both answers are wrong")

    def _prompt(self) -> Prompt:
        return self.turn.prompt(self.kind or "")

    def _values(self) -> dict[str, str]:
        texts = {name: lane.text for name, lane in self.lanes.items()}
        return values_of(self.problem.text, self.problem.gold or "", texts)


def _text(prompt: Prompt, taken: Taken, values: dict[str, str]) -> str:
    completion = taken.completion
    return fill(prompt.begin, values) + completion.text + (prompt.end if completion.finish == "stop" else "")


def _refused(prompt: Prompt, taken: Taken, text: str) -> str | None:
    """Why a completion is no turn; None where it is one."""
    if taken.completion.finish != "stop":
        return "not finished within max_tokens"
    if not taken.completion.text.strip() and not prompt.begin:
        return "empty"
    said = text + taken.completion.tail
    if lacking := next((t for t in prompt.having if t not in said), None):
        return f"without “{lacking.strip()}”"
    if unwanted := next((t for t in prompt.lacking if t in said), None):
        return f"with “{unwanted.strip()}”"
    return None


def _shown(taken: Taken) -> str:
    if taken.completion.prompt_text:
        return taken.completion.prompt_text
    return "\n\n".join(f"[{role}]\n{text}" for role, text in taken.item.messages)
