"""The record of one attempt: `events.jsonl`, `text/part-*.txt`, `tokens/part-*.bin` (contract: core/protocol/events.ts).

One process owns a record; its threads may share it. An event is one `write` of a whole line on a file opened with
O_APPEND, and the text that it names is written before it, so that a kill at any moment loses at most the last line.
Times are milliseconds since 1970; `offset` and `length` are bytes in a part, `start` and `end` UTF-16 units in a text.
"""

import hashlib
import json
import math
import os
import sys
import threading
import time
import traceback as tracebacks
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .ids import problem_id
from .parts import PART_BYTES, Parts, write_all
from .scores import TokenScores, pack
from .texts import clean_text

VERSION = 1
_SYNCED = {"checkpoint", "end", "error"}
_NULLABLE_FACTS = {"answer", "reward", "advantage", "advantage_logged"}


def plain(value: Any) -> Any:
    """`value` with what JSON cannot say replaced: NaN and infinities by null, lone surrogates by U+FFFD, scalars by numbers."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):  # numpy and torch scalars
        return plain(value.item())
    return clean_text(str(value))


def _clip(text: str, limit: int) -> str:
    """`text`, or its two ends with the number of characters left out between them."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


class Record:
    """Writer of an attempt's record. Opened again, it goes on where the last whole line ended.

    `seq` of the events, the numbers of traces and prompts, and the extents of texts are given here. Every method may
    raise `OSError`; then nothing was recorded and the files are as before.
    """

    def __init__(self, attempt_dir: str | os.PathLike[str], *, part_bytes: int = PART_BYTES):
        self.dir = Path(attempt_dir)
        self.dir.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._seq = self._next_trace = self._next_prompt = 0
        self._problems: set[str] = set()
        self._prompts: dict[tuple[str, bytes], int] = {}
        path = self.dir / "events.jsonl"
        if path.exists():
            self._recover(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._text = Parts(self.dir / "text", ".txt", part_bytes)
        self._tokens = Parts(self.dir / "tokens", ".bin", part_bytes)

    def _recover(self, path: Path) -> None:
        whole = 0
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                event = json.loads(line)
                self._seq = event["seq"] + 1
                match event["type"]:
                    case "problem":
                        self._problems.add(event["problem"])
                    case "prompt":
                        self._next_prompt = event["prompt"] + 1
                    case "trace_begin":
                        self._next_trace = event["trace"] + 1
        # A torn last line was never acknowledged, and readers hold it back: it goes.
        os.truncate(path, whole)

    # -- writing ------------------------------------------------------------------------------------------------------

    def event(self, type: str, **fields: Any) -> int:
        """Append one event and return its `seq`. The methods below are the typed forms."""
        with self._lock:
            event = {"v": VERSION, "seq": self._seq, "t": round(time.time() * 1000), "type": type, **fields}
            try:
                line = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
            except (ValueError, TypeError):  # a NaN, a lone surrogate, a numpy scalar: rare, so cleaned only then
                line = json.dumps(plain(event), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
            if type in _SYNCED:
                self._text.sync()
                self._tokens.sync()
            write_all(self._fd, line + b"\n")
            self._seq += 1
            if type in _SYNCED:
                os.fsync(self._fd)
            return self._seq - 1

    def close(self) -> None:
        with self._lock:
            self._text.close()
            self._tokens.close()
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- course of the work -------------------------------------------------------------------------------------------

    def state(self, phase: str) -> None:
        """`phase`: starting, loading, running, saving, stopping."""
        self.event("state", phase=phase)

    def train_begin(
        self, max_steps: int, resumed_step: int, epochs: float | None, steps_per_epoch: float | None
    ) -> None:
        self.event(
            "train_begin",
            max_steps=max_steps,
            resumed_step=resumed_step,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
        )

    def progress(self, done: int, total: int | None, unit: str) -> None:
        self.event("progress", done=done, total=total, unit=unit)

    def metrics(self, step: int, epoch: float | None, values: Mapping[str, float | None]) -> None:
        """`values`: the numbers of one log line; NaN and infinities are recorded as null."""
        self.event("metrics", step=step, epoch=epoch, values=dict(values))

    def checkpoint(self, step: int, epoch: float | None, path: str, bytes: int) -> None:
        """`path` is relative to the attempt's folder; its COMPLETE.json must lie there already."""
        self.event("checkpoint", step=step, epoch=epoch, path=path, bytes=bytes)

    def eval(self, **evaluation: Any) -> None:
        """The figures of one evaluation, by the names of `evaluationSchema`."""
        self.event("eval", **evaluation)

    def warn(self, code: str, message: str) -> None:
        self.event("warn", code=code, message=_clip(message, 20_000))

    def error(self, error: BaseException, hint: str | None = None) -> None:
        """The exception that ends this attempt, with its traceback."""
        text = "".join(tracebacks.format_exception(error))
        self.event(
            "error",
            **{"class": type(error).__qualname__},
            message=_clip(str(error), 20_000),
            traceback=_clip(text, 100_000),
            hint=hint,
        )

    def end(
        self,
        complete: bool,
        *,
        step: int | None = None,
        max_steps: int | None = None,
        outputs: Mapping[str, str] | None = None,
    ) -> None:
        """Last event of an attempt that ended by itself. `outputs`: paths relative to the attempt's folder, by name."""
        self.event("end", complete=complete, step=step, max_steps=max_steps, outputs=dict(outputs or {}))

    # -- problems, prompts, traces ------------------------------------------------------------------------------------

    def problem(
        self, text: str, gold: str | None = None, *, source_id: str | None = None, gold_origin: str | None = None
    ) -> str:
        """Name a problem (recorded the first time only) and return its id."""
        text = clean_text(text)
        name = problem_id(text)
        with self._lock:
            if name not in self._problems:
                optional = {"gold_origin": gold_origin} if gold_origin is not None else {}
                self.event("problem", problem=name, source_id=source_id, text=text, gold=gold, **optional)
                self._problems.add(name)
        return name

    def prompt(self, problem: str, text: str, tokens: int | None = None) -> int:
        """The prompt as the model saw it, special tokens and all; the same text again gives the same number."""
        data = clean_text(text).encode()
        key = (problem, hashlib.sha256(data).digest())
        with self._lock:
            if key not in self._prompts:
                number = self._next_prompt
                optional = {"tokens": tokens} if tokens is not None else {}
                self.event("prompt", prompt=number, problem=problem, **self._text.append(data), **optional)
                self._prompts[key] = number
                self._next_prompt += 1
            return self._prompts[key]

    def text(self, text: str) -> dict[str, int]:
        """Put a text that is no trace's into the part files, and say where it lies: `{part, offset, length}` in bytes."""
        with self._lock:
            return self._text.append(clean_text(text).encode())

    def trace_begin(self, problem: str, *, prompt: int | None = None, sample: int = 0, **where: Any) -> int:
        """Begin a trace and return its number. `where`: step, epoch, of, set, group, sampling, marker, model,
        item (the key of what was asked for, see `inference/sampler.py`); None is left out."""
        fields = {k: v for k, v in where.items() if v is not None}
        with self._lock:
            number = self._next_trace
            self.event("trace_begin", trace=number, problem=problem, prompt=prompt, sample=sample, **fields)
            self._next_trace += 1
            return number

    def trace_text(self, trace: int, text: str) -> None:
        """One more stretch of the completion of `trace`."""
        if text:
            with self._lock:
                self.event("trace_text", trace=trace, **self._text.append(clean_text(text).encode()))

    def trace_texts(self, texts: Iterable[tuple[int, str]]) -> None:
        """`trace_text` for many traces at once, in one write of text and one write of whole lines: what a batch gained."""
        pieces = [(trace, clean_text(text).encode()) for trace, text in texts if text]
        if not pieces:
            return
        with self._lock:
            extent = self._text.append(b"".join(data for _, data in pieces))
            part, offset, t = extent["part"], extent["offset"], round(time.time() * 1000)
            lines = []
            for seq, (trace, data) in enumerate(pieces, self._seq):
                lines.append(
                    f'{{"v":{VERSION},"seq":{seq},"t":{t},"type":"trace_text","trace":{trace},'
                    f'"part":{part},"offset":{offset},"length":{len(data)}}}\n'
                )
                offset += len(data)
            write_all(self._fd, "".join(lines).encode())
            self._seq += len(lines)

    def trace_end(
        self,
        trace: int,
        facts: Mapping[str, Any],
        token_ids: Iterable[int] | None = None,
        *,
        scores: TokenScores | None = None,
        tail: int = 0,
    ) -> None:
        """End `trace`. `facts` by the names of `factsSchema`; `token_ids` of the whole completion and their `scores` go to
        `tokens/`, and the means of the scores to the facts.

        `tail`: bytes at the end of its text that ended it (an end token, a stop text) and are not part of the completion.
        """
        with self._lock:
            extent: dict[str, Any] = {"tail": tail} if tail else {}
            if token_ids is not None:
                ids = array("I", token_ids)
                if sys.byteorder == "big":
                    ids.byteswap()
                extent["token_ids"] = self._tokens.append(ids.tobytes())
            if scores is not None:
                extent["scores"] = self._tokens.append(pack(scores))
                facts = {**facts, **scores.facts()}
            self.event("trace_end", trace=trace, facts=_facts(facts), **extent)

    def trace_facts(self, trace: int, facts: Mapping[str, Any]) -> None:
        """What became known of `trace` after its end; the newest value of a key wins."""
        self.event("trace_facts", trace=trace, facts=_facts(facts))


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in facts.items() if v is not None or k in _NULLABLE_FACTS}
