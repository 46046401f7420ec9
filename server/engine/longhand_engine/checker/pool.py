"""Verdicts in processes that can be killed: started when first needed, replaced when they overstay, swell or have served long."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import OrderedDict, deque
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

START_S = 120.0
"""Importing Math-Verify takes 3 to 5 s, and many times that on a machine under load."""


_CACHED_LENGTH = 1_000
"""Characters of a pair that is remembered, so that what is remembered has a bound."""

AHEAD = 1
"""Pairs in a worker's pipe behind the one that it judges, so that it need not wait for the pool between two."""

_AHEAD_BYTES = 16 * 1024
"""A longer request is sent to a worker that is free: where it fills the pipe of a busy one, the write has no limit of time."""


class CheckerError(RuntimeError):
    """The checker itself does not work: no verdict is possible, and none is invented."""


class _Died(Exception):
    pass


class Worker:
    """One process of `worker.py` and the pipe to it. `greet` before the first pair."""

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

    def greet(self) -> str:
        """Math-Verify's version, when the process is ready. Raises CheckerError where it never is; it is killed then."""
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
        return hello["version"]

    def send(self, request: bytes) -> None:
        """Raises _Died when the process has ended."""
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
        except OSError as error:
            raise _Died from error

    def receive(self, hard_s: float) -> tuple[str, str | None]:
        """`(value, reason)` of the oldest request. Raises TimeoutError after `hard_s`, _Died when the process has ended."""
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


class _Pair:
    """A pair that waits for its verdict."""

    def __init__(self, pred: str, gold: str, limit_s: int) -> None:
        self.request = json.dumps({"pred": pred, "gold": gold, "limit_s": limit_s}).encode() + b"\n"
        self.future: Future[tuple[str, str | None]] = Future()


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
        self._size = size
        self._threads: list[threading.Thread] = []
        self._workers: set[Worker] = set()
        self._lock = threading.Lock()
        self._more = threading.Condition(self._lock)
        self._waiting: deque[_Pair] = deque()
        self._idle = 0
        self._closed = False
        self._limit = cache
        self._cache: OrderedDict[tuple[str, str], Future[tuple[str, str | None]]] = OrderedDict()

    def ask(self, pred: str, gold: str) -> Future[tuple[str, str | None]]:
        """`(value, reason)` of a pair of short answers, later; the same pair again costs nothing."""
        key = (pred, gold) if len(pred) + len(gold) <= _CACHED_LENGTH else None
        with self._lock:
            if self._closed:
                raise RuntimeError("The checker's pool is closed.")
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
            pair = _Pair(pred, gold, self.limit_s)
            if key is not None:
                self._cache[key] = pair.future
                if len(self._cache) > self._limit:
                    self._cache.popitem(last=False)
            self._waiting.append(pair)
            if len(self._waiting) <= self._idle:
                self._more.notify()
            elif len(self._threads) < self._size:
                # Ends with the process: nobody waits for a verdict then.
                thread = threading.Thread(target=self._serve, name=f"checker-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            return pair.future

    def _serve(self) -> None:
        """Send a worker of this thread's own what waits, and give its words to those who asked, until the pool is closed."""
        worker: Worker | None = None
        sent: deque[_Pair] = deque()
        while True:
            while self._closed and sent:
                sent.popleft().future.set_result(("undecided", "the checker was closed"))
            try:
                if sent and worker is None:
                    worker = self._start()
                    for pair in sent:
                        worker.send(pair.request)
                while pair := self._next(sent):
                    sent.append(pair)
                    worker = worker or self._start()
                    worker.send(pair.request)
                if not sent:
                    return
                answer = worker.receive(self.hard_s)
                if worker.rss > self.max_rss or worker.served >= self.max_pairs:
                    self._drop(worker)
                    worker = None
            except CheckerError as error:
                worker = None
                while sent and not self._closed:
                    sent.popleft().future.set_exception(error)
                continue
            except TimeoutError:
                answer = "undecided", f"time-out: the checker was killed after {self.hard_s:g} s"
                self._drop(worker)
                worker = None
            except _Died:
                answer = "undecided", f"the checker's process died (code {worker.process.poll()})"
                self._drop(worker)
                worker = None
            except Exception as error:  # no process can be made, or it speaks nonsense: nobody may wait for ever
                if worker:
                    self._drop(worker)
                    worker = None
                while sent:
                    sent.popleft().future.set_exception(CheckerError(f"The checker does not work: {error!r}"))
                continue
            sent.popleft().future.set_result(answer)

    def _next(self, sent: deque[_Pair]) -> _Pair | None:
        """What to send to a worker that has `sent` in its pipe; with nothing sent it is waited for, and None means the end.

        A pair is sent ahead only while more wait than there are workers: otherwise another may be free for it sooner.
        """
        while True:
            with self._lock:
                while not sent and not self._waiting and not self._closed:
                    self._idle += 1
                    self._more.wait()
                    self._idle -= 1
                if self._closed and not sent:
                    return None
                if sent and (
                    len(sent) > AHEAD
                    or len(self._waiting) <= self._size
                    or len(self._waiting[0].request) > _AHEAD_BYTES
                ):
                    return None
                pair = self._waiting.popleft()
            if pair.future.set_running_or_notify_cancel():
                return pair

    def _start(self) -> Worker:
        worker = Worker()
        with self._lock:
            closed = self._closed
            # Before it is ready: closing the pool ends it, and does not wait for it.
            if not closed:
                self._workers.add(worker)
        if closed:
            worker.kill()
            raise CheckerError("The checker's pool is closed.")
        try:
            self.version = worker.greet()
        except Exception:
            self._drop(worker)
            raise
        return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._workers.discard(worker)
        worker.kill()

    def processes(self) -> list[int]:
        """Numbers of the living worker processes."""
        with self._lock:
            return [worker.process.pid for worker in self._workers]

    def close(self) -> None:
        """End every worker now; pairs that wait are undecided."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
            workers, self._workers = self._workers, set()
            self._more.notify_all()
        for pair in waiting:
            pair.future.cancel()
        for worker in workers:
            worker.process.kill()
        for thread in self._threads:
            thread.join()
        for worker in workers:
            worker.kill()
