"""One killable checker process: JSON lines `{pred, gold, limit_s}` on standard input, one `{value, reason, rss}` for each.

Math-Verify's own limits work by an alarm, which cannot break into a running C function: the pool kills what overstays.
"""

import json
import math
import os
import re
import resource
import signal
import sys
import time
from typing import Any

from .reading import prepared, undelimited, with_decimal_point

_ADDRESS_SPACE = 4 * 2**30
_AS_IT_STANDS = re.compile(r"\$|\\\(|\\\[|\\boxed")
_NUMBER = re.compile(r"[-+]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?%?")
_WORD = re.compile(r"(?<![\\A-Za-z])(?=[A-Z]*[a-z])[A-Za-z]{2,}")
_LATEX = re.compile(r"\\[a-zA-Z{]|[{}]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NESTING = re.compile(r"[()\[\]{}]")
_TOWER = re.compile(r"(?:\^\s*[\w]){2,}")
RESIDENT_EVERY = 16
"""Pairs between two looks at the memory."""
LONGEST_UNPARSED = 400
"""An answer that no parser reads is wrong; a longer one may have been too much for the parser."""
DEEPEST = 40
"""Brackets in brackets of an answer that a parser is asked to read; nobody's answer has as many."""
GOLDS_KEPT = 1_000
"""Golds that a process remembers as they were read: all attempts at a problem have the same one."""
_golds: dict[str, list[Any]] = {}


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
    resident = 0
    for served, line in enumerate(sys.stdin):
        request = json.loads(line)
        value, reason = judge(request["pred"], request["gold"], request["limit_s"])
        if served % RESIDENT_EVERY == 0:
            resident = resident_bytes()
        out.write(json.dumps({"value": value, "reason": reason, "rss": resident}) + "\n")
        out.flush()
    return 0


def judge(pred: str, gold: str, limit_s: int) -> tuple[str, str | None]:
    """`(right|wrong|undecided, reason)`, with Math-Verify's steps stopped `limit_s` seconds from now.

    A time-out or an error never counts as wrong, nor does an answer that is too long, too deep or too strange to be read. The
    gold is read first: an answer is not to blame for a gold that nobody can read.
    """
    from math_verify import verify
    from math_verify.errors import TimeoutException

    if "".join(undelimited(pred).split()) == "".join(undelimited(gold).split()):
        return "right", None
    deadline = time.monotonic() + limit_s
    wanted, given = with_decimal_point(gold.strip(), pred.strip()), with_decimal_point(pred.strip(), gold.strip())
    wanted, given = prepared(wanted), prepared(given)
    if "".join(wanted.split()) == "".join(given.split()):
        return "right", None
    if strange := strangeness(gold):
        return "undecided", f"unparsable_gold: {strange}"
    try:
        golds = parse_gold(wanted, deadline)
    except TimeoutException:
        return "undecided", "unparsable_gold: time-out"
    except Exception as error:
        return "undecided", f"unparsable_gold: {type(error).__name__}"
    if not any(is_expression(g) for g in golds):
        return "undecided", "unparsable_gold"
    if strange := strangeness(pred):
        return "undecided", f"the answer cannot be read: {strange}"
    try:
        preds = parse_answer(given, deadline)
    except TimeoutException:
        return "undecided", "time-out while parsing the answer"
    except Exception as error:
        return "undecided", f"error while parsing the answer: {type(error).__name__}"
    if not any(is_expression(p) for p in preds) and len(pred) > LONGEST_UNPARSED:
        return "undecided", f"the answer cannot be parsed, and has more than {LONGEST_UNPARSED} characters"
    if not preds:
        return "wrong", "unparsable_answer"
    # Each pair on its own: an error in one must not hide that another is right. Strings first, they cost nothing.
    doubt = None
    for g, p in sorted(((g, p) for g in golds for p in preds), key=lambda pair: is_expression(pair[0])):
        try:
            if verify(g, p, allow_set_relation_comp=True, timeout_seconds=seconds_left(deadline), raise_on_error=True):
                return "right", None
        except TimeoutException:
            return "undecided", "time-out while comparing"
        except Exception as error:
            doubt = f"error while comparing: {type(error).__name__}"
    return ("undecided", doubt) if doubt else ("wrong", None)


def seconds_left(deadline: float) -> int:
    """Whole seconds, as Math-Verify's alarm takes them; one at least, since 0 would mean no limit."""
    return max(1, math.ceil(deadline - time.monotonic()))


def strangeness(text: str) -> str | None:
    """Why a text is not worth a parser's time, or None. Its parsers recurse, so what is nested deeply ends them."""
    if _CONTROL.search(text):
        return "it has control characters or halves of surrogate pairs"
    depth = deepest = 0
    for c in _NESTING.findall(text):
        depth += 1 if c in "([{" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        return f"it is nested more than {DEEPEST} deep"
    powers = max((len(run) // 2 for run in _TOWER.findall(text)), default=0)
    return f"it has a tower of more than {DEEPEST} powers" if powers > DEEPEST else None


def parse_answer(text: str, deadline: float) -> list[Any]:
    """What Math-Verify reads in an answer: as the content of a box, or as it stands.

    Without the box a bare `\\frac{1}{2}` has no delimiters, and its first number would be taken: so what is written in LaTeX is
    never read without. With delimiters, a sentence around it, or as a number with spaces (`10 000,5`), it is read as it stands first.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    latex = LatexExtractionConfig(boxed_match_priority=0)
    both = [latex, ExprExtractionConfig()]
    in_latex = [latex] if _LATEX.search(text) else both
    ways = [(f"${text}$", in_latex), (f"\\boxed{{{text}}}", in_latex)]
    if _AS_IT_STANDS.search(text) or (in_latex is both and (_NUMBER.fullmatch(text) or len(_WORD.findall(text)) > 1)):
        ways = [(text, both), *ways]
    elif in_latex is both:
        ways.append((text, both))
    found: list[Any] = []
    for wrapped, config in ways:
        found = parse(wrapped, config, parsing_timeout=seconds_left(deadline), raise_on_error=True)
        if any(is_expression(f) for f in found):
            return found
    return found


def parse_gold(text: str, deadline: float) -> list[Any]:
    """`parse_answer` of a gold, once. What could not be read in time is not remembered: it may be another time."""
    if text not in _golds:
        read = parse_answer(text, deadline)
        if len(_golds) >= GOLDS_KEPT:
            _golds.clear()
        _golds[text] = read
    return _golds[text]


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
