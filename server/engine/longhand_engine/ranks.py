"""What each process of a training of several does beside its work: a heartbeat, its own standard error, its last words.

In the attempt's folder, under `ranks/`: `rank-<r>.json` (`{rank, pid, start_time, t, step, ended}`, every 2 s), `rank-<r>.stderr.log`
of all but rank 0, whose words stand in stderr.log, and `rank-<r>.error.json` of one that raised. Rank 0 alone writes the record;
an `error` event is `launch.py`'s to write, when all ranks are gone and it is known which of them was the first.
"""

import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import processes
from .files import now, write_json

BEAT_S = 2.0


def rank() -> int:
    """Number of this process among those of its training; 0 where it is alone."""
    return int(os.environ.get("RANK", "0"))


def world() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank_file(attempt: Path, number: int, kind: str = "json") -> Path:
    return attempt / "ranks" / f"rank-{number}.{kind}"


class NoRecord:
    """Stands for the record where another rank writes it: whatever is said to it is dropped."""

    def __getattr__(self, _: str) -> Callable[..., int]:
        return lambda *args, **kwargs: 0

    def __enter__(self) -> "NoRecord":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Heartbeat:
    """Says every 2 s that this rank lives, and at which step; nothing where it is the only one."""

    def __init__(self, attempt: Path, step: Callable[[], int | None]):
        self._attempt, self._step = attempt, step
        self._ended = threading.Event()

    def __enter__(self) -> "Heartbeat":
        if world() > 1:
            rank_file(self._attempt, rank()).parent.mkdir(exist_ok=True)
            if rank() > 0:
                log = os.open(
                    rank_file(self._attempt, rank(), "stderr.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644
                )
                sys.stderr.flush()
                os.dup2(log, 2)
                os.close(log)
            self._identity = processes.identity(os.getpid())
            self._beat()
            threading.Thread(target=self._go_on, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if world() > 1:
            self._beat()

    def _go_on(self) -> None:
        while not self._ended.wait(BEAT_S):
            self._beat()

    def _beat(self) -> None:
        beat = {"v": 1, "rank": rank(), **self._identity, "t": now(), "step": self._step(), "ended": self._ended.is_set()}
        with suppress(OSError):  # a full disk is the record's to report
            write_json(rank_file(self._attempt, rank()), beat)


def write_error(attempt: Path, error: BaseException, hint: str | None) -> None:
    """Leaves what this rank raised for `launch.py`."""
    said: dict[str, Any] = {
        "class": type(error).__qualname__,
        "message": str(error)[:20_000],
        "traceback": "".join(traceback.format_exception(error))[-100_000:],
        "hint": hint,
        "t": now(),
    }
    with suppress(OSError):
        write_json(rank_file(attempt, rank(), "error.json"), said)
