"""A stage draws the same completions over the embedded server as with the embedded engine in its own process."""

from threading import Event

import pytest

from longhand_engine.inference.client import ServerSampler
from longhand_engine.inference.embedded import EmbeddedSampler
from longhand_engine.inference.sampler import Completion, Item, Sampling
from longhand_engine.sections import TokenSections
from longhand_engine.serve.app import Front

from .conftest import BASE


@pytest.fixture(scope="module")
def over(server, base):
    inference = {"url": f"http://127.0.0.1:{server.port}/v1", "model": "tiny", "key_env": None, "engine": "embedded"}
    # Neither the order nor the sizes of the batches are those of the engine in the same process.
    sampler = ServerSampler(inference, concurrency=5, sections=TokenSections(base.tokenizer))
    yield sampler
    sampler.close()


def test_connections_are_used_again(over, problems, monkeypatch):
    clients, call = set(), Front.__call__

    def counted(self, scope, *rest):
        clients.add(scope.get("client"))
        return call(self, scope, *rest)

    monkeypatch.setattr(Front, "__call__", counted)
    items = [Item(f"p{n}", (("user", problems[n]),), k, n, Sampling(12)) for n in range(20) for k in (0, 1)]
    assert len(drawn(over, items)) == 40
    assert 1 <= len(clients) <= 5


@pytest.fixture(scope="module")
def within():
    sampler = EmbeddedSampler(str(BASE), batch=16)
    yield sampler
    sampler.close()


def drawn(sampler, items: list[Item]) -> dict[str, Completion]:
    return {item.key: completion for item, completion in sampler.sample(items, stopping=Event())}


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(160, temperature=1.0),
        Sampling(160, temperature=1.0, top_p=0.9, min_p=0.05),
        Sampling(90, temperature=1.4, top_k=8, stop=("</think>", "Check")),
        Sampling(90, temperature=0),
    ],
)
def test_the_same_items_are_the_same_token_by_token(over, within, problems, sampling):
    assert over.abilities.first_index
    seeds = (0, 7, 2**48 - 1)
    items = [
        Item(f"p{n}", (("user", text),), sample, seeds[n % 3] + (n if n % 3 < 2 else 0), sampling)
        for n, text in enumerate(problems[:9])
        for sample in (0, 1, 13)
    ]
    expected, found = drawn(within, items), drawn(over, items)
    assert found.keys() == expected.keys()
    for key, one in expected.items():
        other = found[key]
        assert other.token_ids == one.token_ids
        assert (other.tokens, other.finish, other.text) == (one.tokens, one.finish, one.text)
        assert (other.prompt_tokens, other.reasoning_tokens) == (one.prompt_tokens, one.reasoning_tokens)
    if sampling.temperature:
        assert len({tuple(one.token_ids) for one in found.values()}) > len(items) // 2


def test_scores_are_the_same_where_the_server_says_them(server, base, problems):
    inference = {"url": f"http://127.0.0.1:{server.port}/v1", "model": "tiny", "key_env": None, "engine": "embedded"}
    over, within = ServerSampler(inference, scores=2), EmbeddedSampler(str(BASE), scores=True)
    try:
        items = [Item(f"p{n}", (("user", text),), 0, n, Sampling(60)) for n, text in enumerate(problems[:4])]
        expected, found = drawn(within, items), drawn(over, items)
    finally:
        over.close()
        within.close()
    for key, one in expected.items():
        scores = found[key].scores
        assert (scores.top, scores.lengths) == (0, None)
        assert list(scores.logprobs) == pytest.approx(list(one.scores.logprobs), abs=1e-4)
        assert list(scores.entropies) == pytest.approx(list(one.scores.entropies), abs=1e-4)
