r"""Benchmarks in the formats in which they are published, as problems with a gold answer that our checker can read.

A row is taken by its columns, whatever file or hub data set it comes from, as most benchmarks have been published several
times: problem from `problem`, `question`, `Question` (SVAMP: `Body` and `Question`; TabMWP: with its table and options) or the
last user message of `prompt` (verl); gold from `answer` or `reward_model.ground_truth`, else the last box of `solution`.

What becomes of the gold, by benchmark:

- `aime24`, `aime25`, `amc23`: the integer, without leading zeros (`073`), a `.0` or a degree sign;
- `math500`, `gaokao2023en`: the LaTeX as it stands, without the dollar signs around it;
- `gsm8k`: what follows the last `####`, without thousands separators (the worked answer before it is dropped);
- `svamp`: the number, without a `.0`;
- `tabmwp`: numbers without thousands separators and currency signs, fractions and percentages as they stand; the unit is in
  the question and not in the gold; of a multiple choice the option's text, with the options in the question.

Nothing is dropped: a row that cannot be read is an error that names it, as a reported set has no holes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .checker.answers import boxes
from .curation.sources import Line, lines_of_source
from .errors import ConfigError, DataError
from .rows import FoundRow
from .texts import clean_text

Row = dict[str, Any]
PLACE = "{problem}"
"""Where the problem stands in a template."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WHOLE = re.compile(r"([+-]?)0*(\d+)(?:\.0*)?")
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?\$?$")
_GSM8K = re.compile(r"####\s*(.+?)\s*$")


@dataclass(frozen=True)
class Benchmark:
    """`size`: problems of the usual test set. `hub`: name, configuration and split under which it is usually had."""

    size: int
    hub: tuple[str, str | None, str]
    gold: Callable[[Row], str]
    problem: Callable[[Row], str]


@dataclass(frozen=True)
class Loaded:
    rows: list[FoundRow]
    notes: list[str] = field(default_factory=list)


def load(
    name: str,
    path: str | None = None,
    *,
    hub: str | None = None,
    config: str | None = None,
    split: str | None = None,
    instruction: str | None = None,
    system: str | None = None,
    template: str | None = None,
) -> Loaded:
    """The problems of the benchmark `name` from a file (or folder) or a data set of the hub.

    `instruction` is put at the end of each problem in the prompt, as it stands; `template` is the user's message in place of that,
    with `{problem}` where the problem stands; `system` the system message, in place of one that is there. Raises ConfigError
    for an unknown name, no source or a template without a place for the problem, DataError for a row that cannot be read.
    """
    if template is not None and (instruction is not None or PLACE not in template):
        raise ConfigError(f"`template` needs {PLACE}" if instruction is None else "`template` takes no `instruction`")
    found, source = _source(name, path, hub, config, split)
    asked = template or PLACE + (instruction or "")
    rows = [_asked(_found(name, found, line), asked, system) for line in _rows(source)]
    if not rows:
        raise DataError(f"{path or hub} has no problems")
    notes = []
    if len(rows) != found.size:
        notes.append(f"{path or hub} has {len(rows)} problems, the usual test set of {name} has {found.size}")
    return Loaded(rows, notes)


def lines(source: Row) -> Iterator[Line]:
    """The rows of a benchmark as a source of a data set has them: `problem`, `answer`, `id`. Raises as `load` does."""
    where = {key: source.get(key) for key in ("path", "hub", "config", "split")}
    name = source["benchmark"]
    found, published = _source(name, **where)
    for line in _rows(published):
        row = _found(name, found, line)
        yield Line(line.file, line.line, {"problem": row.problem, "answer": row.answer, "id": row.source_id})


def _source(
    name: str, path: str | None, hub: str | None, config: str | None, split: str | None
) -> tuple[Benchmark, Row]:
    found = BENCHMARKS.get(name)
    if found is None:
        raise ConfigError(f"there is no benchmark {name!r}; known are {', '.join(BENCHMARKS)}")
    if path is None and hub is None:
        raise ConfigError(f"the benchmark {name} needs `path`, or `hub` (usually {found.hub[0]})")
    usual = hub == found.hub[0]
    source = {"path": path} if path else {"hub": hub, "config": config or (found.hub[1] if usual else None)}
    return found, source | {"split": split or (found.hub[2] if usual else "test")}


def _asked(row: FoundRow, template: str, system: str | None) -> FoundRow:
    """The row with the prompt that is asked for; what stands before the problem stays but for the system message."""
    before = [m for m in row.prompt[:-1] if system is None or m["role"] != "system"]
    messages = [{"role": "system", "content": system}] if system is not None else []
    user = {"role": "user", "content": template.replace(PLACE, row.problem)}
    return replace(row, prompt=[*messages, *before, user])


def _rows(source: Row) -> Iterator[Line]:
    for line in lines_of_source(source):
        value = line.value
        # TabMWP is published as one object, its rows by their numbers.
        if value and all(isinstance(v, dict) for v in value.values()) and all(key.isdigit() for key in value):
            for number, (key, row) in enumerate(value.items(), 1):
                yield Line(line.file, number, row | {"id": key})
        else:
            yield line


