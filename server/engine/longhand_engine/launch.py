"""Starts a training of several processes: `python -m longhand_engine.launch <attempt-dir> MODULE --processes N [--distributed NAME]`.

Stands between the runner and `accelerate launch`, which starts MODULE once a rank. The launcher's own way with SIGTERM (30 s,
then a kill) is too short for a checkpoint, so a stop goes to the ranks themselves, and they agree on the step. When a rank
dies the launcher ends the others; then this process says in the record which one it was.
"""

import argparse
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import processes
from .errors import ConfigError
from .events import Record
from .files import now, read_json, write_json
from .outcome import last_events, read_tail, signal_name
from .ranks import rank_file

POLL_S = 0.1
DISTRIBUTED = ("zero2", "zero3", "fsdp")
_CLOSING_MS = 20_000
"""A rank that vanishes later than this after another one raised was killed by the launcher, not lost by itself."""
_EXIT = re.compile(rb"exitcode\s*:\s*(-?\d+) \(pid: (\d+)\)")


def configuration(kind: str | None, count: int, config: dict[str, Any]) -> dict[str, Any]:
    """accelerate's configuration file as a value; `config` is the trainer's. Raises ConfigError for what is not installed."""
    if kind in ("zero2", "zero3") and importlib.util.find_spec("deepspeed") is None:
        raise ConfigError(f"distributed: {kind} needs deepspeed, which the engine lacks. Install it, or use fsdp")
    if kind is not None and kind not in DISTRIBUTED:
        raise ConfigError(f"distributed: {kind!r} is none of {', '.join(DISTRIBUTED)}")
    half = "bf16" if config.get("bf16", not config.get("fp16")) else "fp16" if config.get("fp16") else "no"
    value: dict[str, Any] = {
        "compute_environment": "LOCAL_MACHINE",
        # Also without any GPU: accelerate starts one process only where it is told that there is none, and the ranks find
        # out for themselves that they are on a CPU.
        "distributed_type": "MULTI_GPU",
        "mixed_precision": "no",
        "num_machines": 1,
        "num_processes": count,
        "machine_rank": 0,
        "main_training_function": "main",
        "use_cpu": False,
    }
    if kind == "fsdp":
        value |= {"distributed_type": "FSDP", "mixed_precision": half}
        value["fsdp_config"] = {
            "fsdp_version": 2,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_cpu_ram_efficient_loading": True,
            "fsdp_offload_params": False,
            "fsdp_reshard_after_forward": True,
            # The next stage reads the checkpoint as any other.
            "fsdp_state_dict_type": "FULL_STATE_DICT",
        }
    elif kind:
        value |= {"distributed_type": "DEEPSPEED", "mixed_precision": half}
        value["deepspeed_config"] = {
            "zero_stage": int(kind[-1]),
            "offload_optimizer_device": "none",
            "offload_param_device": "none",
            **({"zero3_init_flag": True, "zero3_save_16bit_model": True} if kind == "zero3" else {}),
        }
    return value


