"""What the stages that sample (evaluate, synthesize, reject) ask for, and what they get, whoever serves the model."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from threading import Event
from typing import Literal, Protocol

from ..scores import TokenScores

Finish = Literal["stop", "length"]


@dataclass(frozen=True)
class Sampling:
    """Names and meaning are the OpenAI API's and vLLM's. `stop` texts end a completion; they are not part of it."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    stop: tuple[str, ...] = ()
    logprobs: int | None = None


@dataclass(frozen=True)
class Item:
    """One completion that is wanted: sample `sample` of what `messages` ask, drawn with `seed` (the same for all samples).

    A last message of role `assistant` is continued, not answered. `problem` is the hash of the problem, `role` says what
    the completion is for where a stage asks for several (`answer 1`, `transition`, …) or asks several models.
    """

    problem: str
    messages: tuple[tuple[str, str], ...]
    sample: int
    seed: int
    sampling: Sampling
    role: str = ""

    @cached_property
    def key(self) -> str:
        """Names the work itself, so that a resumed stage finds what it has: a hash of everything that decides the text."""
        said = json.dumps([self.problem, self.messages, self.sample, self.seed, asdict(self.sampling), self.role])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Completion:
    """What came of an item. `text` has `<think>` and `</think>` where the model wrote them, also from servers that take the
    reasoning out. `tokens` is exact where `exact`; `token_ids` only where the server gives them, `scores` where they were asked for as well."""

    text: str
    finish: Finish
    prompt_text: str
    tokens: int
    exact: bool
    prompt_tokens: int | None = None
    token_ids: list[int] | None = None
    scores: TokenScores | None = None
    tail: str = ""
    """What ended `text`, where it is known: the end token or the stop text. It is shown to readers and is in no data set."""
    reasoning_tokens: int | None = None
    """Of `tokens`, those up to `</think>`, where they could be counted."""
    judged: str | None = None
    """`text` and `tail` for checkers, where special tokens stand in it: blanks in their places, so that positions hold."""
    sent: str | None = None
    """The checkpoint or model that the server says it used."""


@dataclass
class Failure:
    """An item that could not be completed after all retries; the stage goes on and says so."""

    item: Item
    why: str


@dataclass
class Growth:
    """What a completion that is being written gained since the last time. `draw` counts the tries: a new one begins anew."""

    item: Item
    added: str
    draw: int = 0
    prompt_text: str = field(default="", repr=False)
    prompt_tokens: int | None = None


Wish = Item | tuple[Item, Completion] | None


class Sampler(Protocol):
    """`sample` takes items as it has room for them and gives each back once, in the order in which they end.

    `items` may be a generator that decides by what has come so far (a second turn follows a first): it yields None where it
    wants nothing before the next completion has come, and ends where it wants nothing at all. An item with its completion is
    given back as it is (what an earlier attempt has). No more items are taken when `stopping` is set; then, or when the
    caller leaves the loop, what is in flight is abandoned. `growth` gets what grew at most ten times a second; its texts of
    one draw together are the beginning of the completion's `text` and `tail`.
    """

    def sample(
        self,
        items: Iterable[Wish],
        *,
        stopping: Event,
        growth: Callable[[list[Growth]], None] | None = None,
    ) -> Iterator[tuple[Item, Completion] | Failure]: ...

    def close(self) -> None: ...
