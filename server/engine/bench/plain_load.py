"""A plain load generator: the completions of an `evaluate` stage, asked for with nothing around them.

    python server/engine/bench/plain_load.py URL DATA --seed S --max-tokens N --concurrency C [--whole]

The same problems, seeds and bounds as the stage has, at most C at a time, each answer read to its end and thrown away but for
its count of tokens. Streamed, as the stage asks; `--whole` asks for answers in one piece. Prints one line of JSON: `seconds`
from before the first request to after the last answer, `tokens`, `completions`. No file of the stage is written, nothing is
judged.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx2  # noqa: E402

from longhand_engine.evaluate import read_problems  # noqa: E402
from longhand_engine.ids import problem_id  # noqa: E402
from longhand_engine.problems import seed_of  # noqa: E402


def bodies(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One request a problem, with the seed that `evaluate` gives it."""
    found = []
    for number, row in enumerate(read_problems(options.data)):
        body = {"model": options.model, "messages": row.prompt, "temperature": 1.0, "max_tokens": options.max_tokens}
        body |= {"seed": seed_of(options.seed, str(number), problem_id(row.problem)), "stream": not options.whole}
        found.append(body | ({} if options.whole else {"stream_options": {"include_usage": True}}))
    return found


async def load(options: argparse.Namespace) -> dict[str, Any]:
    todo, tokens, completions = iter(bodies(options)), 0, 0
    limits = httpx2.Limits(max_connections=options.concurrency, max_keepalive_connections=options.concurrency)
    async with httpx2.AsyncClient(limits=limits, timeout=600) as client:

        async def one_after_the_other() -> None:
            nonlocal tokens, completions
            for body in todo:
                async with client.stream("POST", f"{options.url}/chat/completions", json=body) as response:
                    response.raise_for_status()
                    answer = await response.aread()
                if not options.whole:
                    events = answer.split(b"\n\n")
                    if events[-2] != b"data: [DONE]":
                        raise RuntimeError(f"a stream did not end: {events[-2]!r}")
                    answer = events[-3].removeprefix(b"data: ")
                tokens += json.loads(answer)["usage"]["completion_tokens"]
                completions += 1

        begun = time.perf_counter()
        await asyncio.gather(*(one_after_the_other() for _ in range(options.concurrency)))
        return {"seconds": time.perf_counter() - begun, "tokens": tokens, "completions": completions}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="with /v1")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-tokens", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--whole", action="store_true")
    print(json.dumps(asyncio.run(load(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
