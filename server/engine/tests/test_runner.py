import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1]


def start(folder, command, grace_s=5.0, mark="mark-of-this-test", **spec):
    folder.mkdir(parents=True, exist_ok=True)
    base = {
        "v": 1,
        "run": "r",
        "stage": "s",
        "attempt": 1,
        "kind": "sft",
        "env": {"FROM_SPEC": "yes"},
        "resumed_from": None,
    }
    base |= {"stage_config": {}, "inputs": {}, "seed": 0, "command": command, "grace_s": grace_s, "mark": mark}
    (folder / "spec.json").write_text(json.dumps(base | spec))
    return subprocess.Popen(
        [sys.executable, "-m", "longhand_engine.runner", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        start_new_session=True,
    )


def run(folder, command, **options):
    assert start(folder, command, **options).wait(timeout=30) == 0
    return json.loads((folder / "exit.json").read_text())


def wait_for(path, seconds=10):
    deadline = time.monotonic() + seconds
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)
    return path.read_text()


def ask_to_stop(folder, grace_s):
    temporary = folder / "stop.tmp"
    temporary.write_text(json.dumps({"v": 1, "t": 0, "grace_s": grace_s}))
    temporary.rename(folder / "stop.json")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def python(code):
    return [sys.executable, "-c", code]


END = """
import json
def end(complete, **more):
    with open("events.jsonl", "a") as f:
        f.write(json.dumps({"v": 1, "seq": 0, "t": 0, "type": "end", "complete": complete, "step": 3, "max_steps": 9, "outputs": {}} | more) + "\\n")
"""


def test_a_worker_that_says_it_is_done_is_completed(tmp_path):
    code = (
        END
        + "import os, sys; print(os.environ['FROM_SPEC'], os.environ['LONGHAND_MARK'], sys.stdin.read() == ''); end(True)"
    )
    result = run(tmp_path, python(code))
    assert (result["outcome"], result["code"], result["signal"], result["survivors"]) == ("completed", 0, None, [])
    assert (tmp_path / "stdout.log").read_text() == "yes mark-of-this-test True\n"
    assert result["ended"] >= result["started"] > 1.6e12 and result["cpu_s"] > 0 and result["peak_rss"] > 2**20
    runner = json.loads((tmp_path / "runner.json").read_text())
    assert runner["worker"]["pid"] != runner["runner"]["pid"] and runner["worker"]["start_time"].isdigit()
    assert json.loads((tmp_path / "heartbeat.json").read_text())["processes"] == 1
    assert not list(tmp_path.glob(".*.tmp"))


def test_exit_code_0_alone_is_no_success(tmp_path):
    assert run(tmp_path / "a", python("pass"))["reason"] == "no_end"
    result = run(tmp_path / "b", python(END + "end(False)"))
    assert (result["outcome"], result["reason"]) == ("failed", "incomplete") and "step 3 of 9" in result["message"]


def test_an_error_event_is_classified_and_quoted(tmp_path):
    code = """
import json, sys
event = {"v": 1, "seq": 0, "t": 0, "type": "error", "class": "ConfigError", "message": "no key lr", "traceback": "", "hint": "did you mean learning_rate?"}
open("events.jsonl", "w").write(json.dumps(event) + "\\n" + '{"v":1,"seq":1,"t')
sys.exit(1)
"""
    result = run(tmp_path, python(code))
    assert (result["outcome"], result["reason"], result["code"]) == ("failed", "config_error", 1)
    assert "no key lr" in result["message"] and "learning_rate" in result["message"]


@pytest.mark.parametrize(
    "command,reason,words",
    [
        (["/no/such/python"], "start_failed", "/no/such/python does not exist"),
        (["/etc"], "start_failed", "cannot be executed"),
    ],
)
def test_a_worker_that_cannot_start_leaves_an_exit(tmp_path, command, reason, words):
    result = run(tmp_path, command)
    assert (result["outcome"], result["reason"]) == ("failed", reason) and words in result["message"]


