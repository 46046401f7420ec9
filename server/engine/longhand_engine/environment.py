"""The machine and the packages that a stage runs on, learned without importing any of them.

`python -m longhand_engine.environment` prints them as one JSON object.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "accelerate",
    "datasets",
    "peft",
    "tokenizers",
    "math-verify",
    "numpy",
    "safetensors",
)
_QUERY = "name,memory.total,driver_version"


def environment() -> dict[str, Any]:
    """What env.json says: versions of Python and of the packages that matter, and the machine."""
    return {
        "v": 1,
        "python": platform.python_version(),
        "executable": sys.executable,
        "packages": {name: found for name in PACKAGES if (found := version_of(name))},
        "machine": machine(),
    }


def version_of(package: str) -> str | None:
    """The installed version of a distribution; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine() -> dict[str, Any]:
    """System, processors that this process may use, memory in bytes, accelerators."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cpus": usable,
        "memory": memory(),
        "accelerators": accelerators(),
    }


def memory() -> int | None:
    """Bytes of memory; the control group's limit where it is lower."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def accelerators() -> list[dict[str, Any]]:
    """`{kind, name, memory, driver}` of each; nvidia-smi may hang on a sick machine, so it gets ten seconds."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return [{"kind": "mps", "name": "Apple GPU", "memory": memory(), "driver": None}]
    if not shutil.which("nvidia-smi"):
        return []
    try:
        command = ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
        out = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = []
    for line in out.stdout.splitlines() if out.returncode == 0 else []:
        fields = [f.strip() for f in line.split(",")]
        if len(fields) == 3:
            size = int(fields[1]) * 2**20 if fields[1].isdigit() else None
            found.append({"kind": "cuda", "name": fields[0], "memory": size, "driver": fields[2]})
    return found


if __name__ == "__main__":
    print(json.dumps(environment()))
