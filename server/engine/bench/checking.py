"""How fast the checker's pool is beside one process with nothing around it, on the same pairs.

`python checking.py PAIRS`: a file of JSON lines `{gold, pred}`. The one process is Math-Verify itself, called in a loop as its own
documentation does; and our checker (`judge`), with all the pairs and with as many as one worker of the pool gets. SymPy remembers what it has
seen, so a pair costs a process more where others see the pairs like it: the last comparison shows what the pool itself costs.
On a machine with other work the rates say more of that work than of the pool; the processor time of a pair does not, so both are printed.
"""

import json
import logging
import multiprocessing
import os
import random
import re
import sys
import time
from contextlib import suppress
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
    pool = Pool(cores, limit_s=LIMIT_S, cache=0)
    wait(pool, known * cores)
    # Each way of one process is a process of its own: what one has seen must not help the other.
    ways = {"Math-Verify in a loop": Alone(plain, 1), "checker": Alone(checked, 1), "checker, its share": Alone(checked, cores)}
    for alone in ways.values():
        alone.run(known)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ("pool", *ways)}
    # In turns, so that other work on the machine meets all.
    for k in range(ROUNDS):
        pairs = random.Random(k).sample(rounds[2 * k] + rounds[2 * k + 1], 2 * len(known))
        before = sum(map(processor_s, pool.processes())) + time.process_time()
        clock = time.perf_counter()
        wait(pool, pairs)
        clock = time.perf_counter() - clock
        spent = sum(map(processor_s, pool.processes())) + time.process_time() - before
        times["pool"].append((clock / len(pairs), spent / len(pairs)))
        for name, alone in ways.items():
            times[name].append(alone.run(pairs[:: alone.share]))
    for alone in ways.values():
        alone.close()
    pool.close()
    for name, seconds in times.items():
        say(f"pairs, {name}", 1 / median(clock for clock, _ in seconds), "pairs/s")
    for name in ways:
        both = list(zip(times[name], times["pool"], strict=True))
        target = ">=0.9" if name != "checker" else None
        say(f"pool of {cores} to {cores} × {name}", median(a / b / cores for (a, _), (b, _) in both), "x", target)
        say(f"processor time of a pair, {name} to pool", median(a / b for (_, a), (_, b) in both), "x", target)
    say("load of the machine", os.getloadavg()[0], "processes")


def turned(text: str, k: int) -> str:
    """The text with every digit but 0 turned on by `k`: an answer of the same form."""
    return re.sub("[1-9]", lambda digit: str((int(digit.group()) - 1 + k) % 9 + 1), text)


def wait(pool: Pool, pairs: list[tuple[str, str]]) -> None:
    for future in [pool.ask(pred, gold) for pred, gold in pairs]:
        future.result()


def plain(pairs: list[tuple[str, str]]) -> None:
    """Math-Verify alone: read both, compare, with its own limits of time."""
    from math_verify import parse, verify

    for pred, gold in pairs:
        with suppress(Exception):
            verify(parse(f"${gold}$"), parse(f"${pred}$"))


def checked(pairs: list[tuple[str, str]]) -> None:
    for pred, gold in pairs:
        judge(pred, gold, LIMIT_S)


class Alone:
    """A process that does `work` on the pairs that it is given, one lot after the other. `share`: it gets every so many of the pool's."""

    def __init__(self, work, share: int) -> None:
        self.share = share
        spawn = multiprocessing.get_context("spawn")
        self._here, there = spawn.Pipe()
        self._process = spawn.Process(target=serve, args=(work, there), daemon=True)
        self._process.start()

    def run(self, pairs: list[tuple[str, str]]) -> tuple[float, float]:
        """Seconds of a pair, on the clock and of processor time."""
        self._here.send(pairs)
        clock, spent = self._here.recv()
        return clock / len(pairs), spent / len(pairs)

    def close(self) -> None:
        self._here.send(None)
        self._process.join()


def serve(work, pipe) -> None:
    logging.disable(logging.CRITICAL)
    while pairs := pipe.recv():
        clock, spent = time.perf_counter(), time.process_time()
        work(pairs)
        pipe.send((time.perf_counter() - clock, time.process_time() - spent))


def processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(name: str, value: float, unit: str, target: str | None = None) -> None:
    print(json.dumps({"name": f"answers: {name}", "value": round(value, 3), "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
