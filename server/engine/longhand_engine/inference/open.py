"""Which sampler a stage uses: what its spec.json says under `inference`."""

from typing import Any

from ..errors import ConfigError
from ..quiet import quick_imports
from ..worker import Stage
from .sampler import Sampler

BATCH = 32
"""Default of completions under way at once in the embedded engine."""


def open_sampler(stage: Stage, model: str) -> Sampler:
    """The sampler of `model` for this attempt: the embedded engine where `inference` is null, otherwise the server it names.

    Takes seconds (imports, loading): call it in `stage.nothing_to_save()`. Raises ConfigError for a server that cannot be
    asked or serves another model.
    """
    inference: dict[str, Any] | None = stage.spec.get("inference")
    asked = stage.config.get("inference") or {}
    concurrency = asked.get("concurrency") or stage.config.get("batch")
    if inference is None:
        with quick_imports():
            from .embedded import EmbeddedSampler  # torch: 5 to 20 s

            return EmbeddedSampler(model, batch=int(concurrency or BATCH))
    raise ConfigError(f"no client for {inference.get('url')} yet")
