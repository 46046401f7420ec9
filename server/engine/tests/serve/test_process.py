"""The server as a process: how it says that it is ready, what it refuses to start with, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from longhand_engine.serve.hosts import is_loopback, without_port

from .conftest import BASE
from .live import Client

COMMAND = [sys.executable, "-u", "-m", "longhand_engine.serve", "--threads", "1"]


@contextmanager
def started(*arguments: str, **environment: str):
    """A server process, its client, and what it said when it was ready."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=os.environ | environment, cwd=BASE.parents[2]
    )
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_whole_life(tmp_path):
    address = tmp_path / "address.json"
    arguments = ["--model", str(BASE), "--name", "tiny", "--api-key-env", "KEY", "--batch", "2", "--grace", "2"]
    with started(*arguments, "--address-file", str(address), KEY="k") as (process, said):
        assert json.loads(address.read_text()) == said
        assert said["pid"] == process.pid and said["url"] == f"http://127.0.0.1:{said['port']}"
        client = Client(said["port"], {"authorization": "Bearer k"})
        assert client.get("/v1/models").body["data"][0]["id"] == "tiny"
        # What ends within the grace is answered; what does not is ended; new requests are refused.
        short = client.open("/v1/completions", {"prompt": "1", "max_tokens": 3})
        long = client.open("/v1/completions", {"prompt": "1", "max_tokens": 1000, "temperature": 3.0, "n": 1000})
        time.sleep(0.3)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert client.answer(short).status == 200
        assert client.answer(long).status == 503
        assert process.wait(20) == 0
        assert time.monotonic() - begun < 8
        assert not address.exists()
        with pytest.raises(OSError):
            client.get("/health")


def test_an_idle_server_ends_at_once_even_with_open_connections():
    with started("--model", str(BASE)) as (process, said):
        client = Client(said["port"])
        idle = client.open("/v1/completions", {"prompt": "1", "max_tokens": 1})
        idle.getresponse().read()
        begun = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0 and time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--model", "nowhere", "--host", "0.0.0.0"], "can be reached from other machines"),
        (["--model", "nowhere", "--api-key-env", "NOT_SET_ANYWHERE"], "holds no key"),
        (["--model", "nowhere"], "it has no config.json"),
        (["--model", str(BASE), "--batch", "0"], "not at least 1"),
        (["--model", str(BASE), "--port", "99999"], "cannot be bound"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_reason(arguments, says):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, cwd=BASE.parents[2], timeout=120)
    assert done.returncode == 2 and says in done.stderr and done.stdout == "" and "Traceback" not in done.stderr


def test_addresses_of_this_machine():
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"]))
    assert not any(map(is_loopback, ["0.0.0.0", "10.0.0.1", "::", "example.com", "", "127.0.0.1.evil.example"]))
    assert [without_port(h) for h in ("localhost:80", "127.0.0.1", "[::1]:80", "[::1]")] == [
        "localhost",
        "127.0.0.1",
        "::1",
        "::1",
    ]
