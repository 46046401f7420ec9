"""What a reject stage holds while it works, and how long its report takes where a problem has very many samples."""

import pytest

from longhand_engine.inference.sampler import Completion
from longhand_engine.inference.traces import Taken
from longhand_engine.problems import Problem
from longhand_engine.reject import kept_rows
from longhand_engine.rejection import report as shown
from longhand_engine.rejection import rounds as rejection
from longhand_engine.rejection.rounds import Rounds, Sampled, Settings
from longhand_engine.report import Report


def settings(*rounds: int) -> Settings:
    return Settings.read({"rounds": list(rounds), "max_tokens": 100}, 0)


def drawn(how: Settings, right: set[int], text: str = "so " * 100) -> Sampled:
    """One problem through its rounds; the samples of these numbers are right."""
    problem = Problem(1, "p", "1+1?", [{"role": "user", "content": "1+1?"}], "2", None, {})
    work = Rounds([problem], how)
    for _, wanted in work.wanted():
        number = wanted.item.sample
        completion = Completion(text, "stop", "<user>1+1?", 100 + number, True, tail="<end>")
        facts = {"verdict": {"value": "right" if number in right else "wrong"}}
        work.take(Taken(wanted, completion, f"r/s/1/{number}", False, None, facts))
    return work.all[0]


def test_only_what_is_kept_keeps_its_text():
    one = drawn(settings(2, 4), {3, 4, 5})
    assert len(one.samples) == 6 and [t.item.sample for t in one.kept] == [4]
    assert [t.item.sample for t in one.samples if t.completion.text or t.completion.prompt_text] == [4]
    assert [t.completion.tokens for t in one.right] == [103, 104, 105]


def test_the_report_looks_at_each_of_many_samples_a_few_times_only(tmp_path, monkeypatch):
    how = settings(2000)
    one = drawn(how, set(range(0, 2000, 2)))
    looked = 0
    real = rejection.is_right

    def counting(taken: Taken) -> bool:
        nonlocal looked
        looked += 1
        return real(taken)

    monkeypatch.setattr(rejection, "is_right", counting)
    monkeypatch.setattr(shown, "is_right", counting)
    shown.final(Report(tmp_path, "reject"), [one], how, [])
    assert looked <= 10 * len(one.samples)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("so\n</think>\n\\boxed{2}", "<think>\nso\n</think>\n\\boxed{2}"),
        ("<think>so</think>2", "<think>so</think>2"),
        ("no thought: 2", "no thought: 2"),
    ],
)
def test_a_thought_that_the_prompt_had_opened_is_opened_in_the_data_set(text, row):
    how = settings(1)
    (found,) = kept_rows(drawn(how, {0}, text), how, "rejection")
    assert found["completion"] == [{"role": "assistant", "content": row}]
