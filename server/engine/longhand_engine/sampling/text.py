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
    """Token ids of a completion as text, with special tokens and without."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self.table = TokenBytes(tokenizer)
        # A checker needs the think tags to tell answer from reasoning, also where a tokenizer calls them special.
        kept = {tokenizer.convert_tokens_to_ids(token) for token in ("<think>", "</think>")}
        self._special = set(tokenizer.all_special_ids) - kept

    def text(self, ids: list[int]) -> str:
        """The whole text, special tokens and all."""
        return GrowingText(self.table).add(ids, True)

    def blanked(self, ids: list[int]) -> str:
        """The text as checkers get it: blanks in the place of special tokens, so that every position holds."""
        pieces = ((self.text(list(run)), special) for special, run in groupby(ids, key=self._special.__contains__))
        return "".join(" " * len(text) if special else text for text, special in pieces)


def _byte_alphabet() -> dict[str, int]:
    """The character that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in printable}
    others = (b for b in range(256) if b not in set(printable))
    return table | {chr(256 + i): b for i, b in enumerate(others)}
