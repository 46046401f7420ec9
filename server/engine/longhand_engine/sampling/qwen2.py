"""One decoding step of a Qwen2 model written out, over a key-value cache that is allocated once.

`model.generate` spends most of a small model's step on module calls and on copying the cache to append one column. Here
the rows of the batch are a prefix of one tensor, each written at its own position, so that rows can join and leave.
"""

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel, Qwen2ForCausalLM

# The cache grows by this many columns.
COLUMNS = 64


def is_supported(model: PreTrainedModel) -> bool:
    """True for what this file computes exactly: Qwen2 in float32 on the CPU, full attention, plain rotary positions."""
    if type(model) is not Qwen2ForCausalLM:
        return False
    config = model.config
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        config.hidden_act == "silu"
        and all(kind == "full_attention" for kind in config.layer_types)
        and rope.get("rope_type", "default") == "default"
        and all(p.dtype == torch.float32 and p.device.type == "cpu" for p in model.parameters())
    )


class _Layer:
    """Weights of one layer, those that meet the same input joined: fewer and larger products."""

    def __init__(self, layer: torch.nn.Module):
        attention, mlp = layer.self_attn, layer.mlp
        qkv = (attention.q_proj, attention.k_proj, attention.v_proj)
        self.input_norm, self.output_norm = layer.input_layernorm.weight, layer.post_attention_layernorm.weight
        self.qkv = torch.cat([p.weight for p in qkv])
        self.qkv_bias = torch.cat([p.bias for p in qkv])
        self.out = attention.o_proj.weight
        self.gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        self.down = mlp.down_proj.weight


