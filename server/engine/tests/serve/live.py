"""A server of the tests' own process, and a client that sees what goes over the wire."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from longhand_engine.serve.app import Front
from longhand_engine.serve.checkpoint import Checkpoint
from longhand_engine.serve.driver import Driver, Served


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def choices(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        return self.body["choices"]

    @property
    def error(self) -> dict[str, Any]:
        return self.body["error"]


@dataclass
class Streamed:
    """What a stream said: every event, and when it came (seconds since the request)."""

    events: list[Any]
    times: list[float] = field(default_factory=list)

    def texts(self) -> dict[int, str]:
        """The text of each choice."""
        found: dict[int, str] = {}
        for event in self.events:
            for choice in event["choices"] if isinstance(event, dict) else ():
                text = choice["delta"].get("content", "") if "delta" in choice else choice["text"]
                found[choice["index"]] = found.get(choice["index"], "") + text
        return found


class Client:
    def __init__(self, port: int, headers: dict[str, str] | None = None):
        self.port, self.headers = port, {"content-type": "application/json"} | (headers or {})

    def open(self, path: str, body: Any) -> http.client.HTTPConnection:
        """Sends a request and does not wait for the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", path, raw, self.headers)
        return connection

    def post(self, path: str, body: Any) -> Answer:
        return self.answer(self.open(path, body))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=self.headers | (headers or {}))
        return self.answer(connection)

    def answer(self, connection: http.client.HTTPConnection) -> Answer:
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def chat(self, text: str, **parameters: Any) -> Answer:
        return self.post("/v1/chat/completions", {"messages": [{"role": "user", "content": text}]} | parameters)

    def complete(self, prompt: Any, **parameters: Any) -> Answer:
        return self.post("/v1/completions", {"prompt": prompt} | parameters)

    def stream(self, path: str, body: dict[str, Any]) -> Streamed:
        connection = self.open(path, body | {"stream": True})
        begun, response = time.monotonic(), connection.getresponse()
        assert response.status == 200 and response.getheader("content-type").startswith("text/event-stream")
        found = Streamed([])
        for line in response:
            if line.strip():
                data = line.decode().removeprefix("data: ").strip()
                found.events.append(data if data == "[DONE]" else json.loads(data))
                found.times.append(time.monotonic() - begun)
        connection.close()
        return found

    def at_once(self, path: str, bodies: list[dict[str, Any]]) -> list[Answer]:
        """The answers to requests that are all sent before the first is read."""
        return [self.answer(connection) for connection in [self.open(path, body) for body in bodies]]


class Live(Client):
    """A server in this process: its driver can be looked at, and its engine slowed down."""

    def __init__(self, port: int, front: Front, driver: Driver, headers: dict[str, str] | None = None):
        super().__init__(port, headers)
        self.front, self.driver = front, driver

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Every step of the present engine takes this much longer."""
        engine = self.driver.served.engine
        step = engine.step

        def slower() -> bool:
            time.sleep(seconds)
            return step()

        engine.step = slower
        try:
            yield
        finally:
            del engine.step

    def wait_until(self, holds, seconds: float = 20) -> None:
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, "it did not happen in time"
            time.sleep(0.005)


@contextmanager
def live(checkpoint: Checkpoint, *, batch: int = 8, queue: int = 1000, key: str | None = None) -> Iterator[Live]:
    driver = Driver(Served(checkpoint, batch), batch=batch, queue=queue)
    front = Front(driver, name="tiny", key=key)
    server = uvicorn.Server(uvicorn.Config(front, log_config=None, lifespan="off", ws="none", http="h11"))
    listener = socket.create_server(("127.0.0.1", 0))

    async def serve() -> None:
        driver.attach(asyncio.get_running_loop())
        await server.serve(sockets=[listener])

    http_thread = threading.Thread(target=lambda: asyncio.run(serve()))
    engine_thread = threading.Thread(target=driver.run, args=(lambda: not http_thread.is_alive(),))
    http_thread.start()
    engine_thread.start()
    try:
        port = listener.getsockname()[1]
        found = Live(port, front, driver, {"authorization": f"Bearer {key}"} if key else None)
        found.wait_until(lambda: server.started)
        yield found
    finally:
        server.should_exit = True
        http_thread.join(30)
        driver.wake()
        engine_thread.join(30)
        assert not engine_thread.is_alive()


def folder_of(checkpoint: Checkpoint, model, folder: Path) -> Path:
    """Another model with the same tokenizer, as a checkpoint."""
    model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
    return folder