class Launch:
    """The ranks of one attempt."""

    def __init__(self, attempt: Path, count: int):
        self.attempt, self.count = attempt, count
        self.stopping = False
        self.gone: dict[int, int] = {}
        """When each rank was first seen to be gone."""

    def run(self, command: list[str]) -> int:
        """The launcher's exit code."""
        # A group of its own: what is sent to ours must not reach the launcher, which would end the ranks in its own way.
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
        told = False
        while child.poll() is None:
            ranks = self.ranks()
            for number, rank in ranks.items():
                if number not in self.gone and not rank["living"]:
                    self.gone[number] = now()
            if self.stopping and not told:
                told = self._tell(child.pid, ranks)
            time.sleep(POLL_S)
        return child.returncode

    def _tell(self, launcher: int, ranks: dict[int, dict[str, Any]]) -> bool:
        """Asks every rank to save and end; those that have not begun are ended with their launcher."""
        with suppress(ProcessLookupError, PermissionError):
            if len(ranks) < self.count:
                os.killpg(launcher, signal.SIGTERM)
            else:
                for rank in ranks.values():
                    if rank["living"]:
                        os.kill(rank["pid"], signal.SIGTERM)
        return True

    def ranks(self) -> dict[int, dict[str, Any]]:
        """The heartbeat of each rank that has begun, with whether its process lives."""
        found = {}
        for number in range(self.count):
            try:
                rank = read_json(rank_file(self.attempt, number))
            except (OSError, ValueError):
                continue
            who = processes.identity(rank["pid"])
            found[number] = rank | {"living": who is not None and who["start_time"] == rank["start_time"]}
        return found

    def culprit(self) -> dict[str, Any] | None:
        """The `error` event of the rank that was the first to fail; None where no rank says or shows anything."""
        errors = {}
        for number in range(self.count):
            with suppress(OSError, ValueError):
                errors[number] = read_json(rank_file(self.attempt, number, "error.json"))
        ranks = self.ranks()
        lost = [n for n, rank in ranks.items() if n not in errors and not rank["ended"]]
        first = min(errors, key=lambda n: errors[n]["t"]) if errors else None
        codes = {int(pid): int(code) for code, pid in _EXIT.findall(read_tail(self.attempt / "stderr.log"))}
        if first is not None:
            # Those that the launcher ended because of it are no culprits: by SIGTERM at once, by SIGKILL after half a minute.
            lost = [n for n in lost if self.gone.get(n, 0) < errors[first]["t"] + _CLOSING_MS]
            lost = [n for n in lost if not codes or codes.get(ranks[n]["pid"], 0) not in (0, -signal.SIGTERM)]
        if lost:
            number = min(lost, key=lambda n: self.gone.get(n, 0))
            return self._lost(number, ranks[number], codes.get(ranks[number]["pid"]))
        if first is None:
            return None
        said = {k: errors[first][k] for k in ("class", "message", "traceback", "hint")}
        return said | {"message": f"Rank {first} of {self.count}: {said['message']}"}

    def _lost(self, number: int, rank: dict[str, Any], code: int | None) -> dict[str, Any]:
        how = "is gone"
        if code is not None:
            how = f"was ended by {signal_name(-code)}" if code < 0 else f"exited with code {code}"
        if code == -signal.SIGKILL:
            how += ", by somebody or by the kernel for memory"
        at = f" at step {rank['step']}" if rank["step"] else ""
        log = rank_file(self.attempt, number, "stderr.log") if number else self.attempt / "stderr.log"
        lines = read_tail(log, 16384).decode(errors="replace").strip().splitlines()
        return {
            "class": "RankLost",
            "message": f"Rank {number} of {self.count} {how}{at}. Its log is {log}.",
            "traceback": "\n".join(lines[-40:]) if number else "",
            "hint": "Resume the stage: it goes on from its newest checkpoint.",
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="longhand_engine.launch")
    parser.add_argument("attempt", type=Path)
    parser.add_argument("module")
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--distributed")
    asked = parser.parse_args()
    attempt = asked.attempt.absolute()
    launch = Launch(attempt, asked.processes)

    def on_term(*_: object) -> None:
        launch.stopping = True

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGINT, on_term)
    spec = read_json(attempt / "spec.json")
    try:
        trainer = spec["stage_config"].get("config") or {}
        # JSON is YAML.
        write_json(attempt / "accelerate.yaml", configuration(asked.distributed, asked.processes, trainer))
    except ConfigError as error:
        with Record(attempt) as record:
            record.error(error)
        return 1
    command = [sys.executable, "-u", "-m", "accelerate.commands.launch", "--config_file", str(attempt / "accelerate.yaml")]
    # 0: any port that is free, so that two trainings on a machine do not meet.
    command += ["--main_process_port", "0", "-m", asked.module, str(attempt)]
    code = launch.run(command)
    end = last_events(attempt).get("end")
    if launch.stopping or (end and end.get("complete")):
        return 0
    error = launch.culprit()
    if error:
        with Record(attempt) as record:
            record.event("error", **error)
    return code or 1


if __name__ == "__main__":
    sys.exit(main())