class Qwen2Decoder:
    """The rows of a rolling batch and their cache. All methods run under `torch.inference_mode`."""

    def __init__(self, model: Qwen2ForCausalLM, capacity: int):
        """`capacity`: the most rows at a time. Weights are read once; see `reload`."""
        config = model.config
        self.capacity, self.device = capacity, torch.device("cpu")
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        self.width = getattr(config, "head_dim", None) or config.hidden_size // self.heads
        self.epsilon = config.rms_norm_eps
        self.context = config.max_position_embeddings
        positions = torch.arange(self.context).unsqueeze(0)
        cos, sin = model.model.rotary_emb(torch.zeros(1, dtype=torch.float32), positions)
        self.cos, self.sin = cos[0].unsqueeze(1), sin[0].unsqueeze(1)  # [context, 1, width]
        self.lengths = torch.zeros(capacity, dtype=torch.int64)
        self.rows = 0
        self.reload(model)
        self.caches = [torch.empty(0) for _ in self.layers]
        self.bias = torch.empty(0)
        self._columns = 0

    def reload(self, model: Qwen2ForCausalLM) -> None:
        """Takes the model's present weights, of the same shape; rows that are under way go on with them."""
        with torch.no_grad():
            self.layers = [_Layer(layer) for layer in model.model.layers]
            self.embeddings, self.norm = model.model.embed_tokens.weight, model.model.norm.weight
            self.head = model.lm_head.weight

    def _reserve(self, columns: int) -> None:
        if columns <= self._columns:
            return
        columns = min(self.context, -(-max(columns, self._columns + self._columns // 2) // COLUMNS) * COLUMNS)
        # Keys, then values: apart, so that the batched products read them as they lie. -inf hides what is not written.
        shape = (2, self.capacity, self.groups, columns, self.width)
        bias = torch.full((self.capacity, self.groups, 1, columns), -torch.inf)
        for i, old in enumerate(self.caches):
            self.caches[i] = torch.zeros(shape)
            if self._columns:
                self.caches[i][:, : self.rows, :, : self._columns] = old[:, : self.rows]
        if self._columns:
            bias[: self.rows, ..., : self._columns] = self.bias[: self.rows]
        self.bias, self._columns = bias, columns

    def join(self, prompts: list[list[int]], copies: list[int]) -> torch.Tensor:
        """Adds `copies[i]` rows for `prompts[i]`, computed once, behind the present rows; logits float32 [sum, vocabulary]."""
        lengths = torch.tensor([len(p) for p in prompts])
        longest = int(lengths.max())
        self._reserve(longest + COLUMNS)
        ids = torch.tensor([p + [0] * (longest - len(p)) for p in prompts])
        source = torch.repeat_interleave(torch.arange(len(prompts)), torch.tensor(copies))
        new = slice(self.rows, self.rows + len(source))
        hidden, shape = F.embedding(ids, self.embeddings), (len(prompts), longest)
        cos, sin = self.cos[:longest], self.sin[:longest]
        for layer, cache in zip(self.layers, self.caches, strict=True):
            qkv = F.linear(self._normed(hidden, layer.input_norm), layer.qkv, layer.qkv_bias)
            q, k, v = (part.transpose(1, 2) for part in self._heads(qkv, cos, sin))
            cache[0, new, :, :longest], cache[1, new, :, :longest] = k[source], v[source]
            # Padding is on the right, so the causal mask alone hides it from all that counts.
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            hidden = self._rest(hidden, mixed.transpose(1, 2).reshape(*shape, -1), layer)
        self.lengths[new] = lengths[source]
        self.bias[new] = -torch.inf
        columns = torch.arange(longest)
        seen = (columns < lengths[source].unsqueeze(1)).unsqueeze(1).unsqueeze(1)
        self.bias[new, ..., :longest].masked_fill_(seen, 0.0)
        self.rows = new.stop
        return self._logits(hidden[torch.arange(len(prompts)), lengths - 1])[source]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Feeds one token to each row (int64 [rows]) and returns the logits of the next, float32 [rows, vocabulary]."""
        rows = self.rows
        at = self.lengths[:rows]
        columns = int(at.max()) + 1
        self._reserve(columns)
        row = torch.arange(rows)
        cos, sin = self.cos[at], self.sin[at]
        self.bias[row, :, 0, at] = 0.0
        bias = self.bias[:rows, ..., :columns].reshape(rows * self.groups, 1, columns)
        bias = bias.expand(-1, self.heads // self.groups, -1)
        hidden = F.embedding(tokens, self.embeddings)
        scale = self.width**-0.5
        for layer, cache in zip(self.layers, self.caches, strict=True):
            qkv = F.linear(self._normed(hidden, layer.input_norm), layer.qkv, layer.qkv_bias)
            q, k, v = self._heads(qkv, cos, sin)
            cache[0, row, :, at], cache[1, row, :, at] = k, v
            keys, values = cache[:, :rows, :, :columns].flatten(1, 2)
            queries = q.reshape(rows * self.groups, self.heads // self.groups, self.width)
            weights = torch.softmax(torch.baddbmm(bias, queries, keys.transpose(1, 2), alpha=scale), dim=-1)
            hidden = self._rest(hidden, torch.bmm(weights, values).reshape(rows, -1), layer)
        at += 1
        return self._logits(hidden)

    def keep(self, order: list[int]) -> None:
        """Row i becomes what row `order[i]` was; rows that are not named are gone. `order[i] >= i` must hold."""
        moved = [(new, old) for new, old in enumerate(order) if new != old]
        if moved:
            new, old = (torch.tensor(side) for side in zip(*moved, strict=True))
            for cache in self.caches:
                cache[:, new] = cache[:, old]
            self.bias[new], self.lengths[new] = self.bias[old], self.lengths[old]
        self.rows = len(order)

    def _normed(self, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(hidden, hidden.shape[-1:], weight, self.epsilon)

    def _heads(self, qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Splits [..., (heads + 2·groups)·width] into queries, keys (both rotated) and values: [..., heads, width] each."""
        qkv = qkv.unflatten(-1, (self.heads + 2 * self.groups, self.width))
        turned = qkv[..., : self.heads + self.groups, :]
        first, second = turned.chunk(2, dim=-1)
        turned = torch.addcmul(turned * cos, torch.cat([-second, first], dim=-1), sin)
        return turned[..., : self.heads, :], turned[..., self.heads :, :], qkv[..., self.heads + self.groups :, :]

    def _rest(self, hidden: torch.Tensor, mixed: torch.Tensor, layer: _Layer) -> torch.Tensor:
        hidden = hidden + F.linear(mixed, layer.out)
        gate, up = F.linear(self._normed(hidden, layer.output_norm), layer.gate_up).chunk(2, dim=-1)
        return hidden + F.linear(F.silu(gate) * up, layer.down)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return F.linear(self._normed(hidden, self.norm), self.head)
