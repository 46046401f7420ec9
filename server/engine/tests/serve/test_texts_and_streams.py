"""Stop texts, special tokens, streams: what a reader sees of a completion, whole and piece by piece."""

import pytest

from longhand_engine.serve.shown import Shown

from .live import live

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
# Every token of it occurs once, some are parts of a character.
SAID = "ab 汉字,𝔸cd</think>ef"


@pytest.fixture(scope="module")
def speaker(saying):
    with live(saying(SAID), batch=2) as found:
        yield found


def asked(**parameters):
    return {"prompt": "0", "temperature": 0, "max_tokens": 100} | parameters


def streamed_slowly(server, **parameters):
    with server.slow(0.06):
        return server.stream(TEXT, asked(**parameters))


def test_a_stream_shows_no_half_character(speaker):
    found = streamed_slowly(speaker)
    pieces = [e["choices"][0]["text"] for e in found.events[:-1]]
    assert "".join(pieces) == SAID == speaker.complete(**asked()).choices[0]["text"]
    assert len(pieces) > 6 and "\ufffd" not in "".join(pieces)
    assert found.events[-1] == "[DONE]"
    assert [e["choices"][0]["finish_reason"] for e in found.events[:-1]] == [None] * (len(pieces) - 1) + ["stop"]


def test_a_character_that_never_ends_is_said_to_be_broken(speaker):
    count = len(speaker.driver.served.checkpoint.tokenizer("ab 汉").input_ids)
    cut = asked(max_tokens=count - 1)
    whole = speaker.post(TEXT, cut).choices[0]
    assert whole["text"].startswith("ab \ufffd") and whole["finish_reason"] == "length"
    assert speaker.stream(TEXT, cut).texts() == {0: whole["text"]}


@pytest.mark.parametrize(
    ("stop", "shown", "by"),
    [
        ("字,", "ab 汉", "字,"),
        (["nowhere", "汉"], "ab ", "汉"),
        (["cd</th", ",𝔸"], "ab 汉字", ",𝔸"),
        (["d</think>e"], "ab 汉字,𝔸c", "d</think>e"),
        ("a", "", "a"),
        (["nowhere"], SAID, None),
        ([], SAID, None),
    ],
)
def test_stop_texts_over_the_borders_of_tokens(speaker, stop, shown, by):
    (whole,) = speaker.post(TEXT, asked(stop=stop)).choices
    assert (whole["text"], whole["finish_reason"], whole["stop_reason"]) == (shown, "stop", by)
    found = streamed_slowly(speaker, stop=stop)
    assert found.texts() == {0: shown}
    last = found.events[-2]["choices"][0]
    assert (last["finish_reason"], last["stop_reason"]) == ("stop", by)
    kept = speaker.post(TEXT, asked(stop=stop, include_stop_str_in_output=True)).choices[0]["text"]
    assert kept == (shown + by if by else SAID)


def test_special_tokens_are_left_out_unless_they_are_asked_for(saying):
    with live(saying("a<|im_start|>b")) as server:
        ends = [
            ({}, "ab"),
            ({"skip_special_tokens": False}, "a<|im_start|>b"),
            ({"skip_special_tokens": False, "include_stop_str_in_output": True}, "a<|im_start|>b<|im_end|>"),
            ({"stop": "start|>b"}, "a"),
            ({"skip_special_tokens": False, "stop": "start|>b"}, "a<|im_"),
            ({"stop": "<|im_end|>"}, "ab"),
        ]
        for parameters, text in ends:
            assert server.post(TEXT, asked(**parameters)).choices[0]["text"] == text
            assert streamed_slowly(server, **parameters).texts() == {0: text}


def test_a_stop_text_that_was_given_is_in_the_tokens_and_the_usage(speaker):
    found = speaker.post(TEXT, asked(stop="字", return_token_ids=True, logprobs=0))
    (choice,) = found.choices
    tokens = speaker.driver.served.checkpoint.tokenizer("ab 汉字").input_ids
    assert choice["token_ids"] == tokens and len(choice["logprobs"]["tokens"]) == len(tokens)
    assert found.body["usage"]["completion_tokens"] == len(tokens)


def test_streams_of_chats_say_what_whole_answers_say(server, problems):
    body = {"messages": [{"role": "user", "content": problems[0]}], "n": 3, "seed": 7, "max_tokens": 120}
    extra = {"logprobs": True, "top_logprobs": 2, "return_token_ids": True, "stop": ["Second"]}
    whole = server.post(CHAT, body | extra)
    with server.slow(0.01):
        found = server.stream(CHAT, body | extra | {"stream_options": {"include_usage": True}})
    *chunks, usage, done = found.events
    assert done == "[DONE]"
    assert usage["choices"] == [] and usage["usage"] == whole.body["usage"]
    assert all(c["usage"] is None and c["object"] == "chat.completion.chunk" for c in chunks)
    assert len({c["id"] for c in [*chunks, usage]}) == 1
    for wanted in whole.choices:
        own = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == wanted["index"]]
        assert len(own) > 2
        assert ["role" in c["delta"] for c in own] == [True] + [False] * (len(own) - 1)
        assert "".join(c["delta"]["content"] for c in own) == wanted["message"]["content"]
        assert [t for c in own for t in c["token_ids"]] == wanted["token_ids"]
        assert [t for c in own for t in c["logprobs"]["content"]] == wanted["logprobs"]["content"]
        assert [c["finish_reason"] for c in own] == [None] * (len(own) - 1) + [wanted["finish_reason"]]
    first = [c for c in chunks if "prompt_token_ids" in c]
    assert {tuple(c["prompt_token_ids"]) for c in first} == {tuple(whole.body["prompt_token_ids"])}


def test_a_stream_comes_while_it_is_made_and_is_gathered(server, problems):
    body = {"messages": [{"role": "user", "content": problems[0]}], "seed": 1, "max_tokens": 100}
    with server.slow(0.01):
        found = server.stream(CHAT, body)
    assert found.times[0] < 0.5 * found.times[-1]
    assert len(found.events) <= found.times[-1] / 0.05 + 3


class Letters:
    """A text of which each token is one letter; 0 is a special token."""

    def add(self, ids: list[int], last: bool = False) -> str:
        return "".join("§" if i == 0 else chr(96 + i) for i in ids)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("keep", [False, True])
def test_pieces_are_never_taken_back(size, keep):
    ids = [1, 2, 0, 3, 4, 5]
    shown = Shown(Letters(), hidden=frozenset([0]), stops=("b§c", "de"), keep_stop=keep)
    pieces = []
    for start in range(0, len(ids), size):
        last = start + size >= len(ids)
        pieces.append(shown.take(ids[start : start + size], last=last, stopped=last))
    # Both stop texts are there: the first one in the text counts.
    assert ("".join(pieces), shown.stopped_by) == ("abc" if keep else "a", "b§c") if size >= 6 else True
    assert "".join(pieces) in (("abc", "abcde") if keep else ("a", "abc"))


@pytest.mark.parametrize("keep", [False, True])
def test_a_stop_text_that_is_whole_before_its_end_is_known_is_not_shown(keep):
    shown = Shown(Letters(), hidden=frozenset(), stops=("bcd",), keep_stop=keep)
    assert shown.take([1, 2, 3, 4]) == "a"
    assert shown.take([], last=True, stopped=True) == ("bcd" if keep else "")
    assert shown.stopped_by == "bcd"
