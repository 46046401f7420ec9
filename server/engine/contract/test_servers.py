"""The client against a real server: `npm run contract` starts one after another and runs this, outside the everyday tests.

`LONGHAND_CONTRACT` names the server, as JSON: `{"url", "model", "engine", "folder"}`; `folder` is the checkpoint it serves.
"""

import json
import os
import threading

import pytest

from longhand_engine.dataset import task_rows
from longhand_engine.errors import ConfigError
from longhand_engine.inference.client import ServerSampler
from longhand_engine.inference.embedded import EmbeddedSampler
from longhand_engine.inference.sampler import Completion, Failure, Item, Sampling

SERVER = json.loads(os.environ["LONGHAND_CONTRACT"])
PROBLEMS = [row["problem"] for row in task_rows("dev", 24, 0)]
# What was measured of each server; what is not named here may be either.
KNOWN = {
    "embedded": {
        "heat": True,
        "n": True,
        "seed": True,
        "first_index": True,
        "logprobs": True,
        "token_ids": True,
        "reasoning": None,
        "stop": "cut",
        "stop_shown": "include_stop_str_in_output",
        "top_k": True,
        "min_p": True,
        "continues": "flag",
        "usage_in_stream": True,
    },
    "transformers": {
        "heat": True,
        "n": False,
        "first_index": False,
        "logprobs": False,
        "token_ids": False,
        "stop": "kept",
        "top_k": False,
        "min_p": False,
    },
    "vllm": {
        "heat": True,
        "n": True,
        "first_index": False,
        "logprobs": True,
        "token_ids": True,
        "stop": "cut",
        "stop_shown": "include_stop_str_in_output",
        "top_k": True,
        "min_p": True,
        "continues": "flag",
        "usage_in_stream": True,
    },
}


def item(n: int, sample: int = 0, **sampling) -> Item:
    wanted = Sampling(**({"max_tokens": 128, "temperature": 0} | sampling))
    return Item(f"p{n}", (("user", PROBLEMS[n]),), sample, 11, wanted)


@pytest.fixture(scope="module")
def sampler():
    inference = {"url": SERVER["url"], "model": SERVER["model"], "key_env": None, "engine": SERVER["engine"]}
    found = ServerSampler(inference, concurrency=8)
    yield found
    found.close()


def sampled(sampler: ServerSampler, items: list[Item], growth=None) -> dict[str, Completion]:
    found = {}
    for came in sampler.sample(items, stopping=threading.Event(), growth=growth):
        assert not isinstance(came, Failure), came.why
        found[came[0].key] = came[1]
    assert len(found) == len(items)
    return found


def test_abilities(sampler):
    found = sampler.abilities.as_json()
    print(json.dumps(found))
    assert {name: found[name] for name in KNOWN[SERVER["engine"]]} == KNOWN[SERVER["engine"]]


def test_all_items_come_once_and_whole(sampler):
    grown: dict[str, str] = {}

    def grow(growths):
        for one in growths:
            grown[one.item.key] = grown.get(one.item.key, "") + one.added

    items = [item(n, k, temperature=1) for n in range(len(PROBLEMS)) for k in range(2)]
    found = sampled(sampler, items, grow)
    assert sampler.retries == 0 and grown
    for one in items:
        completion = found[one.key]
        assert completion.exact and 0 < completion.tokens <= 128 and completion.text.startswith("<think>")
        assert (completion.finish == "length") == (completion.tokens == 128)
        assert (completion.text + completion.tail).startswith(grown.get(one.key, ""))
        if completion.token_ids:
            assert len(completion.token_ids) == completion.tokens
    assert len({found[one.key].text for one in items}) > len(PROBLEMS)


def test_greedy_is_what_the_embedded_engine_writes(sampler):
    items = [item(n) for n in range(12)]
    found = sampled(sampler, items)
    embedded = EmbeddedSampler(SERVER["folder"], batch=8)
    expected = {one.key: completion for one, completion in embedded.sample(items, stopping=threading.Event())}
    same = sum(found[one.key].text == expected[one.key].text for one in items)
    # Kernels differ in the last bits, and a near tie may fall the other way.
    assert same >= 11


def test_the_thought_can_be_cut_off(sampler):
    found = sampled(sampler, [item(n, stop=("</think>",)) for n in range(6)])
    assert all("</think>" not in one.text for one in found.values())
    assert sum(one.tail == "</think>" and one.finish == "stop" for one in found.values()) >= 4


def test_a_last_message_of_the_assistant_is_continued_or_refused(sampler):
    begun = Item("p", (("user", PROBLEMS[0]), ("assistant", "<think>\nWe start with")), 0, 1, Sampling(16, temperature=0))
    (came,) = sampler.sample([begun], stopping=threading.Event())
    if sampler.abilities.continues:
        assert not isinstance(came, Failure) and not came[1].text.lstrip().startswith("<think>")
    else:
        assert isinstance(came, Failure) and "continue" in came.why


def test_leaving_in_the_middle_leaves_a_server_that_answers(sampler):
    long = [item(n, temperature=1.5, max_tokens=400) for n in range(16)]
    for _ in sampler.sample(long, stopping=threading.Event()):
        break
    assert len(sampled(sampler, [item(0), item(1)])) == 2


def test_what_does_not_fit_fails_with_the_servers_word(sampler):
    (came,) = sampler.sample(
        [Item("p", (("user", "one two three " * 3000),), 0, 0, Sampling(64))], stopping=threading.Event()
    )
    if isinstance(came, Failure):
        print(came.why)
        assert "4" in came.why or "5" in came.why


def test_another_model_is_refused():
    inference = {"url": SERVER["url"], "model": "nobody/knows", "key_env": None, "engine": SERVER["engine"]}
    with pytest.raises((ConfigError, RuntimeError), match="nobody/knows|cannot be used"):
        ServerSampler(inference)
