"""The choices of an answer, whole or piece by piece, in the shapes of the two ways of asking."""

from dataclasses import dataclass, field
from typing import Any

from ..sampling.requests import Sequence, TokenLogprob
from ..sampling.text import Texts
from .driver import Served
from .parameters import ChatBody, Sampled
from .shown import Shown


@dataclass
class Piece:
    """What a completion has grown since the last piece. `finish` stands on the last one alone."""

    text: str
    ids: list[int]
    logprobs: list[TokenLogprob]
    entropies: list[float]
    finish: str | None = None
    stop_reason: str | None = None


class Choice:
    """One completion and how much of it has been given out."""

    def __init__(self, index: int, sequence: Sequence, served: Served, body: Sampled):
        self.index, self.sequence, self._served = index, sequence, served
        special = served.checkpoint.special
        self._keep_end = bool(body.include_stop_str_in_output)
        self._shown = Shown(
            served.checkpoint.texts.growing(),
            hidden=special if body.skip_special_tokens is not False else frozenset(),
            stops=body.stops,
            keep_stop=self._keep_end,
        )
        self._given = 0
        self.offset = 0
        """Characters of the tokens of earlier pieces, for `text_offset`."""
        self.begun = self.over = False

    def grown(self) -> Piece | None:
        """What is new; None when nothing can be said yet. The engine's thread may be appending meanwhile."""
        sequence = self.sequence
        finish = sequence.finish  # before the tokens: when it is set, they are all there
        count = len(sequence.tokens)
        if self.over or (count == self._given and not finish):
            return None
        ids = sequence.tokens[self._given : count]
        logprobs = sequence.logprobs[self._given : count]
        entropies = sequence.entropies[self._given : count].tolist()
        self._given = count
        by_token = finish == "stop" and bool(sequence.tokens) and self._served.engine.is_end(sequence.tokens[-1])
        readable = ids[:-1] if by_token and not self._keep_end else ids
        text = self._shown.take(readable, last=bool(finish), stopped=finish == "stop" and not by_token)
        self.over = bool(finish)
        return Piece(text, ids, logprobs, entropies, finish, self._shown.stopped_by)


@dataclass
class Shape:
    """How pieces are written: as OpenAI's chat or completion, whole or in chunks."""

    body: Sampled
    served: Served
    prompts: list[list[int]]
    head: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chat = isinstance(self.body, ChatBody)
        self.texts = self.served.checkpoint.texts
        self.ids = bool(self.body.return_token_ids)

    def whole(self, choices: list[Choice], pieces: list[Piece]) -> dict[str, Any]:
        """The answer to a request that is not streamed."""
        kind = "chat.completion" if self.chat else "text_completion"
        said = []
        for choice, piece in zip(choices, pieces, strict=True):
            content = {"message": {"role": "assistant", "content": piece.text}} if self.chat else {"text": piece.text}
            said.append(self._choice(choice, piece, content))
        found = self.head | {"object": kind, "choices": said, "usage": self.usage(choices)}
        return found | {"prompt_token_ids": self.prompts[0]} if self.ids and self.chat else found

    def chunk(self, choice: Choice, piece: Piece) -> dict[str, Any]:
        """One event of a stream."""
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        first = not choice.begun
        if self.chat:
            content = {"delta": ({"role": "assistant"} if first else {}) | {"content": piece.text}}
        else:
            content = {"text": piece.text}
        said = self._choice(choice, piece, content)
        choice.begun = True
        found = self.head | {"object": kind, "choices": [said]}
        return found | {"prompt_token_ids": self.prompts[0]} if self.ids and self.chat and first else found

    def usage(self, choices: list[Choice]) -> dict[str, int]:
        """Tokens of every prompt once, and of every completion, end tokens among them."""
        prompt = sum(map(len, self.prompts))
        completion = sum(len(choice.sequence.tokens) for choice in choices)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def _choice(self, choice: Choice, piece: Piece, content: dict[str, Any]) -> dict[str, Any]:
        said = {"index": choice.index} | content
        said |= {"logprobs": self._logprobs(choice, piece), "finish_reason": piece.finish}
        if piece.finish:
            said["stop_reason"] = piece.stop_reason
        if self.ids:
            if not self.chat and not choice.begun:
                said["prompt_token_ids"] = choice.sequence.request.prompt
            said["token_ids"] = piece.ids
        return said

    def _logprobs(self, choice: Choice, piece: Piece) -> dict[str, Any] | None:
        wanted = self.body.wanted_logprobs
        if wanted is None:
            return None
        both = zip(piece.ids, piece.logprobs, strict=True)
        if self.chat:
            each = zip(piece.ids, piece.logprobs, piece.entropies, strict=True)
            return {
                "content": [
                    _token(self.texts, i, found.logprob)
                    | {"entropy": entropy}
                    | {"top_logprobs": [_token(self.texts, k, value) for k, value in found.top]}
                    for i, found, entropy in each
                ]
            }
        names = [_name(self.texts, i) for i in piece.ids]
        tops, offsets = [], []
        for name, (_, found) in zip(names, both, strict=True):
            # Tokens that are parts of a character may share a name: the likeliest keeps it, the chosen one above all.
            top = {_name(self.texts, k): value for k, value in reversed(found.top)} | {name: found.logprob}
            tops.append(top if wanted else None)
            offsets.append(choice.offset)
            choice.offset += len(name)
        return {
            "tokens": names,
            "token_logprobs": [found.logprob for found in piece.logprobs],
            "top_logprobs": tops if wanted else None,
            "text_offset": offsets,
        }


def _name(texts: Texts, token: int) -> str:
    return texts.token_bytes(token).decode("utf-8", "replace")


def _token(texts: Texts, token: int, logprob: float) -> dict[str, Any]:
    said = texts.token_bytes(token)
    return {"token": said.decode("utf-8", "replace"), "logprob": logprob, "bytes": list(said)}
