"""The client of OpenAI-compatible servers against one that breaks whatever a server can break."""

import json
import threading
import time
from pathlib import Path

import pytest
from hostile_server import WORDS, Fake, serving

from longhand_engine.checker import Checker
from longhand_engine.errors import ConfigError
from longhand_engine.inference.answers import Answer
from longhand_engine.inference.client import ServerSampler
from longhand_engine.inference.sampler import Completion, Failure, Item, Sampling
from longhand_engine.inference.traces import ItemTraces, Wanted
from longhand_engine.inference.wire import Patience
from longhand_engine.served import ServerError
from longhand_engine.worker import Stage

COUNT = " ".join(WORDS) + " "
QUICK = Patience(tries=4, first=2, next=0.5, wait=0.02, longest_wait=0.1, gone=1)


def item(sample: int = 0, *, content: str = "count, please", **sampling) -> Item:
    return Item("p", (("user", content),), sample, 5, Sampling(**({"max_tokens": 16, "temperature": 0} | sampling)))


def opened(url: str, **options) -> ServerSampler:
    inference = {"url": url, "model": "m", "key_env": None, "engine": "fake"} | options.pop("inference", {})
    return ServerSampler(inference, **({"patience": QUICK} | options))


def sampled(sampler: ServerSampler, *items: Item, **options) -> list[tuple[Item, Completion] | Failure]:
    return list(sampler.sample(items, stopping=threading.Event(), **options))


def one(sampler: ServerSampler, wanted: Item, **options) -> Completion:
    (found,) = sampled(sampler, wanted, **options)
    assert not isinstance(found, Failure), found.why
    return found[1]


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def sampler(fake):
    with serving(fake) as url:
        opened_ = opened(url)
        yield opened_
        opened_.close()


def test_what_a_server_can_do_is_asked(tmp_path):
    whole = {"heat": True, "n": True, "seed": True, "logprobs": True, "token_ids": True, "top_k": True, "min_p": True}
    whole |= {"first_index": False, "stop": "cut", "stop_shown": "include_stop_str_in_output", "continues": "flag", "reasoning": None}
    whole |= {"usage_in_stream": True, "max_tokens": "max_tokens", "reports_usage": True, "repetition_penalty": True}
    little = {"heat": True, "n": False, "seed": False, "logprobs": False, "token_ids": False, "top_k": False, "min_p": False}
    little |= {"first_index": False, "stop": "kept", "stop_shown": None, "continues": None, "reasoning": "reasoning"}
    little |= {"usage_in_stream": False, "max_tokens": "max_tokens", "reports_usage": False, "repetition_penalty": False}
    lacks = {"n": False, "logprobs": False, "ids": False, "stop": "kept", "usage": False, "seed": False}
    for fake, expected in ((Fake(), whole), (Fake(**lacks, filters=False, reasoning="reasoning"), little)):
        with serving(fake) as url:
            sampler = opened(url, notes=tmp_path / "inference.json")
            sampler.close()
        assert sampler.abilities.as_json() == expected
        assert json.loads((tmp_path / "inference.json").read_text())["abilities"] == expected


def test_a_completion_comes_whole_with_exact_counts(sampler):
    found = one(sampler, item())
    assert (found.text, found.finish, found.tokens, found.exact, found.tail) == (COUNT, "stop", 12, True, "")
    assert one(sampler, item(max_tokens=3)).finish == "length"
    assert one(sampler, item(1, temperature=1)).text != one(sampler, item(2, temperature=1)).text


def test_a_stop_text_is_the_tail_however_the_server_treats_it():
    for stop, shown in (("cut", True), ("cut", False), ("kept", False)):
        with serving(Fake(stop=stop, shown=shown)) as url:
            sampler = opened(url)
            found = one(sampler, item(stop=("four",)))
            sampler.close()
        assert (found.text, found.tail, found.finish) == ("one two three ", "four", "stop")
    with serving(Fake(stop="ignored")) as url:
        sampler = opened(url)
        (failure,) = sampled(sampler, item(stop=("four",)))
        sampler.close()
    assert isinstance(failure, Failure) and "ignores stop" in failure.why


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_that_is_given_apart_is_put_back(field):
    with serving(Fake(reasoning=field)) as url:
        sampler = opened(url)
        found = one(sampler, item())
        sampler.close()
    assert sampler.abilities.reasoning == field
    think, _, rest = found.text.partition("</think>")
    assert think.startswith("<think>one two") and think.removeprefix("<think>") + rest == COUNT


