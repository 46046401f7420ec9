"""`python -m longhand_engine.doctor [--import]`: what the engine has and lacks, as one JSON object.

Without `--import` nothing heavy is loaded and it takes a tenth of a second; with it torch, TRL and Math-Verify are
imported, which finds a broken installation. Exit code 0 when nothing is wrong.
"""

import argparse
import importlib
import json
import re
import sys
import time
from typing import Any

from . import __version__
from .environment import environment, version_of
from .files import now

PINNED = {
    "torch": "2.15.0",
    "transformers": "5.23.0",
    "trl": "1.16.0",
    "accelerate": "1.15.0",
    "datasets": "5.2.0",
    "peft": "0.21.2",
    "math-verify": "0.9.0",
    "antlr4-python3-runtime": "4.13.2",
    "httpx2": "2.16.2",
    "pydantic": "2.14.3",
    "starlette": "1.7.0",
    "uvicorn": "0.54.0",
}
"""The versions that this package is made for: those of requirements.in."""

_OLDEST = (3, 11)
_IMPORTS = ("torch", "transformers", "datasets", "trl.trainer.sft_trainer", "trl.trainer.grpo_trainer", "math_verify")


def examine(deep: bool) -> dict[str, Any]:
    """Versions, machine, and `problems`: sentences that say what is wrong and what to do."""
    problems = []
    if sys.version_info < _OLDEST:
        problems.append(f"Python {'.'.join(map(str, _OLDEST))} or newer is needed, this is {sys.version.split()[0]}.")
    packages = {}
    for name, wanted in PINNED.items():
        found = version_of(name)
        packages[name] = {"version": found, "wanted": wanted}
        if found is None:
            problems.append(f"{name} is not installed. Set up the engine again.")
        elif re.split(r"[+]", found)[0] != wanted:
            problems.append(f"{name} is {found}, this engine is made for {wanted}. Set up the engine again.")
    imports = {}
    for name in _IMPORTS if deep else ():
        begun = time.monotonic()
        try:
            importlib.import_module(name)
            imports[name] = {"seconds": round(time.monotonic() - begun, 2)}
        except Exception as error:  # a broken binary raises whatever it likes
            imports[name] = {"error": f"{type(error).__name__}: {error}"}
            problems.append(f"{name} cannot be imported ({type(error).__name__}: {error}). Set up the engine again.")
    report = environment() | {"t": now(), "engine": __version__, "packages": packages, "problems": problems}
    if deep:
        report["imports"] = imports
        report["torch_device"] = _device() if "seconds" in imports.get("torch", {}) else None
    return report


def _device() -> str:
    import torch

    return str(torch.accelerator.current_accelerator()) if torch.accelerator.is_available() else "cpu"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m longhand_engine.doctor", description=__doc__.splitlines()[0])
    parser.add_argument("--import", dest="deep", action="store_true", help="import the packages as well (seconds)")
    report = examine(parser.parse_args().deep)
    print(json.dumps(report, ensure_ascii=False))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
