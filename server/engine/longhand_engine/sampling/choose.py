"""The choice of the next token for all rows of a batch at once, each row by its own parameters and its own uniform number."""

from dataclasses import dataclass

import numpy as np
import torch

from .requests import Request


def uniform_stream(seed: int, index: int, count: int) -> np.ndarray:
    """`count` float64 numbers in [0, 1): the same for the same (seed, index), independent between them (Philox)."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, index], np.uint64))).random(count)


@dataclass
class Parameters:
    """One entry a row: float32 tensors [rows], `top_k` int64."""

    temperature: torch.Tensor
    top_p: torch.Tensor
    top_k: torch.Tensor
    min_p: torch.Tensor

    @classmethod
    def of(cls, requests: list[Request], device: torch.device | str = "cpu") -> "Parameters":
        def tensor(name: str, dtype: torch.dtype) -> torch.Tensor:
            return torch.tensor([getattr(r, name) for r in requests], dtype=dtype, device=device)

        return cls(
            tensor("temperature", torch.float32),
            tensor("top_p", torch.float32),
            tensor("top_k", torch.int64),
            tensor("min_p", torch.float32),
        )

    def __post_init__(self) -> None:
        self.greedy = self.temperature == 0
        self.any_greedy = bool(self.greedy.any())
        self.any_heat = bool((self.temperature != 1).any())
        self.divisor = self.temperature.masked_fill(self.greedy, 1.0).unsqueeze(1)
        self.filtered = bool(((self.top_p < 1) | (self.top_k > 0) | (self.min_p > 0)).any())


def choose(logits: torch.Tensor, parameters: Parameters, uniforms: torch.Tensor) -> torch.Tensor:
    """The next token of each row: int64 [rows].

    `logits` float32 [rows, vocabulary], `uniforms` float64 [rows], on the same device. Inverse of the cumulative distribution in the order of
    token ids, so that a row needs one number and no other row; a row with temperature 0 takes its greatest logit.
    """
    scaled = logits / parameters.divisor if parameters.any_heat else logits
    if parameters.filtered:
        scaled = _filter(scaled, parameters)
    cumulative = torch.softmax(scaled, dim=1).to(torch.float64).cumsum(1)
    total = cumulative[:, -1:]
    # Below the total by at least one unit in the last place: then there is always a token above the target, and it is not
    # one of probability 0.
    target = torch.minimum(uniforms.unsqueeze(1) * total, total * (1 - 2**-52))
    chosen = torch.searchsorted(cumulative, target, right=True).squeeze(1)
    return torch.where(parameters.greedy, logits.argmax(1), chosen) if parameters.any_greedy else chosen


def _filter(scaled: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """Sets what top-k, top-p and min-p leave out to -inf, in that order, as Transformers does."""
    ordered, ids = scaled.sort(dim=1, descending=True)
    ranks = torch.arange(scaled.shape[1], device=scaled.device).unsqueeze(0)
    ordered = ordered.masked_fill(
        (parameters.top_k > 0).unsqueeze(1) & (ranks >= parameters.top_k.unsqueeze(1)), -torch.inf
    )
    probabilities = torch.softmax(ordered, dim=1)
    before = probabilities.cumsum(1) - probabilities
    # A token stays where those before it do not yet reach top_p; the first one always stays.
    nucleus = (parameters.top_p < 1).unsqueeze(1) & (before >= parameters.top_p.unsqueeze(1))
    ordered = ordered.masked_fill(nucleus & (ranks > 0), -torch.inf)
    probabilities = torch.softmax(ordered, dim=1)
    ordered = ordered.masked_fill(probabilities < parameters.min_p.unsqueeze(1) * probabilities[:, :1], -torch.inf)
    return torch.empty_like(scaled).scatter_(1, ids, ordered)
