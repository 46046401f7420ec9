"""One killable checker process: JSON lines `{pred, gold, limit_s}` on standard input, one `{value, reason, rss}` for each.

Math-Verify's own limits work by an alarm, which cannot break into a running C function: the pool kills what overstays.
"""

import json
import os
import re
import resource
import signal
import sys
from typing import Any

_ADDRESS_SPACE = 4 * 2**30
_AS_IT_STANDS = re.compile(r"\$|\\\(|\\\[|\\boxed")
_NUMBER = re.compile(r"[-+]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?%?")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")


def main() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a stage that is stopped still needs verdicts while it saves
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing but replies may reach the pool
    try:
        from importlib.metadata import version

        import math_verify  # noqa: F401
    except ImportError as error:
        print(json.dumps({"error": f"Math-Verify cannot be imported: {error}"}), file=out, flush=True)
        return 1
    print(json.dumps({"version": version("math-verify")}), file=out, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        value, reason = judge(request["pred"], request["gold"], request["limit_s"])
        print(json.dumps({"value": value, "reason": reason, "rss": resident_bytes()}), file=out, flush=True)
    return 0


def judge(pred: str, gold: str, limit_s: int) -> tuple[str, str | None]:
    """`(right|wrong|undecided, reason)`. A time-out or an error never counts as wrong."""
    from math_verify import verify
    from math_verify.errors import TimeoutException

    if " ".join(pred.split()) == " ".join(gold.split()):
        return "right", None
    try:
        golds = parse_answer(gold, limit_s)
    except TimeoutException:
        return "undecided", "unparsable_gold: time-out"
    except Exception as error:
        return "undecided", f"unparsable_gold: {type(error).__name__}"
    if not any(is_expression(g) for g in golds):
        return "undecided", "unparsable_gold"
    try:
        preds = parse_answer(pred, limit_s)
    except TimeoutException:
        return "undecided", "time-out while parsing the answer"
    except Exception as error:
        return "undecided", f"error while parsing the answer: {type(error).__name__}"
    if not preds:
        return "wrong", "unparsable_answer"
    # Each pair on its own: an error in one must not hide that another is right. Strings first, they cost nothing.
    doubt = None
    for g, p in sorted(((g, p) for g in golds for p in preds), key=lambda pair: is_expression(pair[0])):
        try:
            if verify(g, p, timeout_seconds=limit_s, raise_on_error=True):
                return "right", None
        except TimeoutException:
            return "undecided", "time-out while comparing"
        except Exception as error:
            doubt = f"error while comparing: {type(error).__name__}"
    return ("undecided", doubt) if doubt else ("wrong", None)


def parse_answer(text: str, limit_s: int) -> list[Any]:
    """What Math-Verify reads in an answer: as the content of a box, or as it stands.

    Without the box a bare `\\frac{1}{2}` has no delimiters, and its first number would be taken. With delimiters, boxes,
    a sentence around it, or as a number with spaces (`10 000,5`), it is read as it stands first.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    config = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    ways = [f"\\boxed{{{text}}}", f"${text}$", text]
    if _AS_IT_STANDS.search(text) or _NUMBER.fullmatch(text) or len(_WORD.findall(text)) > 1:
        ways = [text, *ways[:2]]
    for wrapped in ways:
        found = parse(wrapped, config, parsing_timeout=limit_s, raise_on_error=True)
        if any(is_expression(f) for f in found):
            return found
    return found


def is_expression(parsed: Any) -> bool:
    return not isinstance(parsed, str)


def resident_bytes() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
