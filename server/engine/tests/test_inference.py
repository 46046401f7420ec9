"""Sampling by item: the embedded sampler, the traces it leaves, and that a stage killed anywhere never draws twice."""

import json
from pathlib import Path
from threading import Event

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import longhand_engine
from longhand_engine.checker import Checker
from longhand_engine.inference.done import done_items
from longhand_engine.inference.embedded import EmbeddedSampler
from longhand_engine.inference.open import open_sampler
from longhand_engine.inference.sampler import Completion, Failure, Item, Sampling
from longhand_engine.inference.traces import ItemTraces, Wanted
from longhand_engine.sampling.engine import sample
from longhand_engine.sampling.requests import Request
from longhand_engine.sampling.text import Texts
from longhand_engine.dataset import task_rows
from longhand_engine.worker import Stage

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
PROBLEMS = [(row["problem"], row["answer"]) for row in task_rows("dev", 6, 0)]
torch.set_num_threads(1)


@pytest.fixture(scope="module")
def sampler():
    return EmbeddedSampler(str(BASE), batch=8)


def stage_of(folder: Path, resumed: int | None = None, **config) -> Stage:
    folder.mkdir(parents=True, exist_ok=True)
    number = int(folder.name.removeprefix("attempt-"))
    spec = {"v": 1, "run": "r", "stage": "s", "attempt": number, "kind": "reject", "seed": 0, "inputs": {}}
    spec["resumed_from"] = {"attempt": resumed, "checkpoint": None, "step": 0} if resumed else None
    spec |= {"stage_config": config, "inference": None}
    (folder / "spec.json").write_text(json.dumps(spec))
    return Stage(folder)


def items(count: int = 3, **sampling) -> list[Item]:
    wanted = Sampling(**({"max_tokens": 90} | sampling))
    return [
        Item(f"problem {n}", (("user", text),), k, 17 + n, wanted)
        for n, (text, _) in enumerate(PROBLEMS)
        for k in range(count)
    ]


def wanted_of(found: list[Item]) -> list[Wanted]:
    return [Wanted(item, PROBLEMS[int(item.problem.split()[1])][1]) for item in found]


def drawn(sampler, wished, **options) -> dict[str, Completion]:
    return {item.key: completion for item, completion in sampler.sample(wished, stopping=Event(), **options)}


def test_items_are_the_samples_of_one_request(sampler):
    found = drawn(sampler, items(), growth=None)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    texts = Texts(tokenizer)
    for n, (text, _) in enumerate(PROBLEMS):
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], tokenize=True, add_generation_prompt=True, return_dict=False
        )
        (sequences,) = sample(model, [Request(prompt, n=3, max_tokens=90, seed=17 + n)])
        for k, sequence in enumerate(sequences):
            got = found[items()[3 * n + k].key]
            assert (got.token_ids, got.finish, got.tokens) == (sequence.tokens, sequence.finish, len(sequence.tokens))
            assert got.text + got.tail == texts.text(sequence.tokens)
            assert got.tail == ("<|im_end|>" if got.finish == "stop" else "")
            assert got.prompt_tokens == len(prompt) and got.prompt_text.endswith("<|im_start|>assistant\n")


def test_a_stop_text_ends_a_completion_and_is_its_tail(sampler):
    found = drawn(sampler, items(1, stop=("</think>",), max_tokens=150)).values()
    stopped = [one for one in found if one.tail == "</think>"]
    assert stopped and not any("</think>" in one.text for one in found)
    assert all(one.finish == "stop" and one.reasoning_tokens == one.tokens for one in stopped)


def test_a_last_message_of_the_assistant_is_continued(sampler):
    (question, _), begun = PROBLEMS[0], "<think>\nWe start with \\("
    item = Item("p", (("user", question), ("assistant", begun)), 0, 1, Sampling(20, temperature=0))
    (got,) = drawn(sampler, [item]).values()
    assert got.prompt_text.endswith("assistant\n" + begun) and not got.text.startswith("<think>")


def test_growth_is_the_beginning_of_what_comes(sampler, monkeypatch):
    monkeypatch.setattr("longhand_engine.inference.drawing.GROWTH_S", 0)
    grown: dict[str, str] = {}

    def grow(growths):
        for growth in growths:
            grown[growth.item.key] = grown.get(growth.item.key, "") + growth.added

    found = drawn(sampler, items(), growth=grow)
    assert set(grown) == set(found)
    assert all(len(text) > 20 and (f.text + f.tail).startswith(text) for key, f in found.items() if (text := grown[key]))


def test_items_may_wait_for_what_has_come(sampler):
    first, second = items(1)[0], items(1)[1]
    came: list[str] = []

    def wishes():
        yield first
        while not came:
            yield None
        yield Item(second.problem, (*second.messages, ("assistant", came[0][:10])), 0, 3, second.sampling)

    for _, completion in sampler.sample(wishes(), stopping=Event()):
        came.append(completion.text)
    assert len(came) == 2
    with pytest.raises(RuntimeError, match="wait"):
        list(sampler.sample(iter([None]), stopping=Event()))


def test_what_cannot_be_asked_fails_alone(sampler):
    long = Item("p", (("user", "word " * 5000),), 0, 0, Sampling(10))
    odd = Item("p", (("user", PROBLEMS[0][0]),), 0, 0, Sampling(10, top_p=0))
    found = list(sampler.sample([long, items(1)[0], odd], stopping=Event()))
    assert {f.item: f.why.split(":")[1].split()[0] for f in found if isinstance(f, Failure)} == {
        long: "the",
        odd: "top_p",
    }
    assert len(found) == 3


