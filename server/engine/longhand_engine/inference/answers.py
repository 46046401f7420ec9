"""One completion as a server tells it, in a stream or whole: reasoning fields, finish, counts, put together into one text.

Everything that comes is another program's word: what has the wrong shape raises `Broken`, and the completion is asked for
again.
"""

import json
import math
from array import array
from collections.abc import Iterator
from typing import Any

from ..scores import TokenScores, entropy_bound
from ..texts import clean_text
from .sampler import Completion, Item

OPEN, CLOSE = "<think>", "</think>"
LONGEST_LINE = 16 * 2**20
"""Bytes of one event of a stream."""
_FINISH = {"stop": "stop", "eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop"}
_FINISH |= {"length": "length", "max_tokens": "length"}
# Characters a token, as core/traces/tokens.ts estimates.
_CHARACTERS_A_TOKEN = 3.3


class Broken(Exception):
    """What came cannot be a completion. `said` is the server's own word for the error, where it had one."""

    def __init__(self, why: str, said: dict[str, Any] | None = None):
        super().__init__(why)
        self.said = said


class Lines:
    """Bytes to the `data:` payloads of a server-sent stream."""

    def __init__(self) -> None:
        self._rest = b""
        self.done = False

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The payloads that `data` completes. Raises Broken for one that is no JSON object."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            raise Broken(f"a line of the stream is longer than {LONGEST_LINE >> 20} MiB")
        for line in lines:
            line = line.strip()
            # Comments (pings), event names and empty lines carry nothing.
            if not line.startswith(b"data:"):
                continue
            payload = line[5:].strip()
            if payload == b"[DONE]":
                self.done = True
                return
            yield parsed(payload)


