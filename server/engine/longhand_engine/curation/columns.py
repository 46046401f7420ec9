"""A row of any source as a problem with its candidate generations, by the columns that the recipe names or that are usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError
from ..rows import as_messages, as_scalar, as_text, origin_of

MOST_CANDIDATES = 4096
"""Generations of one row; more are no list of generations."""
USUAL: dict[str, tuple[str, ...]] = {
    "problem": ("problem", "question", "prompt"),
    "prompt": ("prompt",),
    "messages": ("messages", "conversations"),
    "generations": ("generations",),
    "completion": ("completion", "generation", "response"),
    "correct": ("correct", "correctness", "correctness_math_verify"),
    "gold": ("answer", "gold", "ground_truth", "expected_answer"),
    "id": ("source_id", "id", "uuid", "problem_id"),
    "accuracy": ("accuracy",),
    "tokens": ("tokens",),
}
"""Columns that are taken where the recipe names none; `null` in the recipe takes none."""
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant"}


@dataclass
class Candidate:
    """One generation. `correct` is the source's own word, `tokens` its count, None where it says nothing."""

    text: str
    correct: bool | None = None
    tokens: int | None = None
    verdict: dict[str, str | None] | None = None
    """As in a trace's facts, once it is known."""


@dataclass
class Problem:
    problem: str
    prompt: list[dict[str, str]]
    gold: str | None
    source_id: str | None
    candidates: list[Candidate] = field(default_factory=list)
    accuracy: float | None = None
    origin: str = "given"
    """Where the gold comes from, as a row that another stage made says it."""
    empty: int = 0
    """Generations without a text, left out of the candidates."""


class Columns:
    """The mapping of one source. Raises ConfigError for a key that is none."""

    def __init__(self, given: Mapping[str, str | None]):
        if unknown := set(given) - set(USUAL):
            raise ConfigError(f"no column {', '.join(sorted(unknown))}; there are {', '.join(USUAL)}")
        self._given = dict(given)

    def named(self, key: str) -> bool:
        """Whether the recipe says where `key` stands."""
        return self._given.get(key) is not None

    def name(self, key: str, row: Mapping[str, Any]) -> str | None:
        """The column of `key` in this row, None where there is none."""
        if key in self._given:
            return self._given[key]
        return next((name for name in USUAL[key] if row.get(name) is not None), None)

    def value(self, key: str, row: Mapping[str, Any]) -> Any:
        name = self.name(key, row)
        return None if name is None else at(row, name)

    def read(self, row: Mapping[str, Any]) -> Problem:
        """Raises ValueError that says what is wrong with the row."""
        asked, problem = self.value("problem", row), None
        has_completion = any(self.value(key, row) is not None for key in ("generations", "completion"))
        # A conversation that says nothing new is not looked into.
        said = None if asked is not None and has_completion else self.value("messages", row)
        prompt, answered = _conversation(said, self.name("messages", row) or "") if said is not None else (None, None)
        if asked is not None:
            name = self.name("problem", row) or "problem"
            asking = self.value("prompt", row)
            prompt = as_messages(asked if asking is None else asking, name, "user")
            problem = as_text(asked, name) if isinstance(asked, str) else None
        if prompt is None:
            raise ValueError(_missing("problem", self._given.get("problem")))
        problem = problem or next((m["content"] for m in reversed(prompt) if m["role"] == "user"), "")
        if not problem.strip():
            raise ValueError("the problem is empty, or no message is the user's")
        candidates, empty = self._candidates(row, answered)
        gold, source_id = self.value("gold", row), self.value("id", row)
        known = None if gold is None or not str(gold).strip() else as_scalar(gold, self.name("gold", row) or "gold")
        return Problem(
            problem,
            prompt,
            known,
            None if source_id is None else as_scalar(source_id, self.name("id", row) or "id"),
            candidates,
            _number(self.value("accuracy", row), "accuracy"),
            origin_of(row, known) or "given",
            empty,
        )

    def _candidates(self, row: Mapping[str, Any], answered: str | None) -> tuple[list[Candidate], int]:
        texts = self.value("generations", row)
        if texts is None:
            one = self.value("completion", row)
            if one is None:
                one = answered
            if one is None:
                return [], 0
            texts = [_completion(one, self.name("completion", row) or "completion")]
        elif not isinstance(texts, (list, tuple)):
            raise ValueError(f"`{self.name('generations', row)}` is not a list of generations")
        if len(texts) > MOST_CANDIDATES:
            raise ValueError(f"{len(texts):,} generations; {MOST_CANDIDATES:,} are the most")
        flags = _each(self.value("correct", row), len(texts), "correct", _flag)
        counts = _each(self.value("tokens", row), len(texts), "tokens", _count)
        found = zip(texts, flags, counts, strict=True)
        # A generation that failed stands as null or nothing in some lists.
        kept = [Candidate(as_text(t, "a generation"), f, n) for t, f, n in found if t not in (None, "")]
        return kept, len(texts) - len(kept)


def at(row: Mapping[str, Any], name: str) -> Any:
    """The value of a column; a dotted name goes into objects where no column has that name."""
    if name in row or "." not in name:
        return row.get(name)
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _conversation(value: Any, name: str) -> tuple[list[dict[str, str]], str | None]:
    """The messages up to the last answer, and that answer. Both `{role, content}` and `{from, value}` are read."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(m, Mapping) for m in value):
        raise ValueError(f"`{name}` is not a list of messages")
    plain = [{"role": m.get("role", m.get("from")), "content": m.get("content", m.get("value"))} for m in value]
    messages = as_messages(plain, name, "user")
    for message in messages:
        message["role"] = _ROLES.get(message["role"], message["role"])
    if messages[-1]["role"] == "assistant":
        if len(messages) == 1:
            raise ValueError(f"`{name}` has an answer and no question")
        return messages[:-1], messages[-1]["content"]
    return messages, None


def _completion(value: Any, key: str) -> str:
    messages = as_messages(value, key, "assistant")
    if len(messages) != 1:
        raise ValueError(f"`{key}` is not one message of the assistant")
    return messages[0]["content"]


def _each(value: Any, n: int, key: str, read: Any) -> list[Any]:
    """One value for each generation: a list as long as they are, or one value for one generation."""
    if value is None:
        return [None] * n
    if not isinstance(value, (list, tuple)):
        value = [value]
    if len(value) != n:
        raise ValueError(f"`{key}` has {len(value)} values for {n} generations")
    return [None if v is None else read(v) for v in value]


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
    found = said.get(str(value).strip().lower())
    if found is None:
        raise ValueError(f"`correct` is neither true nor false but {str(value)[:40]!r}")
    return found


def _count(value: Any) -> int:
    number = _number(value, "tokens")
    if number is None or number < 0 or number != int(number):
        raise ValueError(f"`tokens` is no count but {str(value)[:40]!r}")
    return int(number)


def _number(value: Any, key: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{key}` is no number but {str(value)[:40]!r}") from None
    return number if abs(number) < 2**53 else None


def _missing(key: str, name: str | None) -> str:
    return f"no `{name}`" if name else f"none of {', '.join(f'`{n}`' for n in USUAL[key])}; name it under `columns`"
