"""What a chat template leaves out of the text that it is given: some drop an assistant's thought before they show its turn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOOKED_AT = 200
"""Rows that are looked at, spread evenly over the data."""
_BLANK = re.compile(r"\s+")
_THOUGHT = "<think>\nThe sum of both is seven.\n</think>\n\nIt is 7."
Row = dict[str, Any]


@dataclass(frozen=True)
class Dropped:
    """Rows in which text is missing: number, characters missing and in all, and how the missing text begins."""

    looked_at: int
    rows: list[tuple[int, int, int, str]]

    def __str__(self) -> str:
        number, missing, whole, begins = self.rows[0]
        return (
            f"The chat template leaves out text of the completion in {len(self.rows)} of {self.looked_at} rows looked at, "
            f"and what is left out is not trained: of row {number} {missing} of {whole} characters, “{begins}”. "
            "`assistant_only_loss: true` takes TRL's training form of the templates that it knows, `chat_template_path` another one."
        )


def missing_text(content: str, rendered: str) -> str:
    """What of `content` does not stand in `rendered`, blanks aside; empty where all of it does.

    A template that takes a part away takes it from the beginning or the end: what is left is the longest of both that is there.
    """
    text, shown = _BLANK.sub("", content), _BLANK.sub("", rendered)
    if text in shown:
        return ""
    end = _longest(len(text), lambda n: text[len(text) - n :] in shown)
    begin = _longest(len(text) - end, lambda n: text[:n] in shown)
    return text[: len(text) - end] if end >= begin else text[begin:]


def _longest(most: int, fits: Any) -> int:
    """The largest n up to `most` that fits, where every smaller one does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def dropped_text(tokenizer: Any, rows: Sequence[Row], template: str | None = None) -> Dropped:
    """Rows of messages whose last assistant's turn does not stand whole in what the template makes of them; rows of texts need none.

    `template`: the one that is used in place of the tokenizer's own.
    """
    count = min(LOOKED_AT, len(rows))
    numbers = sorted({round(i * (len(rows) - 1) / max(1, count - 1)) for i in range(count)})
    found = []
    for number in numbers:
        messages = messages_of(rows[number])
        last = messages[-1] if messages else {}
        content = last.get("content")
        if last.get("role") != "assistant" or not isinstance(content, str):
            continue
        options = {"chat_template": template} | (rows[number].get("chat_template_kwargs") or {})
        rendered = tokenizer.apply_chat_template(messages, tokenize=False, **options)
        missing = missing_text(content, rendered)
        if missing:
            found.append((number + 1, len(missing), len(_BLANK.sub("", content)), content.strip()[:60]))
    return Dropped(len(numbers), found)


def messages_of(row: Row) -> list[Row]:
    """The conversation of a row to train on; empty where it is texts."""
    if isinstance(row.get("messages"), list):
        return row["messages"]
    prompt, completion = row.get("prompt"), row.get("completion")
    return prompt + completion if isinstance(prompt, list) and isinstance(completion, list) else []


def drops_thoughts(tokenizer: Any, template: str | None = None) -> bool:
    """Whether a thought in `<think>` tags is left out of an assistant's last turn."""
    messages = [{"role": "user", "content": "3 + 4?"}, {"role": "assistant", "content": _THOUGHT}]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, chat_template=template)
    return bool(missing_text(_THOUGHT, rendered))


def planned_template(model: Any, config: dict[str, Any]) -> tuple[list[str], list[str]]:
    """For a plan: what is known of the template that an SFT stage will use, and what could not be looked at here."""
    if config.get("assistant_only_loss"):
        return [], []  # TRL takes its training form, or refuses.
    from transformers import AutoTokenizer

    path = config.get("chat_template_path")
    file = Path(path) if isinstance(path, str) and path.endswith((".jinja", ".j2")) else None
    name = str(Path(__file__).parents[1] / "tiny" / "base") if isinstance(model, dict) else str(model)
    if name.startswith("${"):
        return [], []  # Of the stage that it comes from it is said there.
    try:
        tokenizer = AutoTokenizer.from_pretrained(name if file or not path else str(path), local_files_only=True)
        template = file.read_text() if file else None
    except (OSError, ValueError):
        said = f"whether the chat template of {path or name} keeps the whole text of a completion: it is not on this machine"
        return [], [said]
    if not (template or tokenizer.chat_template) or not drops_thoughts(tokenizer, template):
        return [], []
    return [
        "the chat template leaves out what stands before </think> in a completion: it would not be trained "
        "(assistant_only_loss or chat_template_path)"
    ], []