def events_of(stage: Stage) -> list[dict]:
    return [json.loads(line) for line in (stage.dir / "events.jsonl").read_text().split("\n")[:-1]]


def test_a_stage_killed_anywhere_draws_nothing_twice_and_loses_nothing(sampler, tmp_path):
    def work(number: int, kill_after: int | None) -> tuple[dict[str, tuple], Stage, ItemTraces]:
        stage = stage_of(tmp_path / f"attempt-{number}", number - 1 or None)
        for problem, gold in PROBLEMS:
            stage.record.problem(problem, gold)
        got = {}
        with Checker() as checker:
            traces = ItemTraces(stage, checker)
            for taken in traces.draw(sampler, wanted_of(items())):
                got[taken.item.key] = (taken.completion.text, taken.completion.finish, taken.verdict, taken.answer)
                if kill_after is not None and traces.drawn >= kill_after:
                    break  # no finish(): as if killed
            else:
                traces.finish()
        stage.record.close()
        return got, stage, traces

    whole, _, _ = work(1, None)
    for part in (tmp_path / "attempt-1").rglob("*"):
        if part.is_file():
            part.unlink()
    _, first, _ = work(1, 5)
    # Torn in the middle of a line, as by a kill.
    path = first.dir / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-25])
    _, second, traces = work(2, 6)
    had = len(traces.done)
    assert had == 4
    again, third, traces = work(3, None)
    assert again == whole and traces.reused == had + 6 and traces.drawn == len(items()) - had - 6
    ended = [
        {e["trace"] for e in events_of(stage) if e["type"] == "trace_end"} for stage in (first, second, third)
    ]
    keys = [
        e["item"]
        for stage, numbers in zip((first, second, third), ended, strict=True)
        for e in events_of(stage)
        if e["type"] == "trace_begin" and e["trace"] in numbers
    ]
    assert len(keys) == len(set(keys)) == len(items())


def test_one_killed_before_its_verdict_is_judged_from_its_text(sampler, tmp_path):
    first = stage_of(tmp_path / "attempt-1")
    (item,) = items(1)[:1]
    with Checker() as checker:
        traces = ItemTraces(first, checker)
        (taken,) = traces.draw(sampler, wanted_of([item]))
    first.record.close()
    path = first.dir / "events.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for event in lines:
        if event["type"] == "trace_end":
            event["facts"].pop("verdict")
    path.write_text("".join(json.dumps(e, separators=(",", ":")) + "\n" for e in lines))
    second = stage_of(tmp_path / "attempt-2", 1)
    with Checker() as checker:
        traces = ItemTraces(second, checker)
        (again,) = traces.draw(sampler, wanted_of([item]))
    assert (again.reused, again.trace, traces.drawn, traces.reused) == (True, "r/s/2/0", 0, 1)
    assert again.completion.text == taken.completion.text and again.verdict == taken.verdict
    assert done_items(second.dir, stage_of(tmp_path / "attempt-3", 2).spec, second.record)[item.key].verdict


def test_attempts_that_have_nothing_or_cannot_be_read_hide_none_before_them(sampler, tmp_path):
    first = stage_of(tmp_path / "attempt-1")
    with Checker() as checker:
        list(ItemTraces(first, checker).draw(sampler, wanted_of(items(1))))
        first.record.close()
        # Killed before its first event, as a worker that still imports is; then one whose record was damaged.
        stage_of(tmp_path / "attempt-2", 1).record.close()
        (tmp_path / "attempt-2" / "events.jsonl").unlink()
        third = stage_of(tmp_path / "attempt-3", 2)
        traces = ItemTraces(third, checker)
        assert len(list(traces.draw(sampler, wanted_of(items(1))))) == traces.reused == len(PROBLEMS)
        third.record.close()
        assert not any(e["type"] == "warn" for e in events_of(third))
        damaged = stage_of(tmp_path / "attempt-4", 3)
        damaged.record.close()
        (damaged.dir / "events.jsonl").write_text('{"v":1,"seq":0,"t":1,"type":"trace_begin",\n')
        fifth = stage_of(tmp_path / "attempt-5", 4)
        assert ItemTraces(fifth, checker).done.keys() == {item.key for item in items(1)}
        fifth.record.close()
    assert any(e["type"] == "warn" and "earlier attempt" in e["message"] for e in events_of(fifth))


def test_texts_that_are_gone_are_drawn_again(sampler, tmp_path):
    first = stage_of(tmp_path / "attempt-1")
    with Checker() as checker:
        list(ItemTraces(first, checker).draw(sampler, wanted_of(items(1))))
        first.record.close()
        part = first.dir / "text" / "part-00001.txt"
        part.write_bytes(part.read_bytes()[:200])
        second = stage_of(tmp_path / "attempt-2", 1)
        traces = ItemTraces(second, checker)
        assert len(traces.done) < len(items(1))
        assert len(list(traces.draw(sampler, wanted_of(items(1))))) == len(items(1))
        third = stage_of(tmp_path / "attempt-3", 7)
        assert not ItemTraces(third, checker).done
    assert any(e["type"] == "warn" and "earlier attempt" in e["message"] for e in events_of(third))


def test_the_embedded_engine_is_the_default(tmp_path):
    assert isinstance(open_sampler(stage_of(tmp_path / "attempt-1", batch=4), str(BASE)), EmbeddedSampler)
