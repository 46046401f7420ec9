"""Training stages as TRL's own classes see them, before anything runs: `python -m longhand_engine.plan_config < stages.json`.

Reads `{"stages": [{"id", "kind", "config", "processes", "distributed"}]}` (`config`: the stage as planned) and prints one JSON object on
the last line: the installed versions and, for every `sft` and `grpo` stage, each argument of its SFTConfig or GRPOConfig
with the value that it will have, or what TRL refuses. No model is loaded and no GPU needed; checks that need one, or a
package that is not here, are named in `not_checked`.
"""

import dataclasses
import enum
import importlib.util
import json
import re
import sys
from functools import cache
from typing import Any

from .environment import version_of
from .errors import ConfigError
from .files import now
from .quiet import quick_imports
from .rewards import build_rewards
from .train.settings import build_arguments
from .train.template import planned_template

_GPU_ONLY = {
    "bf16": "whether the GPU computes in bf16",
    "bf16_full_eval": "whether the GPU computes in bf16",
    "fp16": "whether the GPU computes in fp16",
    "tf32": "whether the GPU computes in tf32 (Ampere or newer)",
}
_UNREPORTED = {"output_dir", "use_cpu", "dataloader_pin_memory"}
"""What the worker sets by the machine that it runs on."""


def examine(stage: dict[str, Any]) -> dict[str, Any]:
    """One stage's `class`, `arguments` (None where TRL refuses), `set`, `facts`, `not_checked`, `problem`, `keys`."""
    from trl import GRPOConfig, SFTConfig

    planned = stage["config"]
    given = planned.get("config") or {}
    processes = max(1, int(stage.get("processes") or 1))
    kind: type = {"sft": SFTConfig, "grpo": GRPOConfig}[stage["kind"]]
    report = {"id": stage["id"], "class": kind.__name__, "processes": processes, "set": sorted(given), "facts": []}
    usable, not_checked = constructible(given)
    if str(stage.get("distributed") or "").startswith("zero") and not _has("deepspeed"):
        not_checked.append(f"distributed: {stage['distributed']}: needs the package deepspeed, which is not installed here")
    try:
        forced: dict[str, Any] = {"output_dir": "checkpoints"} | _machine()
        if stage["kind"] == "grpo":
            forced["reward_weights"] = build_rewards(planned.get("rewards") or [])[1]
            forced["remove_unused_columns"] = False
        arguments = build_arguments(_with_processes(kind, processes), usable, **forced)
        _check_trainer(arguments, processes)
    except ConfigError as error:
        message = str(error).removeprefix("config: ")
        keys = keys_meant(message, given)
        return report | {"arguments": None, "not_checked": not_checked, "problem": message, "keys": keys}
    told, unknown = planned_template(planned["model"], given) if stage["kind"] == "sft" and "model" in planned else ([], [])
    values = {f.name: plain(getattr(arguments, f.name)) for f in dataclasses.fields(kind) if f.init}
    usual = defaults(kind)
    values |= {key: given[key] for key in given if key not in usable}
    return report | {
        "arguments": {key: value for key, value in sorted(values.items()) if key not in _UNREPORTED},
        "changed": sorted(key for key in values if key not in given and key not in _UNREPORTED and values[key] != usual[key]),
        "facts": facts(arguments, processes) + told,
        "not_checked": not_checked + unknown,
        "problem": None,
        "keys": [],
    }


