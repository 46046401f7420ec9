"""The embedded server against `model.generate` on one thread: tokens a second through HTTP, ready time, memory.

    python server/engine/bench/serve.py [--repeats 3]

Two models: the shipped base, and one of about 5M parameters (larger.py). The same
chats, temperature 1, at most 256 tokens (96 for the larger one, which never ends early). `generate` gets batches of 32 as
they come; the server computes 32 at a time and is asked through 64 connections. Both sides are measured in turns, in CPU
seconds of the process that computes, so that neither the client nor others on the machine count; one JSON line a figure.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

ENGINE = Path(__file__).parents[1]
sys.path.insert(0, str(ENGINE))

import psutil  # noqa: E402
import torch  # noqa: E402
from larger import BASE, make_larger  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from transformers.utils import logging  # noqa: E402

from longhand_engine.tiny.task import problem_text, sample_problems  # noqa: E402

BATCH, CONNECTIONS = 32, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        larger = Path(folder) / "larger"
        count = make_larger(larger)
        measure("the shipped base", BASE, 200, 256, 0.6, options.repeats)
        measure(f"{count / 1e6:.1f}M parameters", larger, 64, 96, 0.95, options.repeats)


def measure(what: str, model: Path, problems: int, longest: int, target: float, repeats: int) -> None:
    chats = [[{"role": "user", "content": problem_text(p)}] for p in sample_problems("dev", problems, 0)]
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    prompts = [tokenizer.apply_chat_template(c, add_generation_prompt=True, return_dict=False) for c in chats]
    with serving(model) as (url, pid, ready_s):
        process = psutil.Process(pid)
        rates: dict[str, list[float]] = {"generate": [], "whole": [], "streamed": []}
        walls: dict[str, list[float]] = {name: [] for name in rates}
        for turn in range(repeats + 1):
            ways: dict[str, Callable[[], int]] = {
                "generate": lambda: by_generate(loaded, prompts, longest),
                "whole": lambda: by_server(url, chats, longest, stream=False),
                "streamed": lambda: by_server(url, chats, longest, stream=True),
            }
            for name, way in ways.items():
                who = psutil.Process() if name == "generate" else process
                begun, used = time.perf_counter(), cpu(who)
                tokens = way()
                if turn:  # the first turn warms up
                    rates[name].append(tokens / (cpu(who) - used))
                    walls[name].append(tokens / (time.perf_counter() - begun))
        peak = peak_memory(process)
    median = {name: statistics.median(found) for name, found in rates.items()}
    wall = {name: statistics.median(found) for name, found in walls.items()}
    peer = f"model.generate: {round(median['generate'])} tokens/s of CPU time, {round(wall['generate'])} by the clock"
    for name in ("whole", "streamed"):
        print_figure(
            f"server, {what}, batch {BATCH}, {name}: share of generate's tokens/s",
            round(median[name] / median["generate"], 3),
            "",
            f">={target}",
            f"{peer}; the server: {round(median[name])}, {round(wall[name])} by the clock",
        )
    print_figure(f"server, {what}: ready", round(ready_s, 2), "s", "<=20")
    print_figure(f"server, {what}: peak memory", round(peak / 2**20), "MiB", "<=1024")


def print_figure(name: str, value: float, unit: str, target: str | None, peer: str | None = None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target, "peer": peer}), flush=True)


@contextmanager
def serving(model: Path) -> Iterator[tuple[str, int, float]]:
    """A server on one thread: its address, its process, and the seconds until it was ready."""
    command = [sys.executable, "-u", "-m", "longhand_engine.serve", "--model", str(model), "--name", "m"]
    command += ["--batch", str(BATCH), "--threads", "1"]
    begun = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ENGINE), "TOKENIZERS_PARALLELISM": "false"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        found = json.loads(server.stdout.readline())
        yield found["url"], found["pid"], time.perf_counter() - begun
    finally:
        server.terminate()
        server.wait(30)


def by_server(url: str, chats: list[list[dict[str, str]]], longest: int, *, stream: bool) -> int:
    """All chats through `CONNECTIONS` connections that are kept; the tokens that the server counted."""
    todo: SimpleQueue[tuple[int, list[dict[str, str]]]] = SimpleQueue()
    for item in enumerate(chats):
        todo.put(item)
    counts: list[int] = []

    def work() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        while True:
            try:
                seed, messages = todo.get_nowait()
            except Empty:
                break
            body = {"messages": messages, "seed": seed, "max_tokens": longest, "stream": stream}
            if stream:
                body["stream_options"] = {"include_usage": True}
            headers = {"content-type": "application/json"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse().read()
            if stream:
                events = answer.split(b"\n\n")
                if events[-2] != b"data: [DONE]":
                    raise RuntimeError(f"a stream did not end: {events[-2]!r}")
                answer = events[-3].removeprefix(b"data: ")
            counts.append(json.loads(answer)["usage"]["completion_tokens"])
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != len(chats):
        raise RuntimeError(f"{len(counts)} of {len(chats)} chats were answered")
    return sum(counts)


def by_generate(model, prompts: list[list[int]], longest: int) -> int:
    pad, tokens = model.config.pad_token_id, 0
    for start in range(0, len(prompts), BATCH):
        part = prompts[start : start + BATCH]
        width = max(map(len, part))
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in part])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in part])
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=longest, do_sample=True, temperature=1.0, top_k=0
            )
        ends = model.generation_config.eos_token_id
        tokens += sum(count_tokens(row, ends, longest) for row in out[:, width:].tolist())
    return tokens


def count_tokens(row: list[int], end: int | None, longest: int) -> int:
    """Tokens up to the end token, itself included."""
    return row.index(end) + 1 if end is not None and end in row else min(len(row), longest)


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def peak_memory(process: psutil.Process) -> int:
    """The most resident bytes so far, where the system tells it; otherwise those of now."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except OSError:
        return process.memory_info().rss


if __name__ == "__main__":
    main()
