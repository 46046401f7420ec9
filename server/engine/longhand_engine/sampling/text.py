"""Token ids to text as they come: no character is shown before all of its bytes are there."""

import codecs
import json
from itertools import groupby

from transformers import PreTrainedTokenizerFast


class TokenBytes:
    """The bytes of every token of a byte-level tokenizer, special tokens included; made once, then shared."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        """Raises ValueError where the tokenizer is not byte-level (its tokens then have no bytes of their own)."""
        described = json.loads(tokenizer.backend_tokenizer.to_str())
        decoder = described.get("decoder") or {}
        if decoder.get("type") != "ByteLevel":
            raise ValueError(f"the tokenizer decodes by {decoder.get('type')}, not byte by byte")
        alphabet = _byte_alphabet()
        added = {entry["id"]: entry["content"] for entry in described["added_tokens"]}
        self._bytes: list[bytes] = []
        for i in range(len(tokenizer)):
            token = added.get(i)
            if token is not None:
                self._bytes.append(token.encode())
            else:
                word = tokenizer.convert_ids_to_tokens(i) or ""
                self._bytes.append(bytes(alphabet[c] for c in word))

    def join(self, ids: list[int]) -> bytes:
        # A model's head may be wider than its vocabulary: such an id has no text.
        table, count = self._bytes, len(self._bytes)
        return b"".join([table[i] for i in ids if i < count])


class GrowingText:
    """The text of one completion: give it token ids, take what became readable.

    What is no UTF-8 becomes U+FFFD, by the rules of the incremental decoder of the standard library.
    """

    def __init__(self, table: TokenBytes):
        self._table = table
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, ids: list[int], last: bool = False) -> str:
        """The text that `ids` add; with `last`, what is still incomplete becomes U+FFFD."""
        return self._decoder.decode(self._table.join(ids), last)


class Tokens:
    """What a tokenizer says about a completion's token ids: its text with and without special tokens, its sections."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self.table = TokenBytes(tokenizer)
        self._special = set(tokenizer.all_special_ids)
        think = [tokenizer.convert_tokens_to_ids(t) for t in ("<think>", "</think>")]
        self._open, self._close = (None if i is None or i == tokenizer.unk_token_id else i for i in think)

    def text(self, ids: list[int]) -> str:
        """The whole text, special tokens and all."""
        return GrowingText(self.table).add(ids, True)

    def clean_text(self, ids: list[int]) -> str:
        """The text without special tokens, as checkers get it."""
        return "".join(text for text, special in self._pieces(ids) if not special)

    def places(self, ids: list[int], start: int, end: int) -> tuple[int, int]:
        """A span of `clean_text` as a span of `text`, both in code points."""
        clean = whole = 0
        first = last = None
        for text, special in self._pieces(ids):
            if not special:
                # A span begins behind a special token that stands before it, and ends before one that stands behind it.
                if first is None and start < clean + len(text):
                    first = whole + start - clean
                if last is None and end <= clean + len(text):
                    last = whole + end - clean
                clean += len(text)
            whole += len(text)
        return whole if first is None else first, whole if last is None else last

    def sections(self, ids: list[int]) -> dict[str, int]:
        """`reasoning_tokens`, up to and with the last `</think>`, and `answer_tokens`, the rest with the end token.

        All is reasoning where a `<think>` was never closed; all is answer where there is neither.
        """
        if self._close in ids:
            reasoning = len(ids) - ids[::-1].index(self._close)
        else:
            reasoning = len(ids) if self._open in ids else 0
        return {"reasoning_tokens": reasoning, "answer_tokens": len(ids) - reasoning}

    def _pieces(self, ids: list[int]) -> list[tuple[str, bool]]:
        """The text in stretches of ordinary and of special tokens; True for special."""
        runs = groupby(ids, key=self._special.__contains__)
        return [(self.text(list(run)), special) for special, run in runs]


def _byte_alphabet() -> dict[str, int]:
    """The character that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in printable}
    others = (b for b in range(256) if b not in set(printable))
    return table | {chr(256 + i): b for i, b in enumerate(others)}