def test_a_thought_that_was_cut_off_by_a_server_that_takes_the_tags_out():
    for finish, tail in (("stop", "</think>"), ("length", "")):
        answer = Answer(item(stop=("</think>",)))
        answer.add({"choices": [{"message": {"reasoning_content": "one", "content": ""}, "finish_reason": finish}]})
        found = answer.completion("")
        assert (found.text, found.tail, found.finish) == ("<think>one", tail, finish)


def test_a_server_that_ignores_the_temperature_is_not_sampled_from():
    fake = Fake()
    fake.words = lambda body: list(WORDS)
    with serving(fake) as url:
        sampler = opened(url)
        assert not sampler.abilities.heat and one(sampler, item()).text == COUNT
        (failure,) = sampled(sampler, item(temperature=1))
        sampler.close()
    assert isinstance(failure, Failure) and "ignores the temperature" in failure.why


def drop(handler, body):
    handler.start()
    handler.tell(body, pieces=3, finish=False, done=False)


def drop_at_once(handler, body):
    handler.connection.close()


def no_finish(handler, body):
    handler.start()
    handler.tell(body, finish=False, done=True)


def busy(handler, body):
    handler.send(429, {"error": {"message": "busy"}}, Retry_After="0.3")


def fails(handler, body):
    handler.send(503, b"<html>down</html>")


def not_json(handler, body):
    handler.start()
    handler.event(b"{what")


def odd_shape(handler, body):
    handler.start()
    handler.event({"choices": "none"})


def error_inside(handler, body):
    handler.start()
    handler.tell(body, pieces=2, finish=False, done=False)
    handler.event({"error": {"message": "engine died"}})


def aborted(handler, body):
    handler.start()
    handler.event({"choices": [{"delta": {"content": "x"}, "finish_reason": "abort"}]})


def hangs(handler, body):
    handler.start()
    handler.tell(body, pieces=2, finish=False, done=False)
    time.sleep(1.2)


def endless(handler, body):
    handler.start()
    for _ in range(100):
        handler.event({"choices": [{"delta": {"content": "x" * 20_000}, "finish_reason": None}]})


MISHAPS = [drop, drop_at_once, no_finish, busy, fails, not_json, odd_shape, error_inside, aborted, hangs, endless]


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_mishap_is_tried_again_and_never_taken_for_an_end(fake, sampler, mishap):
    fake.mishaps = [mishap]
    started = time.monotonic()
    assert one(sampler, item()).text == COUNT
    assert sampler.retries == 1 and not fake.mishaps
    if mishap is busy:
        assert time.monotonic() - started >= 0.3


