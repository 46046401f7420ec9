"""What the tests of synthesize and reject share: attempts of workers, and the prompts by which the base writes its two turns."""

import json
from pathlib import Path

import longhand_engine
from longhand_engine.tiny.task import answer_of, problem_text, sample_problems

BASE = Path(longhand_engine.__file__).parent / "tiny" / "base"
ENGINE = Path(__file__).parents[1]
SHOWN = "<think>\n{answer_1_unboxed}"
SECOND = "While this works, let me look at it again and solve it a second time.\n"
SUMMARY = {"user": "{problem}", "assistant": SHOWN + "{transition}{answer_2}", "with": ["Final decision"]}
SYNTHESIZE = {
    "order": "together",
    "prompts": {
        "answer_1": {"user": "{problem}", "assistant": "<think>\n"},
        "answer_2": {"user": "{problem}", "assistant": SHOWN + SECOND, "without": ["\\boxed", "Final"]},
        "transition": {
            "user": "{problem}",
            "assistant": SHOWN,
            "begin": "While",
            "end": "\n",
            "with": ["second time."],
        },
        "summary": {k: SUMMARY | {"begin": "Let me validate the given answers."} for k in ("RR", "RW", "WR")},
    },
    "sampling": {
        "answer_1": {"max_tokens": 160, "stop": ["</think>", "While this"]},
        "answer_2": {"max_tokens": 160, "temperature": 0.5, "stop": ["</think>", "Let me validate"], "tries": 2},
        "transition": {"max_tokens": 40, "temperature": 0.3, "tries": 2},
        "summary": {"max_tokens": 100, "tries": 8},
    },
    "document": {"lead": "<think>\n", "join": ""},
    "batch": 64,
}
REJECT = {"rounds": [2, 4, 8], "max_tokens": 200, "batch": 32}


def problems(path: Path, count: int, more: list[dict] | None = None) -> Path:
    rows = [
        {"problem": problem_text(p), "answer": str(answer_of(p)), "source_id": f"fresh-{i}"}
        for i, p in enumerate(sample_problems("fresh", count, 0))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows + (more or [])))
    return path


def attempt(folder: Path, kind: str, config: dict, data: Path, resumed: int | None = None, **more: object) -> Path:
    folder.mkdir(parents=True)
    spec = {"v": 1, "run": "r", "stage": kind, "attempt": int(folder.name.removeprefix("attempt-")), "kind": kind}
    spec |= {"seed": 0, "resumed_from": resumed and {"attempt": resumed, "checkpoint": None, "step": 0}}
    spec |= {"stage_config": config, "inputs": {"model": str(BASE), "data": str(data)}} | more
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rows_behind(folder, ref):
    """Rows of a table that a number of the report names, as the service finds them."""
    wanted = ref.get("where", {})

    def fits(cells):
        return all(cells.get(k) in v if isinstance(v, list) else cells.get(k) == v for k, v in wanted.items())

    return [row for row in lines(folder / f"tables/{ref['table']}.jsonl") if fits(row["cells"])]


def blocks(folder: Path) -> dict[str, dict]:
    return {block["title"]: block for block in json.loads((folder / "report.json").read_text())["blocks"]}


def whole_events(folder: Path) -> list[dict]:
    """What is whole of a record that may have been killed."""
    path = folder / "events.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []
