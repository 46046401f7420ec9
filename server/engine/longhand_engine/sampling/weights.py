"""The weights of a checkpoint, on the device on which the embedded engine samples from them fastest, and what makes a GPU slow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

SMALL = 5_000_000
"""Parameters. A model with fewer samples on the CPU: on a GPU each of its many small steps waits for the one before."""


def load_weights(model: Path | str, **options: Any) -> PreTrainedModel:
    """A folder or hub name: on the GPU in its own precision where there is one, otherwise on the CPU in float32. `options` are those
    of `from_pretrained`, and what that raises is raised. On the GPU cuDNN's attention is off from then on, see below."""
    gpu = torch.cuda.is_available()
    weights = AutoModelForCausalLM.from_pretrained(model, dtype="auto" if gpu else torch.float32, **options)
    if weights.num_parameters() < SMALL:
        return weights.float()
    if not gpu:
        return weights
    torch.backends.cuda.enable_cudnn_sdp(False)
    return weights.to("cuda")


@contextmanager
def without_cudnn_attention() -> Iterator[None]:
    """While a model generates: cuDNN plans its attention anew for every shape, and while tokens are added each step has another one
    (H100, torch 2.11, bf16: 70 to 80 ms for each length of the cache that had not been met, beside 23 ms for the step itself)."""
    before = torch.backends.cuda.cudnn_sdp_enabled()
    torch.backends.cuda.enable_cudnn_sdp(False)
    try:
        yield
    finally:
        torch.backends.cuda.enable_cudnn_sdp(before)
