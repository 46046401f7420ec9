import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from longhand_engine.doctor import PINNED, examine
from longhand_engine.errors import ConfigError
from longhand_engine.hints import hint_for
from longhand_engine.train.settings import build_arguments
from longhand_engine.trl_keys import FILE, trl_keys

ENGINE = Path(__file__).parents[1]


@dataclasses.dataclass
class Config:
    output_dir: str = ""
    learning_rate: float = 1.0
    max_steps: int = -1
    max_length: int | None = None
    bf16: bool = False
    report_to: str = "all"
    disable_tqdm: bool | None = None
    reward_weights: list[float] | None = None


def test_a_config_is_taken_verbatim_with_our_defaults_below_it():
    found = build_arguments(Config, {"learning_rate": 2e-3, "max_steps": 30.0}, output_dir="x")
    assert found == Config("x", 2e-3, 30.0, None, False, "none", True)
    assert build_arguments(Config, {"report_to": "wandb"}).report_to == "wandb"


@pytest.mark.parametrize(
    "config,words",
    [
        ({"learning_rat": 1}, "unknown key `learning_rat`: did you mean `learning_rate`"),
        ({"max_seq_length": 1}, "it is called `max_length` now"),
        ({"warmup_ratio": 0.1}, "use `warmup_steps`"),
        ({"zzz": 1}, "unknown key `zzz`"),
        ({"output_dir": "x"}, "`output_dir` cannot be set: checkpoints lie in the attempt's folder"),
        ({"reward_weights": [1]}, "give each reward its `weight`"),
        ({"learning_rate": "2e-3"}, "`learning_rate` must be a number, not the text '2e-3'"),
        ({"bf16": "no"}, "`bf16` must be true or false"),
        ({"max_steps": 1.5}, "whole number"),
        ({"bf16": 1}, "true or false"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_to_do(config, words):
    with pytest.raises(ConfigError) as error:
        build_arguments(Config, config)
    assert words in str(error.value)


def test_the_keys_for_the_editor_are_those_of_the_installed_versions():
    assert json.loads(FILE.read_text(encoding="utf-8")) == trl_keys(), (
        "write it anew: python -m longhand_engine.trl_keys"
    )


def test_the_pins_are_the_same_everywhere():
    pins = dict(
        line.strip().split("==") for line in (ENGINE / "requirements.in").read_text().splitlines() if "==" in line
    )
    assert pins == PINNED
    project = (ENGINE / "pyproject.toml").read_text()
    lock = [line.split(";")[0].strip() for line in (ENGINE / "requirements.lock").read_text().splitlines()]
    for name, version in pins.items():
        assert f'"{name}=={version}"' in project and f"{name}=={version}" in lock


def test_doctor_needs_nothing_installed_and_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-S", "-m", "longhand_engine.doctor"], cwd=ENGINE, capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report["packages"]["torch"] == {"version": None, "wanted": PINNED["torch"]}
    assert any("torch is not installed" in p for p in report["problems"])
    assert report["machine"]["cpus"] >= 1


def test_doctor_finds_this_installation_sound():
    assert examine(deep=False)["problems"] == []


def test_known_errors_have_a_hint():
    class OutOfMemoryError(RuntimeError):
        pass

    hint = hint_for(OutOfMemoryError("CUDA out of memory. Tried …"))
    assert "per_device_train_batch_size" in hint and "longhand resume RUN STAGE --set" in hint
    assert "Set" in hint_for(ModuleNotFoundError("No module named 'torch'")) or "set" in hint_for(
        ModuleNotFoundError("x")
    )
    assert "disk" in hint_for(OSError(28, "No space left on device"))
    assert hint_for(KeyError("x")) is None


@pytest.mark.parametrize(
    ("message", "help"),
    [
        ("FlashAttention2 has been toggled on, but it cannot be used: the package for FlashAttention2 doesn't seem to be installed.", "sdpa"),
        ("You need to install `bitsandbytes` in order to use bitsandbytes optimizers", "adamw_torch"),
    ],
)
def test_a_package_that_no_set_up_brings_is_not_looked_for_in_one(message, help):
    assert "install it into the engine's Python" in hint_for(ImportError(message)) and help in hint_for(ImportError(message))
    assert "set it up again" in hint_for(ImportError("cannot import name x from torch"))
