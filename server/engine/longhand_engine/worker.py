"""What every worker of ours does around its work: read spec.json, keep the record, obey SIGTERM, say how it ended.

Imports nothing heavy: a worker that is told to stop while it still imports ends at once, as it has nothing to save.
"""

import importlib.metadata
import os
import platform
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .events import Record
from .files import read_json, write_json

_PACKAGES = ("torch", "transformers", "trl", "tokenizers", "datasets", "accelerate", "math-verify", "numpy")


class Stage:
    """The attempt that a worker works on. `stopping` is set by SIGTERM."""

    def __init__(self, attempt_dir: Path):
        self.dir = attempt_dir
        self.spec: dict[str, Any] = read_json(attempt_dir / "spec.json")
        self.config: dict[str, Any] = self.spec["stage_config"]
        self.inputs: dict[str, str] = self.spec["inputs"]
        self.record = Record(attempt_dir)
        self.stopping = threading.Event()

    @property
    def name(self) -> str:
        return self.spec["stage"]


def run_worker(work: Callable[[Stage], dict[str, str] | None], arguments: list[str] | None = None) -> int:
    """Runs `work` on the attempt's folder that the command line names; the exit code.

    `work` returns its outputs (paths relative to the attempt's folder, by name), or None where it stopped before its end.
    What it raises becomes an `error` event.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1:
        print("one argument is needed: the attempt's folder", file=sys.stderr)
        return 2
    stage = Stage(Path(arguments[0]).absolute())
    signal.signal(signal.SIGTERM, lambda *_: stage.stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stage.stopping.set())
    with stage.record as record:
        record.state("starting")
        try:
            write_json(stage.dir / "env.json", environment())
            outputs = work(stage)
        except Exception as error:
            record.error(error)
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
        if outputs is None:
            record.state("stopping")
        record.end(outputs is not None, outputs=outputs or {})
    return 0


def environment() -> dict[str, Any]:
    """What env.json says: versions of Python and of the packages that matter, and the machine."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    machine = {"system": platform.platform(), "machine": platform.machine(), "cpus": os.cpu_count()}
    return {"v": 1, "python": platform.python_version(), "packages": versions, "machine": machine}