def test_no_done_is_an_end_where_the_finish_reason_came(fake, sampler):
    def no_done(handler, body):
        handler.start()
        handler.tell(body, done=False)

    def cut_after_finish(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.tell(body, done=False)

    def whole(handler, body):
        handler.whole(body)

    for mishap in (no_done, cut_after_finish, whole):
        fake.mishaps = [mishap]
        assert one(sampler, item()).text == COUNT
    assert sampler.retries == 0


def test_what_never_works_is_a_failure_that_says_why_and_the_rest_goes_on(fake, sampler):
    fake.mishaps = [lambda handler, body: handler.send(400, {"error": {"message": "too long"}})]
    found = sampled(sampler, item(), item(1))
    assert sorted(type(one).__name__ for one in found) == ["Failure", "tuple"]
    assert next(f.why for f in found if isinstance(f, Failure)) == "the server refuses it with 400: too long"
    fake.mishaps = [no_finish] * 4
    (failure,) = sampled(sampler, item())
    assert isinstance(failure, Failure) and "without a finish reason" in failure.why


def test_no_more_than_the_bound_is_under_way(fake):
    fake.can["pace"] = 0.01
    with serving(fake) as url:
        sampler = opened(url, concurrency=3)
        fake.most = 0
        taken = []

        def wishes():
            for n in range(12):
                taken.append(n)
                yield item(n)

        came = 0
        for _ in sampler.sample(wishes(), stopping=threading.Event()):
            came += 1
            assert len(taken) <= came + 3
        sampler.close()
    assert came == 12 and fake.most == 3


def test_pings_are_no_progress(fake, sampler):
    def pings(handler, body):
        handler.start()
        for _ in range(40):
            handler.wfile.write(b": ping\n\n")
            handler.wfile.flush()
            time.sleep(0.1)
        return True

    fake.mishaps = [pings]
    started = time.monotonic()
    # Nothing but pings for as long as it waits for the first token: asked again, which works.
    assert one(sampler, item()).text == COUNT
    assert sampler.retries == 1 and time.monotonic() - started < 3.5


def test_stopping_leaves_at_once(fake, sampler):
    fake.can["pace"] = 0.3
    stopping = threading.Event()
    threading.Timer(0.5, stopping.set).start()
    started = time.monotonic()
    assert list(sampler.sample([item(n) for n in range(9)], stopping=stopping)) == []
    assert time.monotonic() - started < 1.5


def test_growth_and_traces_of_a_stream_that_breaks(fake, sampler, tmp_path):
    fake.can["pace"] = 0.06
    fake.mishaps = [hangs]
    spec = {"run": "r", "stage": "s", "attempt": 1, "resumed_from": None, "stage_config": {}, "inputs": {}}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    stage = Stage(tmp_path)
    with Checker() as checker:
        traces = ItemTraces(stage, checker)
        (taken,) = traces.draw(sampler, [Wanted(item(), "12")])
        traces.finish()
    stage.record.close()
    assert taken.completion.text == COUNT and taken.trace == "r/s/1/1"
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    ends = {e["trace"]: e["facts"]["finish"] for e in events if e["type"] == "trace_end"}
    assert ends == {0: "error", 1: "stop"}
    assert len({e["item"] for e in events if e["type"] == "trace_begin"}) == 1
    assert sum(e["type"] == "trace_text" and e["trace"] == 1 for e in events) > 2
    text = (tmp_path / "text" / "part-00001.txt").read_bytes()
    pieces = [text[e["offset"] :][: e["length"]] for e in events if e["type"] == "trace_text" and e["trace"] == 1]
    assert b"".join(pieces).decode() == COUNT


def test_another_server_than_expected_is_said(monkeypatch):
    with serving(Fake(models=["other"])) as url, pytest.raises(ConfigError, match="serves other, not m"):
        opened(url)
    with serving(Fake(models=[], answers_as="other")) as url, pytest.raises(ConfigError, match="answered as other"):
        opened(url)
    with serving(Fake(models=[], answers_as="m@main")) as url:
        opened(url).close()
    with pytest.raises(ServerError, match="does not answer"):
        opened("http://127.0.0.1:9/v1")
    with pytest.raises(ConfigError, match="password"):
        opened("http://me:secret@127.0.0.1:9/v1")


def test_the_key_is_sent_and_written_nowhere(monkeypatch, tmp_path):
    fake = Fake(key="sk-very-secret")
    with serving(fake) as url:
        with pytest.raises(ConfigError, match="NO_KEY_HERE.*not set"):
            opened(url, inference={"key_env": "NO_KEY_HERE"})
        with pytest.raises(ConfigError, match="wants a key"):
            opened(url)
        monkeypatch.setenv("TEST_KEY", "sk-very-secret")
        sampler = opened(url, inference={"key_env": "TEST_KEY"}, notes=tmp_path / "inference.json")
        fake.mishaps = [lambda handler, body: handler.send(400, {"error": {"message": handler.headers["authorization"]}})]
        (failure,) = sampled(sampler, item())
        sampler.close()
    assert fake.keys[-1] == "Bearer sk-very-secret"
    assert "secret" not in failure.why + (tmp_path / "inference.json").read_text()


def test_a_server_that_is_gone_ends_the_stage(fake):
    with serving(fake) as url:
        sampler = opened(url)
        assert one(sampler, item()).text == COUNT
    with pytest.raises(ServerError, match="is gone"):
        sampled(sampler, item(1))
    sampler.close()


def test_a_server_of_the_service_is_found_again_where_it_came_back(fake, tmp_path):
    path: Path = tmp_path / "server.json"

    def say(url: str) -> None:
        state = {"state": "ready", "engine": "fake", "url": url, "model": "m", "attempt": 1, "timeout_s": 5}
        path.write_text(json.dumps(state))

    with serving(fake) as url:
        say(url)
        sampler = opened(url, inference={"server": str(path)})
    with serving(Fake()) as url:
        say(url)
        assert one(sampler, item()).text == COUNT
    sampler.close()
