"""Progress of programs that are not ours: the status protocol of Kubeflow's trainer, received on this machine.

transformers (5.x) speaks it in every `Trainer`, without a callback, where `KUBEFLOW_TRAINER_SERVER_URL` is set: a POST of
`{"trainerStatus": {"progressPercentage", "estimatedRemainingSeconds", "metrics": [{"name", "value"}]}}` at most every 5 s, with
the content of the file named by `KUBEFLOW_TRAINER_SERVER_TOKEN` as bearer token. It says 100 % at any end, so it is a hint
of how far the work is and never its result.
"""

import hmac
import json
import math
import os
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .events import Record

_LIMIT = 2**20
_DROPPED = 2**24
_METRICS = 1000
_OWN = ("current_step", "total_steps", "current_epoch")


class StatusServer:
    """Listens on a free port of this machine while it is open; what it is told becomes `progress` and `metrics`."""

    def __init__(self, record: Record, folder: Path):
        self._record = record
        self._token = secrets.token_urlsafe(24)
        self._file = folder / "status-token"
        self._step = 0
        self._total: int | None = None
        self._epoch: float | None = None
        self._said: dict[str, float | None] = {}

    def __enter__(self) -> "StatusServer":
        with open(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self._token)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._file.unlink(missing_ok=True)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of whoever shall report here."""
        direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1"]))
        return {
            "KUBEFLOW_TRAINER_SERVER_URL": f"http://127.0.0.1:{self._server.server_port}/status",
            "KUBEFLOW_TRAINER_SERVER_TOKEN": str(self._file),
            "KUBEFLOW_TRAINER_SERVER_CA_CERT": "",
            "no_proxy": direct,
            "NO_PROXY": direct,
        }

    def is_token(self, header: str | None) -> bool:
        return hmac.compare_digest((header or "").encode(), f"Bearer {self._token}".encode())

    def take(self, body: bytes) -> str | None:
        """Records what a status says. The reason why it is refused, or None."""
        try:
            status = json.loads(body)["trainerStatus"]
            given = status.get("metrics") or []
            values = {str(m["name"]): _number(m["value"]) for m in given[:_METRICS]}
            percent = status.get("progressPercentage")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            return f"not a trainerStatus: {error}"
        step, total, epoch = (values.pop(name, None) for name in _OWN)
        if step is not None:
            self._step = int(step)
        if total is not None:
            self._total, self._epoch = int(total), epoch
        if self._total is not None:
            self._record.progress(self._step, self._total, "steps")
        elif isinstance(percent, (int, float)) and math.isfinite(percent):
            self._record.progress(round(percent), 100, "%")
        # It repeats the last log line with every step: only a new one is a new point.
        if values and values != self._said:
            self._said = values
            self._record.metrics(self._step, self._epoch, values)
        return None


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _handler(status: StatusServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not status.is_token(self.headers.get("authorization")):
                return self._answer(401, "the bearer token is wrong")
            if not length.isdigit() or int(length) > _LIMIT:
                self._drop(int(length) if length.isdigit() else 0)
                return self._answer(413, f"a status has at most {_LIMIT} bytes")
            problem = status.take(self.rfile.read(int(length)))
            return self._answer(200 if problem is None else 400, problem or "ok")

        def _drop(self, length: int) -> None:
            # A client that is still sending reads no answer.
            left = min(length, _DROPPED)
            while left > 0 and (chunk := self.rfile.read(min(left, 2**16))):
                left -= len(chunk)

        def _answer(self, code: int, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if code != 200:
                print(f"status {self.requestline!r} was answered with {code}", file=sys.stderr)

    return Handler
