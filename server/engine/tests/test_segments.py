"""Loss by segment: the mask token by token, through TRL's own trainer and collator, and what is logged by part."""

import json
import random
from pathlib import Path

import pytest
from test_training import BASE, SFT, attempt, events, weights, work

from longhand_engine.errors import DataError
from longhand_engine.tiny.task import problem_text, sample_problems, steps_of
from longhand_engine.tiny.traces import short_body
from longhand_engine.train.data import sft_rows
from longhand_engine.train.segments import IGNORED, tokenize_row, truncated
from longhand_engine.train.sft_report import token_names

NAMES = ("answer_1", "transition", "answer_2", "summary")


def document(number: int, trained=(False, True, True, True)) -> dict:
    problem = sample_problems("train", 40, 0)[number]
    body = short_body(steps_of(problem))
    # Borders at line ends, within a word and behind a blank.
    texts = [
        f"<think>\n{body}So",
        " it is worth a second look.\n",
        f"{body}So the",
        " answer is \\(\\boxed{1}\\).\n</think>\nyes",
    ]
    segments = [{"name": n, "text": t, "train": k} for n, t, k in zip(NAMES, texts, trained, strict=True)]
    return {
        "prompt": [{"role": "user", "content": problem_text(problem)}],
        "completion": [{"role": "assistant", "content": "".join(texts)}],
        "segments": segments,
        "source": "multi" if number % 2 else "rejection",
    }


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BASE)


def written(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_ids_are_trls_and_with_all_segments_trained_so_are_the_labels(tokenizer):
    for number in range(10):
        row = document(number, (True,) * 4)
        found = tokenize_row(tokenizer, row)
        prompt = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=True)["input_ids"]
        whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=True)["input_ids"]
        assert found.input_ids == whole
        assert found.labels == [IGNORED] * len(prompt) + whole[len(prompt) :]
        assert found.parts[: len(prompt)] == [-1] * len(prompt) and sorted(set(found.parts)) == [-1, 0, 1, 2, 3]


def test_every_token_by_its_characters(tokenizer):
    rng = random.Random(0)
    for number in range(20):
        row = document(number)
        content = row["completion"][0]["content"]
        cuts = sorted(rng.sample(range(1, len(content)), 3))
        texts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
        trained = [rng.random() < 0.5 for _ in texts]
        row["segments"] = [
            {"name": str(i), "text": t, "train": k} for i, (t, k) in enumerate(zip(texts, trained, strict=True))
        ]
        found = tokenize_row(tokenizer, row)
        # Said by other means: one mark a character of the whole text, tokens laid over it by decoding one after the other.
        head = tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], tokenize=False)
        marks = [False] * len(head) + [k for t, k in zip(texts, trained, strict=True) for _ in t]
        marks += [trained[-1]] * (len(whole) - len(marks))
        at = 0
        for token, label in zip(found.input_ids, found.labels, strict=True):
            text = tokenizer.decode([token])
            assert whole[at : at + len(text)] == text
            assert (label != IGNORED) == all(marks[at : at + len(text)]), (text, number)
            at += len(text)
        assert at == len(whole)


def test_the_collator_gives_the_model_exactly_that(tokenizer, tmp_path):
    from datasets import Dataset
    from trl import SFTConfig

    from longhand_engine.train.parts import PARTS, PartsTrainer
    from longhand_engine.train.sft import prepare

    rows = sft_rows(written(tmp_path / "rows.jsonl", [document(i) for i in range(8)]), by_segment=True).rows
    wanted = {tuple(t.input_ids): t for t in (tokenize_row(tokenizer, row) for row in rows)}
    arguments = SFTConfig(output_dir=str(tmp_path), use_cpu=True, report_to="none", **SFT)
    prepared = prepare(rows, "segments", tokenizer, arguments, tmp_path)
    assert prepared.segment_names == list(NAMES) and set(prepared.source_names) == {"multi", "rejection"}
    trainer = PartsTrainer(
        str(BASE),
        args=arguments,
        train_dataset=Dataset.from_list(prepared.rows),
        processing_class=tokenizer,
        segment_names=prepared.segment_names,
        source_names=prepared.source_names,
    )
    seen = 0
    for batch in trainer.get_train_dataloader():
        for ids, labels, parts, mask in zip(
            batch["input_ids"], batch["labels"], batch[PARTS], batch["attention_mask"], strict=True
        ):
            count = int(mask.sum())
            row = wanted[tuple(ids[:count].tolist())]
            assert labels.tolist() == row.labels + [IGNORED] * (len(ids) - count)
            assert parts.tolist() == row.parts + [-1] * (len(ids) - count)
            first = tokenizer.decode([i for i, p in zip(row.input_ids, row.parts, strict=True) if p == 0])
            assert first.startswith("<think>\n") and all(
                label == IGNORED for label, p in zip(row.labels, row.parts, strict=True) if p <= 0
            )
            seen += 1
    assert seen == 8


