"""What goes over the wire and what is said of it: the body of a request, keys, addresses, errors. No connection is made here."""

import os
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError
from .abilities import Abilities
from .answers import Broken, parsed
from .sampler import Item


@dataclass(frozen=True)
class Patience:
    """Seconds and tries after which something is given up."""

    tries: int = 6
    """Of one completion that the server breaks off or refuses for now."""
    first: float = 1800.0
    """Until the first token: it may wait in the server's queue."""
    next: float = 180.0
    """Until the next one."""
    wait: float = 0.5
    """Before the second try; doubled for each further one, at most `longest_wait`, and jittered."""
    longest_wait: float = 30.0
    gone: float = 120.0
    """That a server may be out of reach before the stage ends: it can be resumed."""


class Again(Exception):
    """To be tried again, after so many seconds where the server says when."""

    def __init__(self, why: str, after: float | None = None):
        super().__init__(why)
        self.after = after


class Refused(Exception):
    """The server will not do this one."""


def body_of(item: Item, model: str, can: Abilities, scores: int | None = None) -> dict[str, Any]:
    """The request for one completion; with `scores`, for log-probabilities where the server gives them.

    Raises Refused for what the item needs and this server cannot do."""
    wanted = item.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": role, "content": content} for role, content in item.messages],
        can.max_tokens: wanted.max_tokens,
        "temperature": wanted.temperature,
        "top_p": wanted.top_p,
        "stream": True,
    }
    body |= {"seed": item.seed, "first_index": item.sample} if can.first_index else {"seed": seed_of(item)}
    if can.usage_in_stream:
        body["stream_options"] = {"include_usage": True}
    # Also where they are off: a checkpoint's generation_config.json may switch them on.
    if can.top_k:
        body["top_k"] = wanted.top_k or -1
    if can.min_p:
        body["min_p"] = wanted.min_p
    if can.repetition_penalty:
        body["repetition_penalty"] = 1.0
    if wanted.temperature and not can.heat:
        raise Refused("the server ignores the temperature: all samples of a problem would be the same")
    for name in ("top_k", "min_p"):
        if getattr(wanted, name) and not getattr(can, name):
            raise Refused(f"the server does not take {name}")
    if wanted.stop:
        if can.stop == "ignored":
            raise Refused("the server ignores stop texts")
        body["stop"] = list(wanted.stop)
        if can.stop_shown:
            body[can.stop_shown] = True
    if wanted.logprobs is not None:
        if not can.logprobs:
            raise Refused("the server gives no log-probabilities")
        body |= {"logprobs": True, "top_logprobs": wanted.logprobs}
    elif scores is not None and can.logprobs:
        body |= {"logprobs": True} | ({"top_logprobs": scores} if scores else {})
    if can.token_ids:
        body["return_token_ids"] = True
    if item.messages[-1][0] == "assistant":
        if can.continues is None:
            raise Refused("the server answers a last message of the assistant where it should continue it")
        if can.continues == "flag":
            body |= {"continue_final_message": True, "add_generation_prompt": False}
    return body


def seed_of(item: Item) -> int:
    """31 bits, which every server takes; another for each sample."""
    return random.Random(f"{item.seed}/{item.sample}").getrandbits(31)


def plainly(messages: tuple[tuple[str, str], ...]) -> str:
    """Messages where the server's template is not known here."""
    return "\n\n".join(f"[{role}]\n{content}" for role, content in messages)


def key_of(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name)
    if not key:
        raise ConfigError(f"the environment variable {name}, which inference.key_env names, is not set")
    return key


def check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"inference.url is no address of a server: {url!r}")
    if parts.username or parts.password:
        raise ConfigError("inference.url holds a password: name an environment variable in inference.key_env instead")


def check_key(status: int, inference: dict[str, Any], url: str) -> None:
    if status in (401, 403):
        name = inference.get("key_env")
        hint = f"the key in {name} is refused" if name else "it wants a key: name its variable in inference.key_env"
        raise ConfigError(f"{url} answers with {status}: {hint}")


def message_of(data: bytes) -> str:
    """What an error's body says, cut."""
    with suppress(Broken):
        body = parsed(data)
        error = body.get("error", body)
        said = error.get("message") if isinstance(error, dict) else error
        return str(said or body)[:500]
    return data[:500].decode("utf-8", "replace")


def retry_after(said: str | None) -> float | None:
    """`Retry-After` in seconds; a date is as good as nothing, as clocks differ."""
    try:
        return max(0.0, float(said)) if said is not None else None
    except ValueError:
        return None


def said_of(error: BaseException) -> str:
    return str(error) or type(error).__name__
