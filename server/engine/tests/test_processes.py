import os
import subprocess
import sys

import pytest

from longhand_engine import processes


@pytest.fixture(params=["proc", "ps"])
def source(request, monkeypatch, tmp_path):
    if request.param == "ps":
        monkeypatch.setattr(processes, "PROC", tmp_path)
    return request.param


def test_a_child_is_found_by_descent_and_by_its_mark(source):
    env = {**os.environ, processes.MARK: "mark-" + source}
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=env)
    try:
        table = processes.table()
        assert child.pid in processes.descendants(os.getpid(), table)
        assert table[child.pid].rss > 0
        assert child.pid in processes.marked("mark-" + source)
        assert processes.marked("mark-of-nobody") == set()
        assert processes.identity(child.pid)["start_time"] == table[child.pid].start_time
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
    assert processes.identity(child.pid) is None


def test_clock_of_ps():
    assert processes._seconds("1-02:03:04.5") == 93784.5
    assert processes._seconds("3:04") == 184
