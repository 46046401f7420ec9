"""What is asked of the sampling engine, and the sequences that come of it. The names are the OpenAI API's."""

import secrets
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Finish = Literal["stop", "length", "cancelled"]


class TokenLogprob(NamedTuple):
    """Log-probability of the chosen token, before temperature and filters, and the most likely ones with theirs."""

    logprob: float
    top: list[tuple[int, float]]


@dataclass(frozen=True)
class Request:
    """`n` completions of one prompt.

    `temperature` 0 is greedy. `top_k` 0, `top_p` 1 and `min_p` 0 are off. `seed` makes each completion a function of
    (weights, prompt, parameters, seed, index) alone, whatever else is in the batch; without one it is drawn. `stop` are
    texts at which a completion ends (they stay in it). `logprobs`: None for none, k for those of k alternatives. `first` is
    the index of the first of the `n`: two requests for one completion each give what one for two gives. `scores`: also keep
    the log-probability of each token and the entropy of what it was chosen from.
    """

    prompt: list[int]
    n: int = 1
    max_tokens: int = 256
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    first: int = 0
    scores: bool = False

    def check(self, context: int, vocabulary: int) -> None:
        """Raises ValueError, naming the parameter, for what cannot be sampled."""
        bounds = {
            "n": self.n >= 1,
            "first": self.first >= 0,
            "max_tokens": self.max_tokens >= 1,
            "temperature": self.temperature >= 0,
            "top_p": 0 < self.top_p <= 1,
            "top_k": self.top_k >= 0,
            "min_p": 0 <= self.min_p <= 1,
            "logprobs": self.logprobs is None or 0 <= self.logprobs <= min(20, vocabulary),
            "stop": all(self.stop),
            "prompt": len(self.prompt) > 0 and min(self.prompt) >= 0 and max(self.prompt) < vocabulary,
        }
        for name, holds in bounds.items():
            if not holds:
                raise ValueError(f"{name} is out of range: {getattr(self, name)!r:.80}")
        if len(self.prompt) + self.max_tokens > context:
            raise ValueError(
                f"the prompt ({len(self.prompt)} tokens) and max_tokens ({self.max_tokens}) "
                f"are more than the model's context of {context}"
            )


@dataclass(eq=False)
class Sequence:
    """One completion as it grows. `tokens` ends with the end token where `finish` is `stop` by one."""

    request: Request
    index: int
    seed: int
    on_tokens: Callable[["Sequence"], None] | None = None
    tokens: list[int] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    chances: array = field(default_factory=lambda: array("f"))
    entropies: array = field(default_factory=lambda: array("f"))
    """Of each token, where `scores` were asked for: its log-probability, and the entropy of the model's whole distribution in
    nats, both before temperature and filters."""
    finish: Finish | None = None
    cancelled: bool = False
    error: str | None = None

    def cancel(self) -> None:
        """Ends it before its next token; it keeps what it has. May be called from another thread."""
        self.cancelled = True


def sequences_of(request: Request, on_tokens: Callable[[Sequence], None] | None) -> list[Sequence]:
    seed = secrets.randbits(64) if request.seed is None else request.seed % 2**64
    return [Sequence(request, request.first + index, seed, on_tokens) for index in range(request.n)]
