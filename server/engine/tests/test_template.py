"""Chat templates that leave out a part of the completion: found before training, and said with the rows."""

import json

import pytest
from test_training import BASE, SFT, attempt, events, work

from longhand_engine.train.template import drops_thoughts, dropped_text, missing_text, planned_template

# As DeepSeek's and others do: of an assistant's turn only what follows the thought.
DROPS = """{% for m in messages %}{% if m['role'] == 'assistant' %}<|im_start|>assistant
{{ m['content'].split('</think>')[-1] | trim }}<|im_end|>
{% else %}<|im_start|>{{ m['role'] }}
{{ m['content'] }}<|im_end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
ASKS = [{"role": "user", "content": "Start with 3. Add 4."}]


def row(thought, answer):
    return {"prompt": ASKS, "completion": [{"role": "assistant", "content": f"<think>\n{thought}\n</think>\n{answer}"}]}


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BASE)


@pytest.mark.parametrize(
    ("content", "rendered", "missing"),
    [
        ("a b", "<x> a  b</x>", ""),
        ("<think>\nabc</think>\n\nxy", "[A]xy[E]", "<think>abc</think>"),
        ("answer and a tail", "[A]answer[E]", "andatail"),
        ("gone", "[A][E]", "gone"),
        ("", "<|a|>", ""),
    ],
)
def test_what_is_missing_is_found_blanks_aside(content, rendered, missing):
    assert missing_text(content, rendered) == missing


def test_rows_of_which_a_template_drops_text_are_counted(tokenizer):
    rows = [row("We add.", "The answer is \\boxed{0}."), {"messages": [*ASKS, {"role": "assistant", "content": "It is 0."}]}]
    assert dropped_text(tokenizer, rows).rows == []
    found = dropped_text(tokenizer, rows * 300, DROPS)
    assert found.looked_at == 200 and {n % 2 for n, *_ in found.rows} == {1} and 90 <= len(found.rows) <= 110
    number, missing, whole, begins = found.rows[0]
    assert (number, missing, begins[:7]) == (1, len("<think>Weadd.</think>"), "<think>") and whole > missing
    assert f"in {len(found.rows)} of 200 rows" in str(found) and "is not trained" in str(found)
    assert dropped_text(tokenizer, [{"prompt": "1+1=", "completion": "2"}, {"text": "abc"}]).rows == []
    assert drops_thoughts(tokenizer, DROPS) and not drops_thoughts(tokenizer)


def test_training_with_such_a_template_says_what_is_trained(tmp_path):
    data, template = tmp_path / "train.jsonl", tmp_path / "drops.jinja"
    template.write_text(DROPS)
    rows = [row(f"We add {i}.", "The answer is \\boxed{0}.") for i in range(4)]
    data.write_text("".join(json.dumps(one) + "\n" for one in rows))
    config = SFT | {"max_steps": 1, "save_strategy": "no", "chat_template_path": str(template)}
    folder = attempt(tmp_path / "sft" / "attempt-1", "sft", data, config, loss="completion")
    assert work(folder) == 0
    (warned,) = [e for e in events(folder, "warn") if e["code"] == "template_drops_text"]
    assert "in 4 of 4 rows looked at" in warned["message"] and "“<think>" in warned["message"]
    tables = folder / "tables"
    for line in (tables / "samples.jsonl").read_text().splitlines():
        parts = json.loads(line)["parts"]
        trained = "".join(p["text"] for p in parts if p["tone"] == "trained")
        assert "We add" not in "".join(p["text"] for p in parts) and "\\boxed{0}" in trained
    whys = [json.loads(line)["cells"] for line in (tables / "left_out.jsonl").read_text().splitlines()]
    assert len(whys) == 4 and all("leaves out" in cells["why"] for cells in whys)


def test_training_with_a_template_that_keeps_everything_is_not_warned_of(tmp_path):
    data = tmp_path / "train.jsonl"
    data.write_text("".join(json.dumps(row(f"We add {i}.", "Yes.")) + "\n" for i in range(4)))
    folder = attempt(tmp_path / "sft" / "attempt-1", "sft", data, SFT | {"max_steps": 1, "save_strategy": "no"})
    assert work(folder) == 0
    assert not [e for e in events(folder, "warn") if e["code"] == "template_drops_text"]


def test_a_plan_knows_it_where_the_template_is_here(tmp_path):
    path = tmp_path / "drops.jinja"
    path.write_text(DROPS)
    builtin = {"builtin": "longhand-base"}
    assert planned_template(builtin, {}) == ([], [])
    (told,), unknown = planned_template(builtin, {"chat_template_path": str(path)})
    assert "before </think>" in told and unknown == []
    assert planned_template(builtin, {"chat_template_path": str(path), "assistant_only_loss": True}) == ([], [])
    assert planned_template("${stages.sft.checkpoint.last}", {}) == ([], [])
    told, (unknown,) = planned_template(str(tmp_path / "nothing"), {})
    assert told == [] and "not on this machine" in unknown
