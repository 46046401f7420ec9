"""Checkpoints that the tests of the server share."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

import longhand_engine
from longhand_engine.serve.checkpoint import Checkpoint, load
from longhand_engine.tiny.task import problem_text, sample_problems

from .live import folder_of, live

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
torch.set_num_threads(1)


@pytest.fixture(scope="package")
def base() -> Checkpoint:
    return load(BASE)


@pytest.fixture(scope="package")
def tireless() -> Checkpoint:
    """The base without an end token."""
    found = load(BASE)
    found.model.generation_config.eos_token_id = None
    return found


@pytest.fixture(scope="package")
def server(base):
    with live(base) as found:
        yield found


@pytest.fixture(scope="package")
def problems() -> list[str]:
    return [problem_text(p) for p in sample_problems("dev", 24, 0)]


@pytest.fixture(scope="package")
def other(base, tmp_path_factory) -> Checkpoint:
    """The base with other weights."""
    changed = load(BASE).model
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in changed.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return load(folder_of(base, changed, tmp_path_factory.mktemp("other")))


@pytest.fixture(scope="package")
def generated() -> Callable[[Checkpoint, list[int], int], list[int]]:
    def greedy(checkpoint: Checkpoint, prompt: list[int], count: int) -> list[int]:
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            out = checkpoint.model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count
            )
        return out[0, len(prompt) :].tolist()

    return greedy


@pytest.fixture(scope="package")
def saying(base, tmp_path_factory) -> Callable[[str], Checkpoint]:
    """Makes a model that says a given text after the token `0`, and ends: each token has one successor.

    All that its layers add is nothing, so the logits of a token depend on that token alone.
    """

    def make(text: str) -> Checkpoint:
        tokenizer = base.tokenizer
        chain = tokenizer("0" + text).input_ids + [tokenizer.eos_token_id]
        assert len(set(chain)) == len(chain), "a token occurs twice: it would need two successors"
        size = len(tokenizer)
        config = Qwen2Config(
            vocab_size=size,
            hidden_size=size,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            num_key_value_heads=1,
            head_dim=8,
            max_position_embeddings=256,
            tie_word_embeddings=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        model = Qwen2ForCausalLM(config)
        with torch.no_grad():
            for layer in model.model.layers:
                layer.self_attn.o_proj.weight.zero_()
                layer.mlp.down_proj.weight.zero_()
            model.model.embed_tokens.weight.copy_(torch.eye(size))
            model.lm_head.weight.zero_()
            for now, then in zip(chain, chain[1:], strict=False):
                model.lm_head.weight[then, now] = 1.0
        return load(folder_of(base, model, tmp_path_factory.mktemp("saying")))

    return make