def test_a_broken_spec_leaves_an_exit(tmp_path):
    process = start(tmp_path, ["x"])
    process.kill()
    process.wait()
    (tmp_path / "spec.json").write_text("{")
    subprocess.run([sys.executable, "-m", "longhand_engine.runner", str(tmp_path)], cwd=ENGINE, check=True)
    result = json.loads((tmp_path / "exit.json").read_text())
    assert (result["outcome"], result["reason"]) == ("failed", "start_failed") and "spec.json" in result["message"]


def test_a_crash_names_its_signal_and_its_last_words(tmp_path):
    assert run(tmp_path / "a", python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))["signal"] == "SIGSEGV"
    killed = run(tmp_path / "b", python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert (killed["outcome"], killed["reason"], killed["signal"]) == ("failed", "killed", "SIGKILL")
    raised = run(tmp_path / "c", python("raise RuntimeError('the reason')"))
    assert raised["code"] == 1 and "RuntimeError: the reason" in raised["message"]


def test_stop_lets_the_worker_save_within_the_grace(tmp_path):
    code = (
        END
        + """
import signal, sys, time
def save(*_):
    time.sleep(0.3); end(False); sys.exit(0)
signal.signal(signal.SIGTERM, save)
open("ready", "w").write("x"); time.sleep(60)
"""
    )
    process = start(tmp_path, python(code), grace_s=60)
    wait_for(tmp_path / "ready")
    asked = time.monotonic()
    ask_to_stop(tmp_path, 20)
    process.wait(timeout=20)
    result = json.loads((tmp_path / "exit.json").read_text())
    assert (result["outcome"], result["reason"], result["code"]) == ("stopped", None, 0)
    assert time.monotonic() - asked < 5


# A child in a session of its own, without the mark, that ignores TERM; one more that keeps the mark.
TREE = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(99)"
env = {k: v for k, v in os.environ.items() if k != "LONGHAND_MARK"}
subprocess.Popen(["setsid", "setsid", sys.executable, "-c", deaf, "deaf"], env=env)
subprocess.Popen(["sh", "-c", 'setsid "$0" -c "$1" orphan & exit 0', sys.executable, deaf]).wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_stop_past_its_grace_kills_the_whole_tree(tmp_path):
    process = start(tmp_path, python(TREE + "time.sleep(99)"))
    pids = [int(wait_for(tmp_path / name)) for name in ("deaf", "orphan")]
    ask_to_stop(tmp_path, 0.5)
    process.wait(timeout=20)
    result = json.loads((tmp_path / "exit.json").read_text())
    assert (result["outcome"], result["reason"], result["signal"], result["survivors"]) == (
        "stopped",
        "killed",
        "SIGKILL",
        [],
    )
    assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_what_a_finished_worker_leaves_behind_is_ended(tmp_path):
    wait = "\nwhile not (os.path.exists('deaf') and os.path.exists('orphan')): time.sleep(.02)\ntime.sleep(.1)\n"
    result = run(tmp_path, python(END + TREE + wait + "end(True)"))
    assert (result["outcome"], result["survivors"]) == ("completed", [])
    assert not any(alive(int((tmp_path / name).read_text())) for name in ("deaf", "orphan"))


def test_sigterm_to_the_runner_stops_the_worker(tmp_path):
    code = (
        END
        + "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (end(False), sys.exit(0))); open('ready', 'w').write('x'); time.sleep(60)"
    )
    process = start(tmp_path, python(code))
    wait_for(tmp_path / "ready")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert json.loads((tmp_path / "exit.json").read_text())["outcome"] == "stopped"


def test_a_stop_before_the_start_starts_nothing(tmp_path):
    ask_to_stop(tmp_path, 5)
    result = run(tmp_path, python("open('started', 'w')"))
    assert result["outcome"] == "stopped" and not (tmp_path / "started").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_a_killed_runner_takes_the_worker_with_it(tmp_path):
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    process = start(tmp_path, python(code))
    pid = int(wait_for(tmp_path / "pid"))
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid) and not (tmp_path / "exit.json").exists()


def test_the_runner_needs_nothing_but_the_standard_library():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import longhand_engine.runner; print(any(m in sys.modules for m in ('torch', 'numpy', 'psutil', 'trl')))"
    out = subprocess.run([sys.executable, "-S", "-c", code, str(ENGINE)], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
