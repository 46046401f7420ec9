import json
import struct
import threading

import pytest

from longhand_engine.events import Record
from longhand_engine.ids import problem_id
from longhand_engine.texts import clean_text, utf16_length, utf16_offset


def lines(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]


def text_of(folder, event):
    data = (folder / "text" / f"part-{event['part']:05d}.txt").read_bytes()
    return data[event["offset"] : event["offset"] + event["length"]].decode()


def test_a_trace_is_recorded_text_first_with_ids_and_facts(tmp_path):
    with Record(tmp_path) as record:
        name = record.problem("What is  1 + 1?", "2", gold_origin="given")
        assert record.problem("What is 1 + 1? ", "2") == name
        prompt = record.prompt(name, "<|user|>What is 1 + 1?", tokens=7)
        assert record.prompt(name, "<|user|>What is 1 + 1?") == prompt
        trace = record.trace_begin(name, prompt=prompt, step=3, group="3:" + name, marker=None)
        record.trace_text(trace, "Sé ")
        record.trace_text(trace, "𝟚\n")
        record.trace_end(
            trace, {"tokens": 3, "finish": "stop", "verdict": None, "answer": None}, token_ids=[1, 70000, 2]
        )
    events = lines(tmp_path)
    assert [e["type"] for e in events] == ["problem", "prompt", "trace_begin", "trace_text", "trace_text", "trace_end"]
    assert [e["seq"] for e in events] == list(range(6))
    assert "marker" not in events[2] and events[2]["prompt"] == 0
    assert text_of(tmp_path, events[1]) == "<|user|>What is 1 + 1?"
    assert text_of(tmp_path, events[3]) + text_of(tmp_path, events[4]) == "Sé 𝟚\n"
    assert events[5]["facts"] == {"tokens": 3, "finish": "stop", "answer": None}
    assert events[5]["token_ids"] == {"part": 1, "offset": 0, "length": 12}
    assert (tmp_path / "tokens/part-00001.bin").read_bytes() == struct.pack("<3I", 1, 70000, 2)


def test_texts_of_several_traces_are_one_write(tmp_path):
    with Record(tmp_path) as record:
        traces = [record.trace_begin("0" * 16, sample=k) for k in range(3)]
        record.trace_texts([(traces[0], "é"), (traces[1], ""), (traces[2], "😀z")])
        record.trace_texts([])
    events = lines(tmp_path)[3:]
    assert [(e["trace"], text_of(tmp_path, e)) for e in events] == [(0, "é"), (2, "😀z")]


def test_reopened_after_a_kill_it_goes_on_after_the_last_whole_line(tmp_path):
    with Record(tmp_path) as record:
        name = record.problem("p")
        record.prompt(name, "the prompt")
        record.trace_begin(name)
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"v":1,"seq":3,"type":"tra')
    with Record(tmp_path) as record:
        assert record.problem("p") == name
        assert record.trace_begin(name) == 1
        assert record.prompt(name, "another") == 1
    events = lines(tmp_path)
    assert [e["seq"] for e in events] == list(range(5))
    assert text_of(tmp_path, events[4]) == "another"


def test_what_json_cannot_say_is_replaced_and_never_raises(tmp_path):
    class Scalar:
        def item(self):
            return 2.5

    with Record(tmp_path) as record:
        record.metrics(1, None, {"loss": float("nan"), "kl": float("inf"), "x": Scalar()})
        record.warn("odd", "lone \ud800 half, \x00 and \u2028")
        trace = record.trace_begin("0" * 16)
        record.trace_text(trace, "a\ud83d\ude00b\udc00")
    events = lines(tmp_path)
    assert events[0]["values"] == {"loss": None, "kl": None, "x": 2.5}
    assert events[1]["message"] == "lone \ufffd half, \x00 and \u2028"
    assert text_of(tmp_path, events[3]) == "a😀b\ufffd"


def test_parts_rotate_and_a_piece_never_spans_two(tmp_path):
    with Record(tmp_path, part_bytes=10) as record:
        trace = record.trace_begin("0" * 16)
        for text in ["12345", "6789", "abc", "x" * 30, "y"]:
            record.trace_text(trace, text)
    extents = [(e["part"], e["offset"], e["length"]) for e in lines(tmp_path)[1:]]
    assert extents == [(1, 0, 5), (1, 5, 4), (2, 0, 3), (3, 0, 30), (4, 0, 1)]


def test_threads_share_one_record_without_gaps(tmp_path):
    with Record(tmp_path) as record:

        def work(k):
            for i in range(200):
                trace = record.trace_begin("0" * 16, sample=k)
                record.trace_text(trace, f"{k}:{i}")
                record.trace_end(trace, {"tokens": 1}, token_ids=[trace])

        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    events = lines(tmp_path)
    assert [e["seq"] for e in events] == list(range(2400))
    sample = {e["trace"]: e["sample"] for e in events if e["type"] == "trace_begin"}
    assert len(sample) == 800
    for event in events:
        if event["type"] == "trace_text":
            assert text_of(tmp_path, event).startswith(f"{sample[event['trace']]}:")


def test_an_error_keeps_class_message_and_traceback(tmp_path):
    with Record(tmp_path) as record:
        try:
            raise KeyError("no such column")
        except KeyError as error:
            record.error(error, hint="name the column")
    event = lines(tmp_path)[0]
    assert (event["class"], event["hint"]) == ("KeyError", "name the column")
    assert "no such column" in event["message"] and "test_events.py" in event["traceback"]


def test_a_full_disk_leaves_the_file_whole(tmp_path, monkeypatch):
    import os

    record = Record(tmp_path)
    record.state("running")
    real, calls = os.write, []

    def full(fd, data):
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(fd, data[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError):
        record.state("saving")
    monkeypatch.setattr(os, "write", real)
    record.state("stopping")
    record.close()
    assert [(e["seq"], e["phase"]) for e in lines(tmp_path)] == [(0, "running"), (1, "stopping")]


@pytest.mark.parametrize("text", ["", "abc", "é", "a😀b", "\ud800x"])
def test_utf16_lengths_are_javascripts(text):
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert utf16_length(clean_text(text)) == utf16_length(text)


def test_utf16_offset_counts_units_before_a_character():
    assert [utf16_offset("a😀b", i) for i in range(4)] == [0, 1, 3, 4]


def test_problem_id_is_the_hash_of_the_normalised_text():
    # sha256("What is é?") by coreutils
    import hashlib

    expected = hashlib.sha256("What is é?".encode()).hexdigest()[:16]
    assert problem_id(" What\t is \n e\u0301?\u00a0") == expected
