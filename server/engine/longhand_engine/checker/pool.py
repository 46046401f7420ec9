"""Verdicts in processes that can be killed: started when first needed, replaced when they overstay, swell or have served long."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

START_S = 120.0
"""Importing Math-Verify takes 3 to 5 s, and many times that on a machine under load."""


_CACHED_LENGTH = 1_000
"""Characters of a pair that is remembered, so that what is remembered has a bound."""


class CheckerError(RuntimeError):
    """The checker itself does not work: no verdict is possible, and none is invented."""


class _Died(Exception):
    pass


class Worker:
    """One process of `worker.py` and the pipe to it."""

    def __init__(self) -> None:
        package = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "longhand_engine.checker.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"},
        )
        self._rest = b""
        self.served = self.rss = 0
        try:
            hello = self._read(START_S)
        except (TimeoutError, _Died) as error:
            self.kill()
            raise CheckerError(
                f"The checker did not start within {START_S:g} s."
                if isinstance(error, TimeoutError)
                else "The checker died at its start."
            ) from error
        if "error" in hello:
            self.kill()
            raise CheckerError(f"{hello['error']}. Set up the engine again.")
        self.version: str = hello["version"]

    def ask(self, pred: str, gold: str, limit_s: int, hard_s: float) -> tuple[str, str | None]:
        """`(value, reason)`. Raises TimeoutError after `hard_s`, _Died when the process ended."""
        try:
            self.process.stdin.write(json.dumps({"pred": pred, "gold": gold, "limit_s": limit_s}).encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise _Died from error
        reply = self._read(hard_s)
        self.served, self.rss = self.served + 1, reply["rss"]
        return reply["value"], reply["reason"]

    def _read(self, seconds: float) -> dict:
        deadline = time.monotonic() + seconds
        fd = self.process.stdout.fileno()
        while b"\n" not in self._rest:
            if not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError
            data = os.read(fd, 65536)
            if not data:
                raise _Died
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with suppress(OSError):  # what could not be written to a dead process is tried again here
            self.process.stdin.close()


class Pool:
    """`size` workers behind a queue. Safe to use from several threads.

    `limit_s`: Math-Verify's own limit for one pair (whole seconds), by an alarm between its steps. `hard_s`: after this the
    process is killed; twice the limit and 2 s, where nothing else is said: the most that any pair can take. A worker is replaced above `max_rss` bytes or after `max_pairs` pairs.
    """

    def __init__(
        self,
        size: int = 1,
        *,
        limit_s: int = 5,
        hard_s: float | None = None,
        max_rss: int = 2**30,
        max_pairs: int = 20_000,
        cache: int = 50_000,
    ):
        self.limit_s, self.hard_s = limit_s, hard_s or 2 * limit_s + 2.0
        self.max_rss, self.max_pairs = max_rss, max_pairs
        self.version: str | None = None
        self._threads = ThreadPoolExecutor(size, "checker")
        self._own = threading.local()
        self._workers: set[Worker] = set()
        self._lock = threading.Lock()
        self._limit = cache
        self._cache: OrderedDict[tuple[str, str], Future[tuple[str, str | None]]] = OrderedDict()

    def ask(self, pred: str, gold: str) -> Future[tuple[str, str | None]]:
        """`(value, reason)` of a pair of short answers, later; the same pair again costs nothing."""
        if len(pred) + len(gold) > _CACHED_LENGTH:
            return self._threads.submit(self._judge, pred, gold)
        key = (pred, gold)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
            future = self._cache[key] = self._threads.submit(self._judge, pred, gold)
            if len(self._cache) > self._limit:
                self._cache.popitem(last=False)
            return future

    def _judge(self, pred: str, gold: str) -> tuple[str, str | None]:
        worker = getattr(self._own, "worker", None) or self._start()
        try:
            answer = worker.ask(pred, gold, self.limit_s, self.hard_s)
        except TimeoutError:
            self._drop(worker)
            return "undecided", f"time-out: the checker was killed after {self.hard_s:g} s"
        except _Died:
            code = worker.process.poll()
            self._drop(worker)
            return "undecided", f"the checker's process died (code {code})"
        if worker.rss > self.max_rss or worker.served >= self.max_pairs:
            self._drop(worker)
        return answer

    def _start(self) -> Worker:
        worker = self._own.worker = Worker()
        self.version = worker.version
        with self._lock:
            self._workers.add(worker)
        return worker

    def _drop(self, worker: Worker) -> None:
        self._own.worker = None
        with self._lock:
            self._workers.discard(worker)
        worker.kill()

    def processes(self) -> list[int]:
        """Numbers of the living worker processes."""
        with self._lock:
            return [worker.process.pid for worker in self._workers]

    def close(self) -> None:
        """End every worker now; pairs that wait are undecided."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.process.kill()
        self._threads.shutdown(wait=True)
        for worker in workers:
            worker.kill()
