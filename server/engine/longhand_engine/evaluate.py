"""Worker of `evaluate` stages: `python -u -m longhand_engine.evaluate <attempt-dir>`.

Samples completions of held-out problems from a model, records them as traces while they grow, judges them, and writes one
`eval` event a model and marker setting. With `inputs.follow` it evaluates the checkpoints of a stage that is still being
trained, in a process beside it. A resumed attempt leaves out what an older one finished, and draws no completion again that
an older one has.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from .checker import Checker
from .errors import ConfigError, DataError
from .files import read_json
from .following import Checkpoint, Followed, wanted
from .inference.done import ancestors, has_record, warn_unreadable
from .problems import seed_of
from .quiet import quick_imports
from .rows import FoundRow, normalise_row
from .worker import Stage, leave, run_worker

POLL_S = 0.2


@dataclass(frozen=True)
class Settings:
    """The stage's configuration; what is absent has the defaults of the recipe's schema."""

    of: str
    every: str
    start: bool
    set: str
    samples: int
    max_tokens: int
    budgets: list[int]
    sampling: dict[str, float | int]
    seed: int
    markers: list[str | None]
    """Texts put at the end of the problem, one evaluation each; None: nothing."""
    stop_at_think: bool
    """Completions end at `</think>`: the answer is the last box before it."""

    @classmethod
    def read(cls, stage: Stage) -> "Settings":
        """Raises ConfigError that names the key."""
        config = stage.config
        followed = stage.inputs.get("follow")
        try:
            return cls(
                of=str(config.get("of") or (Path(followed).name if followed else stage.name)),
                every=str(config.get("every", "end")),
                start=bool(config.get("start", not followed)),
                set=str(config.get("set") or set_name(stage)),
                samples=int(config["samples"]),
                max_tokens=int(config["max_tokens"]),
                budgets=sorted({int(b) for b in config.get("budgets") or []}),
                sampling={
                    k: config[k] for k in ("temperature", "top_p", "top_k", "min_p") if config.get(k) is not None
                },
                seed=int(config.get("seed", stage.spec["seed"])),
                markers=[None if m is None else str(m) for m in config.get("markers") or [None]],
                stop_at_think=bool(config.get("stop_at_think", False)),
            )
        except KeyError as error:
            raise ConfigError(f"an evaluate stage needs {error.args[0]}") from error
        except (TypeError, ValueError) as error:
            raise ConfigError(f"a value of the wrong type: {error}") from error

    def seed_of(self, problem: str, number: int) -> int:
        """The same for every model, so that differences are not the draw's."""
        return seed_of(self.seed, str(number), problem)


@dataclass(frozen=True)
class Target:
    """One model to evaluate."""

    step: int
    epoch: float | None
    path: str
    name: str

    @property
    def key(self) -> tuple[int, str]:
        """What tells evaluations of one marker setting apart."""
        return self.step, self.name

    @classmethod
    def of_model(cls, path: str, starts_a_stage: bool) -> "Target":
        """A model as it stands: step 0 of the stage that starts from it, otherwise the step that its own mark says."""
        mark = Path(path) / "COMPLETE.json"
        if starts_a_stage or not mark.exists():
            return cls(0, 0.0 if starts_a_stage else None, path, path)
        said = read_json(mark)
        return cls(said["step"], said["epoch"], path, path)

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint) -> "Target":
        return cls(checkpoint.step, checkpoint.epoch, str(checkpoint.path), checkpoint.name)


def evaluate(stage: Stage) -> dict[str, str] | None:
    settings, rows = Settings.read(stage), problems_of(stage)
    followed = Followed(Path(stage.inputs["follow"])) if stage.inputs.get("follow") else None
    done = finished_evaluations(stage)
    stage.record.state("loading")
    with stage.nothing_to_save(), quick_imports():
        from .evaluation import Evaluator

        evaluator = Evaluator(stage, settings, rows)

    def run(target: Target) -> bool:
        """All marker settings; False where it was stopped."""
        for marker in settings.markers:
            if (*target.key, marker) not in done:
                if not evaluator.run(target, marker, checker):
                    return False
                done.add((*target.key, marker))
        return True

    def is_done(target: Target) -> bool:
        return all((*target.key, marker) in done for marker in settings.markers)

    with Checker() as checker:
        stage.record.state("running")
        if settings.start or not followed:
            start = Target.of_model(stage.inputs["model"], followed is not None)
            if not run(start):
                return None
        while followed:
            completed = followed.completed()
            targets = [Target.of_checkpoint(c) for c in wanted(followed.checkpoints(), settings.every, completed)]
            todo = [t for t in targets if not is_done(t)]
            if not todo and completed:
                if not targets:
                    stage.record.warn("no_checkpoint", f"{settings.of} ended without a checkpoint to evaluate")
                break
            if not todo:
                if stage.stopping.wait(POLL_S):
                    return None
                continue
            # One, then look again: while it ran, a new attempt may have superseded the rest.
            if not run(todo[0]):
                return None
    evaluator.close()
    return {}


def set_name(stage: Stage) -> str:
    """What the evaluated set is called where the recipe does not say."""
    data = stage.config.get("data")
    return str(data["benchmark"]) if isinstance(data, dict) else Path(stage.inputs["data"]).stem


def problems_of(stage: Stage) -> list[FoundRow]:
    """The rows to evaluate on: those of a data set, or of a benchmark in its published format."""
    data = stage.config.get("data")
    if not isinstance(data, dict):
        return read_problems(Path(stage.inputs["data"]))
    from .benchmarks import load

    names = ("hub", "config", "split", "instruction", "system", "template")
    options = {key: data[key] for key in names if data.get(key) is not None}
    loaded = load(data["benchmark"], data.get("path"), **options)
    if loaded.notes:
        stage.record.warn("benchmark", "; ".join(loaded.notes))
    return loaded.rows


def read_problems(path: Path) -> list[FoundRow]:
    """Raises DataError, naming the line, for a row that cannot be read: a set that is reported has no holes."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(normalise_row(line))
            except ValueError as error:
                raise DataError(f"{path}, line {number}: {error}") from error
    if not rows:
        raise DataError(f"{path} has no problems")
    return rows


def finished_evaluations(stage: Stage) -> set[tuple[int, str, str | None]]:
    """Step, checkpoint and marker of what this attempt's ancestors evaluated whole."""
    done = set()
    try:
        for folder, _ in ancestors(stage.dir, stage.spec):
            if has_record(folder):
                lines = (folder / "events.jsonl").read_bytes().split(b"\n")[:-1]
                events = (json.loads(line) for line in lines if b'"type":"eval"' in line)
                done |= {(event["step"], event["checkpoint"], event.get("marker")) for event in events}
    except (OSError, ValueError) as error:
        warn_unreadable(stage.record, error)
    return done


if __name__ == "__main__":
    leave(run_worker(evaluate))
