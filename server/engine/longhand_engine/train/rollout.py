"""Completions for GRPO from the embedded sampling engine, where it can stand in for the trainer's own generation.

On a CPU, TRL's way (`model.generate` on a padded batch until its longest completion ends) is most of a step of a small
model. The engine samples from the same distribution, several times faster, and each completion by a seed of its own, so
that a resumed training draws what it would have drawn.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..ranks import rank
from ..sampling.engine import Engine
from ..sampling.qwen2 import is_supported
from ..sampling.requests import Request
from ..scores import SCORES, TokenScores

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl import GRPOConfig, GRPOTrainer

# What changes the distribution or the way of generation, with the value that leaves it alone.
_PLAIN: dict[str, Any] = {
    "use_vllm": False,
    "use_transformers_continuous_batching": False,
    "repetition_penalty": 1.0,
    "generation_kwargs": None,
    "cache_implementation": None,
}


def can_sample(arguments: "GRPOConfig", model: "PreTrainedModel") -> bool:
    """True where the engine gives what TRL's own generation would: a small model on the CPU, plain sampling."""
    plain = all((getattr(arguments, name, value) or None) == (value or None) for name, value in _PLAIN.items())
    return plain and is_supported(model)


class EngineRollout:
    """TRL's `rollout_func`: prompts of this step in, token ids of prompts and completions out."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", scores: bool = False):
        """`scores`: rewards get those of each completion's tokens as the column `SCORES`."""
        self._tokenizer, self._scores = tokenizer, scores
        self._engine: Engine | None = None
        self._prompts: dict[str, list[int]] = {}

    def __call__(self, prompts: list[Any], trainer: "GRPOTrainer") -> dict[str, Any]:
        """One completion for each prompt; the equal ones that stand together are computed once up to their end."""
        model, was_training = trainer.accelerator.unwrap_model(trainer.model), trainer.model.training
        if self._engine is None:
            self._engine = Engine(model, batch=len(prompts))
        else:
            self._engine.swap(model)  # the weights have changed
        try:
            ids = [self._ids(prompt, trainer.args.chat_template_kwargs or {}) for prompt in prompts]
            sequences = [s for request in self._requests(ids, trainer) for s in self._engine.submit(request)]
            self._engine.run()
        finally:
            model.train(was_training)
        found = {"prompt_ids": ids, "completion_ids": [s.tokens for s in sequences], "logprobs": None}
        # TRL hands what else is here to the rewards, a column each.
        return found | ({SCORES: [TokenScores(s.chances, s.entropies) for s in sequences]} if self._scores else {})

    def _requests(self, ids: list[list[int]], trainer: "GRPOTrainer") -> list[Request]:
        a, requests, start = trainer.args, [], 0
        while start < len(ids):
            end = start + 1
            while end < len(ids) and ids[end] is ids[start]:
                end += 1
            requests.append(
                Request(
                    ids[start],
                    n=end - start,
                    max_tokens=a.max_completion_length,
                    temperature=a.temperature,
                    top_p=a.top_p,
                    top_k=a.top_k or 0,
                    min_p=a.min_p or 0.0,
                    # Ranks may share a prompt: each draws by seeds of its own.
                    seed=_seed(a.seed, trainer.state.global_step, rank() * len(ids) + start),
                    scores=self._scores,
                )
            )
            start = end
        return requests

    def _ids(self, prompt: Any, template: dict[str, Any]) -> list[int]:
        key = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True)
        if key not in self._prompts:
            if isinstance(prompt, str):
                self._prompts[key] = self._tokenizer(prompt).input_ids
            else:
                text = self._tokenizer.apply_chat_template(
                    prompt, tokenize=False, add_generation_prompt=True, **template
                )
                self._prompts[key] = self._tokenizer(text, add_special_tokens=False).input_ids
        return self._prompts[key]


def _seed(seed: int, step: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{step}/{number}".encode()).digest()[:8], "big")
