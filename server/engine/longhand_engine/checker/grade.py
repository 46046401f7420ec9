"""`python -m longhand_engine.checker.grade`: JSON lines `{id, pred, gold}` in, one verdict a line out, in the same order.

Out: `{id, verdict: true|false|null, checker, version, extracted: {text, start, end, rule}|null, reason}`, offsets in UTF-16
units. `pred` is a completion or an answer. A line that cannot be read gets `verdict: null` and says why; the exit code is 1
only when no checker can run.
"""

import argparse
import json
import os
import queue
import sys
import threading
from typing import Any, BinaryIO

from ..texts import clean_text
from . import Checker, CheckerError

_AHEAD = 1024
_VERDICTS = {"right": True, "wrong": False, "undecided": None, "none": None}
_REASONS = {
    "no_gold": "no gold",
    "no_answer": "no answer",
    "unparsable_answer": "the answer cannot be parsed",
    "unparsable_gold": "the gold answer cannot be parsed",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m longhand_engine.checker.grade", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        help="checker processes (default: one a core)",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=5,
        help="seconds for one pair; twice that and 2 s is the most that one can take (default 5)",
    )
    options = parser.parse_args(arguments)
    sys.setswitchinterval(0.001)  # a worker that waits for its next pair waits for the reader's turn
    with Checker(max(1, options.workers), limit_s=max(1, options.limit), cache=10_000) as checker:
        # A reader runs ahead of the printer, so that all workers are busy and a slow pair holds back only those behind it.
        rows: queue.Queue[Any] = queue.Queue(_AHEAD)
        threading.Thread(target=read, args=(sys.stdin.buffer, checker, rows), daemon=True).start()
        try:
            while (row := rows.get()) is not None:
                # In ASCII: no sign in it ends a line to anybody, and an id may hold half of a surrogate pair.
                print(json.dumps(finish(*row)), flush=True)
        except CheckerError as error:
            print(error, file=sys.stderr)
            return 1
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def read(source: BinaryIO, checker: Checker, rows: "queue.Queue[Any]") -> None:
    """Begin to judge every line of `source`, and end the queue with None."""
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        name: Any = None
        try:
            row = json.loads(line)
            name = row.get("id")
            pred, gold = row["pred"], row.get("gold")
            if not is_scalar(pred) or not (gold is None or is_scalar(gold)):
                raise TypeError("pred and gold must be texts or numbers")
            pred, gold = clean_text(str(pred)), None if gold is None else clean_text(str(gold))
            later = checker.judge_later(pred, gold)
            rows.put((name, later, later.answer and {**later.answer.fact(pred), "text": later.answer.text}, None))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            said = f"missing {error}" if isinstance(error, KeyError) else str(error)
            rows.put((name, None, None, f"line {number} cannot be read: {said}"[:500]))
    rows.put(None)


def is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def finish(name: Any, later: Any, extracted: dict[str, object] | None, problem: str | None) -> dict[str, Any]:
    """The line for one row."""
    if later is None:
        return {
            "id": name,
            "verdict": None,
            "checker": None,
            "version": None,
            "extracted": None,
            "reason": problem,
        }
    judged = later()
    return {
        "id": name,
        "verdict": _VERDICTS[judged.value],
        "checker": judged.checker,
        "version": judged.version,
        "extracted": extracted,
        "reason": in_words(judged.reason),
    }


def in_words(reason: str | None) -> str | None:
    """A reason's code as words; what follows the code stays."""
    code, colon, rest = (reason or "").partition(":")
    return f"{_REASONS.get(code, code)}{colon}{rest}" if reason else None


if __name__ == "__main__":
    sys.exit(main())
