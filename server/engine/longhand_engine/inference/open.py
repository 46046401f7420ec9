"""Which sampler a stage uses: what its spec.json says under `inference`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..quiet import quick_imports
from ..sections import TokenSections
from ..worker import Stage
from .sampler import Sampler

BATCH = 32
"""Default of completions under way at once."""
TOP = 5
"""Default of likeliest tokens that a server is asked for, to bound the entropy by."""


def wanted_scores(config: dict[str, Any]) -> int | None:
    """How many likeliest tokens a server is to tell of, by a stage's `record`; None: no log-probabilities."""
    record = config.get("record") or {}
    if not record.get("logprobs"):
        return None
    top = record.get("top_logprobs")
    return TOP if top is None else int(top)


def open_sampler(stage: Stage, model: str) -> Sampler:
    """The sampler of `model` for this attempt: the embedded engine where `inference` is null, otherwise the server it names.

    Takes seconds (imports, loading, a server that starts): call it in `stage.nothing_to_save()`. Raises ConfigError for a
    server that cannot be asked or serves another model, ServerError for one that does not answer.
    """
    inference: dict[str, Any] | None = stage.spec.get("inference")
    scores = wanted_scores(stage.config)
    concurrency = int((stage.config.get("inference") or {}).get("concurrency") or stage.config.get("batch") or BATCH)
    with quick_imports():
        if inference is None:
            from .embedded import EmbeddedSampler  # torch: 5 to 20 s

            return EmbeddedSampler(model, batch=concurrency, scores=scores is not None)
        from .client import ServerSampler

        tokenizer = _tokenizer(model) if Path(model).is_dir() else None
        return ServerSampler(
            inference,
            concurrency=concurrency,
            notes=stage.dir / "inference.json",
            scores=scores,
            prompt_text=tokenizer and _template(tokenizer),
            sections=tokenizer and TokenSections(tokenizer),
        )


def _tokenizer(model: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model)


def _template(tokenizer: Any) -> Callable[[tuple[tuple[str, str], ...]], str] | None:
    """Messages as the chat template of the model's folder writes them, for readers of the traces; None without one."""
    if not tokenizer.chat_template:
        return None

    def render(messages: tuple[tuple[str, str], ...]) -> str:
        continued = messages[-1][0] == "assistant"
        return tokenizer.apply_chat_template(
            [{"role": role, "content": content} for role, content in messages],
            tokenize=False,
            add_generation_prompt=not continued,
            continue_final_message=continued,
        )

    return render
