"""What comes out of the server: the tokens of `generate`, the same for the same seed, with the log-probabilities of the model."""

import pytest
import torch

from longhand_engine.serve.driver import Job

from .live import live

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"


def chat(text: str, **parameters):
    return {"messages": [{"role": "user", "content": text}]} | parameters


def prompt_ids(checkpoint, text: str) -> list[int]:
    messages = [{"role": "user", "content": text}]
    return checkpoint.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)


def test_greedy_output_is_that_of_generate_with_joins_and_leaves_in_the_middle(base, problems, generated):
    bodies = [
        chat(p, temperature=0, max_tokens=20 + 7 * (i % 11), return_token_ids=True) for i, p in enumerate(problems)
    ]
    with live(base, batch=5) as server:
        answers = server.at_once(CHAT, bodies)
    for body, problem, answer in zip(bodies, problems, answers, strict=True):
        ids = prompt_ids(base, problem)
        (choice,) = answer.choices
        assert answer.body["prompt_token_ids"] == ids
        assert choice["token_ids"] == generated(base, ids, body["max_tokens"])
        assert choice["finish_reason"] == ("stop" if choice["token_ids"][-1] == 2 else "length")
        assert choice["message"]["content"] == base.tokenizer.decode(choice["token_ids"], skip_special_tokens=True)
        assert answer.body["usage"] == {
            "prompt_tokens": len(ids),
            "completion_tokens": len(choice["token_ids"]),
            "total_tokens": len(ids) + len(choice["token_ids"]),
        }
    assert {a.choices[0]["finish_reason"] for a in answers} == {"stop", "length"}


def test_a_seed_gives_the_same_completions_whatever_else_is_asked(server, problems):
    def asked(i: int):
        return chat(problems[i], seed=100 + i, n=3, temperature=1.5, max_tokens=60, return_token_ids=True)

    crowd = server.at_once(CHAT, [asked(i) for i in range(12)])
    for i in (0, 5, 11):
        alone = server.post(CHAT, asked(i))
        assert alone.choices == crowd[i].choices
        assert [c["index"] for c in alone.choices] == [0, 1, 2]
        assert len({tuple(c["token_ids"]) for c in alone.choices}) == 3
    assert crowd[0].body["usage"]["completion_tokens"] == sum(len(c["token_ids"]) for c in crowd[0].choices)
    free = [server.chat(problems[0], temperature=3.0, max_tokens=60, return_token_ids=True) for _ in range(2)]
    assert free[0].choices[0]["token_ids"] != free[1].choices[0]["token_ids"]


def test_the_completions_of_a_seed_can_be_asked_for_one_by_one(server, problems):
    asked = {"seed": 5, "temperature": 1.2, "max_tokens": 40, "return_token_ids": True}
    together = [c["token_ids"] for c in server.chat(problems[0], n=3, **asked).choices]
    alone = [server.chat(problems[0], first_index=i, **asked).choices[0] for i in range(3)]
    assert [c["token_ids"] for c in alone] == together and all(c["index"] == 0 for c in alone)
    pair = server.chat(problems[0], n=2, first_index=1, **asked).choices
    assert [c["token_ids"] for c in pair] == together[1:] and [c["index"] for c in pair] == [0, 1]
    assert server.post(CHAT, chat(problems[0], first_index=-1)).error["param"] == "first_index"


def test_negative_and_large_seeds_are_taken(server, problems):
    for seed in (-1, 2**64 - 1):
        first, second = (server.chat(problems[0], seed=seed, max_tokens=12).choices for _ in range(2))
        assert first == second


def test_a_longer_limit_changes_nothing_of_what_comes_before(server, problems):
    short, long = (
        server.chat(problems[0], seed=4, max_tokens=n, return_token_ids=True).choices[0]["token_ids"] for n in (5, 40)
    )
    assert long[:5] == short


