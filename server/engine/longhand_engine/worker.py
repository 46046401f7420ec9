"""What every worker of ours does around its work: read spec.json, keep the record, obey SIGTERM, say how it ended.

Imports nothing heavy, so that a worker can be told to stop before it has imported what is.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from .environment import environment
from .events import Record
from .files import read_json, write_json
from .hints import hint_for
from .ranks import Heartbeat, NoRecord, rank, world, write_error
from .served import await_server, where


class Stage:
    """The attempt that a worker works on. `stopping` is set by SIGTERM."""

    def __init__(self, attempt_dir: Path):
        self.dir = attempt_dir
        self.spec: dict[str, Any] = read_json(attempt_dir / "spec.json")
        self.config: dict[str, Any] = self.spec["stage_config"]
        self.inputs: dict[str, str] = self.spec["inputs"]
        self.is_main = rank() == 0
        """Of a training of several processes: the one that writes the record and what else is written once."""
        self.record: Record = Record(attempt_dir) if self.is_main else NoRecord()
        self.stopping = threading.Event()
        # Of a training: what its `end` event says.
        self.step: int | None = None
        self.max_steps: int | None = None
        self._idle = False

    def on_stop(self, *_: object) -> None:
        self.stopping.set()
        if self._idle:
            self.record.state("stopping")
            self.record.end(False)
            self.record.close()
            os._exit(0)

    @contextmanager
    def nothing_to_save(self) -> Iterator[None]:
        """While this lasts (long imports, loading), a stop ends the process at once. The record must be left alone in it."""
        self._idle = not self.stopping.is_set()
        try:
            yield
        finally:
            self._idle = False

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
    faulthandler.enable()
    if hasattr(signal, "SIGUSR2"):
        faulthandler.register(signal.SIGUSR2)  # stacks of all threads into stderr.log, on demand
    stage = Stage(Path(arguments[0]).absolute())
    signal.signal(signal.SIGTERM, stage.on_stop)
    signal.signal(signal.SIGINT, stage.on_stop)
    with Heartbeat(stage.dir, lambda: stage.step), stage.record as record:
        record.state("starting")
        try:
            if stage.is_main:
                write_json(stage.dir / "env.json", environment())
            _find_server(stage)
            outputs = work(stage)
        except Exception as error:
            traceback.print_exc()
            if world() > 1:
                write_error(stage.dir, error, hint_for(error))
            else:
                record.error(error, hint_for(error))
            return 1
        if outputs is None:
            record.state("stopping")
        record.end(outputs is not None, step=stage.step, max_steps=stage.max_steps, outputs=outputs)
    return 0


def _find_server(stage: Stage) -> None:
    """Waits for the inference server that the service keeps for the stage. Raises ServerError."""
    inference = stage.spec.get("inference")
    if not inference or not inference.get("server"):
        return
    stage.record.state("loading")
    with stage.nothing_to_save():
        stage.spec["inference"] = await_server(inference)
    stage.record.warn("inference_server", f"Sampling by {where(inference)}")


def leave(code: int) -> NoReturn:
    """End the process now. Taking down a Python that holds torch takes 3 s after a GRPO stage, and nobody waits for it.

    Not where something else still has to run at the end (a tracker's upload, say): use `sys.exit` there.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
