"""A client of any OpenAI-compatible server behind the `Sampler` protocol: vLLM, SGLang, llama.cpp, `transformers serve`, our
own, or a remote one.

Its requests live in an event loop in a thread of their own; `sample` stays an ordinary generator. Every answer is streamed,
also where nobody watches: only a stream tells a server that works from one that hangs.
"""

import asyncio
import queue
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from ..errors import ConfigError
from ..files import write_json
from ..sections import TokenSections
from ..served import ServerError, await_server, change_checkpoint, where
from .abilities import Abilities, probe
from .answers import Answer, Broken, Lines, parsed
from .drawing import Came, draw
from .sampler import Completion, Failure, Growth, Item, Sampling, Wish
from .wire import (
    Again,
    Patience,
    Refused,
    body_of,
    check_key,
    check_url,
    key_of,
    message_of,
    plainly,
    retry_after,
    said_of,
)

POLL_S = 0.05
AFTER_DONE_S = 0.25
"""For the end of a stream whose last event has come."""


class ServerSampler:
    """Samples from the server that `inference` of a spec.json names, at most `concurrency` completions at a time.

    The key is read from the environment variable `key_env`, and is neither kept nor written anywhere.
    """

    def __init__(
        self,
        inference: dict[str, Any],
        *,
        concurrency: int = 32,
        notes: Path | None = None,
        patience: Patience | None = None,
        prompt_text: Callable[[tuple[tuple[str, str], ...]], str] | None = None,
        sections: TokenSections | None = None,
        scores: int | None = None,
    ):
        """Waits for a server that the service starts, and asks what it can do; `notes` (inference.json) keeps that.

        `prompt_text` renders messages as the model sees them, and `sections` counts the tokens of the reasoning, where the
        model's tokenizer is known here. `scores`: log-probabilities are asked for, with so many of the likeliest tokens, where
        the server gives them. Raises ConfigError for an
        address that is none, a key that is missing or refused, and another model than expected; ServerError where nobody
        answers.
        """
        self._inference, self._patience = inference, patience or Patience()
        self._concurrency, self._render, self._sections = concurrency, prompt_text or plainly, sections
        self._scores = scores
        self._key = key_of(inference.get("key_env"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="inference", daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._grown: dict[str, Growth] = {}
        self._address: dict[str, Any] = {}
        self._served: str | None = None
        self._away: float | None = None
        self._client: httpx2.AsyncClient | None = None
        self.retries = 0
        try:
            self._client = self._wait(self._open())
            self.abilities: Abilities = self._wait(self._probe())
            if notes:
                write_json(notes, self.described())
        except BaseException:
            self.close()
            raise

    def described(self) -> dict[str, Any]:
        """Who serves what, and what it can do; without the key."""
        return {
            "v": 1,
            "engine": self._inference.get("engine"),
            "url": self._address["url"],
            "model": self._address["model"],
            "concurrency": self._concurrency,
            "abilities": self.abilities.as_json(),
        }

    def sample(
        self,
        items: Iterable[Wish],
        *,
        stopping: threading.Event,
        growth: Callable[[list[Growth]], None] | None = None,
    ) -> Iterator[Came]:
        """See `Sampler`. Raises ServerError where the server is gone for good, ConfigError where it refuses the key."""
        self._away = None
        return draw(_Drawing(self, self._concurrency, growth is not None), items, stopping=stopping, growth=growth)

    def swap(self, model: str) -> None:
        """Takes another checkpoint of the same model. Raises ServerError where the server is not ours to change."""
        if self._inference.get("server") is None and self._served in (None, model):
            self._served = model
            return
        self._address, self._served = change_checkpoint(self._inference, model), model

    def close(self) -> None:
        """Breaks off what is under way and lets go of the connections."""
        if self._loop.is_closed():
            return
        if self._client is not None:
            self._wait(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # -- in the caller's thread ---------------------------------------------------------------------------------------

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def send(self, item: Item, came: queue.SimpleQueue, watched: bool) -> Future:
        """Asks for a completion; it, or the exception in its place, comes to `came` with the item."""
        try:
            prompt_text = self._render(item.messages)
        except Exception:  # a template raises whatever it likes; what the server makes of it is the server's word
            prompt_text = plainly(item.messages)

        async def work() -> None:
            try:
                found: Any = await self._completed(item, prompt_text, watched)
            except Exception as error:
                found = error
            came.put((item, found))

        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def taken(self) -> list[Growth]:
        """What grew since the last time."""
        with self._lock:
            grown = list(self._grown.values())
            self._grown.clear()
        return grown

    def forget(self, item: Item) -> None:
        """It has ended: what it grew last stands in its completion."""
        with self._lock:
            self._grown.pop(item.key, None)

    def hidden(self, text: str) -> str:
        """A server may say the key back."""
        return text.replace(self._key, "…") if self._key else text

    # -- in the loop --------------------------------------------------------------------------------------------------

    async def _open(self) -> httpx2.AsyncClient:
        self._address = await asyncio.to_thread(await_server, self._inference)
        check_url(self._address["url"])
        limits = httpx2.Limits(max_connections=self._concurrency + 4, max_keepalive_connections=self._concurrency + 4)
        return httpx2.AsyncClient(limits=limits, headers={"authorization": f"Bearer {self._key}"} if self._key else {})

    def _url(self, path: str) -> str:
        return f"{self._address['url'].rstrip('/')}/{path}"

    async def _probe(self) -> Abilities:
        model = self._address["model"]
        listed = await self._models()
        if listed and model not in listed:
            raise ConfigError(
                f"{self._address['url']} serves {', '.join(listed[:5])}, not {model}: it is another server than the one "
                "that is meant, or the model has another name there (inference.model)"
            )

        async def ask(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            response = await self._post_whole(body)
            try:
                return response.status_code, parsed(response.content)
            except Broken:
                return response.status_code, {}

        try:
            found, answered = await probe(ask, model)
        except (Broken, httpx2.HTTPError) as error:
            raise ServerError(
                self.hidden(f"{where(self._inference)} cannot be used: {error or type(error).__name__}")
            ) from error
        # `transformers serve` adds the revision.
        if not listed and answered is not None and answered.split("@")[0] != model:
            raise ConfigError(f"{self._address['url']} answered as {answered}, not as {model}")
        found.usage_in_stream = await self._stream_has_usage(model, found)
        return found

    async def _models(self) -> list[str]:
        """What it says it serves; empty where it does not say."""
        deadline = time.monotonic() + self._patience.gone
        while True:
            try:
                response = await self._client.get(self._url("models"), timeout=30)
                break
            except httpx2.TransportError as error:
                if time.monotonic() > deadline:
                    raise ServerError(f"{where(self._inference)} does not answer: {said_of(error)}") from error
                await asyncio.sleep(self._patience.wait)
        check_key(response.status_code, self._inference, self._address["url"])
        with suppress(Broken):
            models = parsed(response.content).get("data")
            if isinstance(models, list):
                return [m["id"] for m in models if isinstance(m, dict) and isinstance(m.get("id"), str)]
        return []

    async def _post_whole(self, body: dict[str, Any]) -> httpx2.Response:
        """Tried again for what passes: 429, 5xx, a connection that breaks."""
        for attempt in range(self._patience.tries):
            last = attempt + 1 == self._patience.tries
            try:
                response = await self._client.post(self._url("chat/completions"), json=body, timeout=self._patience.next)
            except httpx2.TransportError:
                if last:
                    raise
            else:
                check_key(response.status_code, self._inference, self._address["url"])
                if last or (response.status_code != 429 and response.status_code < 500):
                    return response
            await asyncio.sleep(self._pause(attempt, None))
        raise AssertionError("unreachable")

    async def _stream_has_usage(self, model: str, found: Abilities) -> bool:
        item = Item("", (("user", "Hi"),), 0, 0, Sampling(1))
        answer = Answer(item)
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], found.max_tokens: 1, "temperature": 0}
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        with suppress(Again, Refused, Broken, httpx2.HTTPError):
            async for payload in self._payloads(body):
                answer.add(payload)
        return bool(answer.usage and answer.usage.get("completion_tokens"))

    async def _completed(self, item: Item, prompt_text: str, watched: bool) -> Completion:
        body = body_of(item, self._address["model"], self.abilities, self._scores)
        tries = failed = 0
        while True:
            answer = Answer(item)
            try:
                async for payload in self._payloads(body):
                    added = answer.add(payload)
                    self._away = None
                    if added and watched:
                        self._grow(item, added, failed, prompt_text)
                return self._counted(answer.completion(prompt_text))
            except (Again, Broken) as error:
                tries, why = tries + 1, error
            except httpx2.TransportError as error:
                # A stream whose last word is there has all that is needed.
                with suppress(Broken):
                    return self._counted(answer.completion(prompt_text))
                # Nobody there: that is no fault of this completion, and is bounded by the time it lasts.
                if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
                    self._raise_if_gone(error)
                else:
                    tries += 1
                why = Again(f"the connection broke: {said_of(error)}")
            if tries >= self._patience.tries:
                raise why
            failed += 1
            self.retries += 1
            await asyncio.sleep(self._pause(failed - 1, getattr(why, "after", None)))
            if self._inference.get("server"):
                self._address = await asyncio.to_thread(await_server, self._inference)

    def _counted(self, found: Completion) -> Completion:
        """With its reasoning counted, where the server does not and gives the token ids."""
        if self._sections is None or found.reasoning_tokens is not None or not found.token_ids:
            return found
        reasoning, _ = self._sections.count(found.token_ids, found.text + found.tail, found.prompt_text)
        return replace(found, reasoning_tokens=reasoning)

    def _raise_if_gone(self, error: httpx2.TransportError) -> None:
        """Counts from the first connection that failed since the server was last heard of."""
        self._away = self._away or time.monotonic()
        away = time.monotonic() - self._away
        if away > self._patience.gone:
            raise ServerError(f"{where(self._inference)} is gone for {away:.0f} s: {said_of(error)}") from error

    def _grow(self, item: Item, added: str, draw: int, prompt_text: str) -> None:
        with self._lock:
            known = self._grown.get(item.key)
            if known is None or known.draw != draw:
                self._grown[item.key] = Growth(item, added, draw, prompt_text)
            else:
                known.added += added

    async def _payloads(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """What the server sends for one completion. Raises Again, Refused, Broken, and what httpx2 raises."""
        async with self._posted(body) as response:
            deadline = time.monotonic() + self._patience.first
            if "json" in response.headers.get("content-type", ""):
                # It does not stream.
                yield parsed(await _until(deadline, response.aread()))
                return
            lines, chunks = Lines(), response.aiter_bytes()
            while not lines.done:
                try:
                    data = await _until(deadline, anext(chunks))
                except StopAsyncIteration:
                    for payload in lines.feed(b"\n"):
                        yield payload
                    return
                for payload in lines.feed(data):
                    deadline = time.monotonic() + self._patience.next
                    yield payload
            # To the end of the body: only then can the connection be used again.
            with suppress(TimeoutError, httpx2.TransportError):
                async with asyncio.timeout(AFTER_DONE_S):
                    async for _ in chunks:
                        pass

    @asynccontextmanager
    async def _posted(self, body: dict[str, Any]) -> AsyncIterator[httpx2.Response]:
        # Progress is watched by `_until`: to a socket, pings are progress.
        timeout = httpx2.Timeout(self._patience.first, connect=30)
        async with self._client.stream("POST", self._url("chat/completions"), json=body, timeout=timeout) as response:
            status = response.status_code
            if status != 200:
                said = message_of(await response.aread())
                check_key(status, self._inference, self._address["url"])
                if status in (408, 409, 425, 429) or status >= 500:
                    raise Again(f"{status}: {said}", retry_after(response.headers.get("retry-after")))
                raise Refused(f"the server refuses it with {status}: {said}")
            yield response

    def _pause(self, attempt: int, after: float | None) -> float:
        """Seconds before the next try: what the server asks for, otherwise a random share of a bound that doubles."""
        if after is not None:
            return min(after, 4 * self._patience.longest_wait) * (1 + random.random() / 4)
        return random.uniform(0.5, 1) * min(self._patience.wait * 2**attempt, self._patience.longest_wait)


async def _until(deadline: float, work: Any) -> Any:
    """What `work` gives; raises ReadTimeout at the deadline (of `time.monotonic`)."""
    left = max(0.0, deadline - time.monotonic())
    try:
        async with asyncio.timeout(left):
            return await work
    except TimeoutError as error:
        raise httpx2.ReadTimeout("no token came in time") from error


class _Drawing:
    """The requests of one `sample`."""

    def __init__(self, sampler: ServerSampler, concurrency: int, watched: bool):
        self._sampler, self._concurrency, self._watched = sampler, concurrency, watched
        self._came: queue.SimpleQueue[tuple[Item, Any]] = queue.SimpleQueue()
        self._flying: dict[str, Future] = {}

    def room(self) -> bool:
        return len(self._flying) < self._concurrency

    def idle(self) -> bool:
        return not self._flying

    def begin(self, item: Item) -> None:
        self._flying[item.key] = self._sampler.send(item, self._came, self._watched)

    def ended(self) -> Iterator[Came]:
        with suppress(queue.Empty):
            item, found = self._came.get(timeout=POLL_S)
            del self._flying[item.key]
            self._sampler.forget(item)
            if isinstance(found, (Refused, Again, Broken)):
                yield Failure(item, self._sampler.hidden(str(found)))
            elif isinstance(found, BaseException):
                raise found
            else:
                yield item, found

    def grown(self) -> list[Growth]:
        return self._sampler.taken()

    def abandon(self) -> None:
        for future in self._flying.values():
            future.cancel()
        self._sampler.taken()
