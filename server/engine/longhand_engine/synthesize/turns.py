"""The four turns of a document as the recipe describes them: prompts with places to fill, sampling, what is accepted.

A prompt is the user's message, or an object with `system`, `user`, `assistant` (what the model is shown as the beginning of its
own message, and goes on from), `begin` (the first words of the turn itself) and `end` (the text that ends it and belongs to
it). In all but `end`, `{problem}`, `{gold}` and the turns before it may be named; `{{name}}` is the text `{name}`.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ConfigError
from ..inference.sampler import Sampling

TURNS = ("answer_1", "transition", "answer_2", "summary")
"""In the order of the document."""
ORDERS = {
    "together": ("answer_1", "answer_2", "transition", "summary"),
    "in_sequence": TURNS,
}
"""In which the turns are drawn. `together`: both answers first, then the text that bridges them and the summary (the paper's
Fig. 3); `in_sequence`: as they stand in the document."""
CLASSES = ("RR", "RW", "WR", "WW")
_PLACE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}|\{([a-z][a-z0-9_]*)\}")
_BOX = re.compile(r"\\boxed\{([^{}]*)\}")
_FILLED = ("system", "user", "assistant", "begin")
_MAX_TRIES = 100


@dataclass(frozen=True)
class Prompt:
    user: str
    system: str = ""
    assistant: str = ""
    begin: str = ""
    end: str = ""
    having: tuple[str, ...] = ()
    """Texts that the turn must have; with `lacking` and `tries`: it is drawn again where it does not."""
    lacking: tuple[str, ...] = ()

    def messages(self, values: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """What the model is asked, with the places filled."""
        shown = fill(self.assistant, values) + fill(self.begin, values)
        parts = (("system", fill(self.system, values)), ("user", fill(self.user, values)), ("assistant", shown))
        return tuple((role, text) for role, text in parts if text)


@dataclass(frozen=True)
class Turn:
    """`prompts` by class where the summary has one for each, otherwise under the empty name."""

    name: str
    prompts: dict[str, Prompt]
    sampling: Sampling
    tries: int

    def prompt(self, kind: str) -> Prompt:
        return self.prompts.get(kind) or self.prompts[""]

    def sampling_for(self, prompt: Prompt) -> Sampling:
        return replace(self.sampling, stop=(*self.sampling.stop, prompt.end)) if prompt.end else self.sampling


@dataclass(frozen=True)
class Settings:
    """The stage's configuration; what is absent has the defaults of the recipe's schema."""

    turns: dict[str, Turn]
    order: tuple[str, ...]
    lead: str
    join: str
    when_rw_exceeds: str
    min_characters: int
    decision: str
    seed: int
    behaviours: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, config: dict[str, Any], seed: int) -> "Settings":
        """Raises ConfigError that names the key."""
        order = config.get("order", "together")
        if order not in ORDERS:
            raise ConfigError(f"order: {order!r} is none of {', '.join(ORDERS)}")
        document, filters = config.get("document") or {}, config.get("filters") or {}
        return cls(
            turns=_turns(config, order),
            order=ORDERS[order],
            lead=document.get("lead", ""),
            join=document.get("join", "\n\n"),
            when_rw_exceeds=(config.get("balance") or {}).get("when_rw_exceeds", "drop_rw"),
            min_characters=int(filters.get("min_characters", 20)),
            decision=filters.get("decision", "right"),
            behaviours={k: int(v) for k, v in (filters.get("behaviours") or {}).items()},
            seed=int(config.get("seed", seed)),
        )


def fill(template: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda m: "{" + m[1] + "}" if m[1] else values[m[2]], template)


def places(template: str) -> set[str]:
    return {m[2] for m in _PLACE.finditer(template) if m[2]}


def unboxed(text: str) -> str:
    r"""The text with the content of each `\boxed{…}` in the place of the box."""
    return _BOX.sub(r"\1", text)


def values_of(problem: str, gold: str, turns: dict[str, str]) -> dict[str, str]:
    """What places are filled with: the problem, its gold, every turn drawn so far, and each without its boxes."""
    values = {"problem": problem, "gold": gold}
    for name, text in turns.items():
        values |= {name: text, f"{name}_unboxed": unboxed(text)}
    return values


def known_places(turn: str, order: str) -> list[str]:
    """The names that a prompt of the turn may use."""
    before = ORDERS[order][: ORDERS[order].index(turn)]
    return ["problem", "gold", *(name for t in before for name in (t, f"{t}_unboxed"))]


def _turns(config: dict[str, Any], order: str) -> dict[str, Turn]:
    prompts, sampling = config.get("prompts") or {}, config.get("sampling") or {}
    turns = {}
    for name in TURNS:
        if name not in prompts:
            raise ConfigError(f"prompts: {name} is missing; a document has {', '.join(TURNS)}")
        given = prompts[name]
        by_class = isinstance(given, dict) and "user" not in given
        if by_class and (name != "summary" or not set(given) <= set(CLASSES)):
            raise ConfigError(f"prompts: {name} needs `user`" + ("" if name != "summary" else ", or a prompt a class"))
        if by_class and not {"RR", "RW", "WR"} <= set(given):
            raise ConfigError("prompts: summary by class needs RR, RW and WR")
        read = {k: _prompt(v, f"{name}.{k}") for k, v in given.items()} if by_class else {"": _prompt(given, name)}
        for prompt in read.values():
            _check_places(prompt, name, order)
        turns[name] = _turn(name, read, sampling.get(name) or {})
    return turns


def _turn(name: str, prompts: dict[str, Prompt], given: dict[str, Any]) -> Turn:
    tries = int(given.get("tries", 1))
    if not 1 <= tries <= _MAX_TRIES:
        raise ConfigError(f"sampling: {name}: tries must be 1 to {_MAX_TRIES}")
    try:
        sampling = Sampling(
            max_tokens=int(given["max_tokens"]),
            stop=tuple(given.get("stop") or ()),
            **{k: given[k] for k in ("temperature", "top_p", "top_k", "min_p") if given.get(k) is not None},
        )
    except KeyError as error:
        raise ConfigError(f"sampling: {name} needs {error.args[0]}") from error
    return Turn(name, prompts, sampling, tries)


def _prompt(given: Any, name: str) -> Prompt:
    if isinstance(given, str):
        return Prompt(given)
    if not isinstance(given, dict) or not isinstance(given.get("user"), str):
        raise ConfigError(f"prompts: {name} is a text or an object with `user`")
    texts = {k: given[k] for k in (*_FILLED, "end") if given.get(k) is not None}
    if wrong := [k for k, v in texts.items() if not isinstance(v, str)]:
        raise ConfigError(f"prompts: {name}: {wrong[0]} is not a text")
    return Prompt(**texts, having=tuple(given.get("with") or ()), lacking=tuple(given.get("without") or ()))


def _check_places(prompt: Prompt, turn: str, order: str) -> None:
    known = known_places(turn, order)
    for key in _FILLED:
        for place in sorted(places(getattr(prompt, key)) - set(known)):
            raise ConfigError(
                f"prompts: {turn}: {{{place}}} is not known when it is drawn (order: {order}); "
                f"there are {', '.join('{' + k + '}' for k in known)}. Write {{{{{place}}}}} for the text itself"
            )
