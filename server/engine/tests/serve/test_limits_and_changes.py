"""What a server must stand: clients that leave, too many of them, nonsense, a failing engine, another checkpoint under load."""

import http.client
import json
import math
import random
import threading
import time

import pytest

from longhand_engine.serve import app
from longhand_engine.serve.errors import ApiError, dumps
from longhand_engine.serve.parameters import IGNORED, NEUTRAL, ChatBody, CompletionBody, parse

from .live import live
from .test_sampling_over_http import CHAT, TEXT, chat, prompt_ids


def endless(**parameters):
    return {"prompt": "Start with", "temperature": 3.0, "max_tokens": 1000, "n": 2} | parameters


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_ends_its_sequences(tireless, stream):
    with live(tireless) as server, server.slow(0.01):
        connection = server.open(TEXT, endless(stream=stream, stop="never said"))
        server.wait_until(lambda: server.driver.active == 2)
        if stream:
            connection.getresponse().read(100)
        sequences = list(server.driver.served.engine.active)
        connection.sock.close() if not stream else connection.close()
        server.wait_until(lambda: server.driver.in_flight == 0)
        assert {s.finish for s in sequences} == {"cancelled"} and all(len(s.tokens) < 1000 for s in sequences)
        assert server.complete("1").status == 200


def test_one_who_waits_and_goes_away_is_never_computed(tireless):
    with live(tireless, batch=1) as server, server.slow(0.01):
        first = server.open(TEXT, endless(n=1))
        server.wait_until(lambda: server.driver.active == 1)
        waiting = server.open(TEXT, endless(n=1))
        server.wait_until(lambda: server.driver.in_flight == 2)
        (sequence,) = [s for s in server.driver._jobs if s not in server.driver.served.engine.active]
        waiting.sock.close()
        server.wait_until(lambda: sequence.cancelled)
        first.sock.close()
        server.wait_until(lambda: server.driver.in_flight == 0)
        assert (sequence.finish, sequence.tokens) == ("cancelled", [])


def test_what_does_not_fit_is_sent_away_for_now(tireless):
    with live(tireless, batch=2, queue=3) as server:
        with server.slow(0.02):
            held = [server.open(TEXT, endless()) for _ in range(2)]
            server.wait_until(lambda: server.driver.in_flight == 4 and server.driver.active == 2)
            full = server.complete("1", n=2)
            assert full.status == 429 and int(full.headers["retry-after"]) >= 1
            assert full.error["type"] == "rate_limit_error" and full.error["code"] == "queue_full"
            assert server.get("/health").body == {"status": "ok", "active": 2, "waiting": 2}
            fits = server.open(TEXT, {"prompt": "1", "max_tokens": 2})
            server.wait_until(lambda: server.driver.in_flight == 5)
            for connection in held:
                connection.sock.close()
        assert server.answer(fits).status == 200
        never = server.complete("1", n=6)
        assert never.status == 400 and "6 completions" in never.error["message"]


def test_a_checkpoint_is_changed_under_load(base, other, problems, generated):
    def ask(i: int):
        return chat(problems[i], temperature=0, max_tokens=60, return_token_ids=True)

    with live(base, batch=3) as server:
        with server.slow(0.005):
            before = [server.open(CHAT, ask(i)) for i in range(8)]
            server.wait_until(lambda: server.driver.in_flight == 8)
            changed = server.post("/longhand/checkpoint", {"model": str(other.folder), "name": "later"})
            assert changed.body["root"] == str(other.folder) and changed.body["model"] == "later"
            assert server.driver.in_flight > 0
            after = server.at_once(CHAT, [ask(i) for i in range(4)])
        for i, answer in enumerate([server.answer(c) for c in before]):
            assert answer.body["system_fingerprint"] == base.fingerprint
            assert answer.choices[0]["token_ids"] == generated(base, prompt_ids(base, problems[i]), 60)
        for i, answer in enumerate(after):
            assert answer.body["system_fingerprint"] == other.fingerprint == changed.body["system_fingerprint"]
            assert answer.body["model"] == "later"
            assert answer.choices[0]["token_ids"] == generated(other, prompt_ids(base, problems[i]), 60)
        assert base.fingerprint != other.fingerprint
        # The old engine goes when it has nothing left.
        server.complete("1")
        server.wait_until(lambda: len(server.driver._all) == 1)
        (model,) = server.get("/v1/models").body["data"]
        assert (model["id"], model["root"], model["max_model_len"]) == ("later", str(other.folder), 1024)
        assert server.chat("a", model="tiny").status == 404


def test_a_request_that_came_before_a_change_is_computed_by_the_old_checkpoint(base, other, monkeypatch):
    with live(base, batch=3) as server:
        encoding, go_on, prompts = threading.Event(), threading.Event(), CompletionBody.prompts

        def slowly(body, checkpoint):
            encoding.set()
            assert go_on.wait(20)
            return prompts(body, checkpoint)

        monkeypatch.setattr(app, "LONG", 0)
        monkeypatch.setattr(CompletionBody, "prompts", slowly)
        early = server.open(TEXT, {"prompt": "1", "max_tokens": 3})
        assert encoding.wait(20)
        assert server.post("/longhand/checkpoint", {"model": str(other.folder)}).status == 200
        server.wait_until(lambda: len(server.driver._all) == 1)
        go_on.set()
        assert server.answer(early).body["system_fingerprint"] == base.fingerprint
        assert server.complete("1").body["system_fingerprint"] == other.fingerprint
        server.wait_until(lambda: len(server.driver._all) == 1)


