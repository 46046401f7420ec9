"""Tokens a second of the embedded sampling engine on one thread, beside `model.generate` with the same batch.

    python server/engine/bench/sampling.py [--batch 256] [--batch 64] [--repeats 3]

The shipped base answers 200 problems four times at temperature 1, at most 256 tokens each. `generate` gets the same
prompts in the same order. CPU seconds of the process, the median of the repeats; one JSON line a batch size.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ENGINE = Path(__file__).parents[1]
sys.path.insert(0, str(ENGINE))

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from transformers.utils import logging  # noqa: E402

from longhand_engine.sampling.engine import sample  # noqa: E402
from longhand_engine.sampling.requests import Request  # noqa: E402
from longhand_engine.tiny.task import problem_text, sample_problems  # noqa: E402
from longhand_engine.tiny.tokenizer import prompt_of  # noqa: E402

BASE = ENGINE / "longhand_engine" / "tiny" / "base"
PROBLEMS, SAMPLES, LONGEST = 200, 4, 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, action="append")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    prompts = [tokenizer(prompt_of(tokenizer, problem_text(p))).input_ids for p in sample_problems("dev", PROBLEMS, 0)]
    for batch in options.batch or [64, 256]:
        ours = rate(lambda batch=batch: by_engine(model, prompts, batch), options.repeats)
        theirs = rate(lambda batch=batch: by_generate(model, prompts, batch), options.repeats)
        line = {"name": f"sampling on one thread, batch {batch}", "value": round(ours), "unit": "tokens/s"}
        print(json.dumps(line | {"target": ">=10000", "peer": f"model.generate: {round(theirs)}"}), flush=True)


def rate(work: Callable[[], int], repeats: int) -> float:
    """Tokens a second of CPU time: the median over `repeats`, after one that does not count."""
    work()
    rates = []
    for _ in range(repeats):
        begun = time.process_time()
        tokens = work()
        rates.append(tokens / (time.process_time() - begun))
    return statistics.median(rates)


def by_engine(model, prompts: list[list[int]], batch: int) -> int:
    requests = [Request(p, n=SAMPLES, max_tokens=LONGEST, seed=i) for i, p in enumerate(prompts)]
    return sum(len(s.tokens) for found in sample(model, requests, batch=batch) for s in found)


def by_generate(model, prompts: list[list[int]], batch: int) -> int:
    pad, tokens = model.config.pad_token_id, 0
    rows = [p for p in prompts for _ in range(SAMPLES)]
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        longest = max(map(len, part))
        ids = torch.tensor([[pad] * (longest - len(p)) + p for p in part])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in part])
        with torch.inference_mode():
            out = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=LONGEST)[:, longest:]
        tokens += int((out != pad).sum())
    return tokens


if __name__ == "__main__":
    main()
