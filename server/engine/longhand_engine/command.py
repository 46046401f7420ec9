"""Worker of `command` stages: `python -u -m longhand_engine.command <attempt-dir>`.

Runs any program in `work/`, with its output in the attempt's logs. A trainer of Hugging Face's in it reports its progress by
the protocol of Kubeflow's trainer, which transformers speaks wherever three variables are set; other programs may use it
too. SIGTERM is passed on; the exit code and the promised outputs decide how it ended.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .outcome import read_tail, signal_name
from .status import StatusServer
from .worker import Stage, run_worker

_PLACE = re.compile(r"\{(inputs|outputs)\.([A-Za-z][\w.-]*)\}")
_TAIL = 2000
"""Bytes of the program's last words in the error."""


class CommandError(RuntimeError):
    """The program failed, or left less than it had to."""


def run_command(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError for a program that cannot be started, CommandError for one that fails."""
    work = stage.dir / "work"
    work.mkdir(exist_ok=True)
    outputs = {name: _inside(work, name, path) for name, path in (stage.config.get("outputs") or {}).items()}
    places = {"inputs": stage.inputs, "outputs": {name: str(path) for name, path in outputs.items()}}
    program = [_filled(text, places) for text in stage.config["program"]]
    with StatusServer(stage.record, stage.dir) as status:
        env = {**_environment(stage, places), **status.variables}
        env |= {name: _filled(value, places) for name, value in stage.spec["env"].items()}
        stage.record.state("running")
        code = _run(stage, program, work, env)
    if stage.stopping.is_set():
        return None
    if code != 0:
        how = f"was ended by {signal_name(-code)}" if code < 0 else f"exited with code {code}"
        raise CommandError(f"{program[0]} {how}. {_last_words(stage.dir)}")
    missing = [f"{name} ({path})" for name, path in outputs.items() if not path.exists()]
    if missing:
        raise CommandError(f"{program[0]} ended well and did not leave {', '.join(missing)}. {_last_words(stage.dir)}")
    return {name: path.relative_to(stage.dir).as_posix() for name, path in outputs.items()}


def _run(stage: Stage, program: list[str], work: Path, env: dict[str, str]) -> int:
    """The program's exit code, negative for a signal; passes a stop on, once, to its whole process group."""
    try:
        child = subprocess.Popen(program, cwd=work, env=env, stdin=subprocess.DEVNULL, process_group=0)
    except OSError as error:
        raise ConfigError(f"{program[0]} cannot be started: {error.strerror}") from error
    ended = threading.Event()

    def pass_on() -> None:
        while not ended.is_set():
            if stage.stopping.wait(0.2):
                stage.record.state("stopping")
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGTERM)
                return

    watcher = threading.Thread(target=pass_on, daemon=True)
    watcher.start()
    code = child.wait()
    ended.set()
    watcher.join()
    return code


def _environment(stage: Stage, places: dict[str, Any]) -> dict[str, str]:
    env = dict(os.environ)
    # The package's folder is there for our workers; a program of another Python has its own.
    env.pop("PYTHONPATH", None)
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    for kind, prefix in (("inputs", "LONGHAND_INPUT_"), ("outputs", "LONGHAND_OUTPUT_")):
        env |= {prefix + re.sub(r"\W", "_", name).upper(): path for name, path in places[kind].items()}
    before = stage.spec.get("resumed_from")
    if before:
        env["LONGHAND_RESUMED_FROM"] = str(stage.dir.parent / f"attempt-{before['attempt']}" / "work")
    return env


def _filled(text: str, places: dict[str, dict[str, str]]) -> str:
    def path(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if name not in places[kind]:
            known = ", ".join(places[kind]) or "none"
            raise ConfigError(f"{match.group()} names no {kind[:-1]} of the stage; there are: {known}")
        return places[kind][name]

    return _PLACE.sub(path, text)


def _inside(work: Path, name: str, path: str) -> Path:
    """The absolute path of an output, which lies in the working folder."""
    whole = Path(os.path.normpath(work / path))
    if whole == work or not whole.is_relative_to(work):
        raise ConfigError(f"outputs: {name} must lie in the working folder of the stage, not at {path}")
    return whole


def _last_words(folder: Path) -> str:
    for name in ("stderr.log", "stdout.log"):
        text = read_tail(folder / name, _TAIL).decode(errors="replace").strip()
        if text:
            return "Its last words:\n" + "\n".join(text.splitlines()[-8:])
    return "It said nothing."


if __name__ == "__main__":
    sys.exit(run_worker(run_command))
