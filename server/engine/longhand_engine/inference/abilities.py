"""What a server can do: asked of it, one cheap request each, never assumed from its name.

Most servers accept a parameter that they then ignore, so each probe looks at what came, not at the status alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from .answers import Answer, Broken
from .sampler import Item, Sampling

PROBE_TOKENS = 24
_ASKED = "Count from one to ten in words."
Ask = Callable[[dict[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]
"""Posts a chat completion that is not streamed: status and body ({} where it is no JSON object)."""


@dataclass
class Abilities:
    """None: it could not be told."""

    max_tokens: str = "max_tokens"
    """The parameter that bounds a completion: `max_tokens` or `max_completion_tokens`."""
    heat: bool = False
    """`temperature` has an effect. Without one (seen with `transformers serve --continuous-batching`) all samples are the same."""
    n: bool = False
    seed: bool = False
    """The same seed gave the same text twice."""
    first_index: bool = False
    """The completions of one seed can be asked for one by one, by their index (our own server): they are then those that the
    embedded engine draws in the stage's own process."""
    logprobs: bool = False
    token_ids: bool = False
    reasoning: str | None = None
    """The field in which it gives the reasoning apart, where it does."""
    stop: str = "ignored"
    """Stop texts are `kept` at the end of the text, `cut` from it, or `ignored`."""
    stop_shown: str | None = None
    """The parameter that keeps them: `include_stop_str_in_output` or `no_stop_trim`."""
    top_k: bool = False
    min_p: bool = False
    repetition_penalty: bool = False
    """Accepted, so that a default of the checkpoint's generation_config.json can be switched off."""
    continues: str | None = None
    """How a last message of the assistant is continued: by `flag` (vLLM's two parameters), `always`, or not at all."""
    usage_in_stream: bool = False
    reports_usage: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _item() -> Item:
    return Item("", (("user", _ASKED),), 0, 0, Sampling(PROBE_TOKENS))


async def probe(ask: Ask, model: str) -> tuple[Abilities, str | None]:
    """What the server behind `ask` can do, and the name under which it answered. Raises Broken where it answers nothing."""
    found = Abilities()
    base = {"model": model, "messages": [{"role": "user", "content": _ASKED}]}
    greedy = base | {"temperature": 0, "max_tokens": PROBE_TOKENS}
    status, body = await ask(greedy)
    if status == 400 and "max_completion_tokens" in str(body):
        found.max_tokens = "max_completion_tokens"
        greedy = base | {"temperature": 0, "max_completion_tokens": PROBE_TOKENS}
        status, body = await ask(greedy)
    if status != 200:
        raise Broken(f"a first completion was answered with {status}: {str(body)[:500]}")
    first = _read(body)
    plain = first.text
    found.reasoning, found.reports_usage = first.field, _counted(body) is not None
    if found.max_tokens == "max_tokens" and (_counted(body) or 0) > PROBE_TOKENS:
        found.max_tokens = "max_completion_tokens"
    bound = found.max_tokens

    async def status_of(**more: Any) -> tuple[int, dict[str, Any]]:
        return await ask(greedy | more)

    async def many() -> None:
        # Hot, so that two completions are not alike by chance.
        asked = {"temperature": 2, "seed": 3}
        status, body = await status_of(**asked, n=2)
        choices = body.get("choices") or []
        found.n = status == 200 and len(choices) == 2
        if found.n:
            one, two = (_read({"choices": [choice]}).text for choice in choices)
            status, body = await status_of(**asked, first_index=1)
            found.first_index = status == 200 and one != two == _read(body).text

    async def seeds() -> None:
        asked = {"seed": 7, "temperature": 1}
        (one, a), (two, b) = [await status_of(**asked) for _ in range(2)]
        found.seed = one == two == 200 and _read(a).text == _read(b).text

    async def heated() -> None:
        asked = {"messages": [{"role": "user", "content": "Write some words that nobody expects."}]}
        _, cold = await status_of(**asked)
        texts = {_read(cold).text}
        for seed in (1, 2):
            status, body = await status_of(**asked, temperature=2, seed=seed)
            texts |= {_read(body).text} if status == 200 else set()
        found.heat = len(texts) > 1

    async def chances() -> None:
        status, body = await status_of(logprobs=True, top_logprobs=1, **{bound: 2})
        found.logprobs = status == 200 and bool(_read(body).logprobs)

    async def ids() -> None:
        status, body = await status_of(return_token_ids=True, **{bound: 2})
        found.token_ids = status == 200 and bool(_read(body).token_ids)

    async def cut_offs() -> None:
        # Where only the most likely token is left, heat changes nothing: then the filter was at work.
        status, body = await status_of(top_k=1, temperature=1.5, seed=11)
        found.top_k = status == 200 and _read(body).text == plain
        status, body = await status_of(min_p=1.0, temperature=1.5, seed=11)
        found.min_p = status == 200 and _read(body).text == plain
        status, _ = await status_of(repetition_penalty=1.0, **{bound: 1})
        found.repetition_penalty = status == 200

    async def stops() -> None:
        stop = _middle(plain)
        if stop is None:
            return
        head = plain[: plain.index(stop)]
        status, body = await status_of(stop=[stop])
        text = _read(body).text if status == 200 else plain
        # Kept with what else was in its last token, by servers that look at whole tokens.
        kept = text.startswith(head + stop) and len(text) < len(plain)
        found.stop = "kept" if kept else "cut" if text.strip() == head.strip() else "ignored"
        for name in ("include_stop_str_in_output", "no_stop_trim") if found.stop == "cut" else ():
            status, body = await status_of(stop=[stop], **{name: True})
            if status == 200 and _read(body).text.endswith(stop):
                found.stop_shown = name
                break

    async def going_on() -> None:
        begun = [*base["messages"], {"role": "assistant", "content": "One"}]
        short = {bound: 1}
        _, alone = await status_of(**short)
        _, closed = await status_of(messages=begun, **short)
        flags = {"continue_final_message": True, "add_generation_prompt": False}
        status, opened = await status_of(messages=begun, **flags, **short)
        lengths = [_prompt(body) for body in (alone, closed, opened)]
        if lengths[0] is None or lengths[1] is None:
            return
        # Closing a turn and opening the next takes several tokens; going on takes those of the word alone.
        if status == 200 and lengths[2] is not None and lengths[2] < lengths[1]:
            found.continues = "flag"
        elif lengths[1] - lengths[0] <= 3:
            found.continues = "always"

    await asyncio.gather(heated(), many(), seeds(), chances(), ids(), cut_offs(), stops(), going_on())
    return found, first.model


def _read(body: dict[str, Any]) -> Answer:
    answer = Answer(_item())
    answer.add(body)
    return answer


def _middle(text: str) -> str | None:
    """A short piece from the middle of `text` that does not occur before, of letters or digits."""
    for at in range(len(text) // 2, len(text) - 2):
        piece = text[at : at + 3]
        if piece.isalnum() and text.index(piece) == at:
            return piece
    return None


def _counted(body: dict[str, Any]) -> int | None:
    return _usage(body, "completion_tokens")


def _prompt(body: dict[str, Any]) -> int | None:
    return _usage(body, "prompt_tokens")


def _usage(body: dict[str, Any], name: str) -> int | None:
    usage = body.get("usage")
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) else None
