"""A server for tests that speaks the OpenAI API as well or as badly as it is told."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = "one two three four five six seven eight nine ten eleven twelve".split()


class Fake:
    """`abilities` that are missing are refused or ignored as real servers do. `mishaps` are taken by completions that are
    streamed, in their order; each writes its own answer, or returns True to let the normal one follow."""

    def __init__(self, **abilities: Any):
        self.can = {"n": True, "logprobs": True, "ids": True, "stop": "cut", "shown": True, "usage": True} | abilities
        self.mishaps: list[Callable[[Any, dict], bool | None]] = []
        self.bodies: list[dict] = []
        self.keys: list[str | None] = []
        self.streams = self.most = 0
        self.lock = threading.Lock()

    def words(self, body: dict) -> list[str]:
        """The text of a request: the same for a seed, the counting where it is greedy."""
        greedy = body.get("temperature") == 0 or body.get("top_k") == 1 or body.get("min_p") == 1
        words = list(WORDS)
        if not greedy:
            random.Random(body.get("seed") if self.can.get("seed", True) else None).shuffle(words)
        return words

    def answer(self, body: dict) -> tuple[list[str], str, str | None]:
        """Pieces, finish reason, stop reason."""
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 16
        pieces = [word + " " for word in self.words(body)]
        text, finish, reason = "".join(pieces[:limit]), "length" if limit < len(pieces) else "stop", None
        for stop in body.get("stop") or []:
            if self.can["stop"] != "ignored" and stop in text:
                shown = self.can["stop"] == "kept" or body.get("include_stop_str_in_output")
                text = text[: text.index(stop) + len(stop) * bool(shown)]
                finish, reason = "stop", stop
        return [text[i : i + 5] for i in range(0, len(text), 5)], finish, reason


class Handler(BaseHTTPRequestHandler):
    fake: Fake

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self.send(200, {"data": [{"id": name} for name in self.fake.can.get("models", ["m"])]})

    def do_POST(self) -> None:
        fake = self.fake
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        fake.keys.append(self.headers.get("authorization"))
        if fake.can.get("key") and self.headers.get("authorization") != f"Bearer {fake.can['key']}":
            self.send(401, {"error": {"message": f"{self.headers.get('authorization')} is no key"}})
            return
        unknown = {k for k in ("top_k", "min_p", "repetition_penalty") if k in body and not fake.can.get("filters", True)}
        if unknown:
            self.send(422, {"detail": f"Unexpected fields {unknown}"})
        elif body.get("stream"):
            self.stream(body)
        else:
            self.whole(body)

    def counts(self, body: dict, pieces: list[str]) -> dict:
        messages = body["messages"]
        closed = 0 if body.get("continue_final_message") and self.fake.can.get("continues", True) else 5
        asked = sum(len(m["content"].split()) for m in messages) + 5 * (len(messages) - 1) + closed
        return {"prompt_tokens": asked, "completion_tokens": len("".join(pieces).split())}

    def message(self, text: str) -> dict:
        field = self.fake.can.get("reasoning")
        if not field:
            return {"content": text}
        head, _, rest = text.partition("five ")
        return {field: head, "content": rest} if rest else {field: head}

    def whole(self, body: dict) -> None:
        fake = self.fake
        pieces, finish, reason = fake.answer(body)
        text = "".join(pieces)
        choice: dict[str, Any] = {"index": 0, "message": self.message(text), "finish_reason": finish}
        if reason:
            choice["stop_reason"] = reason
        if body.get("return_token_ids") and fake.can["ids"]:
            choice["token_ids"] = [WORDS.index(w) for w in text.split() if w in WORDS]
        if body.get("logprobs") and fake.can["logprobs"]:
            choice["logprobs"] = {"content": [{"token": w, "logprob": -0.5} for w in text.split()]}
        found = {"model": fake.can.get("answers_as", "m"), "choices": [choice] * (body.get("n", 1) if fake.can["n"] else 1)}
        self.send(200, found | ({"usage": self.counts(body, pieces)} if fake.can["usage"] else {}))

    def start(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def event(self, value: Any) -> None:
        self.wfile.write(b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n")
        self.wfile.flush()

    def stream(self, body: dict) -> None:
        fake = self.fake
        fake.bodies.append(body)
        with fake.lock:
            fake.streams += 1
            fake.most = max(fake.most, fake.streams)
            mishap = fake.mishaps.pop(0) if fake.mishaps and len(body["messages"][0]["content"]) > 5 else None
        try:
            if mishap and not mishap(self, body):
                return
            self.start()
            self.tell(body)
        except OSError:
            pass  # the client left
        finally:
            with fake.lock:
                fake.streams -= 1

    def tell(self, body: dict, *, pieces: int | None = None, finish: bool = True, done: bool = True) -> None:
        told, reason, stop = self.fake.answer(body)
        self.wfile.write(b": ping\n\n")
        thinking = self.fake.can.get("reasoning")
        for piece in told[:pieces]:
            delta = {"content": piece}
            if thinking:
                if "six" in piece:
                    thinking = None
                else:
                    delta = {thinking: piece, "content": None}
            self.event({"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            time.sleep(self.fake.can.get("pace", 0))
        if finish:
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason, "stop_reason": stop}]})
        if (body.get("stream_options") or {}).get("include_usage") and self.fake.can["usage"] and finish:
            self.event({"choices": [], "usage": self.counts(body, told)})
        if done:
            self.event(b"[DONE]")


@contextmanager
def serving(fake: Fake) -> Iterator[str]:
    """The address with `/v1`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
