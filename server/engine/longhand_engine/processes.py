"""Processes of a tree: who they are, what they use, which belong together. From /proc, or from `ps` where there is none."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MARK = "LONGHAND_MARK"


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    session: int
    state: str
    """One letter; Z is a zombie, which holds nothing but its number."""
    start_time: str
    rss: int
    """Resident bytes."""
    cpu_s: float
    """User and system seconds, those of its reaped children included where the system tells them."""


def has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


def boot_id() -> str:
    """Changes with every boot of the machine (on macOS `kern.bootsessionuuid`)."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _output(["sysctl", "-n", "kern.bootsessionuuid"]).strip() or "unknown"


def identity(pid: int) -> dict[str, int | str] | None:
    """`{pid, start_time, boot_id}`, which a later process with the same number does not share; None when it is gone."""
    process = _from_proc(pid) if has_proc() else next((p for p in _from_ps(pid)), None)
    return process and {"pid": pid, "start_time": process.start_time, "boot_id": boot_id()}


def table() -> dict[int, Process]:
    """Every process of the machine that we may see, by number."""
    if not has_proc():
        return {p.pid: p for p in _from_ps()}
    numbers = (int(name) for name in os.listdir(PROC) if name.isdigit())
    return {p.pid: p for n in numbers if (p := _from_proc(n))}


def descendants(of: int, processes: dict[int, Process]) -> set[int]:
    """Numbers of all children of `of`, their children, and so on."""
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    queue = [of]
    while queue:
        for child in children.get(queue.pop(), []):
            if child not in found:
                found.add(child)
                queue.append(child)
    return found


def marked(mark: str) -> set[int]:
    """Numbers of the processes whose environment carries the mark: it finds what left the tree and the session."""
    if not has_proc():
        flags = "-axwwE" if platform.system() == "Darwin" else "axwwe"
        rows = (line.split(None, 1) for line in _output(["ps", flags, "-o", "pid=,command="]).splitlines())
        return {int(row[0]) for row in rows if len(row) == 2 and f"{MARK}={mark}" in row[1]}
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for name in os.listdir(PROC):
        if name.isdigit():
            try:
                if wanted in (PROC / name / "environ").read_bytes().split(b"\0"):
                    found.add(int(name))
            except OSError:  # gone meanwhile, or another user's
                continue
    return found


def _from_proc(pid: int) -> Process | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold spaces and brackets itself: proc(5).
    fields = text[text.rindex(")") + 2 :].split()
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return Process(
        pid=pid,
        state=fields[0],
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        cpu_s=sum(map(int, fields[11:15])) / ticks,
        start_time=fields[19],
        rss=int(fields[21]) * page,
    )


def _from_ps(pid: int | None = None) -> list[Process]:
    which = ["-p", str(pid)] if pid else ["-ax"]
    found = []
    for line in _output(["ps", *which, "-o", "pid=,ppid=,pgid=,state=,rss=,time=,lstart="]).splitlines():
        fields = line.split(None, 6)
        if len(fields) == 7:
            number, parent, group, state, rss, cpu, start = fields
            # macOS's ps does not tell the session; the group and the mark must do.
            found.append(
                Process(
                    int(number), int(parent), int(group), -1, state[0], start.strip(), int(rss) * 1024, _seconds(cpu)
                )
            )
    return found


def _seconds(clock: str) -> float:
    """`[[days-]hours:]minutes:seconds[.hundredths]` as seconds."""
    days, _, rest = clock.rpartition("-")
    total = 0.0
    for field in rest.split(":"):
        total = total * 60 + float(field)
    return total + 86400 * int(days or 0)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, errors="replace").stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
