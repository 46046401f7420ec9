"""Supervises one attempt: `python -m longhand_engine.runner <attempt-dir>`.

Starts the command of spec.json in a process group of its own and stays its parent, so that the service may die and come
back. Writes runner.json, heartbeat.json every 2 s and, last, exit.json; obeys stop.json and SIGTERM. It imports nothing
but the standard library and leaves no process of the stage behind (contract: core/protocol/files.ts).
"""

import errno
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import processes
from .files import now, read_json, write_json
from .outcome import Ending, classify, signal_name

HEARTBEAT_S = 2.0
POLL_S = 0.25
SWEEP_TERM_S = 3.0
"""What the worker left behind gets this long between TERM and KILL."""
SWEEP_KILL_S = 20.0
"""After this long a killed process counts as one that cannot be killed (it hangs in the kernel)."""


class Runner:
    def __init__(self, attempt_dir: Path):
        self.dir = attempt_dir
        self.started = now()
        self.spec: dict[str, Any] = {}
        self.worker: int | None = None
        self.status: int | None = None
        self.stop_asked = self.killed = False
        self.deadline = float("inf")
        self.grace_s = 0.0
        self.peak_rss = 0
        self.cpu_s = 0.0
        self.survivors: list[int] = []
        self._signalled = False
        self._oom_before = oom_kills()

    def run(self) -> dict[str, Any]:
        """Run the attempt to its end and return what exit.json says. Never raises for what the worker does."""
        problem: tuple[str, str] | None = None
        try:
            self.spec = read_json(self.dir / "spec.json")
            self._reserve_exit()
            self._own_session()
            self._listen()
            self._read_stop()
            if not self.stop_asked:
                self._start()
                self._supervise()
        except OSError as error:
            problem = ("disk_full" if error.errno == errno.ENOSPC else "start_failed"), describe(error, self.spec)
        except Exception as error:  # a bug here must not leave a stage without an exit.json
            problem = "start_failed" if self.worker is None else "runner_error", f"{type(error).__name__}: {error}"
        self._sweep()
        return self._exit(problem)

    # -- beginning ----------------------------------------------------------------------------------------------------

    def _reserve_exit(self) -> None:
        """Take the space of exit.json now, so that a full disk cannot keep it from being written."""
        with (self.dir / ".exit.json.tmp").open("wb") as file:
            file.write(b" " * 8192)

    def _own_session(self) -> None:
        if os.getsid(0) != os.getpid():
            with suppress(PermissionError):  # a group's leader cannot; then the session is not ours and is not swept
                os.setsid()
        if sys.platform == "linux":
            prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what the worker orphans becomes our child

    def _listen(self) -> None:
        self._wake, wake = socket.socketpair()
        self._wake.setblocking(False)
        wake.setblocking(False)
        self._wake_end = wake
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_term)

    def _on_term(self, *_: object) -> None:
        self._signalled = True

    def _start(self) -> None:
        self._write_runner()
        env = {**os.environ, **self.spec["env"], processes.MARK: self.spec["mark"]}
        parent = os.getpid()

        def in_child() -> None:
            # The runner killed outright: the worker is asked to save and end, as nobody is left to watch it.
            prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

        with (self.dir / "stdout.log").open("ab") as out, (self.dir / "stderr.log").open("ab") as err:
            child = subprocess.Popen(
                self.spec["command"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=env,
                cwd=self.dir,
                process_group=0,
                preexec_fn=in_child if sys.platform == "linux" else None,
            )
        self.worker = child.pid
        child.returncode = 0  # we reap every child ourselves, below
        self._write_runner()

    def _write_runner(self) -> None:
        write_json(
            self.dir / "runner.json",
            {
                "v": 1,
                "runner": processes.identity(os.getpid()),
                "worker": processes.identity(self.worker) if self.worker else None,
                "mark": self.spec["mark"],
                "host": socket.gethostname(),
                "started": self.started,
            },
        )

    # -- course -------------------------------------------------------------------------------------------------------

    def _supervise(self) -> None:
        next_beat = 0.0
        while True:
            self._reap()
            if self.status is not None:
                return
            if time.monotonic() >= next_beat:
                self._beat()
                next_beat = time.monotonic() + HEARTBEAT_S
            self._read_stop()
            if time.monotonic() >= self.deadline:
                self.killed = True
                return
            self._sleep(POLL_S)

    def _sleep(self, seconds: float) -> None:
        """Wait, or less when a signal comes (a child's end among them)."""
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            self._wake.recv(4096)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.worker:
                self.status = status

    def _read_stop(self) -> None:
        """A wish to stop: TERM once; each later wish may shorten the time until the kill, never lengthen it."""
        grace = None
        if self._signalled:
            self._signalled = False
            grace = float(self.spec.get("grace_s", 120))
        if (self.dir / "stop.json").exists():
            try:
                wish = float(read_json(self.dir / "stop.json")["grace_s"])
            except (ValueError, KeyError, TypeError, OSError):
                wish = float(self.spec.get("grace_s", 120))
            grace = wish if grace is None else min(grace, wish)
        if grace is None:
            return
        if not self.stop_asked:
            self.stop_asked, self.asked_at = True, time.monotonic()
            if self.worker is not None and self.status is None:
                kill_group(self.worker, signal.SIGTERM)
        if self.asked_at + grace < self.deadline:
            self.deadline, self.grace_s = self.asked_at + grace, grace

    def _beat(self) -> None:
        found = processes.table()
        mine = [found[pid] for pid in processes.descendants(os.getpid(), found)]
        living = [p for p in mine if p.state != "Z"]
        rss = sum(p.rss for p in living)
        self.peak_rss = max(self.peak_rss, rss)
        self.cpu_s = max(self.cpu_s, children_cpu() + sum(p.cpu_s for p in mine))
        beat = {"v": 1, "t": now(), "rss": rss, "cpu_s": round(self.cpu_s, 3), "processes": len(living)}
        with suppress(OSError):  # a full disk is the worker's to report; the next beat tries again
            write_json(self.dir / "heartbeat.json", beat)

    # -- end ----------------------------------------------------------------------------------------------------------

    def _members(self) -> set[int]:
        """Every living process of this stage: our descendants, our session, and whatever carries the mark."""
        found = processes.table()
        me = os.getpid()
        members = processes.descendants(me, found) | processes.marked(str(self.spec.get("mark") or "unmarked"))
        if os.getsid(0) == me:
            members |= {p.pid for p in found.values() if p.session == me}
        if self.worker is not None:
            members |= {p.pid for p in found.values() if p.group == self.worker}
        members.discard(me)
        return {pid for pid in members if pid in found and found[pid].state != "Z"}

    def _sweep(self) -> None:
        """End all that is left, and look until it is gone."""
        if self.worker is None:
            return
        killing, begun = self.killed, time.monotonic()
        asked: set[int] = set()
        while members := self._members():
            waited = time.monotonic() - begun
            if not killing and waited >= SWEEP_TERM_S:
                killing, begun, waited = True, time.monotonic(), 0.0
            if killing and waited >= SWEEP_KILL_S:
                self.survivors = sorted(members)
                break
            for pid in members if killing else members - asked:
                kill(pid, signal.SIGKILL if killing else signal.SIGTERM)
            asked |= members
            self._sleep(0.02 if killing else 0.1)
            self._reap()
        self._reap()

    def _exit(self, problem: tuple[str, str] | None) -> dict[str, Any]:
        code = os.WEXITSTATUS(self.status) if self.status is not None and os.WIFEXITED(self.status) else None
        number = os.WTERMSIG(self.status) if self.status is not None and os.WIFSIGNALED(self.status) else None
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        unit = 1 if sys.platform == "darwin" else 1024
        self.peak_rss = max(self.peak_rss, usage.ru_maxrss * unit)
        if problem:
            outcome, (reason, message) = "failed", problem
        elif self.worker is None:
            outcome, reason, message = "stopped", None, "Stopped before the worker was started."
        else:
            ending = Ending(
                code, number, self.stop_asked, self.killed, self.grace_s, oom_kills() - self._oom_before, self.peak_rss
            )
            outcome, reason, message = classify(self.dir, ending)
        if self.survivors:
            message = (
                f"{message or ''} Processes {self.survivors} cannot be killed: the machine needs attention.".strip()
            )
        return {
            "v": 1,
            "outcome": outcome,
            "reason": reason,
            "message": message and message[:4000],
            "code": code,
            "signal": signal_name(number) if number is not None else None,
            "started": self.started,
            "ended": now(),
            "cpu_s": round(max(self.cpu_s, children_cpu()), 3),
            "peak_rss": self.peak_rss,
            "survivors": self.survivors,
        }


def prctl(option: int, value: int) -> None:
    """Linux's prctl(2); nothing where the C library has none."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def children_cpu() -> float:
    """CPU seconds of all descendants that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def oom_kills() -> int:
    """Kills for memory in our control group so far, 0 where it does not tell."""
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return 0
    root = Path("/sys/fs/cgroup")
    candidates = []
    for _, controllers, path in groups:
        path = path.lstrip("/")
        if controllers == "":
            candidates += [root / path / "memory.events", root / "unified" / path / "memory.events"]
        elif "memory" in controllers.split(","):
            candidates += [root / "memory" / path / "memory.oom_control", root / "memory" / "memory.oom_control"]
    for file in candidates:
        try:
            fields = dict(line.split() for line in file.read_text().splitlines())
            return int(fields["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return 0


def describe(error: OSError, spec: dict[str, Any]) -> str:
    """Why the worker could not be started, with what to do."""
    command = spec.get("command") or ["?"]
    if isinstance(error, FileNotFoundError) and error.filename in (command[0], None):
        return f"{command[0]} does not exist. Set up the engine again, or correct the setting that names it."
    if error.errno in (errno.EACCES, errno.ENOEXEC) and error.filename == command[0]:
        return f"{command[0]} cannot be executed ({error.strerror}). Check the file, its permissions and those of its folders."
    if error.errno == errno.ENOSPC:
        return f"No space left on device ({error.filename or 'writing the attempt'}). Make room, then resume."
    return str(error)


def write_exit(attempt_dir: Path, value: dict[str, Any]) -> None:
    """Write exit.json by the space reserved at the start; tried again for half a minute while the disk refuses."""
    import json

    data = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    temporary = attempt_dir / ".exit.json.tmp"
    for _ in range(30):
        try:
            with temporary.open("r+b" if temporary.exists() else "wb") as file:
                file.write(data + b"\n")
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, attempt_dir / "exit.json")
            return
        except OSError as error:
            last = error
            time.sleep(1)
    raise last


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m longhand_engine.runner ATTEMPT-DIR", file=sys.stderr)
        return 2
    attempt_dir = Path(sys.argv[1]).resolve()
    if not attempt_dir.is_dir():
        print(f"{attempt_dir} is not a folder", file=sys.stderr)
        return 2
    write_exit(attempt_dir, Runner(attempt_dir).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
