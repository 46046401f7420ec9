"""Worker of `reject` stages: `python -u -m longhand_engine.reject <attempt-dir>`.

Difficulty-aware rejection sampling: `rounds` of samples, each for the problems that the last left unsolved; of the right
samples of a problem those of medium length are kept, as `data/data.jsonl`. A resumed attempt takes what older ones have
drawn.

    python -m longhand_engine.reject --what-if ATTEMPT-DIR [--rounds 2,10,100] [--length RULE] [--keep 1]

recomputes from the samples of a finished stage what other rounds, or another rule of length, would have kept: one line of
JSON. RULE is median_of_correct, nearest_to_mean, or band:LO,HI.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checker import Checker
from .errors import ConfigError, DataError
from .files import read_json
from .inference.open import open_sampler
from .inference.sampler import Failure
from .inference.traces import ItemTraces, Wanted
from .problems import read_problems, write_rows
from .rejection import report as shown
from .rejection.lengths import check_rule, rule_name
from .rejection.rounds import Rounds, Sampled, Settings, stored_rate
from .rejection.what_if import as_json, stored_samples, what_if
from .report import Report
from .texts import with_opened_thought
from .worker import Stage, leave, run_worker

TELL_S = 1.0
OUTPUT = "data/data.jsonl"


def reject(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError and DataError for what the user gave."""
    settings = Settings.read(stage.config, stage.spec["seed"])
    problems, left_out = read_problems(Path(stage.inputs["data"]))
    report = Report(stage.dir, "reject", record=stage.record)
    shown.expectation(report, problems, [stored_rate(p) for p in problems], settings)
    report.write()
    stage.record.state("loading")
    with stage.nothing_to_save():
        sampler = open_sampler(stage, stage.inputs["model"])
    rounds = Rounds(problems, settings)
    with Checker() as checker:
        stage.record.state("running")
        traces = ItemTraces(stage, checker)

        def wanted() -> Iterator[Wanted | None]:
            for one in rounds.wanted():
                if one is not None:
                    one[0].record(stage.record)
                yield one and one[1]

        told = 0.0
        for came in traces.draw(sampler, wanted()):
            if isinstance(came, Failure):
                stage.record.warn("request_failed", f"{came.item.problem}, sample {came.item.sample}: {came.why}")
            rounds.take(came)
            if time.monotonic() - told >= TELL_S:
                told = time.monotonic()
                stage.record.progress(rounds.done, len(problems), "problems")
                shown.progress(report, rounds.all, settings, len(left_out), traces.drawn, traces.reused)
                report.write()
        traces.finish()
    sampler.close()
    if stage.stopping.is_set():
        return None
    solved = (one for one in rounds.all if one.kept)
    rows = write_rows(stage.dir / OUTPUT, (row for one in solved for row in kept_rows(one, settings, stage.name)))
    shown.progress(report, rounds.all, settings, len(left_out), traces.drawn, traces.reused)
    shown.final(report, rounds.all, settings, left_out)
    stage.record.progress(len(problems), len(problems), "problems")
    if not rows:
        raise DataError("no problem was solved: the stage's report has all samples")
    return {"data": OUTPUT}


def kept_rows(sampled: Sampled, settings: Settings, source: str) -> Iterator[dict[str, Any]]:
    """Lines of the data set (core/protocol/dataset-row.ts)."""
    problem = sampled.problem
    c, n = len(sampled.right), len(sampled.samples)
    for taken in sampled.kept:
        yield problem.data_row(with_opened_thought(taken.completion.text), source) | {
            "tokens": taken.completion.tokens,
            "from": {"traces": [taken.trace]},
            "kept": f"round {sampled.solved}, {c} of {n} right, {rule_name(settings.length)}",
        }


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if "--what-if" not in given:
        return run_worker(reject, given)
    parser = argparse.ArgumentParser(prog="python -m longhand_engine.reject")
    parser.add_argument("--what-if", type=Path, required=True, metavar="ATTEMPT-DIR")
    parser.add_argument("--rounds", help="samples a round, such as 2,10,100 (default: those of the stage)")
    parser.add_argument("--length", help="median_of_correct, nearest_to_mean or band:LO,HI (default: the stage's)")
    parser.add_argument("--keep", type=int, help="samples a problem (default: the stage's)")
    options = parser.parse_args(given)
    try:
        config = read_json(options.what_if / "spec.json")["stage_config"]
        if options.rounds:
            config["rounds"] = [int(n) for n in options.rounds.split(",")]
        if options.length:
            name, _, ends = options.length.partition(":")
            config["length"] = {"band": [float(v) for v in ends.split(",")]} if name == "band" else name
        if options.keep:
            config["keep"] = options.keep
        settings = Settings.read(config, 0)
        stored = stored_samples(options.what_if)
    except (ConfigError, DataError, OSError, ValueError, KeyError) as error:
        print(f"what-if: {error}", file=sys.stderr)
        return 2
    print(as_json(what_if(stored, settings.rounds, check_rule(settings.length), settings.keep)))
    return 0


if __name__ == "__main__":
    leave(main())