def test_a_server_that_stops_says_so(base):
    with live(base, key="k") as server:
        server.front.stopping = True
        refused = server.complete("1")
        assert refused.status == 503 and refused.error["type"] == "server_error"
        health = server.get("/health")
        assert health.status == 503 and health.body["status"] == "stopping"


def test_a_folder_that_cannot_be_served_changes_nothing(server, base, tmp_path):
    missing = server.post("/longhand/checkpoint", {"model": str(tmp_path / "none")})
    assert missing.status == 400 and "config.json" in missing.error["message"]
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    broken = server.post("/longhand/checkpoint", {"model": str(tmp_path)})
    assert broken.status == 400 and "cannot be loaded" in broken.error["message"]
    assert server.complete("1").body["system_fingerprint"] == base.fingerprint


def test_a_failing_engine_fails_its_requests_and_goes_on(tireless, monkeypatch):
    with live(tireless, batch=2) as server:
        with server.slow(0.01):
            whole = server.open(TEXT, endless())
            server.wait_until(lambda: server.driver.active == 2)
            monkeypatch.setattr(server.driver.served.engine, "step", lambda: 1 / 0)
            failed = server.answer(whole)
        assert failed.status == 500 and "ZeroDivisionError" in failed.error["message"]
        assert server.complete("1", max_tokens=3).status == 200
        server.wait_until(lambda: server.driver.in_flight == 0)


def test_a_stream_that_fails_has_neither_finish_reason_nor_end(tireless, monkeypatch):
    with live(tireless, batch=2) as server, server.slow(0.02):
        engine = server.driver.served.engine
        steps, step = iter(range(20)), engine.step

        def failing() -> bool:
            return step() if next(steps, None) is not None else math.sqrt(-1)

        monkeypatch.setattr(engine, "step", failing)
        found = server.stream(TEXT, endless(n=1))
        assert found.events[-1]["error"]["type"] == "server_error" and len(found.events) > 2
        assert {c["finish_reason"] for e in found.events[:-1] for c in e["choices"]} == {None}


MESSAGES = [{"role": "user", "content": "a"}]


