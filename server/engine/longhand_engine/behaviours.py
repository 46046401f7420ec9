"""Behaviours in texts. There is one detector, that of the inspector: it is asked through its command line (`longhand annotate`)."""

import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import ConfigError, DataError


@dataclass(frozen=True)
class Found:
    """`counts`: spans by label, one a text, in the order of the texts. `detector`: its name and version."""

    detector: str
    counts: list[Counter[str]]


def find(command: Sequence[str] | None, texts: Sequence[tuple[str, str]]) -> Found:
    """Counts the spans in texts, each given with the problem that it answers (whose own words are no behaviour).

    `command` is the spec's `detector`: an argument list that takes JSON lines and gives one for each. Raises ConfigError where
    there is none or it cannot be started, DataError where it fails.
    """
    if not command:
        raise ConfigError("filters: behaviours needs the detector, and the service that made this attempt named none")
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"NODE_NO_WARNINGS": "1"},
        )
    except OSError as error:
        raise ConfigError(f"the detector of behaviours cannot be started: {error}") from error
    said: list[bytes] = []
    # Both are read while texts are written, or a full pipe would hold all three.
    threads = [
        threading.Thread(target=_write, args=(process.stdin, texts), daemon=True),
        threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    counts, names = [], set()
    for line in process.stdout:
        answer = json.loads(line)
        counts.append(Counter(span["label"] for span in answer["spans"] if span["in"] == "completion"))
        names.add(f"{answer.get('detector')} {answer.get('version')}")
    for thread in threads:
        thread.join()
    code = process.wait()
    if code != 0 or len(counts) != len(texts) or len(names) > 1:
        why = b"".join(said).decode(errors="replace").strip()[-500:] or f"{len(counts)} of {len(texts)} texts were read"
        raise DataError(f"the detector of behaviours failed (exit code {code}): {why}")
    return Found(names.pop() if names else "", counts)


def _write(pipe, texts: Sequence[tuple[str, str]]) -> None:
    try:
        with pipe:
            for number, (text, problem) in enumerate(texts):
                row = {"id": number, "text": text, "problem": problem}
                pipe.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")
    except BrokenPipeError:
        pass  # It ended before it had read all: its exit code and what it said tell why.
