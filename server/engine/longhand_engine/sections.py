"""Where the thought of a completion ends, in token ids (in texts: core/traces/sections.ts)."""

from typing import Any

OPEN, CLOSE = "<think>", "</think>"


class TokenSections:
    """Counts the tokens of reasoning and answer, by any tokenizer."""

    def __init__(self, tokenizer: Any):
        self._decode = tokenizer.decode
        ids = tokenizer.encode(CLOSE, add_special_tokens=False)
        self._close = ids[0] if len(ids) == 1 else None

    def count(self, ids: list[int], text: str, prompt: str = "") -> tuple[int, int]:
        """`(reasoning, answer)`; they add up to all tokens.

        Reasoning goes up to the last `</think>` and has it; without one, all is reasoning where a `<think>` was opened
        (in `text`, or at the end of `prompt`), otherwise all is answer.
        """
        if CLOSE not in text:
            opened = OPEN in text or prompt.rstrip().endswith(OPEN)
            return (len(ids), 0) if opened else (0, len(ids))
        if self._close in ids:
            reasoning = len(ids) - ids[::-1].index(self._close)
        else:
            reasoning = self._search(ids, text.rfind(CLOSE) + len(CLOSE))
        return reasoning, len(ids) - reasoning

    def _search(self, ids: list[int], characters: int) -> int:
        """The fewest tokens whose text has that many characters: for tokenizers that write `</think>` with several."""
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            if len(self._decode(ids[:middle], skip_special_tokens=False)) >= characters:
                high = middle
            else:
                low = middle + 1
        return low
