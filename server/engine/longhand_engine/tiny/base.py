"""Makes the embedded base model from nothing: `python -m longhand_engine.tiny.base --out DIR`.

A base that knows nothing lets neither stage of a recipe learn in minutes, and one that knows the task leaves them nothing
to show. So this is a short pre-training on worked answers of the pool `base`, which stops when the accuracy on problems of
the pool `dev` reaches a target: the jump comes late and suddenly, so a number of steps would not do. It sees all words of
both recipes: phrases that a model this small has never seen wreck it.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch

from ..sampling.engine import sample
from ..sampling.requests import Request
from .model import CONTEXT, new_model
from .task import STEP_SHARES, Problem, answer_of, pool, problem_text, sample_problems
from .tokenizer import prompt_of, train_tokenizer
from .traces import long_trace, short_trace, steps_with_errors, two_turn_document, with_marker

VOCABULARY = 480
IGNORED = -100
# Shares of the documents: the rest are short traces.
TWO_TURN, LONG, MARKED = 0.25, 0.25, 0.15
ERROR = 0.15
BATCH, WARMUP = 16, 40
MUON_RATE, ADAM_RATE = 0.02, 3e-3
CHECK_EVERY, COOLDOWN = 40, 120


def draw_problem(rng: random.Random) -> Problem:
    """A problem of the pool `base`, its number of steps after STEP_SHARES."""
    steps = rng.choices(list(STEP_SHARES), list(STEP_SHARES.values()))[0]
    return rng.choice(pool("base")[steps])


def draw_document(rng: random.Random) -> tuple[str, str]:
    """A user turn and what the assistant says to it."""
    problem = draw_problem(rng)
    user = with_marker(problem, rng, MARKED)
    kind = rng.random()
    if kind < TWO_TURN:
        return user, two_turn_document(problem, rng, ERROR)
    steps = steps_with_errors(problem, rng, ERROR)
    return user, long_trace(steps, rng) if kind < TWO_TURN + LONG else short_trace(steps)


def encode(tokenizer, documents: list[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Token ids and labels of each document: the loss is on the assistant's words and the end mark only."""
    prompts = tokenizer([prompt_of(tokenizer, user) for user, _ in documents]).input_ids
    answers = tokenizer([answer + tokenizer.eos_token for _, answer in documents]).input_ids
    return [(p + a, [IGNORED] * len(p) + a) for p, a in zip(prompts, answers, strict=True)]


def collate(rows: list[tuple[list[int], list[int]]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pads on the right: int64 tensors [rows, longest] of ids and of labels."""
    longest = max(len(ids) for ids, _ in rows)
    ids = [ids + [pad] * (longest - len(ids)) for ids, _ in rows]
    labels = [labels + [IGNORED] * (longest - len(labels)) for _, labels in rows]
    return torch.tensor(ids), torch.tensor(labels)


def optimizers(model) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=MUON_RATE, weight_decay=0.01),
        torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.01),
    ]


def measure(model, tokenizer, problems: list[Problem], samples: int, seed: int, temperature: float = 1.0) -> dict:
    """Accuracy (right and finished) and mean tokens; the end mark counts as a token."""
    prompts = tokenizer([prompt_of(tokenizer, problem_text(p)) for p in problems]).input_ids
    requests = [
        Request(prompt, n=samples, max_tokens=256, temperature=temperature, seed=seed * 100_003 + i)
        for i, prompt in enumerate(prompts)
    ]
    right = tokens = finished = 0
    for problem, outputs in zip(problems, sample(model, requests), strict=True):
        for output in outputs:
            text = tokenizer.decode(output.tokens)
            finished += output.finish == "stop"
            right += output.finish == "stop" and f"\\boxed{{{answer_of(problem)}}}" in text.rpartition("</think>")[2]
            tokens += len(output.tokens)
    n = len(problems) * samples
    found = {"accuracy": right / n, "tokens_mean": tokens / n, "finished": finished / n}
    return {"problems": len(problems), "samples": samples, "temperature": temperature} | found


def train(model, tokenizer, seed: int, target: float, max_steps: int, documents: int) -> dict:
    """Trains in place: at the full rate until the greedy dev accuracy reaches `target`, then with a falling one.

    Raises RuntimeError where it does not get there in `max_steps`.
    """
    rng = random.Random(f"base/{seed}")
    rows = encode(tokenizer, [draw_document(rng) for _ in range(documents)])
    # A batch comes from a stretch of rows of like length, so that little of it is padding.
    rows.sort(key=lambda row: (len(row[0]) // 24, rng.random()))
    dev = sample_problems("dev", 128, seed)
    optims = optimizers(model)
    rates = [group["lr"] for optim in optims for group in optim.param_groups]
    history, started, last = [], time.monotonic(), None
    step = 0
    while step != last:
        if step == max_steps:
            raise RuntimeError(
                f"greedy dev accuracy {history[-1]['greedy']} after {step} steps, not {target}: try another seed"
            )
        step += 1
        model.train()
        first = rng.randrange(len(rows) - 4 * BATCH)
        ids, labels = collate(rng.sample(rows[first : first + 4 * BATCH], BATCH), tokenizer.pad_token_id)
        share = min(1, step / WARMUP) if last is None else (last - step + 1) / COOLDOWN
        for optim, rate in zip(optims, rates, strict=True):
            optim.param_groups[0]["lr"] = rate * share
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optim in optims:
            optim.step()
            optim.zero_grad()
        if step % CHECK_EVERY == 0 or step == last:
            greedy = measure(model, tokenizer, dev, 1, step, temperature=0)["accuracy"]
            history.append({"step": step, "loss": round(loss.item(), 4), "greedy": round(greedy, 3)})
            print(json.dumps(history[-1]), flush=True)
            if last is None and greedy >= target:
                last = step + COOLDOWN
    return {"steps": step, "documents": documents, "history": history, "seconds": round(time.monotonic() - started, 1)}


def make_base(out: Path, seed: int, target: float, max_steps: int, documents: int) -> dict:
    """Writes model, tokenizer and report.json into `out` and returns the report."""
    rng = random.Random(f"tokenizer/{seed}")
    corpus = [part for _ in range(1200) for part in draw_document(rng)]
    tokenizer = train_tokenizer(corpus, VOCABULARY, CONTEXT)
    model = new_model(tokenizer, seed)
    training = train(model, tokenizer, seed, target, max_steps, documents)
    report = {
        "command": f"python -m longhand_engine.tiny.base --seed {seed} --target {target}",
        "parameters": model.num_parameters(),
        "vocabulary": len(tokenizer),
        "training": training,
        # Unseen by training, by the choice of the moment to stop, and by the choice of any parameter.
        "test": measure(model, tokenizer, sample_problems("test", 200, seed), 4, seed),
        "versions": {"torch": torch.__version__},
    }
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--target", type=float, default=0.9, help="greedy dev accuracy at which the rate begins to fall"
    )
    parser.add_argument("--max-steps", type=int, default=1200)
    parser.add_argument("--documents", type=int, default=6000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    report = make_base(args.out, args.seed, args.target, args.max_steps, args.documents)
    print(json.dumps({k: report[k] for k in ("parameters", "vocabulary", "test")}))


if __name__ == "__main__":
    main()