@pytest.mark.parametrize(
    ("body", "says", "parameter"),
    [
        (b"{", "not JSON", None),
        (b"[]", "not a JSON object", None),
        (b'{"messages": [{"role": "user", "content": "a"}], "temperature": NaN}', "not JSON", None),
        (b"\xff", "not JSON", None),
        (b"[" * 100_000, "not JSON", None),
        ({}, "messages", "messages"),
        ({"messages": []}, "messages", "messages"),
        ({"messages": [{"role": "nobody", "content": "a"}]}, "messages.0", "messages"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages.0", "messages"),
        ({"messages": MESSAGES, "temprature": 0, "topp": 1}, "temprature, topp", "temprature"),
        ({"messages": MESSAGES, "temperature": -1}, "temperature", "temperature"),
        ({"messages": MESSAGES, "temperature": "0"}, "temperature", "temperature"),
        ({"messages": MESSAGES, "n": 0}, "n", "n"),
        ({"messages": MESSAGES, "n": 1.5}, "n", "n"),
        ({"messages": MESSAGES, "n": True}, "n", "n"),
        ({"messages": MESSAGES, "seed": 2**64}, "seed", "seed"),
        ({"messages": MESSAGES, "max_tokens": 0}, "max_tokens", "max_tokens"),
        ({"messages": MESSAGES, "max_tokens": 2000}, "context of 1024", None),
        ({"messages": [{"role": "user", "content": "7" * 2000}]}, "tokens, the context of the model is 1024", None),
        ({"messages": MESSAGES, "stop": [""]}, "stop", "stop"),
        ({"messages": MESSAGES, "stop": ["x"] * 17}, "stop", "stop"),
        ({"messages": MESSAGES, "top_logprobs": 3}, "needs logprobs", None),
        ({"messages": MESSAGES, "logprobs": True, "top_logprobs": 21}, "top_logprobs", "top_logprobs"),
        ({"messages": MESSAGES, "stream_options": {"include_usage": True}}, "stream_options", None),
        ({"messages": MESSAGES, "presence_penalty": 0.5}, "presence_penalty is not supported", "presence_penalty"),
        ({"messages": MESSAGES, "tools": [{}]}, "tools is not supported", "tools"),
        ({"messages": MESSAGES, "response_format": {"type": "json_object"}}, "response_format", "response_format"),
        ({"messages": MESSAGES, "continue_final_message": True}, "last message of the assistant", None),
        ({"messages": MESSAGES, "chat_template_kwargs": {"tokenize": True}}, "cannot set", "chat_template_kwargs"),
        ({"messages": MESSAGES, "extra_body": {"top_k": 1}}, "extra_body", "extra_body"),
    ],
)
def test_nonsense_is_refused_by_name(server, body, says, parameter):
    found = server.post(CHAT, body)
    assert found.status == 400 and found.error["type"] == "invalid_request_error"
    assert says in found.error["message"] and found.error["param"] == parameter
    assert server.driver.in_flight == 0


@pytest.mark.parametrize("prompt", ["", [], [[]], [99999], ["a", [99999]], [-1], [1.5], {"a": 1}, None, [None]])
def test_prompts_that_are_none_are_refused(server, prompt):
    found = server.complete(prompt)
    assert found.status == 400 and found.error["message"]
    server.wait_until(lambda: server.driver.in_flight == 0)


def test_what_cannot_matter_passes(server):
    harmless = {"user": "u", "metadata": {"a": "b"}, "store": False, "presence_penalty": 0, "frequency_penalty": None}
    harmless |= {"logit_bias": {}, "tools": [], "response_format": {"type": "text"}, "repetition_penalty": 1.0}
    assert server.chat("a", max_tokens=1, **harmless).status == 200


def test_a_body_that_does_not_come_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(app, "BODY_S", 0.2)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", CHAT)
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", "100")
    connection.endheaders(b"{")
    assert server.answer(connection).status == 408


def test_any_body_is_answered(base):
    """No body, however made, gets past the checks as anything but a request or an ApiError."""
    chance = random.Random(0)
    odd = [None, True, 0, -1, 1.5, 2**70, "", "a", "\ud800", [], [[]], [1], ["a"], {}, {"a": {}}, [{"role": "user"}]]
    names = [*ChatBody.model_fields, *CompletionBody.model_fields, *NEUTRAL, *IGNORED, "unknown"]
    outcomes = {"fine": 0, "refused": 0}
    for _ in range(4000):
        kind = chance.choice([ChatBody, CompletionBody])
        body = {"prompt": "1"} if kind is CompletionBody else {"messages": MESSAGES}
        body |= {chance.choice(names): chance.choice(odd) for _ in range(chance.randrange(3))}
        try:
            found = parse(kind, json.dumps(body).encode())
            for prompt in found.prompts(base):
                found.request(prompt, base).check(base.context, 482)
            outcomes["fine"] += 1
        except ApiError as error:
            assert error.status == 400 and json.loads(dumps(error.body))["error"]["message"]
            outcomes["refused"] += 1
        except ValueError as error:  # the engine's own check, which the driver answers with 400
            assert "out of range" in str(error) or "context" in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 500


def test_large_bodies_and_deep_ones_do_no_harm(server):
    begun = time.monotonic()
    whole = json.dumps({"prompt": "7 " * 2**22}).encode()
    assert "does not fit" in server.post(TEXT, whole).error["message"]
    assert server.post(CHAT, b'{"messages": "' + b"x" * 2**24 + b'"}').status == 413
    deep = json.dumps({"messages": MESSAGES, "chat_template_kwargs": {}}).replace(
        "{}", '{"a":' * 5000 + "1" + "}" * 5000
    )
    assert server.post(CHAT, deep.encode()).status == 400
    long = server.complete("7 " * 4000)
    assert long.status == 400 and "tokens, the context" in long.error["message"]
    assert time.monotonic() - begun < 10 and server.complete("1", max_tokens=1).status == 200


def test_a_key_is_wanted_everywhere_but_for_health(base):
    with live(base, key="s3cret") as server:
        assert server.get("/v1/models").status == 200
        for headers in ({"authorization": ""}, {"authorization": "Bearer wrong"}, {"authorization": "s3cret"}):
            refused = server.get("/v1/models", headers)
            assert refused.status == 401 and refused.error["code"] == "invalid_api_key"
            assert server.get("/health", headers).status == 200
        server.headers["authorization"] = "Bearer wrong"
        changed = server.post("/longhand/checkpoint", {"model": str(base.folder)})
        assert changed.status == 401 and server.driver.served.checkpoint is base


def test_without_a_key_no_web_page_may_ask(server):
    assert server.get("/v1/models", {"host": "evil.example"}).status == 403
    assert server.get("/v1/models", {"host": "127.0.0.1.evil.example:80"}).status == 403
    for host in ("localhost:1", "127.0.0.1", "[::1]:80"):
        assert server.get("/v1/models", {"host": host}).status == 200
    kind, server.headers["content-type"] = server.headers["content-type"], "text/plain"
    try:
        assert server.complete("1").status == 415
    finally:
        server.headers["content-type"] = kind


def test_unknown_paths_and_methods_are_errors_of_the_same_shape(server):
    assert server.get("/v1/embeddings").status == 404
    wrong = server.get("/v1/completions")
    assert wrong.status == 405 and wrong.error["type"] == "invalid_request_error"
    assert server.chat("a", model="gpt-4").error["code"] == "model_not_found"
