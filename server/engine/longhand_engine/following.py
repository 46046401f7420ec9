"""The checkpoints of a stage that another worker is still training, read from its folder (contract: core/protocol)."""

import json
from dataclasses import dataclass
from pathlib import Path

from .files import read_json

# How far from a whole number an epoch may be that counts as one.
NEAR = 1e-3


@dataclass(frozen=True)
class Checkpoint:
    step: int
    epoch: float | None
    path: Path
    name: str
    """`attempt-<n>/checkpoints/checkpoint-<step>`: tells checkpoints of the same step in two attempts apart."""


class Followed:
    """The folder `…/stages/<stage>`, read again at each call; a line that is not whole yet is left for the next."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._read: dict[Path, int] = {}
        self._found: dict[Path, list[Checkpoint]] = {}

    def completed(self) -> bool:
        """True when the newest attempt has ended and done its work. Ask before `checkpoints`: then these are all."""
        attempts = self._attempts()
        try:
            return bool(attempts) and read_json(attempts[-1] / "exit.json").get("outcome") == "completed"
        except FileNotFoundError:
            return False

    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints that count, by step: an older attempt's only up to the step that a later one resumed from.

        Only those whose COMPLETE.json lies there now.
        """
        attempts = {int(path.name.removeprefix("attempt-")): path for path in self._attempts()}
        number = max(attempts, default=0)
        upto: float = float("inf")
        found: dict[int, Checkpoint] = {}
        while number in attempts:
            self._tail(attempts[number])
            for checkpoint in self._found[attempts[number]]:
                if checkpoint.step <= upto and (checkpoint.path / "COMPLETE.json").exists():
                    found.setdefault(checkpoint.step, checkpoint)
            resumed = self._resumed_from(attempts[number])
            if not resumed or resumed["attempt"] >= number:
                break
            number, upto = resumed["attempt"], min(upto, resumed["step"])
        return [found[step] for step in sorted(found)]

    def _attempts(self) -> list[Path]:
        """By number; a folder counts from when its spec.json is there."""
        folders = [p for p in self.folder.glob("attempt-*") if p.name[8:].isdecimal() and (p / "spec.json").exists()]
        return sorted(folders, key=lambda p: int(p.name[8:]))

    def _resumed_from(self, attempt: Path) -> dict | None:
        return read_json(attempt / "spec.json").get("resumed_from")

    def _tail(self, attempt: Path) -> None:
        """Reads what was added to the record since the last call."""
        found = self._found.setdefault(attempt, [])
        try:
            with (attempt / "events.jsonl").open("rb") as file:
                file.seek(self._read.get(attempt, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[attempt] = self._read.get(attempt, 0) + len(line)
                    # Most lines are texts of traces: only those that may be checkpoints are parsed.
                    if b'"checkpoint"' in line:
                        self._take(attempt, json.loads(line), found)
        except FileNotFoundError:
            return

    def _take(self, attempt: Path, event: dict, found: list[Checkpoint]) -> None:
        if event.get("type") == "checkpoint":
            path = attempt / event["path"]
            found.append(Checkpoint(event["step"], event["epoch"], path, f"{attempt.name}/{event['path']}"))


def wanted(checkpoints: list[Checkpoint], every: str, completed: bool) -> list[Checkpoint]:
    """Those to evaluate. `checkpoint`: all; `epoch`: those at whole epochs, and the last one; `end`: the last one.

    `last` is known only when the stage is `completed`.
    """
    last = checkpoints[-1:] if completed else []
    if every == "end":
        return last
    if every == "checkpoint":
        return checkpoints
    whole = [c for c in checkpoints if c.epoch is not None and round(c.epoch) and abs(c.epoch - round(c.epoch)) < NEAR]
    return whole + [c for c in last if c not in whole]
