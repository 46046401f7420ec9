"""A stage's `config` as the arguments of TRL's trainer: verbatim, every key checked, and nothing silently changed."""

import dataclasses
import difflib
from typing import Any

from ..errors import ConfigError

OWNED = {
    "output_dir": "checkpoints lie in the attempt's folder",
    "resume_from_checkpoint": "resume the stage instead",
    "enable_jit_checkpoint": "a stage that is stopped saves by itself",
    "remove_unused_columns": "the rewards need the other columns",
    "reward_weights": "give each reward its `weight`",
    "do_train": "a stage of this kind trains",
    "do_eval": "use the stage's `evaluate`",
    "do_predict": "use an evaluate stage",
    "eval_strategy": "use the stage's `evaluate`",
    "eval_steps": "use the stage's `evaluate`",
    "eval_on_start": "use the stage's `evaluate`",
    "load_best_model_at_end": "refer to the checkpoint that the next stage should start from",
    "push_to_hub": "nothing leaves this machine by itself; upload the checkpoint when you want to",
    "auto_find_batch_size": "it would start the record again in the middle; set the batch size",
    "local_rank": "the launcher sets it",
}
"""Keys of TRL's that a recipe may not set, and what to do instead."""

DEFAULTS: dict[str, Any] = {"report_to": "none", "disable_tqdm": True}
"""What differs from TRL's own defaults; a recipe may set these keys."""

RENAMED = {
    "max_seq_length": "it is called `max_length` now",
    "max_prompt_length": "TRL no longer has it; leave long prompts out of the data",
    "torch_dtype": "use `model_init_kwargs: { dtype: … }`",
    "dtype": "use `model_init_kwargs: { dtype: … }`",
    "attn_implementation": "use `model_init_kwargs: { attn_implementation: … }`",
    "warmup_ratio": "use `warmup_steps`; a number below 1 is a share of all steps",
    "evaluation_strategy": "use the stage's `evaluate`",
    "no_cuda": "use `use_cpu`",
    "group_by_length": "use `train_sampling_strategy: group_by_length`",
    "overwrite_output_dir": "an attempt is never overwritten",
    "logging_dir": "TRL no longer has it",
    "system_prompt": "put it into the prompts of the data",
    "use_transformers_paged": "it is called `use_transformers_continuous_batching` now",
}
"""Keys of older versions and of other tools, and what to write instead."""


def check_keys(config: dict[str, Any], known: list[str]) -> None:
    """Raises ConfigError that names every key of `config` that is unknown (with the nearest one) or not to be set."""
    problems = []
    for key in config:
        if key in OWNED:
            problems.append(f"`{key}` cannot be set: {OWNED[key]}")
        elif key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = RENAMED.get(key) or (
                f"did you mean `{near[0]}`?" if near else "see TRL's documentation for its keys"
            )
            problems.append(f"unknown key `{key}`: {hint}")
    if problems:
        raise ConfigError("config: " + "; ".join(problems))


def build_arguments(kind: type, config: dict[str, Any], **forced: Any) -> Any:
    """An instance of TRL's dataclass `kind` from `config`, our defaults below it and `forced` above it.

    Raises ConfigError for what TRL refuses, in TRL's words.
    """
    fields = {f.name: f for f in dataclasses.fields(kind) if f.init}
    check_keys(config, list(fields))
    for key, value in config.items():
        _check_type(key, value, fields[key].type)
    try:
        return kind(**{**DEFAULTS, **config, **forced})
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(f"config: {error}") from error


def _check_type(key: str, value: Any, wanted: Any) -> None:
    """Numbers and switches given as texts are the commonest slip: `learning_rate: "2e-3"` or `bf16: "no"`."""
    if wanted in (int, float, bool) and isinstance(value, str):
        raise ConfigError(
            f"config: `{key}` must be {'true or false' if wanted is bool else 'a number'}, not the text {value!r}"
        )
    if wanted in (int, float) and isinstance(value, (bool, list, dict)):
        raise ConfigError(f"config: `{key}` must be a number, not {value!r}")
    if wanted is int and isinstance(value, float) and not value.is_integer():
        raise ConfigError(f"config: `{key}` must be a whole number, not {value!r}")
    if wanted is bool and not isinstance(value, bool):
        raise ConfigError(f"config: `{key}` must be true or false, not {value!r}")
