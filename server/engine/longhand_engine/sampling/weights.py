"""The weights of a checkpoint, on the device on which the embedded engine samples from them fastest."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

SMALL = 5_000_000
"""Parameters. A model with fewer samples on the CPU: on a GPU each of its many small steps waits for the one before."""


def load_weights(model: Path | str, **options: Any) -> PreTrainedModel:
    """A folder or hub name: on the GPU in its own precision where there is one, otherwise on the CPU in float32. `options` are those
    of `from_pretrained`, and what that raises is raised."""
    gpu = torch.cuda.is_available()
    weights = AutoModelForCausalLM.from_pretrained(model, dtype="auto" if gpu else torch.float32, **options)
    if weights.num_parameters() < SMALL:
        return weights.float()
    return weights.to("cuda") if gpu else weights
