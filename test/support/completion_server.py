#!/usr/bin/env python3
"""A server with the address of vLLM's and no model: `serve MODEL --host H --port P`, answers with its own number.

Flags that tests set: `--slow S` (unhealthy for so long), `--refuse` (400 to every completion), `--frail` (dies at the first
completion), `--child` (leaves a process of its own session that must be swept), `--once FILE` (ends at once after its first life).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("action", choices=["serve"])
parser.add_argument("model")
parser.add_argument("--host", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--slow", type=float, default=0)
parser.add_argument("--refuse", action="store_true")
parser.add_argument("--frail", action="store_true")
parser.add_argument("--child", action="store_true")
parser.add_argument("--once", type=Path)
asked = parser.parse_args()
started = time.monotonic()
if asked.once:
    if asked.once.exists():
        sys.exit("it had its life")
    asked.once.touch()
if asked.child:
    subprocess.Popen(["sleep", "300"], start_new_session=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/health":
            return self.answer(200 if time.monotonic() - started >= asked.slow else 503, {})
        return self.answer(200, {"data": [{"id": "shown-name"}]}) if self.allowed() else self.answer(401, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked.frail:
            os._exit(7)
        if not self.allowed():
            return self.answer(401, {})
        if asked.refuse or body["model"] != "shown-name":
            return self.answer(400, {"error": "no such model here"})
        return self.answer(200, {"choices": [{"text": str(os.getpid()), "finish_reason": "length"}]})

    def allowed(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {os.environ['VLLM_API_KEY']}"

    def log_message(self, *_: object) -> None:
        print("asked", file=sys.stderr, flush=True)


try:
    server = ThreadingHTTPServer((asked.host, asked.port), Handler)
except OSError as error:
    sys.exit(f"port {asked.port}: {error.strerror}")
print(f"serving {asked.model}", flush=True)
server.serve_forever()
