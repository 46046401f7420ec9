"""Loss by segment: which tokens of a row carry it, by the places of the segments in the text.

A completion may be cut into segments (`{name, text, train}`), of which some are only conditioned on: the dual-phase recipe
trains the transition, the second answer and the summary, and masks the prompt and the first answer. Tokens do not end where
segments do, so the mask follows the tokenizer's offsets: a token carries loss only where every character of it lies in
segments that are trained.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..errors import ConfigError, DataError

IGNORED = -100
PROMPT = -1
"""Part number of tokens that belong to no segment."""
Row = dict[str, Any]


@dataclass(frozen=True)
class TokenizedRow:
    """`labels` are the ids of the tokens that carry loss and IGNORED for the others; `parts` the index of each token's segment
    in the row, PROMPT before the first. All three have one entry a token."""

    input_ids: list[int]
    labels: list[int]
    parts: list[int]


def segments_of(row: Row) -> list[Row]:
    """The row's segments; a row without any is one trained segment named `completion`."""
    return row.get("segments") or [{"name": "completion", "text": content_of(row), "train": True}]


def content_of(row: Row) -> str:
    completion = row["completion"]
    return completion if isinstance(completion, str) else completion[0]["content"]


def tokenize_row(tokenizer: Any, row: Row) -> TokenizedRow:
    """`prompt` and `completion` of `row` as TRL tokenizes them, with the mask of its segments.

    What stands behind the completion (the end mark and what the chat template adds) belongs to the last segment. Raises
    DataError where the chat template changes the completion's text, so that no place in it can be found.
    """
    content = content_of(row)
    text, start, special = _rendered(tokenizer, row, content)
    if not tokenizer.is_fast:
        raise ConfigError("loss: segments needs a tokenizer that says where its tokens lie (a fast one)")
    encoded = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
    segments = segments_of(row)
    ends = [start + end for end in accumulate(len(s["text"]) for s in segments)]
    ends[-1] = max(ends[-1], len(text))
    parts, trained = [], []
    behind = 0
    for first, end in encoded["offset_mapping"]:
        # Some tokenizers leave white space out of the offsets: it belongs to the token that follows it.
        first = min(first, behind) if end > behind else first
        behind = max(behind, end)
        part, carries = _place(first, end, start, ends, segments)
        parts.append(part)
        trained.append(carries)
    ids = encoded["input_ids"]
    return TokenizedRow(ids, [i if carries else IGNORED for i, carries in zip(ids, trained, strict=True)], parts)


def _rendered(tokenizer: Any, row: Row, content: str) -> tuple[str, int, bool]:
    """The whole text, where the completion begins in it, and whether the tokenizer adds special tokens of its own."""
    prompt = row["prompt"]
    if isinstance(prompt, str):
        text = prompt + content
        end = tokenizer.eos_token or ""
        return text if text.endswith(end) else text + end, len(prompt), True
    kwargs = {"tokenize": False} | (row.get("chat_template_kwargs") or {})
    head = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, **kwargs)
    text = tokenizer.apply_chat_template(prompt + row["completion"], **kwargs)
    common = next((i for i, (a, b) in enumerate(zip(head, text, strict=False)) if a != b), min(len(head), len(text)))
    start = text.find(content, common)
    if start < 0:
        raise DataError(
            "the chat template changes the completion's text, so its segments cannot be found in it; "
            "use a template that leaves it as it is (chat_template_path)"
        )
    return text, start, False


def _place(first: int, end: int, start: int, ends: list[int], segments: list[Row]) -> tuple[int, bool]:
    """The segment of the characters first…end, and whether they carry loss; of several the first that is not trained."""
    if first < start:
        return PROMPT, False
    last_segment = len(segments) - 1
    one = min(bisect_right(ends, first), last_segment)
    last = min(bisect_right(ends, max(first, end - 1)), last_segment)
    for part in range(one, last + 1):
        # An empty segment between two has no characters of the token.
        empty = not segments[part]["text"] and part < last_segment
        if not segments[part]["train"] and not empty:
            return part, False
    return one, True


def truncated(row: TokenizedRow, longest: int | None, mode: str) -> TokenizedRow:
    """The row cut as TRL's `truncation_mode` says."""
    if longest is None or len(row.input_ids) <= longest:
        return row
    cut = slice(-longest, None) if mode == "keep_end" else slice(None, longest)
    return TokenizedRow(row.input_ids[cut], row.labels[cut], row.parts[cut])