def _found(name: str, benchmark: Benchmark, line: Line) -> FoundRow:
    place = f"{name}: {line.file}, row {line.line}"
    if line.value is None:
        raise DataError(f"{place}: {line.problem}")
    row = line.value
    try:
        problem = clean_text(benchmark.problem(row)).strip()
        gold = clean_text(benchmark.gold(row)).strip()
        if not problem or not gold:
            raise ValueError("the gold answer is empty" if problem else "the problem is empty")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{place}: {error}") from error
    names = ("unique_id", "source_id", "id", "ID", "idx", "extra_info.index", "extra_info.id")
    number = next((v for key in names if (v := _at(row, key)) is not None), line.line - 1)
    messages = [{"role": "user", "content": problem}]
    if isinstance(row.get("prompt"), list):
        # What stands before the problem (a system message) belongs to it.
        messages = [
            {"role": str(m["role"]), "content": clean_text(str(m["content"]))} for m in row["prompt"][:-1]
        ] + messages
    return FoundRow(problem, messages, gold, None, f"{name}/{number}", "given")


def _at(row: Row, path: str) -> Any:
    value: Any = row
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(row: Row, *names: str) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value
    raise ValueError(f"it has no {' or '.join(names)}; its columns are {', '.join(map(str, row))[:200]}")


def _problem(row: Row) -> str:
    prompt = row.get("prompt")
    if isinstance(prompt, list) and prompt:
        last = prompt[-1]
        if not isinstance(last, dict) or last.get("role") != "user":
            raise ValueError("the last message of `prompt` is not the user's")
        return _text(last, "content")
    return _text(row, "problem", "question", "Problem", "Question", "prompt")


def _answer(row: Row) -> str:
    """As it stands: text or number, or a list of one of these."""
    for value in (row.get("answer"), row.get("Answer"), _at(row, "reward_model.ground_truth")):
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(int(value)) if float(value).is_integer() else repr(value)
        if isinstance(value, list):
            raise ValueError(f"it has {len(value)} gold answers")
    solution = row.get("solution", row.get("Solution"))
    found = boxes(solution) if isinstance(solution, str) else []
    if not found:
        raise ValueError("it has no gold: neither an answer nor a box in its solution")
    return solution[slice(*found[-1])]


def number(text: str) -> str:
    """A number without what only looks: dollar signs, thousands separators, leading zeros, a `.0`."""
    bare = _THOUSANDS.sub("", text.replace("\\$", "").replace("$", "").replace("\\!", "").strip())
    whole = _WHOLE.fullmatch(bare)
    return whole.expand(r"\1\2").removeprefix("+") if whole else bare


def _integer(row: Row) -> str:
    found = number(_DEGREES.sub("", _answer(row)))
    if not re.fullmatch(r"-?\d+", found):
        raise ValueError(f"its gold is no integer: {found[:80]!r}")
    return found


def _latex(row: Row) -> str:
    found = _answer(row)
    for mark in ("$$", "$"):
        if found.startswith(mark) and found.endswith(mark) and found.count(mark) == 2:
            return found.removeprefix(mark).removesuffix(mark)
    return found


def _gsm8k(row: Row) -> str:
    said = _answer(row)
    found = _GSM8K.search(said.rsplit("\n", 1)[-1]) or re.search(r"####\s*([^\n]+)", said)
    # Some copies have the number alone.
    return number(found.group(1) if found else said) if found or "\n" not in said else _no_hashes()


def _no_hashes() -> str:
    raise ValueError("its answer has no line that begins with ####")


def _svamp(row: Row) -> str:
    if "Body" not in row:
        return _problem(row)
    body = _text(row, "Body").strip()
    return f"{body if body[-1] in '.?!,' else body + '.'} {_text(row, 'Question').strip()}"


def _tabmwp(row: Row) -> str:
    if "table" not in row:
        return _problem(row)
    title, unit, choices = row.get("table_title"), row.get("unit"), row.get("choices")
    parts = [f"Table: {title}" if title else "Table:", _text(row, "table").strip(), "", _text(row, "question").strip()]
    if unit:
        parts.append(f"Give the answer in this unit: {unit}.")
    if choices is not None and len(choices) > 0:
        parts.append(f"Choose one of: {'; '.join(map(str, choices))}.")
    return "\n".join(parts)


def _tabmwp_gold(row: Row) -> str:
    said = _answer(row)
    return number(said) if row.get("ans_type") in (None, "integer_number", "decimal_number") else said


BENCHMARKS: dict[str, Benchmark] = {
    "aime24": Benchmark(30, ("HuggingFaceH4/aime_2024", None, "train"), _integer, _problem),
    "aime25": Benchmark(30, ("math-ai/aime25", None, "test"), _integer, _problem),
    "amc23": Benchmark(40, ("math-ai/amc23", None, "test"), _integer, _problem),
    "math500": Benchmark(500, ("HuggingFaceH4/MATH-500", None, "test"), _latex, _problem),
    "gsm8k": Benchmark(1319, ("openai/gsm8k", "main", "test"), _gsm8k, _problem),
    "svamp": Benchmark(1000, ("ChilleD/SVAMP", None, "test"), lambda row: number(_answer(row)), _svamp),
    "tabmwp": Benchmark(1000, ("Arietem/tabmwp", None, "test"), _tabmwp_gold, _tabmwp),
    "gaokao2023en": Benchmark(385, ("MARIO-Math-Reasoning/Gaokao2023-Math-En", None, "train"), _latex, _problem),
}