def parsed(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises Broken for anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Broken(f"not JSON: {error}: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise Broken(f"not a JSON object: {data[:200]!r}")
    return value


class Answer:
    """Puts the first choice together. `add` takes a chunk of a stream or a whole answer."""

    def __init__(self, item: Item):
        self._item = item
        # Characters that no completion of `max_tokens` tokens can pass: a server that does not stop is not followed for ever.
        self._longest = 256 * item.sampling.max_tokens + 2**16
        self._parts: list[str] = []
        self._size = 0
        self._thinking = False
        self.field: str | None = None
        """Which field the reasoning came in, or None."""
        self.finish: str | None = None
        self.model: str | None = None
        self.stop_reason: str | None = None
        self.token_ids: list[int] = []
        self.logprobs = array("f")
        self._entropies = array("f")
        self._top: int | None = None
        self._spelt: list[bytes] | None = []
        """The bytes of each token, while all tokens have said theirs."""
        self.usage: dict[str, Any] | None = None

    def add(self, payload: dict[str, Any]) -> str:
        """What the payload adds to the text. Raises Broken."""
        if payload.get("error"):
            said = payload["error"] if isinstance(payload["error"], dict) else {"message": str(payload["error"])}
            raise Broken(f"the server says: {str(said.get('message', said))[:500]}", said)
        if isinstance(payload.get("model"), str):
            self.model = payload["model"]
        if isinstance(payload.get("usage"), dict):
            self.usage = payload["usage"]
        choices = payload.get("choices")
        if choices is None or choices == []:
            return ""
        if not isinstance(choices, list) or not isinstance(choices[0], dict):
            raise Broken(f"`choices` has another shape: {str(choices)[:200]}")
        return self._choice(choices[0])

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def _choice(self, choice: dict[str, Any]) -> str:
        said = choice.get("delta", choice.get("message"))
        added = ""
        if isinstance(said, dict):
            # Some servers send both names for older clients: one of them is read.
            for field in ("reasoning_content", "reasoning"):
                if isinstance(said.get(field), str) and said[field]:
                    self.field = self.field or field
                    added += ("" if self._thinking else OPEN) + said[field]
                    self._thinking = True
                    break
            if isinstance(said.get("content"), str) and said["content"]:
                added += (CLOSE if self._thinking else "") + said["content"]
                self._thinking = False
        elif isinstance(choice.get("text"), str):
            added = choice["text"]
        self._take_tokens(choice)
        if isinstance(choice.get("finish_reason"), str):
            self.finish = choice["finish_reason"]
        for name in ("stop_reason", "matched_stop"):
            if isinstance(choice.get(name), str):
                self.stop_reason = choice[name]
        added = clean_text(added)
        self._parts.append(added)
        self._size += len(added)
        if self._size > self._longest:
            raise Broken(f"more than {self._longest} characters for {self._item.sampling.max_tokens} tokens")
        return added

    def _take_tokens(self, choice: dict[str, Any]) -> None:
        ids = choice.get("token_ids")
        if isinstance(ids, list) and all(isinstance(i, int) and 0 <= i < 2**32 for i in ids):
            self.token_ids += ids
        logprobs = choice.get("logprobs")
        content = logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(content, list):
            for one in content:
                self._take_score(one if isinstance(one, dict) else {})

    def _take_score(self, said: dict[str, Any]) -> None:
        self.logprobs.append(_number(said.get("logprob")))
        if isinstance(said.get("entropy"), (int, float)):
            # Our own server says it.
            self._entropies.append(_number(said["entropy"]))
            self._top = self._top or 0
        else:
            listed = said.get("top_logprobs")
            top = [_number(t.get("logprob")) for t in listed if isinstance(t, dict)] if isinstance(listed, list) else []
            self._entropies.append(entropy_bound([p for p in top if not math.isnan(p)]))
            self._top = max(self._top or 0, len(top))
        spelt = said.get("bytes")
        if self._spelt is not None:
            if isinstance(spelt, list) and all(isinstance(b, int) and 0 <= b < 256 for b in spelt):
                self._spelt.append(bytes(spelt))
            elif isinstance(said.get("token"), str):
                self._spelt.append(clean_text(said["token"]).encode())
            else:
                self._spelt = None

    def _scores(self) -> TokenScores | None:
        """Those of the tokens, where it is known which token is which: by their ids, or as their texts spell the whole."""
        if not self.logprobs or all(map(math.isnan, self.logprobs)):
            return None
        entropies = None if all(map(math.isnan, self._entropies)) else self._entropies
        if len(self.token_ids) == len(self.logprobs):
            return TokenScores(self.logprobs, entropies, self._top or 0)
        lengths = None if self.token_ids or self._spelt is None else _lengths(self._spelt, self.text.encode())
        return None if lengths is None else TokenScores(self.logprobs, entropies, self._top or 0, lengths)

    def completion(self, prompt_text: str) -> Completion:
        """What it came to. Raises Broken where it did not come to its end."""
        if self.finish is None:
            raise Broken("the stream ended without a finish reason")
        finish = _FINISH.get(self.finish)
        if finish is None:
            raise Broken(f"the server ended it with {self.finish!r}")
        text = self.text
        cuts = [at for stop in self._item.sampling.stop if (at := text.find(stop)) >= 0]
        cut = min(cuts, default=len(text))
        tail = text[cut:]
        if not tail and self.stop_reason in self._item.sampling.stop:
            tail = self.stop_reason
        if not tail and finish == "stop" and self._thinking and CLOSE in self._item.sampling.stop:
            # A server that takes the reasoning out takes the tag with it: what ended inside the thought ended there.
            tail = CLOSE
        usage = self.usage or {}
        counted = usage.get("completion_tokens")
        exact = isinstance(counted, int) and counted >= 0
        if not exact and self.token_ids:
            counted, exact = len(self.token_ids), True
        details = usage.get("completion_tokens_details")
        reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else None
        asked = usage.get("prompt_tokens")
        return Completion(
            text=text[:cut],
            tail=tail,
            finish="stop" if cuts else finish,
            prompt_text=prompt_text,
            tokens=counted if exact else round(len(text) / _CHARACTERS_A_TOKEN),
            exact=exact,
            prompt_tokens=asked if isinstance(asked, int) else None,
            token_ids=self.token_ids or None,
            scores=self._scores(),
            reasoning_tokens=reasoning if isinstance(reasoning, int) and reasoning > 0 else None,
            sent=self.model,
        )


def _number(said: Any) -> float:
    return float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else math.nan


def _lengths(spelt: list[bytes], text: bytes) -> list[int] | None:
    """Bytes that each token adds to `text`; those behind its end (an end token that is not shown) add none. None where the
    tokens do not spell it."""
    lengths, at = [], 0
    for one in spelt:
        if at == len(text):
            lengths.append(0)
        elif len(one) > 65535 or not text.startswith(one, at):
            return None
        else:
            lengths.append(len(one))
            at += len(one)
    return lengths if at == len(text) else None
