"""Log-probabilities and entropies of tokens: exact to what the model says, and in the files as they are documented."""

import json
import math
import struct
from pathlib import Path
from threading import Event

import pytest
import torch
from test_evaluate import BASE, attempt, data, events_of, run  # noqa: F401
from transformers import AutoModelForCausalLM, AutoTokenizer

from longhand_engine.inference.answers import Answer
from longhand_engine.inference.done import done_items
from longhand_engine.inference.sampler import Item, Sampling
from longhand_engine.sampling.engine import sample
from longhand_engine.sampling.requests import Request
from longhand_engine.scores import TokenScores, entropy_bound, pack, unpack

HALF = 2**-11
"""Largest relative error of a float16."""


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(BASE)


@torch.inference_mode()
def forward(model, prompt: list[int], tokens: list[int]) -> tuple[list[float], list[float]]:
    """Of each token, by one pass over the whole: its log-probability, and the entropy of what it was drawn from."""
    logits = model(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 : -1].double()
    all_of = torch.log_softmax(logits, dim=1)
    own = all_of.gather(1, torch.tensor(tokens).unsqueeze(1)).squeeze(1)
    return own.tolist(), (-(all_of.exp() * all_of).sum(1)).tolist()


def test_scores_of_the_engine_are_those_of_a_forward_pass_whatever_the_batch(model):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    prompts = [tokenizer(text).input_ids for text in ("3 + 4", "What is 5 - 2 modulo 7?", "Add 1.")]
    # Rows leave and join in the middle, with parameters of their own; one is not asked about.
    requests = [
        Request(prompt, n=3, seed=i, max_tokens=20 + 17 * i, temperature=0.5 + i, top_p=0.9, scores=i != 1)
        for i, prompt in enumerate(prompts)
    ]
    found = sample(model, requests, batch=4)
    assert all(not s.chances and not s.entropies for s in found[1])
    for request, sequences in zip(requests, found, strict=True):
        for sequence in sequences if request.scores else ():
            own, entropies = forward(model, request.prompt, sequence.tokens)
            assert sequence.chances.tolist() == pytest.approx(own, abs=1e-3)
            assert sequence.entropies.tolist() == pytest.approx(entropies, abs=1e-3)


def test_what_is_not_known_stays_so_beside_numbers_too_large_for_a_float16():
    read = unpack(pack(TokenScores([math.nan, -3.4e38, -1.0, 1e30], [math.nan, 0.5, 1.0, math.inf])))
    assert math.isnan(read.logprobs[0]) and read.logprobs[1:] == [-math.inf, -1.0, 65504.0]
    assert math.isnan(read.entropies[0]) and read.entropies[1:3] == [0.5, 1.0]


def test_a_stretch_is_read_as_it_was_written():
    values = [0.0, -1e-5, -0.6931, -3.14159, -17.3, -math.inf, math.nan]
    whole = TokenScores(values, [0.0, 0.25, 1.5, 2.0, 11.9, 0.1, math.nan], 5, [1, 2, 3, 0, 65535, 6, 7])
    data = pack(whole)
    assert data[:12] == b"LHTS" + bytes([1, 7, 5, 0]) + struct.pack("<I", 7) and len(data) == 12 + 3 * 14
    read = unpack(data)
    for kept, given in (read.logprobs, whole.logprobs), (read.entropies, whole.entropies):
        for one, other in zip(kept, given, strict=True):
            assert one == pytest.approx(other, rel=HALF, abs=1e-7, nan_ok=True)
    assert (read.top, read.lengths) == (5, whole.lengths)
    alone = unpack(pack(TokenScores([-9999.0, -1e9])))
    assert alone.logprobs[0] == pytest.approx(-9999, rel=HALF) and alone.logprobs[1] == -math.inf
    assert alone.entropies is alone.lengths is None
    with pytest.raises(ValueError, match="columns"):
        pack(TokenScores([0.0], [0.0, 0.0]))
    for torn in data[:8], data[:-1], b"LHTX" + data[4:], data[:4] + b"\x02" + data[5:]:
        with pytest.raises(ValueError, match="scores"):
            unpack(torn)