def constructible(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The keys that can be constructed on this machine, and in sentences what is left unchecked."""
    import torch

    usable = dict(given)
    left = []
    if not torch.cuda.is_available():
        left += [f"{key}: {what}: this machine has no GPU" for key, what in _GPU_ONLY.items() if given.get(key)]
        if "bf16" not in given and not given.get("fp16"):
            left.append(f"bf16 (TRL's default): {_GPU_ONLY['bf16']}: this machine has no GPU")
        usable.pop("tf32", None)
    if given.get("deepspeed") and not _has("deepspeed"):
        usable.pop("deepspeed")
    for package, keys in needed_packages(given).items():
        if not _has(package):
            left.append(f"{', '.join(keys)}: needs the package {package}, which is not installed here")
    return usable, left


def needed_packages(given: dict[str, Any]) -> dict[str, list[str]]:
    """Packages beyond the engine's own that keys of a config need, with the keys."""
    needed: dict[str, list[str]] = {}
    optimizer = str(given.get("optim") or "")
    attention = (given.get("model_init_kwargs") or {}).get("attn_implementation")
    for package, key, wanted in (
        ("vllm", "use_vllm", given.get("use_vllm") is True),
        ("bitsandbytes", "optim", "8bit" in optimizer or "bnb" in optimizer or "paged" in optimizer),
        ("liger_kernel", "use_liger_kernel", given.get("use_liger_kernel") is True),
        ("flash_attn", "model_init_kwargs.attn_implementation", attention == "flash_attention_2"),
        ("deepspeed", "deepspeed", bool(given.get("deepspeed"))),
    ):
        if wanted:
            needed.setdefault(package, []).append(key)
    return needed


def facts(arguments: Any, processes: int) -> list[str]:
    """What follows from several keys together, in sentences: the numbers that papers quote."""
    each, steps = arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps
    product = f"{each} × {steps} × {processes} (per device × accumulation × processes)"
    total = each * steps * processes
    if not hasattr(arguments, "num_generations"):
        found = [f"{total} sequences a step: {product}"]
        if arguments.packing and arguments.max_length:
            found.append(f"at most {total * arguments.max_length:,} tokens a step: packed to {arguments.max_length:,}")
        return found
    groups = total / arguments.num_generations
    return [
        f"{total} completions a step: {product}",
        f"{groups:g} problems a step, {arguments.num_generations} completions each",
        f"completions are drawn {arguments.generation_batch_size} at a time",
    ]


def keys_meant(message: str, given: dict[str, Any]) -> list[str]:
    """The recipe's keys that a message of TRL's names, or whose value it quotes."""
    words = set(re.findall(r"[A-Za-z_]\w*", message))
    named = [key for key in given if key in words]
    return named or [key for key, value in given.items() if isinstance(value, str) and value in message]


@cache
def defaults(kind: type) -> dict[str, Any]:
    """Each argument of a class as TRL leaves it where a recipe sets nothing."""
    usual = kind(output_dir="checkpoints", **_machine())
    return {f.name: plain(getattr(usual, f.name)) for f in dataclasses.fields(kind) if f.init}


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _with_processes(kind: type, processes: int) -> type:
    """The class as a process among `processes` sees it: TRL's batch arithmetic asks for the number."""

    class Planned(kind):  # type: ignore[misc,valid-type]
        world_size = processes

    Planned.__name__ = kind.__name__
    return Planned


def _check_trainer(arguments: Any, processes: int) -> None:
    """Raises ConfigError for what TRL's trainers refuse before they touch a model, where their classes do not."""
    if getattr(arguments, "use_vllm", False):
        if arguments.vllm_mode not in ("server", "colocate"):
            raise ConfigError(f"vllm_mode must be server or colocate, not {arguments.vllm_mode!r}")
        if arguments.vllm_mode == "colocate" and processes % arguments.vllm_tensor_parallel_size:
            raise ConfigError(
                f"vllm_tensor_parallel_size ({arguments.vllm_tensor_parallel_size}) must divide the number of "
                f"processes ({processes})"
            )
    if getattr(arguments, "padding_free", False) and not arguments.packing and arguments.max_length is not None:
        raise ConfigError("padding_free without packing does not apply max_length: set packing, or max_length: null")


def _machine() -> dict[str, Any]:
    import torch

    return {} if torch.accelerator.is_available() else {"use_cpu": True, "dataloader_pin_memory": False}


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def main() -> int:
    stages = json.load(sys.stdin)["stages"]
    begun = now()
    with quick_imports():
        import trl  # noqa: F401  (once, for all stages)
    found = [examine(stage) for stage in stages if stage["kind"] in ("sft", "grpo")]
    versions = {name: version_of(name) for name in ("trl", "transformers", "torch")}
    print(json.dumps({"v": 1, "versions": versions, "seconds": (now() - begun) / 1000, "stages": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
