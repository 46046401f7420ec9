"""The HTTP front: routes, who may ask, and the life of one request from its body to its last byte."""

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from .checkpoint import CheckpointError, load
from .choices import Choice, Shape
from .driver import Driver, Job, Served
from .errors import ApiError, dumps, json_response
from .hosts import is_loopback, without_port
from .parameters import ChatBody, CheckpointBody, CompletionBody, parse

log = logging.getLogger(__name__)

MOST_BODY = 16 * 2**20
BODY_S = 60
# What a stream has to say is gathered for this long (seconds).
TICK = 0.05
# Prompts longer than this (bytes of the body) are tokenised outside the event loop.
LONG = 64 * 2**10


class Front:
    """The application. `key`: what clients must show, or None. `stopping` refuses new requests."""

    def __init__(self, driver: Driver, *, name: str, key: str | None):
        self.driver, self.name, self.stopping = driver, name, False
        self._key = None if key is None else f"Bearer {key}".encode()
        self._loading = asyncio.Lock()
        self._since = int(time.time())
        self._routes = Starlette(
            routes=[
                Route("/health", self._health),
                Route("/v1/models", self._models),
                Route("/v1/completions", self._completions, methods=["POST"]),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/longhand/checkpoint", self._checkpoint, methods=["POST"]),
            ],
            exception_handlers={ApiError: _api_error, HTTPException: _http_error, Exception: _unforeseen},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            try:
                self._admit(scope)
            except ApiError as error:
                await error.response()(scope, receive, send)
                return
        await self._routes(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        if self._key is None:
            # Without a key only this machine may ask, and no web page on it: neither through a name of its own that points
            # here, nor by a form.
            if not is_loopback(without_port(headers.get(b"host", b"").decode("latin-1"))):
                raise ApiError(403, "without a key this server answers to localhost only")
        elif scope["path"] != "/health" and not hmac.compare_digest(headers.get(b"authorization", b""), self._key):
            raise ApiError(401, "the API key is missing or wrong", code="invalid_api_key")
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if scope["method"] == "POST" and kind != b"application/json":
            raise ApiError(415, "the body must be application/json")
        if self.stopping and scope["path"] != "/health":
            raise ApiError(503, "the server is stopping")

    async def _health(self, _: Request) -> Response:
        active, in_flight = self.driver.active, self.driver.in_flight
        found = {"status": "stopping" if self.stopping else "ok", "active": active}
        return json_response(found | {"waiting": max(0, in_flight - active)}, 503 if self.stopping else 200)

    async def _models(self, _: Request) -> Response:
        checkpoint = self.driver.served.checkpoint
        model = {"id": self.name, "object": "model", "created": self._since, "owned_by": "longhand"}
        model |= {"root": str(checkpoint.folder), "parent": None, "max_model_len": checkpoint.context}
        return json_response({"object": "list", "data": [model]})

    async def _checkpoint(self, request: Request) -> Response:
        wanted = parse(CheckpointBody, await _body(request))
        if self._loading.locked():
            raise ApiError(409, "another checkpoint is being loaded: try again when it is there")
        async with self._loading:
            begun = time.monotonic()

            def make() -> Served:
                return Served(load(Path(wanted.model)), self.driver.batch)

            try:
                served = await asyncio.to_thread(make)
            except CheckpointError as error:
                raise ApiError(400, str(error), parameter="model") from error
            self.driver.change(served)
            self.name = wanted.name or self.name
        found = {"model": self.name, "root": str(served.checkpoint.folder)}
        found |= {"system_fingerprint": served.checkpoint.fingerprint}
        return json_response(found | {"seconds": round(time.monotonic() - begun, 3)})

    async def _completions(self, request: Request) -> Response:
        return await self._sample(request, CompletionBody, "cmpl")

    async def _chat(self, request: Request) -> Response:
        return await self._sample(request, ChatBody, "chatcmpl")

    async def _sample(self, request: Request, kind: type[CompletionBody | ChatBody], prefix: str) -> Response:
        raw = await _body(request)
        body = parse(kind, raw)
        if body.model not in (None, self.name):
            message = f"the model {body.model!r:.200} does not exist here: it is {self.name!r}"
            raise ApiError(404, message, parameter="model", code="model_not_found")
        served = self.driver.served
        if len(raw) > LONG:
            prompts = await asyncio.to_thread(body.prompts, served.checkpoint)
        else:
            prompts = body.prompts(served.checkpoint)
        job = self.driver.submit(served, [body.request(p, served.checkpoint) for p in prompts])
        head = {
            "id": f"{prefix}-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": self.name,
            "system_fingerprint": served.checkpoint.fingerprint,
        }
        shape = Shape(body, served, prompts, head)
        choices = [Choice(i, s, served, body) for i, s in enumerate(job.sequences)]
        return (_Stream if body.stream else _Whole)(job, shape, choices)


class _Answer(Response):
    """Follows a job until it is done or its client has gone, which ends its sequences."""

    def __init__(self, job: Job, shape: Shape, choices: list[Choice]):
        super().__init__()
        self.job, self.shape, self.choices = job, shape, choices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await self.follow(scope, receive, send, gone)
        except OSError:
            log.debug("a client went away while it was written to")
        finally:
            gone.cancel()
            self.job.cancel()

    async def follow(self, scope: Scope, receive: Receive, send: Send, gone: asyncio.Future[None]) -> None:
        raise NotImplementedError

    def failure(self) -> ApiError | None:
        """Why the job cannot be answered, once it is done."""
        if self.job.error:
            return ApiError(500, self.job.error)
        if any(s.finish == "cancelled" for s in self.job.sequences):
            return ApiError(503, "the server is stopping")
        return None


class _Whole(_Answer):
    async def follow(self, scope: Scope, receive: Receive, send: Send, gone: asyncio.Future[None]) -> None:
        await asyncio.wait((self.job.done, gone), return_when=asyncio.FIRST_COMPLETED)
        if not self.job.done.done():
            return
        if failure := self.failure():
            await failure.response()(scope, receive, send)
        else:
            pieces = [choice.grown() for choice in self.choices]
            await json_response(self.shape.whole(self.choices, pieces))(scope, receive, send)


class _Stream(_Answer):
    async def follow(self, scope: Scope, receive: Receive, send: Send, gone: asyncio.Future[None]) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        done = False
        while not done:
            # Nobody waits for `done` alone: what ended between two looks is said with the next one.
            await asyncio.wait((self.job.done, gone), timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return
            done = self.job.done.done()
            failure = self.failure() if done else None
            events = b"".join(map(_event, [failure.body] if failure else self._events(done)))
            if done and not failure:
                events += b"data: [DONE]\n\n"
            if events or done:
                await send(_bytes(events, not done))

    def _events(self, done: bool) -> Iterator[dict[str, Any]]:
        options = self.shape.body.stream_options
        counting = bool(options and options.include_usage)
        for choice in self.choices:
            if choice.sequence.finish == "cancelled":
                continue
            piece = choice.grown()
            if piece and (piece.text or piece.finish or self.shape.ids or piece.logprobs):
                chunk = self.shape.chunk(choice, piece)
                yield chunk | {"usage": None} if counting else chunk
        if done and counting:
            kind = "chat.completion.chunk" if self.shape.chat else "text_completion"
            yield self.shape.head | {"object": kind, "choices": [], "usage": self.shape.usage(self.choices)}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"


def _bytes(body: bytes, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _gone(receive: Receive) -> None:
    """Returns when the client has gone. Its body has been read: nothing else can come."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > MOST_BODY:
                    raise ApiError(413, f"the body is larger than {MOST_BODY} bytes")
                parts.append(part)
    except TimeoutError as error:
        raise ApiError(408, f"the body did not come within {BODY_S} s") from error
    return b"".join(parts)


def _api_error(_: Request, error: ApiError) -> Response:
    return error.response()


def _http_error(request: Request, error: HTTPException) -> Response:
    message = f"{error.detail}: {request.method} {request.url.path:.200}"
    return ApiError(error.status_code, message, headers=error.headers).response()


def _unforeseen(_: Request, error: Exception) -> Response:
    return ApiError(500, f"{type(error).__name__}: {error}").response()
