"""Checkpoints that can be trusted: COMPLETE.json lists every file with its size and is written after all of them."""

import os
from collections.abc import Callable
from pathlib import Path

from ..files import read_json, sync_dir, write_json

COMPLETE = "COMPLETE.json"


def seal(folder: Path, step: int, epoch: float | None) -> int:
    """Make the files of a checkpoint durable, then mark it as complete. Returns its bytes."""
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != COMPLETE):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
            files[path.relative_to(folder).as_posix()] = os.fstat(fd).st_size
        finally:
            os.close(fd)
    sync_dir(folder)
    write_json(folder / COMPLETE, {"v": 1, "step": step, "epoch": epoch, "files": files}, sync=True)
    return sum(files.values())


def problem_of(folder: Path) -> str | None:
    """Why a checkpoint cannot be trusted; None when it can."""
    try:
        complete = read_json(folder / COMPLETE)
    except FileNotFoundError:
        return "it has no COMPLETE.json: it was still being written"
    except (OSError, ValueError) as error:
        return str(error)
    for name, size in complete.get("files", {}).items():
        try:
            found = (folder / name).stat().st_size
        except OSError:
            return f"{name} is missing"
        if found != size:
            return f"{name} has {found} bytes instead of {size}"
    return None


def step_of(folder: Path) -> int:
    """The step in the name `checkpoint-<step>`; -1 for another name."""
    number = folder.name.removeprefix("checkpoint-")
    return int(number) if number.isdigit() else -1


def processes_of(folder: Path) -> int:
    """How many processes trained a checkpoint: each leaves its random state."""
    return max(1, len(list(folder.glob("rng_state_*.pth"))))


def resume_point(wanted: Path, warn: Callable[[str, str], None]) -> Path | None:
    """`wanted` if it is whole, otherwise the newest whole checkpoint beside it; None where there is none.

    `warn(code, message)` is told about each one that was passed over.
    """
    older = [p for p in wanted.parent.glob("checkpoint-*") if 0 <= step_of(p) < step_of(wanted)]
    for folder in [wanted, *sorted(older, key=step_of, reverse=True)]:
        problem = problem_of(folder)
        if problem is None:
            return folder
        warn("checkpoint_skipped", f"{folder} is not used: {problem}")
    warn("resume_from_start", f"There is no whole checkpoint in {wanted.parent}: the stage starts from its beginning.")
    return None
