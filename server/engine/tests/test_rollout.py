"""Completions for GRPO from the embedded engine: when it may stand in, and that it follows the weights."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import longhand_engine
from longhand_engine.tiny.task import problem_text, sample_problems
from longhand_engine.scores import SCORES
from longhand_engine.train.rollout import EngineRollout, can_sample

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
torch.set_num_threads(1)


@pytest.fixture
def model():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)


@pytest.fixture
def trainer(model):
    arguments = SimpleNamespace(
        max_completion_length=60, temperature=1.0, top_p=1.0, top_k=0, min_p=None, seed=1, chat_template_kwargs=None
    )
    return SimpleNamespace(
        args=arguments,
        model=model,
        accelerator=SimpleNamespace(unwrap_model=lambda m: m),
        state=SimpleNamespace(global_step=3),
    )


@pytest.fixture
def prompts():
    problems = sample_problems("train", 3, 0)
    return [[{"role": "user", "content": problem_text(p)}] for p in problems for _ in range(4)]


def test_completions_are_one_for_each_prompt_and_the_same_again_at_the_same_step(trainer, prompts):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    trainer.model.train()
    out = EngineRollout(tokenizer)(prompts, trainer)
    assert trainer.model.training
    wanted = [
        tokenizer.apply_chat_template(p, add_generation_prompt=True, return_dict=True)["input_ids"] for p in prompts
    ]
    assert out["prompt_ids"] == wanted and out["logprobs"] is None
    assert len(out["completion_ids"]) == 12 and len({tuple(c) for c in out["completion_ids"][:4]}) > 1
    assert all(len(c) == 60 or c[-1] == tokenizer.eos_token_id for c in out["completion_ids"])
    assert EngineRollout(tokenizer)(prompts, trainer)["completion_ids"] == out["completion_ids"]
    trainer.state.global_step = 4
    assert EngineRollout(tokenizer)(prompts, trainer)["completion_ids"] != out["completion_ids"]


def test_the_weights_of_the_moment_are_used(trainer, prompts):
    rollout = EngineRollout(AutoTokenizer.from_pretrained(BASE))
    trainer.args.temperature = 1e-6
    before = rollout(prompts, trainer)["completion_ids"]
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    after = rollout(prompts, trainer)["completion_ids"]
    assert after != before
    ids = torch.tensor([rollout(prompts, trainer)["prompt_ids"][0]])
    greedy = trainer.model.eval().generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=60)
    assert after[0] == greedy[0, ids.shape[1] :].tolist()


@pytest.mark.parametrize(
    ("changed", "can"),
    [
        ({}, True),
        ({"top_p": 0.9, "top_k": 20, "min_p": 0.1}, True),
        ({"use_vllm": True}, False),
        ({"use_transformers_continuous_batching": True}, False),
        ({"repetition_penalty": 1.1}, False),
        ({"generation_kwargs": {"num_beams": 2}}, False),
        ({"generation_kwargs": {}}, True),
    ],
)
def test_the_engine_stands_in_only_for_plain_sampling(model, changed, can):
    from trl import GRPOConfig

    defaults = {name: field.default for name, field in GRPOConfig.__dataclass_fields__.items()}
    assert can_sample(SimpleNamespace(**(defaults | changed)), model) is can


def test_a_model_in_another_precision_is_left_to_the_trainer(model):
    assert not can_sample(SimpleNamespace(), model.to(torch.bfloat16))


def test_scores_come_in_a_column_of_their_own(trainer, prompts):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    plain = EngineRollout(tokenizer)(prompts, trainer)
    out = EngineRollout(tokenizer, scores=True)(prompts, trainer)
    assert out["completion_ids"] == plain["completion_ids"] and SCORES not in plain
    for scores, ids in zip(out[SCORES], out["completion_ids"], strict=True):
        assert len(scores.logprobs) == len(scores.entropies) == len(ids)
        assert max(scores.logprobs) <= 0 <= min(scores.entropies)
