"""The worker of command stages: exit codes, outputs, places, a stop that is passed on, and progress of a real trainer."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from longhand_engine.events import Record
from longhand_engine.status import StatusServer

ENGINE = Path(__file__).parents[1]
BASE = ENGINE / "longhand_engine" / "tiny" / "base"


def attempt(folder, program, outputs=None, inputs=None, env=None, resumed_from=None):
    folder.mkdir(parents=True)
    config = {"id": "c", "kind": "command", "program": program, "outputs": outputs or {}}
    command = [sys.executable, "-u", "-m", "longhand_engine.command", str(folder)]
    spec = {"v": 1, "run": "r", "stage": "c", "attempt": 1, "kind": "command", "command": command, "env": env or {}}
    spec |= {"grace_s": 5, "mark": f"mark-{folder}", "seed": 0, "resumed_from": resumed_from}
    (folder / "spec.json").write_text(json.dumps(spec | {"stage_config": config, "inputs": inputs or {}}))
    return folder


def start(folder):
    """The real runner with the worker."""
    env = {**os.environ, "PYTHONPATH": str(ENGINE)}
    return subprocess.Popen([sys.executable, "-m", "longhand_engine.runner", str(folder)], env=env)


def run(folder):
    assert start(folder).wait(120) == 0
    return json.loads((folder / "exit.json").read_text())


def events(folder, kind):
    found = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    return [e for e in found if e["type"] == kind]


def test_it_reads_its_inputs_and_leaves_its_outputs(tmp_path):
    (tmp_path / "in.txt").write_text("seven")
    code = (
        "import os, sys, pathlib\n"
        "text = pathlib.Path(sys.argv[1]).read_text()\n"
        "pathlib.Path(sys.argv[2]).write_text(text.upper())\n"
        "assert os.environ['LONGHAND_INPUT_TEXT'] == sys.argv[1]\n"
        "assert os.environ['LONGHAND_OUTPUT_OUT_FILE'] == sys.argv[2] and os.environ['HERE'] == sys.argv[2]\n"
        "assert os.environ['LONGHAND_RESUMED_FROM'].endswith('attempt-3/work')\n"
        "print('said', os.getcwd())"
    )
    folder = attempt(
        tmp_path / "attempt-4",
        ["python", "-c", code, "{inputs.text}", "{outputs.out-file}"],
        outputs={"out-file": "out/../out.txt"},
        inputs={"text": str(tmp_path / "in.txt")},
        env={"HERE": "{outputs.out-file}"},
        resumed_from={"attempt": 3, "checkpoint": None, "step": 0},
    )
    exit = run(folder)
    assert exit["outcome"] == "completed", exit
    (end,) = events(folder, "end")
    assert end["complete"] and end["outputs"] == {"out-file": "work/out.txt"}
    assert (folder / "work/out.txt").read_text() == "SEVEN"
    assert (folder / "stdout.log").read_text() == f"said {folder / 'work'}\n"
    assert not (folder / "status-token").exists()


@pytest.mark.parametrize(
    "program, outputs, reason, said",
    [
        (["sh", "-c", "echo gone >&2; exit 3"], {}, "exited", "sh exited with code 3. Its last words:\ngone"),
        (["sh", "-c", "kill -9 $$"], {}, "exited", "sh was ended by SIGKILL"),
        (["true"], {"model": "model"}, "exited", "true ended well and did not leave model ("),
        (["/nowhere/trainer"], {}, "config_error", "/nowhere/trainer cannot be started: No such file"),
        (["true"], {"model": "../spec.json"}, "config_error", "must lie in the working folder"),
        (["echo", "{inputs.modle}"], {}, "config_error", "names no input of the stage; there are: model"),
    ],
)
def test_what_fails_says_why(tmp_path, program, outputs, reason, said):
    folder = attempt(tmp_path / "a", program, outputs, inputs={"model": "m"})
    exit = run(folder)
    assert (exit["outcome"], exit["reason"]) == ("failed", reason), exit
    assert said in exit["message"]


def test_a_stop_is_passed_on_and_what_ignores_it_is_killed(tmp_path):
    polite = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print('saved', flush=True), sys.exit(0)))\nprint('up', flush=True)\ntime.sleep(60)"
    stubborn = ["sh", "-c", "trap '' TERM; echo up; sleep 60 & sleep 60; sleep 60"]
    for name, program, grace in (("polite", ["python", "-c", polite], 20), ("stubborn", stubborn, 1)):
        folder = attempt(tmp_path / name, program)
        runner = start(folder)
        while not (folder / "stdout.log").exists() or b"up" not in (folder / "stdout.log").read_bytes():
            time.sleep(0.05)
        began = time.monotonic()
        (folder / "stop.json").write_text(json.dumps({"v": 1, "t": 0, "grace_s": grace}))
        assert runner.wait(30) == 0
        exit = json.loads((folder / "exit.json").read_text())
        assert exit["outcome"] == "stopped" and exit["survivors"] == [], exit
        assert time.monotonic() - began < 12
        if name == "polite":
            assert "saved" in (folder / "stdout.log").read_text() and exit["reason"] is None
            assert events(folder, "end")[0]["complete"] is False


def test_only_who_has_the_token_reports(tmp_path):
    with Record(tmp_path) as record, StatusServer(record, tmp_path) as status:
        url = status.variables["KUBEFLOW_TRAINER_SERVER_URL"]
        path = Path(status.variables["KUBEFLOW_TRAINER_SERVER_TOKEN"])
        assert path.stat().st_mode & 0o077 == 0

        def post(body, token):
            request = urllib.request.Request(url, body, {"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, timeout=5) as response:
                    return response.status
            except urllib.error.HTTPError as error:
                return error.code

        token = path.read_text()
        good = {"progressPercentage": 40, "metrics": [{"name": "loss", "value": "0.5"}, {"name": "bad", "value": "nan"}]}
        assert post(json.dumps({"trainerStatus": good}).encode(), "guess") == 401
        assert events(tmp_path, "progress") == []
        assert post(json.dumps({"trainerStatus": good}).encode(), token) == 200
        assert post(b"[" * 5000, token) == 400
        assert post(b'{"trainerStatus": 7}', token) == 400
        assert post(b" " * (2**20 + 1), token) == 413
    (progress,), (metrics,) = events(tmp_path, "progress"), events(tmp_path, "metrics")
    assert (progress["done"], progress["total"], progress["unit"]) == (40, 100, "%")
    assert metrics["values"] == {"loss": 0.5, "bad": None}


TRAINER = """
import sys
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
ids = tokenizer("Start with 4. First, add 1.")["input_ids"]
rows = Dataset.from_list([{"input_ids": ids, "labels": ids}] * 16)
options = dict(max_steps=4, per_device_train_batch_size=4, logging_steps=1, report_to="none", use_cpu=True, save_strategy="no")
trainer = Trainer(AutoModelForCausalLM.from_pretrained(sys.argv[1]), TrainingArguments("out", **options), train_dataset=rows)
trainer.train()
trainer.save_model(sys.argv[2])
"""


def test_a_trainer_that_knows_nothing_of_us_reports_its_progress(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAINER)
    program = ["python", "{inputs.script}", "{inputs.model}", "{outputs.model}"]
    inputs = {"script": str(script), "model": str(BASE)}
    env = {"OMP_NUM_THREADS": "1"}
    folder = attempt(tmp_path / "a", program, {"model": "model"}, inputs, env)
    exit = run(folder)
    assert exit["outcome"] == "completed", exit
    assert (folder / "work/model/model.safetensors").exists()
    progress = events(folder, "progress")
    assert all(e["total"] == 4 and e["unit"] == "steps" for e in progress) and progress[0]["done"] == 0
    final = events(folder, "metrics")[-1]["values"]
    assert final["train_loss"] > 0 and final["loss"] > 0
