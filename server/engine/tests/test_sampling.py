"""The sampling engine against `model.generate`, against itself in other batches, and against the distribution it samples."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    LogitsProcessorList,
    MinPLogitsWarper,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

import longhand_engine
from longhand_engine.sampling import engine as engines
from longhand_engine.sampling.choose import Parameters, choose, uniform_stream
from longhand_engine.sampling.engine import Engine, sample
from longhand_engine.sampling.generic import GenericDecoder
from longhand_engine.sampling.qwen2 import Qwen2Decoder, is_supported
from longhand_engine.sampling.requests import Request
from longhand_engine.sampling.text import Texts, _Decoded
from longhand_engine.sampling.weights import load_weights, without_cudnn_attention
from longhand_engine.tiny.task import problem_text, sample_problems
from longhand_engine.tiny.tokenizer import prompt_of

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(BASE)


@pytest.fixture(scope="module")
def prompts(tokenizer):
    return [tokenizer(prompt_of(tokenizer, problem_text(p))).input_ids for p in sample_problems("dev", 24, 0)]


def generated(model, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count)
    return out[0, len(prompt) :].tolist()


def test_greedy_output_is_that_of_generate_with_joins_and_leaves_in_the_middle(model, prompts):
    found = sample(model, [Request(p, temperature=0, max_tokens=90) for p in prompts], batch=5)
    assert [s.tokens for (s,) in found] == [generated(model, p, 90) for p in prompts]


@pytest.mark.parametrize("kind", ["llama", "gpt2", "qwen2"])
def test_other_architectures_go_through_their_own_forward(kind, model, prompts, monkeypatch):
    torch.manual_seed(0)
    if kind == "llama":
        shape = dict(
            hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
        )
        model = LlamaForCausalLM(
            LlamaConfig(vocab_size=480, eos_token_id=2, pad_token_id=0, initializer_range=0.5, **shape)
        )
    elif kind == "gpt2":
        shape = dict(n_embd=32, n_layer=2, n_head=4, n_positions=256)
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=480, eos_token_id=2, bos_token_id=1, initializer_range=0.5, **shape)
        )
        model.generation_config.pad_token_id = 0
    else:
        monkeypatch.setattr(engines, "is_supported", lambda _: False)
    engine = Engine(model.eval(), batch=4)
    assert isinstance(engine._decoder, GenericDecoder)
    prompts = [[i % 480 for i in p] for p in prompts[:9]]
    found = [engine.submit(Request(p, temperature=0, max_tokens=8 + i)) for i, p in enumerate(prompts)]
    engine.run()
    assert [s.tokens for (s,) in found] == [generated(model, p, 8 + i) for i, p in enumerate(prompts)]


def test_written_out_step_has_the_logits_of_the_model(model, prompts):
    assert is_supported(model)
    decoder = Qwen2Decoder(model, 8)
    with torch.inference_mode():
        decoder.join(prompts[:2], [1, 2])
        decoder.keep([2, 1])
        ids = torch.tensor([7, 9])
        found = decoder.step(ids)
        for row, (prompt, token) in enumerate(zip((prompts[1], prompts[1]), ids.tolist(), strict=True)):
            wanted = model(torch.tensor([prompt + [token]])).logits[0, -1]
            torch.testing.assert_close(found[row], wanted, atol=2e-5, rtol=1e-5)


def test_a_completion_does_not_depend_on_what_else_is_in_the_batch(model, prompts):
    requests = [Request(p, n=3, seed=100 + i, max_tokens=80) for i, p in enumerate(prompts)]
    crowd = sample(model, requests, batch=64)
    alone = [sample(model, [r], batch=2)[0] for r in requests[::4]]
    assert [[s.tokens for s in found] for found in crowd[::4]] == [[s.tokens for s in found] for found in alone]
    assert len({tuple(s.tokens) for s in crowd[0]}) == 3
    backwards = sample(model, requests[::-1], batch=16)[::-1]
    assert [[s.tokens for s in f] for f in backwards] == [[s.tokens for s in f] for f in crowd]


def test_choices_follow_the_distribution():
    torch.manual_seed(3)
    logits = torch.randn(1, 12) * 2
    rows = 40_000
    uniforms = torch.from_numpy(uniform_stream(1, 0, rows))
    for temperature in (1.0, 0.5):
        chosen = choose(
            logits.expand(rows, -1), Parameters.of([Request([1], temperature=temperature)] * rows), uniforms
        )
        found = np.bincount(chosen.numpy(), minlength=12)
        wanted = torch.softmax(logits[0].double() / temperature, 0).numpy() * rows
        # Pearson's statistic with 11 degrees of freedom: above 31.3 by chance once in a thousand.
        assert ((found - wanted) ** 2 / wanted).sum() < 31.3


def test_a_token_of_no_probability_is_never_chosen():
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]]).expand(4, -1)
    uniforms = torch.tensor([0.0, 0.4999999, 0.5, 1 - 2**-53], dtype=torch.float64)
    assert choose(logits, Parameters.of([Request([1])] * 4), uniforms).tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("options", "warper"),
    [
        ({"top_k": 5}, TopKLogitsWarper(5)),
        ({"top_p": 0.6}, TopPLogitsWarper(0.6)),
        ({"min_p": 0.2}, MinPLogitsWarper(0.2)),
    ],
)
def test_filters_leave_what_those_of_transformers_leave(options, warper):
    torch.manual_seed(4)
    logits = torch.randn(6, 50) * 2
    left = LogitsProcessorList([warper])(torch.zeros(6, 1, dtype=torch.long), logits.clone()).isfinite()
    uniforms = torch.linspace(0, 1, 4001, dtype=torch.float64)[:-1]
    for row in range(6):
        chosen = choose(logits[row].expand(4000, -1), Parameters.of([Request([1], **options)] * 4000), uniforms)
        assert set(chosen.tolist()) <= set(left[row].nonzero().flatten().tolist())
        likely = (torch.softmax(logits[row].masked_fill(~left[row], -torch.inf), 0) > 1e-3).nonzero().flatten()
        assert set(likely.tolist()) <= set(chosen.tolist())


def test_rows_keep_their_own_parameters(model, prompts):
    greedy = Request(prompts[0], temperature=0, max_tokens=30)
    hot = Request(prompts[0], temperature=2.0, top_k=50, seed=1, max_tokens=30)
    mixed = sample(model, [greedy, hot], batch=2)
    assert mixed[0][0].tokens == sample(model, [greedy])[0][0].tokens
    assert mixed[1][0].tokens == sample(model, [hot])[0][0].tokens != mixed[0][0].tokens
    one = sample(model, [Request(prompts[0], temperature=1.5, top_k=1, seed=9, max_tokens=30)])
    assert one[0][0].tokens == mixed[0][0].tokens


def test_cancelled_sequences_leave_and_the_others_do_not_notice(model, prompts):
    engine = Engine(model, batch=3)
    sequences = [engine.submit(Request(p, temperature=0, max_tokens=60))[0] for p in prompts[:6]]
    for _ in range(10):
        engine.step()
    sequences[1].cancel()
    sequences[5].cancel()
    engine.run()
    assert (sequences[1].finish, len(sequences[1].tokens)) == ("cancelled", 10)
    assert (sequences[5].finish, sequences[5].tokens) == ("cancelled", [])
    for i in (0, 2, 3, 4):
        assert sequences[i].tokens == generated(model, prompts[i], 60)
    engine.submit(Request(prompts[0], max_tokens=50))
    engine.step()
    engine.cancel_all()
    assert engine.idle


def test_listeners_hear_every_token_and_the_end(model, prompts):
    heard = []
    engine = Engine(model, batch=2)
    (sequence,) = engine.submit(
        Request(prompts[0], seed=1, max_tokens=40), on_tokens=lambda s: heard.append((len(s.tokens), s.finish))
    )
    engine.run()
    assert [n for n, _ in heard] == list(range(1, len(sequence.tokens) + 1))
    assert [f for _, f in heard[:-1]] == [None] * (len(heard) - 1) and heard[-1][1] == sequence.finish


def test_stop_texts_end_a_completion_where_they_are_complete(model, tokenizer, prompts):
    engine = Engine(model, texts=Texts(tokenizer))
    (sequence,) = engine.submit(Request(prompts[0], temperature=0, stop=(", add", "never"), max_tokens=90))
    engine.run()
    text = tokenizer.decode(sequence.tokens)
    assert sequence.finish == "stop" and text.endswith(", add") and text.count(", add") == 1
    with pytest.raises(ValueError, match="stop texts"):
        Engine(model).submit(Request(prompts[0], stop=("x",)))


def test_logprobs_are_those_of_the_model_before_temperature(model, prompts):
    (sequence,) = sample(model, [Request(prompts[0], temperature=0.7, seed=2, max_tokens=12, logprobs=3)])[0]
    with torch.inference_mode():
        logits = model(torch.tensor([prompts[0] + sequence.tokens])).logits[0, len(prompts[0]) - 1 : -1]
    wanted = torch.log_softmax(logits, 1)
    own = [found.logprob for found in sequence.logprobs]
    torch.testing.assert_close(
        torch.tensor(own), wanted.gather(1, torch.tensor(sequence.tokens)[:, None])[:, 0], atol=1e-4, rtol=0
    )
    assert [[i for i, _ in found.top] for found in sequence.logprobs] == wanted.topk(3, dim=1).indices.tolist()


def test_a_swapped_checkpoint_serves_what_joins_after_it(model, prompts):
    other = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    engine = Engine(model, batch=2)
    before = engine.submit(Request(prompts[0], temperature=0, max_tokens=30))[0]
    engine.step()
    engine.swap(other)
    after = engine.submit(Request(prompts[0], temperature=0, max_tokens=30))[0]
    engine.run()
    assert before.tokens == generated(model, prompts[0], 30)
    assert after.tokens == generated(other, prompts[0], 30) != before.tokens


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"n": 0}, "n"),
        ({"temperature": -1.0}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"min_p": 2.0}, "min_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 2000}, "context"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [9999]}, "prompt"),
    ],
)
def test_bad_requests_are_refused_by_name(model, wrong, name):
    with pytest.raises(ValueError, match=name):
        Engine(model).submit(Request(**{"prompt": [1, 2, 3]} | wrong))


@pytest.mark.parametrize("kind", ["bytes", "decoded"])
def test_growing_text_shows_no_half_character(tokenizer, kind):
    def growing():
        return Texts(tokenizer).growing() if kind == "bytes" else _Decoded(tokenizer)

    text = "so 汉字 and 𝔸 \\(x\\)"
    ids = tokenizer(text).input_ids
    grown = growing()
    pieces = [grown.add([i], last=k == len(ids) - 1) for k, i in enumerate(ids)]
    assert "".join(pieces) == text and "\ufffd" not in "".join(pieces) and "" in pieces
    cut = growing().add(tokenizer("字").input_ids[:-1], last=True)
    assert cut and set(cut) == {"\ufffd"}


def test_a_tokenizer_of_whole_words_is_decoded():
    words = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "b": 2, "</s>": 3}, unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>")
    texts = Texts(tokenizer)
    grown = texts.growing()
    assert (
        "".join([grown.add([1]), grown.add([2, 1]), grown.add([3], last=True)])
        == texts.text([1, 2, 1, 3])
        == "a b a </s>"
    )
    assert texts.blanked([1, 2, 1, 3]) == "a b a     "


def test_blanks_stand_for_special_tokens(tokenizer):
    texts = Texts(tokenizer)
    ids = tokenizer("<think>\n3</think>\n\\boxed{4}<|im_end|>").input_ids
    assert texts.text(ids) == "<think>\n3</think>\n\\boxed{4}<|im_end|>"
    assert texts.blanked(ids) == "<think>\n3</think>\n\\boxed{4}" + " " * 10


def test_a_small_model_samples_on_the_cpu_also_where_there_is_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    weights = load_weights(BASE)
    assert is_supported(weights) and weights.device.type == "cpu" and weights.dtype == torch.float32


def test_a_larger_one_goes_to_the_gpu_in_its_own_precision(monkeypatch, tmp_path):
    AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16).save_pretrained(tmp_path)
    moved = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(PreTrainedModel, "to", lambda self, device: moved.append(device) or self)
    monkeypatch.setattr("longhand_engine.sampling.weights.SMALL", 0)
    with without_cudnn_attention():  # puts back what it was
        torch.backends.cuda.enable_cudnn_sdp(True)
        assert load_weights(tmp_path).dtype == torch.bfloat16 and moved == ["cuda"]
        assert not torch.backends.cuda.cudnn_sdp_enabled()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_nothing_is_chosen_on_the_cpu_and_the_tokens_are_the_same(model, prompts):
    gpu = copy.deepcopy(model).to("cuda")
    engine = Engine(gpu, batch=8)
    options = [{"temperature": 0}, {"temperature": 0.7, "top_p": 0.9, "top_k": 20, "min_p": 0.01, "scores": True, "logprobs": 2}]
    requests = [Request(p, max_tokens=40, seed=i, **options[i % 2]) for i, p in enumerate(prompts)]
    found = [engine.submit(request)[0] for request in requests]
    engine.step()
    assert {t.device.type for t in (engine._logits, engine._uniforms, engine._counts, engine._limits, engine._ends)} == {"cuda"}
    engine.run()
    wanted = [sequences[0] for sequences in sample(model, requests, batch=8)]
    same = sum(a.tokens == b.tokens for a, b in zip(found, wanted, strict=True))
    # Rounding may turn a choice between two tokens that are nearly as likely.
    assert same >= len(prompts) - 2
    assert all(len(a.chances) == len(a.tokens) == len(a.logprobs) for a in found[1::2])