def test_the_logged_losses_are_those_of_the_model(tokenizer, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    data = written(tmp_path / "rows.jsonl", [document(i) for i in range(4)])
    folder = attempt(tmp_path / "a", "sft", data, SFT | {"max_steps": 1, "save_strategy": "no"}, loss="segments")
    assert work(folder) == 0
    values = events(folder, "metrics")[0]["values"]
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    sums: dict[str, list[float]] = {}
    for row in sft_rows(data, by_segment=True).rows:
        found = tokenize_row(tokenizer, row)
        with torch.no_grad():
            logits = model(torch.tensor([found.input_ids])).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, torch.tensor(found.input_ids[1:]), reduction="none")
        for loss, label, part in zip(losses.tolist(), found.labels[1:], found.parts[1:], strict=True):
            if label != IGNORED:
                for key in (f"loss/{NAMES[part]}", f"loss/source/{row['source']}", "loss"):
                    sums.setdefault(key, []).append(loss)
    assert "loss/answer_1" not in values
    for key, losses in sums.items():
        assert values[key] == pytest.approx(sum(losses) / len(losses), rel=1e-3), key


def test_the_weights_are_the_same_with_and_without_the_log(tmp_path):
    plain = [{k: document(i, (True,) * 4)[k] for k in ("prompt", "completion")} for i in range(16)]
    parted = [document(i, (True,) * 4) for i in range(16)]
    one = attempt(tmp_path / "plain", "sft", written(tmp_path / "plain.jsonl", plain), SFT)
    two = attempt(tmp_path / "parted", "sft", written(tmp_path / "parted.jsonl", parted), SFT, loss="segments")
    assert work(one) == work(two) == 0
    assert weights(one, 4) == weights(two, 4)
    logged = {k for e in events(two, "metrics") for k in e["values"]}
    assert {f"loss/{n}" for n in NAMES} | {"loss/source/multi", "loss/source/rejection"} <= logged
    assert not any(k.startswith("loss/") for e in events(one, "metrics") for k in e["values"])


def test_the_report_says_what_is_trained(tmp_path):
    data = written(tmp_path / "rows.jsonl", [document(i) for i in range(6)])
    folder = attempt(tmp_path / "a", "sft", data, SFT | {"max_steps": 3, "max_length": 160}, loss="segments")
    assert work(folder) == 0
    report = json.loads((folder / "report.json").read_text())
    blocks = {block["title"]: block for block in report["blocks"]}
    figures = {item["label"]: item["value"] for item in blocks["What is trained"]["items"]}
    rows = [json.loads(line) for line in (folder / "tables/samples.jsonl").read_text().splitlines()]
    assert len(rows) == 6 and figures["Rows"] == 6 and figures["Steps an epoch"] == 2
    assert figures["Repeats of each row"] == 1.5 and figures["Loss on"] == "segments"
    assert figures["Tokens that carry loss"] == sum(row["cells"]["trained"] for row in rows)
    assert figures["Masked tokens"] == sum(row["cells"]["masked"] for row in rows)
    assert [(p["label"], p["tone"]) for p in rows[0]["parts"]][:3] == [
        ("prompt", "masked"),
        ("answer_1", "masked"),
        ("transition", "trained"),
    ]
    assert sum(p["tokens"] for p in rows[0]["parts"]) == rows[0]["cells"]["tokens"]
    cut = [json.loads(line) for line in (folder / "tables/left_out.jsonl").read_text().splitlines()]
    assert cut and all("cut by max_length" in row["cells"]["why"] for row in cut)
    assert [row["cells"]["row"] for row in rows] == [1, 2, 3, 4, 5, 6] and all(row["cells"]["row"] > 0 for row in cut)
    assert {bar["label"] for bar in blocks["Tokens by segment"]["bars"]} == {"prompt", *NAMES}


