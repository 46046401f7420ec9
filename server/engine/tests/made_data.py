"""Data sets made from sources by a `dataset` stage, for its tests."""

import json
from collections import Counter
from pathlib import Path

from longhand_engine.dataset import make_data
from longhand_engine.worker import Stage

BASE = str(Path(__file__).parents[1] / "longhand_engine" / "tiny" / "base")


def right(n: int) -> str:
    return "<think>" + "so " * n + "</think>\\boxed{7}"


def wrong(n: int) -> str:
    return "<think>" + "so " * n + "</think>\\boxed{8}"


def write(path: Path, rows: list) -> str:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


class Made:
    def __init__(self, folder: Path, config: dict, stop: bool = False):
        self.folder = folder
        spec = {"v": 1, "run": "r", "stage": "data", "attempt": 2, "kind": "dataset", "seed": 5, "inputs": {}}
        folder.mkdir()
        (folder / "spec.json").write_text(json.dumps(spec | {"stage_config": config}))
        stage = Stage(folder)
        if stop:
            stage.stopping.set()
        with stage.record:
            self.outputs = make_data(stage)

    def lines(self, name: str) -> list[dict]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def rows(self) -> list[dict]:
        return self.lines(self.outputs["train"])

    def table(self, name: str) -> list[dict]:
        return [row["cells"] for row in self.lines(f"tables/{name}.jsonl")]

    def dropped(self) -> Counter:
        return Counter(row["reason"] for row in self.table("dropped"))

    def block(self, title: str) -> dict:
        report = json.loads((self.folder / "report.json").read_text())
        return next(b for b in report["blocks"] if b["title"] == title)


def make(tmp_path, config: dict, name: str = "a") -> Made:
    return Made(tmp_path / name, config)


def openr1(n: int, flags: list[bool], lengths: list[int], **more) -> dict:
    texts = [right(k) if flag else wrong(k) for flag, k in zip(flags, lengths, strict=True)]
    row = {"problem": f"What is {n} and {n} and a long tail of words?", "answer": "7", "uuid": f"u{n}"}
    return row | {"generations": texts, "correctness_math_verify": flags} | more