def test_prompts_may_be_texts_token_ids_or_both(server, base):
    ids = base.tokenizer("Start with").input_ids
    one = server.complete("Start with", temperature=0, max_tokens=4, return_token_ids=True)
    assert server.complete(ids, temperature=0, max_tokens=4, return_token_ids=True).choices == one.choices
    both = server.complete(["Start with", ids, "7"], n=2, temperature=0, max_tokens=4, return_token_ids=True)
    assert [c["index"] for c in both.choices] == list(range(6))
    assert [c["prompt_token_ids"] for c in both.choices] == [ids] * 4 + [base.tokenizer("7").input_ids] * 2
    assert {tuple(c["token_ids"]) for c in both.choices[:4]} == {tuple(one.choices[0]["token_ids"])}
    assert both.body["usage"]["prompt_tokens"] == 2 * len(ids) + 1
    assert server.complete("Start with").body["usage"]["completion_tokens"] <= 16


def test_a_last_assistant_message_is_continued(server, base, problems):
    messages = [{"role": "user", "content": problems[0]}, {"role": "assistant", "content": "<think>\nFirst, "}]
    wanted = base.tokenizer.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True)
    wanted_ids = base.tokenizer(wanted + "<think>\nFirst, ").input_ids
    found = server.post(CHAT, {"messages": messages, "continue_final_message": True, "return_token_ids": True})
    assert found.body["prompt_token_ids"] == wanted_ids
    closed = server.post(CHAT, {"messages": messages, "add_generation_prompt": False, "return_token_ids": True})
    text = base.tokenizer.apply_chat_template(messages, tokenize=False)
    assert closed.body["prompt_token_ids"] == base.tokenizer(text).input_ids
    parts = [{"role": "user", "content": [{"type": "text", "text": problems[0]}]}]
    said = server.post(CHAT, {"messages": parts, "max_tokens": 1, "return_token_ids": True})
    assert said.body["prompt_token_ids"] == prompt_ids(base, problems[0])


def test_logprobs_are_those_of_a_forward_pass(server, base, problems):
    ids = prompt_ids(base, problems[0])
    common = {"temperature": 0.7, "seed": 2, "max_tokens": 12, "return_token_ids": True}
    (said,) = server.chat(problems[0], logprobs=True, top_logprobs=3, **common).choices
    (text,) = server.complete(ids, logprobs=3, **common).choices
    tokens = said["token_ids"]
    assert text["token_ids"] == tokens
    with torch.inference_mode():
        logits = base.model(torch.tensor([ids + tokens])).logits[0, len(ids) - 1 : -1]
    wanted = torch.log_softmax(logits, 1)
    best = wanted.topk(3, dim=1)
    names = [base.tokenizer.decode([t]) for t in tokens]
    content = said["logprobs"]["content"]
    assert [c["token"] for c in content] == names == text["logprobs"]["tokens"]
    assert [bytes(c["bytes"]).decode() for c in content] == names
    own = wanted.gather(1, torch.tensor(tokens)[:, None])[:, 0].tolist()
    assert [c["logprob"] for c in content] == pytest.approx(own, abs=1e-4)
    assert text["logprobs"]["token_logprobs"] == pytest.approx(own, abs=1e-4)
    for k, entry in enumerate(content):
        assert [t["token"] for t in entry["top_logprobs"]] == [base.tokenizer.decode([i]) for i in best.indices[k]]
        assert [t["logprob"] for t in entry["top_logprobs"]] == pytest.approx(best.values[k].tolist(), abs=1e-4)
        assert {t["token"] for t in entry["top_logprobs"]} <= set(text["logprobs"]["top_logprobs"][k])
    offsets = text["logprobs"]["text_offset"]
    whole = "".join(names)
    assert [whole[o : o + len(name)] for o, name in zip(offsets, names, strict=True)] == names


def test_parameters_of_sampling_reach_the_engine(server, monkeypatch):
    seen = []
    submit = server.driver.submit

    def watched(served, requests) -> Job:
        seen.extend(requests)
        return submit(served, requests)

    monkeypatch.setattr(server.driver, "submit", watched)
    given = {"temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.1, "stop": "x", "seed": 5, "n": 2}
    server.chat("a", max_completion_tokens=9, logprobs=True, **given)
    server.complete("a", temperature=1e-6, top_k=-1, logprobs=2)
    first, second = seen
    assert {k: getattr(first, k) for k in given} == given | {"stop": ("x",)}
    assert (first.max_tokens, first.logprobs) == (9, 0)
    assert (second.temperature, second.top_k, second.logprobs, second.stop) == (0.0, 0, 2, ())
