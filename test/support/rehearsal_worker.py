"""Stands in for the workers that need torch in the tests of the service: a trainer that counts steps, saves checkpoints, obeys
SIGTERM and starts a child; an evaluation that follows it and likes step 10 best.

Steered by the stage's `env`: STEPS, STEP_MS, SAVE_EVERY, FAIL_AT (a step at which it raises while that file exists:
FAIL_WHILE), FINISH_WHEN (once that file exists it hurries), IGNORE_TERM (1: it neither saves nor ends), CHILD (1: a process of its own session that must be swept). With
an inference server it asks for REQUESTS completions, one each REQUEST_MS, and writes who answered to `answers.jsonl`;
after CHANGE_AT of them it has CHANGE_TO served.
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


def evaluate(record: Record) -> None:
    """One `eval` event a checkpoint of the followed stage, as the real one writes them; accuracy falls with the distance from step 10."""
    from longhand_engine.evaluate import finished_evaluations
    from longhand_engine.following import Followed

    class Stage:
        dir, record, spec = attempt, None, globals()["spec"]

    Stage.record = record
    done, followed = {name for _, name, _ in finished_evaluations(Stage)}, Followed(Path(spec["inputs"]["follow"]))
    while not stopping:
        completed = followed.completed()
        todo = [c for c in followed.checkpoints() if c.name not in done]
        for one in todo:
            done.add(one.name)
            accuracy = 1 - abs(one.step - 10) / 100
            record.eval(
                of=spec["stage_config"]["of"], step=one.step, epoch=one.epoch, checkpoint=one.name, set="test",
                problems=4, samples=1, n=4, accuracy=accuracy, accuracy_ci95=None, tokens_mean=10.0, tokens_mean_ci95=None,
                tokens_mean_finished=10.0, finished=1.0, max_tokens=64, budgets=[], seconds=0.1,
            )
        if completed and not todo:
            break
        time.sleep(0.05)
    record.end(not stopping, outputs={})


def sample(record: Record) -> None:
    """REQUESTS completions of the stage's server, asked again where it went away."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    from longhand_engine.served import await_server, change_checkpoint

    wanted, done = int(os.environ["REQUESTS"]), 0
    inference = await_server(spec["inference"])
    key = os.environ[inference["key_env"]]
    with (attempt / "answers.jsonl").open("a") as answers:
        while done < wanted and not stopping:
            body = json.dumps({"model": inference["model"], "prompt": "1", "max_tokens": 1}).encode()
            headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
            try:
                with urlopen(Request(f"{inference['url']}/completions", body, headers), timeout=5) as response:
                    text = json.load(response)["choices"][0]["text"]
            except (URLError, OSError):
                time.sleep(0.5)
                inference = await_server(spec["inference"])
                continue
            answers.write(text + "\n")
            answers.flush()
            done += 1
            if str(done) == os.environ.get("CHANGE_AT"):
                inference = change_checkpoint(spec["inference"], os.environ["CHANGE_TO"])
            record.progress(done, wanted, "completions")
            time.sleep(int(os.environ["REQUEST_MS"]) / 1000)
    record.end(not stopping, outputs={})


signal.signal(signal.SIGTERM, on_term)
if spec.get("inference"):
    with Record(attempt) as record:
        record.state("running")
        try:
            sample(record)
        except RuntimeError as error:
            record.error(error)
            sys.exit(1)
    sys.exit(0)
if spec["kind"] == "evaluate":
    with Record(attempt) as record:
        record.state("running")
        evaluate(record)
    sys.exit(0)
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
            if not Path(os.environ.get("FINISH_WHEN", "/nowhere")).exists():
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
