import json
from types import SimpleNamespace

import pytest
import torch

from longhand_engine.errors import DataError
from longhand_engine.ids import problem_id
from longhand_engine.sections import TokenSections
from longhand_engine.train import common
from longhand_engine.train.checkpoints import problem_of, resume_point, seal
from longhand_engine.train.data import grpo_rows, sft_rows


def jsonl(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows))
    return path


USER = [{"role": "user", "content": "1+1?"}]
SAYS = [{"role": "assistant", "content": "2"}]


def test_sft_rows_in_each_form(tmp_path):
    full = {"prompt": USER, "completion": SAYS, "answer": "2", "problem_id": "x"}
    assert sft_rows(jsonl(tmp_path, full, b"", full)).rows == [{"prompt": USER, "completion": SAYS}] * 2
    assert sft_rows(jsonl(tmp_path, {"prompt": "1+1=", "completion": "2"})).rows == [{"prompt": "1+1=", "completion": "2"}]
    assert sft_rows(jsonl(tmp_path, {"problem": "1+1?", "completion": "2"})).rows == [{"prompt": USER, "completion": SAYS}]
    assert sft_rows(jsonl(tmp_path, {"messages": USER + SAYS})).rows == [{"messages": USER + SAYS}]
    assert sft_rows(jsonl(tmp_path, {"text": "abc"})).rows == [{"text": "abc"}]
    # That rows are cut is known also where it is not asked for.
    cut = full | {"segments": [{"name": "a", "text": SAYS[0]["content"], "train": True}]}
    assert sft_rows(jsonl(tmp_path, full, cut)).segmented and not sft_rows(jsonl(tmp_path, full)).segmented
    assert "segments" not in sft_rows(jsonl(tmp_path, cut)).rows[0]


@pytest.mark.parametrize(
    "rows,words",
    [
        ([], "has no rows"),
        ([{"text": "a"}, b"{nonsense"], "line 2: not JSON"),
        ([{"text": "a"}, b"[1]"], "line 2: not a JSON object"),
        ([{"text": "a"}, b'{"text": "\xff"}'], "line 2: not JSON"),
        ([{"prompt": USER}], "line 1: a row to train on has `prompt` and `completion`"),
        (
            [{"prompt": USER, "completion": SAYS}, {"prompt": "a", "completion": "b"}],
            "line 2 is not of the form of line 1",
        ),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path, rows, words):
    with pytest.raises(DataError) as error:
        sft_rows(jsonl(tmp_path, *rows))
    assert words in str(error.value) and "rows.jsonl" in str(error.value)


def test_grpo_rows_have_gold_and_problem_and_no_completion(tmp_path):
    rows = grpo_rows(
        jsonl(
            tmp_path,
            {"prompt": USER, "completion": SAYS, "answer": 2, "answer_origin": "trace"},
            {"prompt": "x?", "source_id": 7},
            {"problem": "y?"},
        )
    )
    assert rows[0] == {
        "prompt": USER,
        "answer": "2",
        "answer_origin": "trace",
        "problem_id": problem_id("1+1?"),
        "problem": "1+1?",
        "source_id": None,
    }
    assert rows[1] == {
        "prompt": "x?",
        "answer": None,
        "answer_origin": None,
        "problem_id": problem_id("x?"),
        "problem": "x?",
        "source_id": "7",
    }
    assert rows[2]["prompt"] == [{"role": "user", "content": "y?"}]
    with pytest.raises(DataError, match="neither"):
        grpo_rows(jsonl(tmp_path, {"answer": "2"}))
    with pytest.raises(DataError, match="cannot be read"):
        grpo_rows(tmp_path / "absent.jsonl")


def checkpoint(folder, step, size=10):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"x" * size)
    (path / "trainer_state.json").write_text("{}")
    return path


def test_only_a_sealed_and_whole_checkpoint_is_trusted(tmp_path):
    whole, cut, open_ = checkpoint(tmp_path, 1), checkpoint(tmp_path, 2), checkpoint(tmp_path, 3)
    assert seal(whole, 1, 0.5) == 12 and seal(cut, 2, 1.0) == 12
    assert json.loads((whole / "COMPLETE.json").read_text()) == {
        "v": 1,
        "step": 1,
        "epoch": 0.5,
        "files": {"model.safetensors": 10, "trainer_state.json": 2},
    }
    (cut / "model.safetensors").write_bytes(b"x" * 3)
    assert problem_of(whole) is None
    assert "3 bytes instead of 10" in problem_of(cut)
    assert "still being written" in problem_of(open_)
    (cut / "trainer_state.json").unlink()
    (cut / "model.safetensors").write_bytes(b"x" * 10)
    assert "trainer_state.json is missing" in problem_of(cut)


def test_resume_falls_back_to_the_newest_whole_one_and_says_so(tmp_path):
    said = []
    warn = lambda code, message: said.append((code, message))  # noqa: E731
    older, newer = checkpoint(tmp_path, 90), checkpoint(tmp_path, 100)
    assert resume_point(newer, warn) is None
    assert [c for c, _ in said] == ["checkpoint_skipped", "checkpoint_skipped", "resume_from_start"]
    seal(older, 90, None)
    said.clear()
    assert resume_point(newer, warn) == older and "checkpoint-100" in said[0][1] and len(said) == 1
    seal(newer, 100, None)
    said.clear()
    assert resume_point(newer, warn) == newer and said == []


class Letters:
    """One token a character; `</think>` is one token where `one` says so."""

    def __init__(self, one):
        self.one = one

    def encode(self, text, add_special_tokens):
        return [999] if self.one else [ord(c) for c in text]

    def decode(self, ids, skip_special_tokens):
        return "".join("</think>" if i == 999 else chr(i) for i in ids)


@pytest.mark.parametrize("one", [True, False])
def test_tokens_of_reasoning_and_answer(one):
    sections = TokenSections(Letters(one))

    def count(text, prompt=""):
        ids = (
            [ord(c) for c in text]
            if not one
            else [i for part in text.split("</think>") for i in [*map(ord, part), 999]][:-1]
        )
        return sections.count(ids, text, prompt), len(ids)

    close = 1 if one else 8
    (reasoning, answer), total = count("abc</think>de")
    assert (reasoning, answer) == (3 + close, 2) and total == reasoning + answer
    assert count("a</think>b</think>c")[0][1] == 1
    assert count("<think>abc")[0] == (10, 0)
    assert count("abc")[0] == (0, 3)
    assert count("abc", prompt="user\n<think>\n")[0] == (3, 0)


@pytest.mark.parametrize(
    ("config", "visible", "warned"), [({}, None, True), ({}, "", False), ({"use_cpu": True}, None, False), ({}, "0", True)]
)
def test_a_gpu_that_torch_cannot_use_is_not_passed_over_in_silence(config, visible, warned, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setattr(common, "accelerators", lambda: [{"kind": "cuda", "name": "NVIDIA H100", "driver": "525.1"}])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    said = []
    record = SimpleNamespace(warn=lambda code, message: said.append((code, message)))
    forced = common.forced_arguments(SimpleNamespace(dir=tmp_path, config={"config": config}, record=record))
    assert forced["use_cpu"] is True
    assert [code for code, _ in said] == (["gpu_not_used"] if warned else [])
    assert not warned or ("NVIDIA H100 (driver 525.1)" in said[0][1] and torch.__version__ in said[0][1])
