"""How fast the checker's pool is beside one process that calls Math-Verify in a loop on the same pairs.

`python checking.py PAIRS`: a file of JSON lines `{gold, pred}`. On a machine with other work the rates say more of that work than of the
pool; the processor time that a pair costs does not, so both ratios are printed: of pairs a second to cores times the loop's, and of the
processor time of a pair in the loop to that in the pool with everything around it.
"""

import json
import os
import random
import re
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from longhand_engine.checker.answers import find_answer, gold_answer  # noqa: E402
from longhand_engine.checker.pool import Pool  # noqa: E402
from longhand_engine.checker.worker import judge  # noqa: E402

ROUNDS = 3
LIMIT_S = 5


def main() -> None:
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    found = [(find_answer(row["pred"]), gold_answer(row["gold"])) for row in rows]
    # Other digits in each round: SymPy remembers what it has seen, and one process would remember more than each of several.
    # Shuffled: what takes long at the end of a round would leave the others of a pool without work.
    rounds = [[(turned(a.text, k), turned(gold, k)) for a, gold in found if a] for k in range(1 + 2 * ROUNDS)]
    # Math-Verify's parser learns its grammar as it reads, in every process for itself: each has read every form before the clock starts.
    known = rounds.pop(0)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for pred, gold in known:
        judge(pred, gold, LIMIT_S)
    pool = Pool(cores, limit_s=LIMIT_S, cache=0)
    wait(pool, known * cores)
    # In turns, so that other work on the machine meets both.
    alone, together = [], []
    for k in range(ROUNDS):
        pairs = random.Random(k).sample(rounds[2 * k] + rounds[2 * k + 1], 2 * len(known))
        alone.append(timed(lambda pairs=pairs: [judge(*pair, LIMIT_S) for pair in pairs], lambda: []))
        together.append(timed(lambda pairs=pairs: wait(pool, pairs), pool.processes))
    pool.close()
    say("pairs in one process", 2 * len(known) / median(clock for clock, _ in alone), "pairs/s")
    say(f"pairs in a pool of {cores}", 2 * len(known) / median(clock for clock, _ in together), "pairs/s")
    ratios = [a / b / cores for (a, _), (b, _) in zip(alone, together, strict=True)]
    say(f"pool to {cores} × one process, the median of {ROUNDS} rounds", median(ratios), "x", ">=0.9")
    say(f"pool to {cores} × one process, the best of {ROUNDS} rounds", max(ratios), "x")
    spent = [a / b for (_, a), (_, b) in zip(alone, together, strict=True)]
    say("processor time of a pair, one process to pool", median(spent), "x", ">=0.9")
    say("load of the machine", os.getloadavg()[0], "processes")


def turned(text: str, k: int) -> str:
    """The text with every digit but 0 turned on by `k`: an answer of the same form."""
    return re.sub("[1-9]", lambda digit: str((int(digit.group()) - 1 + k) % 9 + 1), text)


def wait(pool: Pool, pairs: list[tuple[str, str]]) -> None:
    for future in [pool.ask(pred, gold) for pred, gold in pairs]:
        future.result()


def timed(work, processes) -> tuple[float, float]:
    """Seconds on the clock, and of processor time in this process and in those that `processes` names."""
    clock, spent = time.perf_counter(), time.process_time() + sum(map(processor_s, processes()))
    work()
    return time.perf_counter() - clock, time.process_time() + sum(map(processor_s, processes())) - spent


def processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(name: str, value: float, unit: str, target: str | None = None) -> None:
    print(json.dumps({"name": f"answers: {name}", "value": round(value, 3), "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
