"""The engines behind the server: stepped in one thread, asked from the event loop's."""

import asyncio
import logging
import threading
from collections.abc import Callable

from ..sampling.engine import Engine
from ..sampling.requests import Request, Sequence
from .checkpoint import Checkpoint
from .errors import ApiError

log = logging.getLogger(__name__)


class Served:
    """A checkpoint with the engine that computes its requests."""

    def __init__(self, checkpoint: Checkpoint, batch: int):
        self.checkpoint = checkpoint
        self.engine = Engine(checkpoint.model, batch=batch, texts=checkpoint.texts)
        self.broken = False


class Job:
    """The sequences of one HTTP request. `done` is set when the last has ended; `error` says why they failed."""

    def __init__(self, served: Served, loop: asyncio.AbstractEventLoop):
        self.served = served
        self.sequences: list[Sequence] = []
        self.left = 0
        self.done: asyncio.Future[None] = loop.create_future()
        self.error: str | None = None

    def cancel(self) -> None:
        """Ends what has not ended; does nothing to a job that is done."""
        for sequence in self.sequences:
            sequence.cancel()

    def finish(self, error: str | None = None) -> None:
        if not self.done.done():
            self.error = error
            self.done.set_result(None)


class Driver:
    """Gives each checkpoint an engine of its own; after a change the old one finishes what it has beside the new one.

    `run` belongs to one thread, everything else to that of the event loop.
    """

    def __init__(self, served: Served, *, batch: int, queue: int):
        """At most `batch` sequences of a checkpoint are computed at a time, and `queue` wait."""
        self.served, self.batch, self.limit = served, batch, batch + queue
        self._all = [served]
        self._jobs: dict[Sequence, Job] = {}
        self._ended: list[Sequence] = []
        self._wake = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Names the event loop, before the first job."""
        self._loop = loop

    @property
    def in_flight(self) -> int:
        """Sequences that have not ended."""
        return len(self._jobs)

    @property
    def active(self) -> int:
        """Sequences that are being computed."""
        return sum(len(served.engine.active) for served in self._all)

    def submit(self, served: Served, requests: list[Request]) -> Job:
        """Queues the requests of one job, all or none. ApiError 400 for a bad one, 429 where there is no room."""
        count = sum(r.n for r in requests)
        if count > self.limit:
            raise ApiError(400, f"{count} completions are more than the {self.limit} that this server takes at a time")
        if self.in_flight + count > self.limit:
            message = f"{self.in_flight} completions are in flight, {self.limit} is the limit: try again later"
            raise ApiError(429, message, code="queue_full", headers={"Retry-After": "1"})
        if served.broken:
            raise ApiError(503, "the engine failed and starts again: try again", headers={"Retry-After": "1"})
        if served not in self._all:  # the checkpoint changed, and its last job ended, while this prompt was made
            self._all = [served, *self._all]
        job = Job(served, self._loop)
        try:
            for request in requests:
                job.sequences += served.engine.submit(request, self._heard)
        except ValueError as error:
            job.cancel()
            raise ApiError(400, str(error)) from error
        finally:
            job.left = len(job.sequences)
            self._jobs |= dict.fromkeys(job.sequences, job)
            self._wake.set()
        return job

    def change(self, served: Served) -> None:
        """Requests that come from now on are computed by `served`."""
        self.served = served
        self._all = [*self._all, served]

    def cancel_all(self) -> None:
        for job in set(self._jobs.values()):
            job.cancel()

    def wake(self) -> None:
        """Lets `run` look whether it is to end. May be called from any thread."""
        self._wake.set()

    # -- the stepping thread ------------------------------------------------------------------------------------------

    def run(self, until: Callable[[], bool]) -> None:
        """Steps while there is something to do, and waits for more, until `until()`."""
        while not until():
            self._wake.clear()
            busy = False
            for served in self._all:
                if served.broken:
                    continue
                try:
                    busy |= served.engine.step()
                except Exception as error:
                    log.exception("the engine failed")
                    served.broken = True
                    self._post(self._failed, served, f"the engine failed: {type(error).__name__}: {error}")
            if self._ended:
                ended, self._ended = self._ended, []
                self._post(self._tell, ended)
            if len(self._all) > 1 and any(s.engine.idle for s in self._all[:-1]):
                self._post(self._forget_idle)
            if not busy:
                self._wake.wait(1)

    def _heard(self, sequence: Sequence) -> None:
        if sequence.finish is not None:
            self._ended.append(sequence)

    def _post(self, what: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:  # the loop has ended, and with it everyone who waited
            log.debug("nobody is left to tell")

    # -- what it tells the event loop ---------------------------------------------------------------------------------

    def _tell(self, ended: list[Sequence]) -> None:
        for sequence in ended:
            job = self._jobs.pop(sequence, None)
            if job:
                job.left -= 1
                if not job.left:
                    job.finish()

    def _forget_idle(self) -> None:
        self._all = [s for s in self._all if s is self.served or not s.engine.idle]

    def _failed(self, served: Served, error: str) -> None:
        """Fails all jobs of an engine that raised; the checkpoint gets a fresh one."""
        jobs = {job for job in self._jobs.values() if job.served is served}
        self._jobs = {s: job for s, job in self._jobs.items() if job.served is not served}
        for job in jobs:
            job.finish(error)
        self._all = [s for s in self._all if s is not served]
        if self.served is served:
            self.change(Served(served.checkpoint, self.batch))
