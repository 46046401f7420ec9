"""What the attempts before this one have drawn already: a stage that was killed at any moment never draws it again."""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..events import Record
from ..scores import unpack
from .sampler import Completion


@dataclass(eq=False)
class Done:
    """An item that an earlier attempt has whole: its trace ended by itself or at `max_tokens`."""

    item: str
    trace: str
    """`run/stage/attempt/n`"""
    facts: dict[str, Any] = field(default_factory=dict)
    """As the trace's facts stand at the end of that attempt: finish, tokens, answer, verdict, …"""
    tail: int = 0
    """Bytes at the end of the trace's text that ended the completion and are not part of it."""
    token_ids: dict[str, int] | None = None
    scores: dict[str, int] | None = None
    _folder: Path = field(default=Path(), repr=False)
    _extents: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)

    @property
    def verdict(self) -> str | None:
        """right, wrong, undecided, none; None where the attempt ended before the checker had spoken."""
        return (self.facts.get("verdict") or {}).get("value")

    def completion(self) -> Completion:
        """What was drawn, read from the files of that attempt. Raises OSError where they are gone."""
        data = b"".join(_read(self._folder / "text", ".txt", *extent) for extent in self._pieces())
        ids = None
        if self.token_ids:
            place = self.token_ids
            ids = array("I")
            ids.frombytes(
                _read(self._folder / "tokens", ".bin", place["part"], place["offset"], place["length"])
            )
        scores = None
        if self.scores:
            place = self.scores
            scores = unpack(
                _read(self._folder / "tokens", ".bin", place["part"], place["offset"], place["length"])
            )
        cut = len(data) - self.tail
        return Completion(
            text=data[:cut].decode(),
            tail=data[cut:].decode(),
            finish=self.facts["finish"],
            prompt_text="",
            tokens=self.facts.get("tokens", 0),
            exact=bool(self.facts.get("tokens_exact")),
            token_ids=ids.tolist() if ids is not None else None,
            scores=scores,
            reasoning_tokens=self.facts.get("reasoning_tokens"),
        )

    def _pieces(self) -> Iterator[tuple[int, int, int]]:
        flat = iter(self._extents)
        return zip(flat, flat, flat, strict=True)

    def add(self, event: dict[str, Any]) -> None:
        self._extents.extend((event["part"], event["offset"], event["length"]))

    def is_whole(self, sizes: dict[int, int]) -> bool:
        """Whether all of its text is in the parts, whose sizes are given by number."""
        return all(offset + length <= sizes.get(part, 0) for part, offset, length in self._pieces())


def ancestors(attempt: Path, spec: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folder and spec of the attempts that this one goes on from, the nearest first. Raises OSError where one cannot be read."""
    seen = set()
    while (resumed := spec.get("resumed_from")) and resumed["attempt"] not in seen:
        seen.add(resumed["attempt"])
        folder = attempt.parent / f"attempt-{resumed['attempt']}"
        spec = json.loads((folder / "spec.json").read_bytes())
        yield folder, spec


def done_items(attempt: Path, spec: dict[str, Any], record: Record) -> dict[str, Done]:
    """What the ancestors of the attempt have finished, by `Item.key`; of several, the newest.

    An attempt that cannot be read is told of with a warning, and what it had is drawn again; those before it are read. One
    that was killed before it wrote anything has nothing.
    """
    found: dict[str, Done] = {}
    try:
        for folder, its_spec in ancestors(attempt, spec):
            name = f"{its_spec['run']}/{its_spec['stage']}/{its_spec['attempt']}"
            try:
                for done in _finished(folder, name) if has_record(folder) else ():
                    found.setdefault(done.item, done)
            except (OSError, ValueError, KeyError) as error:
                warn_unreadable(record, error)
    except (OSError, ValueError, KeyError) as error:
        warn_unreadable(record, error)
    return found


def has_record(attempt: Path) -> bool:
    """False for an attempt that was killed before its first event: it has neither events nor texts."""
    return (attempt / "events.jsonl").exists() or (attempt / "text").exists()


def warn_unreadable(record: Record, error: Exception) -> None:
    record.warn("older_attempt", f"an earlier attempt cannot be read, what it had is done again: {error}")


def _finished(folder: Path, name: str) -> Iterator[Done]:
    begun: dict[int, Done] = {}
    ended: dict[int, Done] = {}
    with (folder / "events.jsonl").open("rb") as file:
        for line in file:
            if b'"type":"trace_' not in line[:120] or not line.endswith(b"\n"):
                continue
            event = json.loads(line)
            trace = event["trace"]
            match event["type"]:
                case "trace_begin" if event.get("item"):
                    begun[trace] = Done(event["item"], f"{name}/{trace}", _folder=folder)
                case "trace_text" if trace in begun:
                    begun[trace].add(event)
                case "trace_end" if trace in begun:
                    done = begun.pop(trace)
                    done.facts, done.tail = event["facts"], event.get("tail", 0)
                    done.token_ids, done.scores = event.get("token_ids"), event.get("scores")
                    if done.facts.get("finish") in ("stop", "length"):
                        ended[trace] = done
                case "trace_facts" if trace in ended:
                    ended[trace].facts |= event["facts"]
    texts = folder / "text"
    sizes = {_part(p): p.stat().st_size for p in texts.glob("part-*.txt")} if texts.is_dir() else {}
    # The last one of a key: a broken stream is drawn again within an attempt.
    return iter([done for done in reversed(ended.values()) if done.is_whole(sizes)])


def _part(path: Path) -> int:
    return int(path.stem.removeprefix("part-"))


def _read(folder: Path, suffix: str, part: int, offset: int, length: int) -> bytes:
    with (folder / f"part-{part:05d}{suffix}").open("rb") as file:
        file.seek(offset)
        return file.read(length)