def test_a_stage_records_them_with_the_text_before_the_event(data, tmp_path, model):  # noqa: F811
    folder = attempt(
        tmp_path / "eval" / "attempt-1", {"record": {"logprobs": True}, "top_p": 0.95}, {"model": BASE, "data": data}
    )
    run(folder)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    events, part = events_of(folder), (folder / "tokens/part-00001.bin").read_bytes()
    text = (folder / "text/part-00001.txt").read_bytes()
    asked = [e for e in events if e["type"] == "prompt"]
    prompts = {e["prompt"]: text[e["offset"] : e["offset"] + e["length"]].decode() for e in asked}
    begun = {e["trace"]: prompts[e["prompt"]] for e in events if e["type"] == "trace_begin"}
    ends = [e for e in events if e["type"] == "trace_end"]
    assert len(ends) == 36
    worst = 0.0
    for end in ends:
        place, said = end["token_ids"], end["scores"]
        ids = list(memoryview(part[place["offset"] : place["offset"] + place["length"]]).cast("I"))
        scores = unpack(part[said["offset"] : said["offset"] + said["length"]])
        assert said["length"] == 12 + 4 * len(ids) and scores.top == 0 and scores.lengths is None
        own, entropies = forward(model, tokenizer(begun[end["trace"]], add_special_tokens=False).input_ids, ids)
        for kept, exact in zip([*scores.logprobs, *scores.entropies], own + entropies, strict=True):
            assert kept == pytest.approx(exact, abs=1e-3, rel=HALF)
            worst = max(worst, abs(kept - exact))
        assert end["facts"]["entropy"] == pytest.approx(sum(entropies) / len(ids), abs=1e-3)
        assert end["facts"]["logprob"] == pytest.approx(sum(own) / len(ids), abs=1e-3)
    print(f"largest error of what is kept: {worst:.2e}")
    # A resumed attempt that reads what is done gets them again.
    record = Record_of_nothing()
    done = done_items(folder.parent / "attempt-2", {"resumed_from": {"attempt": 1}}, record)
    assert len(done) == 36 and all(one.completion().scores.top == 0 for one in done.values())


class Record_of_nothing:
    def warn(self, *said: str) -> None:
        raise AssertionError(said)


def test_without_the_key_nothing_is_recorded(data, tmp_path):  # noqa: F811
    folder = attempt(tmp_path / "eval" / "attempt-1", {}, {"model": BASE, "data": data})
    run(folder)
    ends = [e for e in events_of(folder) if e["type"] == "trace_end"]
    assert ends and not any("scores" in e or "entropy" in e["facts"] for e in ends)


def told(tokens: list[dict], content: str, **more) -> TokenScores | None:
    answer = Answer(Item("", (("user", "x"),), 0, 0, Sampling(100)))
    choice = {"message": {"content": content}, "finish_reason": "stop", "logprobs": {"content": tokens}}
    answer.add({"choices": [choice | more]})
    return answer.completion("").scores


def token(said: str | bytes, logprob: float, top: list[float] = ()) -> dict:
    spelt = said.encode() if isinstance(said, str) else said
    shown = {"token": spelt.decode("utf-8", "replace"), "bytes": list(spelt)}
    return shown | {"logprob": logprob, "top_logprobs": [{"logprob": p} for p in top]}


def test_a_server_without_ids_is_placed_by_what_its_tokens_spell():
    half = [math.log(0.5), math.log(0.25)]
    thumb = "👍".encode()
    tokens = [token("Hé", -0.1, half), token(thumb[:2], -0.2), token(thumb[2:], -3), token("<end>", 0.0)]
    found = told(tokens, "Hé👍")
    assert found.lengths == [3, 2, 2, 0] and found.top == 2
    # The rest of 1/4 can be no less than one more token of 1/4.
    assert found.entropies[0] == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4), abs=1e-6)
    assert math.isnan(found.entropies[1])
    assert told([token("no", -0.1)], "yes") is None
    assert told([token("no", -0.1)], "yes", token_ids=[7]).lengths is None
    assert told([token("a", -0.1), {"token": "b", "logprob": "x"}], "ab").lengths == [1, 1]
    assert told([{"token": "a"}], "a") is None


def test_the_bound_is_never_above_the_entropy():
    for seed in range(20):
        drawn = torch.randn(40, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        chances = torch.softmax(2 * drawn, 0).sort(descending=True).values
        entropy = float(-(chances * chances.log()).sum())
        bounds = [entropy_bound(chances.log()[:k].tolist()) for k in (1, 3, 5, 20, 40)]
        assert all(a <= b + 1e-9 for a, b in zip(bounds, [*bounds[1:], entropy], strict=True))
        assert bounds[-1] == pytest.approx(entropy, abs=1e-9)
    assert math.isnan(entropy_bound([]))
