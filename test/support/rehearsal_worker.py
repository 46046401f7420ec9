"""Stands in for a trainer in the tests of the service: counts steps, saves checkpoints, obeys SIGTERM, starts a child.

Steered by the stage's `env`: STEPS, STEP_MS, SAVE_EVERY, FAIL_AT (a step at which it raises while that file exists:
FAIL_WHILE), IGNORE_TERM (1: it neither saves nor ends), CHILD (1: a process of its own session that must be swept).
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from longhand_engine.events import Record

attempt = Path(sys.argv[-1])
spec = json.loads((attempt / "spec.json").read_text())
steps, pause = int(os.environ.get("STEPS", "20")), int(os.environ.get("STEP_MS", "20")) / 1000
every = int(os.environ.get("SAVE_EVERY", "5"))
stopping = False


def on_term(*_: object) -> None:
    global stopping
    stopping = os.environ.get("IGNORE_TERM") != "1"


def save(record: Record, step: int) -> str:
    path = attempt / "checkpoints" / f"checkpoint-{step}"
    path.mkdir(parents=True, exist_ok=True)
    (path / "state.json").write_text(json.dumps({"step": step}))
    size = (path / "state.json").stat().st_size
    (path / "COMPLETE.json").write_text(json.dumps({"v": 1, "step": step, "epoch": step / steps, "files": {"state.json": size}}))
    record.checkpoint(step, step / steps, f"checkpoints/checkpoint-{step}", size)
    return f"checkpoints/checkpoint-{step}"


signal.signal(signal.SIGTERM, on_term)
with Record(attempt) as record:
    record.state("starting")
    step = 0
    if spec["resumed_from"]:
        step = json.loads((Path(spec["resumed_from"]["checkpoint"]) / "state.json").read_text())["step"]
    if os.environ.get("CHILD") == "1":
        child = subprocess.Popen(["sleep", "300"], start_new_session=True)
        (attempt / "child.pid").write_text(str(child.pid))
    record.train_begin(steps, step, 1.0, float(steps))
    record.state("running")
    last = ""
    try:
        while step < steps and not stopping:
            time.sleep(pause)
            step += 1
            record.metrics(step, step / steps, {"loss": 1 / step})
            if str(step) == os.environ.get("FAIL_AT") and Path(os.environ.get("FAIL_WHILE", "/")).exists():
                raise RuntimeError("the reward is not a number")
            if step % every == 0:
                last = save(record, step)
        if step % every:
            last = save(record, step)
    except RuntimeError as error:
        record.error(error, hint="look at the rewards")
        print("failed", file=sys.stderr)
        sys.exit(1)
    record.end(step >= steps, step=step, max_steps=steps, outputs={"checkpoint.last": last})
