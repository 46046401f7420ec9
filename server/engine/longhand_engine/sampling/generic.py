"""A rolling batch over any causal language model of Transformers, by its own forward pass and its own cache."""

import torch
from torch.nn.functional import pad
from transformers import DynamicCache, PreTrainedModel


class GenericDecoder:
    """Rows of a rolling batch that share the columns of one dynamic cache, padded on the left. As `Qwen2Decoder` otherwise."""

    def __init__(self, model: PreTrainedModel, capacity: int):
        self.capacity, self.rows = capacity, 0
        self.context = getattr(model.config, "max_position_embeddings", None) or 2**31
        self._cache, self._mask = None, torch.empty(0)
        self.reload(model)

    def reload(self, model: PreTrainedModel) -> None:
        """Takes another model of the same shape; rows that are under way go on with it."""
        self._model, self.device = model, next(model.parameters()).device

    def join(self, prompts: list[list[int]], copies: list[int]) -> torch.Tensor:
        """Adds `copies[i]` rows for `prompts[i]` behind the present rows; logits float32 [sum(copies), vocabulary]."""
        longest = max(len(p) for p in prompts)
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts], device=self.device)
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        cache = DynamicCache()
        logits = self._forward(ids, mask, (mask.cumsum(1) - 1).clamp(min=0), cache)
        source = torch.repeat_interleave(torch.arange(len(prompts)), torch.tensor(copies)).to(self.device)
        mask = mask[source]
        for layer in cache.layers:
            layer.keys, layer.values = layer.keys[source], layer.values[source]
        if self.rows:
            width = max(mask.shape[1], self._mask.shape[1])
            for old, new in zip(self._cache.layers, cache.layers, strict=True):
                old.keys, old.values = (
                    torch.cat([pad(t, (0, 0, width - t.shape[2], 0)) for t in pair])
                    for pair in ((old.keys, new.keys), (old.values, new.values))
                )
            self._mask = torch.cat([pad(m, (width - m.shape[1], 0)) for m in (self._mask, mask)])
        else:
            self._cache, self._mask = cache, mask
        self.rows += len(source)
        return logits[source]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Feeds one token to each row (int64 [rows]) and returns the logits of the next, float32 [rows, vocabulary]."""
        self._mask = pad(self._mask, (0, 1), value=1)
        positions = self._mask.sum(1, keepdim=True) - 1
        return self._forward(tokens.to(self.device).unsqueeze(1), self._mask, positions, self._cache)

    def keep(self, order: list[int]) -> None:
        """Row i becomes what row `order[i]` was; rows that are not named are gone."""
        self.rows = len(order)
        if not order:
            self._cache = None
            return
        rows = torch.tensor(order, device=self.device)
        self._mask = self._mask[rows]
        # Columns that are padding in every row that is left.
        first = int(self._mask.argmax(1).min())
        self._mask = self._mask[:, first:]
        for layer in self._cache.layers:
            layer.keys, layer.values = layer.keys[rows][:, :, first:], layer.values[rows][:, :, first:]

    def _forward(self, ids, mask, positions, cache) -> torch.Tensor:
        output = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1].float().to(self.device)
