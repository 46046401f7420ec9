"""Token ids to text as they come: no character is shown before all of its bytes are there."""

import codecs
import json
import re
from typing import Protocol

from transformers import PreTrainedTokenizerFast


class GrowingText(Protocol):
    """The text of one completion: give it token ids, take what became readable."""

    def add(self, ids: list[int], last: bool = False) -> str:
        """The text that `ids` add; with `last`, what is still incomplete becomes U+FFFD."""
        ...


class Texts:
    """What the token ids of a completion say, special tokens and all, by the model's own tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self._tokenizer = tokenizer
        self._table = _token_bytes(tokenizer)
        # A checker needs the think tags to tell answer from reasoning, also where a tokenizer calls them special.
        special = {token for token in tokenizer.all_special_tokens if token not in ("<think>", "</think>")}
        longest_first = sorted(map(re.escape, special), key=len, reverse=True)
        self._special = re.compile("|".join(longest_first)) if special else None

    def growing(self) -> GrowingText:
        return _Bytes(self._table) if self._table else _Decoded(self._tokenizer)

    def text(self, ids: list[int]) -> str:
        return self.growing().add(ids, True)

    def token_bytes(self, token: int) -> bytes:
        """The bytes that one token stands for, which need not be whole characters."""
        if self._table is None:
            return self._tokenizer.decode([token], skip_special_tokens=False).encode()
        return self._table[token] if token < len(self._table) else b""

    def blanked(self, ids: list[int]) -> str:
        """The text as checkers get it: blanks in the place of special tokens, so that every position holds."""
        text = self.text(ids)
        return self._special.sub(lambda found: " " * len(found.group()), text) if self._special else text


class _Bytes:
    """By a table of each token's bytes, which a byte-level vocabulary has: some 50 times faster than decoding."""

    def __init__(self, table: list[bytes]):
        self._table = table
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, ids: list[int], last: bool = False) -> str:
        # A model's head may be wider than its vocabulary: such an id has no text.
        table, count = self._table, len(self._table)
        return self._decoder.decode(b"".join([table[i] for i in ids if i < count]), last)


class _Decoded:
    """By decoding again a few tokens back, for vocabularies whose tokens look different at the start of a text."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = self._read = 0

    def add(self, ids: list[int], last: bool = False) -> str:
        self._ids += ids
        known, text = self._decode(self._ids[self._start : self._read]), self._decode(self._ids[self._start :])
        if text.endswith("\ufffd") and not last:
            return ""
        self._start, self._read = self._read, len(self._ids)
        return text[len(known) :]

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) if ids else ""


def _token_bytes(tokenizer: PreTrainedTokenizerFast) -> list[bytes] | None:
    """The bytes of every token, None where the tokenizer is not byte-level."""
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    if (described.get("decoder") or {}).get("type") != "ByteLevel":
        return None
    alphabet = _byte_alphabet()
    added = {entry["id"]: entry["content"].encode() for entry in described["added_tokens"]}
    words = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    return [added[i] if i in added else bytes(alphabet[c] for c in word or "") for i, word in enumerate(words)]


def _byte_alphabet() -> dict[str, int]:
    """The character that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in printable}
    others = (b for b in range(256) if b not in set(printable))
    return table | {chr(256 + i): b for i, b in enumerate(others)}
