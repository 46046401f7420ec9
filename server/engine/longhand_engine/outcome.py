"""What became of a worker: one word for machines and one sentence for people, from what it recorded and how it ended."""

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TAIL = 2**20
_FULL = 2**20
"""With less free than this a worker cannot even write its error."""


@dataclass
class Ending:
    """How the worker's process ended, as the runner saw it."""

    code: int | None
    signal: int | None
    stop_asked: bool
    killed_by_us: bool
    grace_s: float
    oom_kills: int
    """Kills for memory that the control group counted while the worker ran."""
    peak_rss: int


def read_tail(path: Path, limit: int = _TAIL) -> bytes:
    """The last `limit` bytes of a file, nothing where it is absent."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - limit))
            return file.read()
    except OSError:
        return b""


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write beside `folder`."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def last_events(attempt_dir: Path) -> dict[str, dict[str, Any]]:
    """The last event of each type among the last megabyte of the record; lines that are torn are passed over."""
    events = {}
    for line in read_tail(attempt_dir / "events.jsonl").split(b"\n"):
        try:
            event = json.loads(line)
            events[event["type"]] = event
        except (ValueError, KeyError, TypeError):
            continue
    return events


def classify_error(event: dict[str, Any]) -> str:
    """The machine word for an `error` event, by its class and message."""
    name, message = str(event.get("class", "")), str(event.get("message", ""))
    if name == "OutOfMemoryError" or "CUDA out of memory" in message or "HIP out of memory" in message:
        return "oom_gpu"
    if name == "MemoryError" or "can't allocate memory" in message or "Cannot allocate memory" in message:
        return "oom_host"
    if "No space left on device" in message or "Disk quota exceeded" in message:
        return "disk_full"
    words = {
        "ConfigError": "config_error",
        "DataError": "data_error",
        "RewardError": "user_code",
        "ServerError": "server_failed",
        "CommandError": "exited",
        "RankLost": "killed",
        "ModuleNotFoundError": "engine_broken",
    }
    return words.get(name, "exception")


def classify(attempt_dir: Path, ending: Ending) -> tuple[str, str | None, str | None]:
    """`(outcome, reason, message)` of exit.json.

    The worker's own `end` event decides about success, never its exit code: trainers leave with 0 after half of their
    steps, and a finished one may still crash while Python is taken down.
    """
    events = last_events(attempt_dir)
    end, error = events.get("end"), events.get("error")
    if end and end.get("complete") is True:
        how = _how(ending)
        return "completed", None, how and f"The work was done; afterwards the worker {how}."
    if error:
        reason = classify_error(error)
        said = f"{error.get('class')}: {error.get('message')}"
        return (
            ("stopped" if ending.stop_asked else "failed"),
            reason,
            said + (f" ({error['hint']})" if error.get("hint") else ""),
        )
    at = f" at step {end['step']} of {end['max_steps']}" if end and end.get("max_steps") is not None else ""
    if ending.stop_asked:
        if ending.killed_by_us:
            return "stopped", "killed", f"The worker did not end within {ending.grace_s:g} s and was killed."
        return "stopped", None, f"Stopped{at}."
    if end:
        if events.get("state", {}).get("phase") == "stopping":
            return "stopped", "signal", f"Somebody sent the worker SIGTERM; it ended{at}."
        return "failed", "incomplete", f"The worker ended{at or ' without completing its work'}."
    if ending.signal is not None:
        return _signalled(ending)
    if ending.code and free_bytes(attempt_dir) < _FULL:
        return (
            "failed",
            "disk_full",
            f"The worker exited with code {ending.code}, and the disk is full. Make room, then resume.",
        )
    last = _last_line(attempt_dir / "stderr.log")
    if ending.code == 0:
        return (
            "failed",
            "no_end",
            "The worker ended without saying that its work is done." + (f" Its last words: {last}" if last else ""),
        )
    return (
        "failed",
        "exited",
        f"The worker exited with code {ending.code}." + (f" Its last words: {last}" if last else ""),
    )


def signal_name(number: int) -> str:
    """SIGKILL for 9; `signal 40` where the system has no name for it."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _how(ending: Ending) -> str | None:
    if ending.signal is not None:
        return f"was ended by {signal_name(ending.signal)}"
    return f"exited with code {ending.code}" if ending.code else None


def _signalled(ending: Ending) -> tuple[str, str, str]:
    name = signal_name(ending.signal)
    peak = f"its processes held {ending.peak_rss / 2**30:.1f} GiB at most"
    if ending.signal == signal.SIGKILL and ending.oom_kills:
        return "failed", "oom_host", f"The kernel killed the worker for memory; {peak}."
    if ending.signal == signal.SIGKILL:
        return "failed", "killed", f"The worker was killed (SIGKILL), by somebody or by the kernel for memory; {peak}."
    return "failed", "crashed", f"The worker was ended by {name}. Its stack may stand in stderr.log."


def _last_line(path: Path) -> str:
    lines = [line for line in read_tail(path, 16384).decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:500] if lines else ""