def test_a_row_cut_before_its_trained_part_is_left_out(tokenizer):
    found = tokenize_row(tokenizer, document(0))
    short = truncated(found, 60, "keep_start")
    assert len(short.input_ids) == 60 and set(short.labels) == {IGNORED}
    assert truncated(found, 60, "keep_end").labels == found.labels[-60:]


def test_what_cannot_be_masked_is_refused(tokenizer, tmp_path):
    row = document(0)
    row["segments"][1]["text"] = "something else"
    with pytest.raises(DataError, match="line 1: the texts of `segments`, joined"):
        sft_rows(written(tmp_path / "a.jsonl", [row]), by_segment=True)
    row["segments"] = [{"name": "a", "text": "b"}]
    with pytest.raises(DataError, match="list of"):
        sft_rows(written(tmp_path / "a.jsonl", [row]), by_segment=True)

    class Strips:
        is_fast = True
        eos_token = ""

        def apply_chat_template(self, messages, **_):
            return "".join(m["content"].strip().upper() for m in messages)

    with pytest.raises(DataError, match="chat template changes"):
        tokenize_row(Strips(), document(0))


@pytest.mark.parametrize(
    ("loss", "config", "words"),
    [
        ("all", {"completion_only_loss": True}, "contradict"),
        ("segments", {"assistant_only_loss": True}, "two rules"),
        ("nothing", {}, "none of all"),
        (None, {"packing": True, "packing_strategy": "bfd"}, "which a CPU does not have"),
    ],
)
def test_contradictions_are_said(tmp_path, loss, config, words):
    data = written(tmp_path / "rows.jsonl", [document(0)])
    folder = attempt(tmp_path / "a", "sft", data, SFT | config, **({"loss": loss} if loss else {}))
    assert work(folder) == 1
    (error,) = events(folder, "error")
    assert error["class"] == "ConfigError" and words in error["message"]


def test_all_tokens_and_completion_are_trls(tmp_path):
    rows = [{k: document(i)[k] for k in ("prompt", "completion", "source")} for i in range(4)]
    data = written(tmp_path / "rows.jsonl", rows)
    shown = {}
    for loss in ("all", "completion"):
        folder = attempt(tmp_path / loss, "sft", data, SFT | {"max_steps": 1, "save_strategy": "no"}, loss=loss)
        assert work(folder) == 0
        blocks = {b["title"]: b for b in json.loads((folder / "report.json").read_text())["blocks"]}
        shown[loss] = {i["label"]: i["value"] for i in blocks["What is trained"]["items"]}
        assert "loss/source/multi" in events(folder, "metrics")[0]["values"]
    assert shown["all"]["Masked tokens"] == 0 < shown["completion"]["Masked tokens"]


@pytest.mark.parametrize("loss", [None, "all", "completion"])
def test_what_trl_cuts_or_drops_in_silence_is_listed(tmp_path, loss):
    rows = [{k: document(i)[k] for k in ("prompt", "completion")} for i in range(4)]
    rows[2]["completion"] = [{"role": "assistant", "content": "7"}]
    rows[3]["prompt"] = [{"role": "user", "content": "so " * 90}]
    data = written(tmp_path / "rows.jsonl", rows)
    config = SFT | {"max_steps": 1, "save_strategy": "no", "max_length": 80}
    folder = attempt(tmp_path / "a", "sft", data, config, **({"loss": loss} if loss else {}))
    assert work(folder) == 0
    blocks = {b["title"]: b for b in json.loads((folder / "report.json").read_text())["blocks"]}
    figures = {i["label"]: i["value"] for i in blocks["What is trained"]["items"]}
    listed = (folder / "tables/left_out.jsonl").read_text().splitlines()
    whys = {c["row"]: c["why"] for c in (json.loads(line)["cells"] for line in listed)}
    assert set(whys) == {1, 2, 4} and figures["Rows left out or cut"] == 3
    assert all("tokens cut by max_length" in why for why in whys.values())
    # Of the last one only the prompt is left.
    assert ("no token carries loss, left out" in whys[4]) == (loss != "all")
    assert figures["Rows"] == (4 if loss == "all" else 3)


def test_prompts_in_a_packed_sequence_are_prompts():
    labels = [-100, 5, -100, -100, 6, 7, -100]
    assert token_names(labels, None, [], [2, 5]) == ["prompt", "completion", *["prompt"] * 2, *["completion"] * 3]
    assert token_names(labels, None, []) == ["prompt", *["completion"] * 6]
