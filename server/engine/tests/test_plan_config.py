"""Configurations constructed by TRL's own classes before anything runs."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from longhand_engine.plan_config import examine, keys_meant

ENGINE = Path(__file__).parents[1]
CPU = {"bf16": False}


def sft(config, processes=1):
    return examine({"id": "sft", "kind": "sft", "processes": processes, "config": {"config": config}})


def grpo(config, processes=1, rewards=({"name": "format"},)):
    planned = {"config": config, "rewards": list(rewards)}
    return examine({"id": "grpo", "kind": "grpo", "processes": processes, "config": planned})


def test_every_argument_has_its_value_and_the_batch_its_arithmetic():
    found = sft(
        {
            **CPU,
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 8,
            "max_length": 24000,
            "packing": True,
            "lr_scheduler_type": "cosine",
        },
        processes=8,
    )
    assert found["problem"] is None
    assert found["arguments"]["lr_scheduler_type"] == "cosine"
    assert found["arguments"]["weight_decay"] == 0.0
    assert "use_cpu" not in found["arguments"] and "output_dir" not in found["arguments"]
    assert found["facts"] == [
        "64 sequences a step: 1 × 8 × 8 (per device × accumulation × processes)",
        "at most 1,536,000 tokens a step: packed to 24,000",
    ]
    assert found["changed"] == ["disable_tqdm"], "beside what the recipe sets"
    json.dumps(found)


def test_the_number_of_processes_counts_for_the_generation_batch():
    config = {**CPU, "per_device_train_batch_size": 2, "num_generations": 8}
    alone = grpo(config)
    assert "must be divisible by num_generations" in alone["problem"] and alone["keys"] == ["num_generations"]
    assert alone["arguments"] is None
    together = grpo({**config, "gradient_accumulation_steps": 8}, processes=8)
    assert together["problem"] is None
    assert together["facts"][1] == "16 problems a step, 8 completions each"


@pytest.mark.parametrize(
    "config,words,keys",
    [
        ({"learning_rat": 1}, "did you mean `learning_rate`", ["learning_rat"]),
        ({"lr_scheduler_type": "cosin"}, "not a valid SchedulerType", ["lr_scheduler_type"]),
        ({"optim": "paged_adamw_8bits"}, "not a valid OptimizerNames", ["optim"]),
        ({"padding_free": True}, "does not apply max_length", ["padding_free"]),
    ],
)
def test_what_trl_refuses_names_its_key(config, words, keys):
    found = sft({**CPU, **config})
    assert words in found["problem"]
    assert found["keys"][:1] == keys


def test_vllm_s_parallelism_must_divide_the_processes():
    config = {
        **CPU,
        "use_vllm": True,
        "vllm_tensor_parallel_size": 3,
        "gradient_accumulation_steps": 4,
        "per_device_train_batch_size": 2,
    }
    assert "vllm_tensor_parallel_size (3) must divide" in grpo(config, 8)["problem"]
    assert grpo({**config, "vllm_tensor_parallel_size": 4}, 8)["problem"] is None


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": 0.3, "vllm_enable_sleep_mode": True},
        {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": "http://localhost:8000"},
    ],
)
def test_each_way_of_generation_is_constructed(config):
    found = grpo({**CPU, "per_device_train_batch_size": 8, **config})
    assert found["problem"] is None
    assert {k: found["arguments"][k] for k in config} == config
    lacking = [line for line in found["not_checked"] if line.startswith("use_vllm: needs the package vllm")]
    assert bool(lacking) == (bool(config) and not find_spec("vllm"))


def test_a_way_of_generation_that_there_is_not_is_refused():
    found = grpo({**CPU, "per_device_train_batch_size": 8, "use_vllm": True, "vllm_mode": "both"})
    assert "vllm_mode must be server or colocate" in found["problem"]


def test_rewards_are_built_as_well():
    found = grpo({**CPU, "per_device_train_batch_size": 8}, rewards=[{"name": "cosine", "unit": "characters"}])
    assert "`max_length` is missing" in found["problem"]


def test_what_cannot_be_checked_here_is_said_and_does_not_hide_the_rest():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    found = sft({"bf16": True, "tf32": True, "optim": "paged_adamw_8bit"})
    assert found["problem"] is None
    assert found["arguments"]["tf32"] is True and found["arguments"]["bf16"] is True
    assert {line.split(":")[0] for line in found["not_checked"]} >= {"bf16", "tf32"}
    assert sft({"bf16": True, "lr_scheduler_type": "cosin"})["problem"] is not None


def test_keys_are_found_by_name_or_by_value():
    assert keys_meant("x_y must be z", {"x": 1, "x_y": 2}) == ["x_y"]
    assert keys_meant("abc is not valid", {"a": "abc", "b": "q"}) == ["a"]


def test_the_command_answers_for_many_stages_in_one_start():
    stages = [
        {"id": "a", "kind": "sft", "config": {"config": CPU}},
        {"id": "b", "kind": "dataset", "config": {}},
        {"id": "c", "kind": "sft", "config": {"config": {**CPU, "nope": 1}}},
    ]
    out = subprocess.run(
        [sys.executable, "-m", "longhand_engine.plan_config"],
        input=json.dumps({"stages": stages}),
        cwd=ENGINE,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(out.stdout.splitlines()[-1])
    assert [(s["id"], s["problem"] is None) for s in answer["stages"]] == [("a", True), ("c", False)]
    assert answer["versions"]["trl"]
