"""Completions of a GRPO step: recorded whole the moment they exist, then judged, rewarded, and given their advantages."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..checker import Checker, Judgement
from ..events import Record
from ..ranks import rank, world
from ..rewards import Completion, Reward
from ..scores import SCORES, TokenScores
from ..sections import TokenSections
from .advantages import advantages, total

TOLERANCE = 5e-3
"""Largest difference between our advantage and the trainer's that single precision explains where std is near 0."""


_PROBLEM = ("problem", "answer", "source_id", "answer_origin")
"""Columns of a row that the record of its problem holds."""


class _Prompt(NamedTuple):
    number: int
    marker: str | None
    ending: str
    """Its last characters: a thought may be opened there."""


class RewardFunction:
    """One reward as TRL calls it. TRL names the metrics by `__name__`. A class, as TRL may pickle it."""

    def __init__(self, step: "StepCompletions", name: str, reward: Reward):
        self.step, self.__name__, self._reward = step, name, reward

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Any],
        completion_ids: list[list[int]],
        trainer_state: Any,
        log_metric: Any = None,
        **columns: Any,
    ) -> list[float | None]:
        batch = self.step.batch_of(prompts, completions, completion_ids, columns, trainer_state)
        values = self._reward(batch)
        self.step.rewarded(self.__name__, values, log_metric)
        return values[self.step.mine]


class _Row(NamedTuple):
    """A completion with what is recorded of it, as the ranks tell each other."""

    content: Any
    full: str
    text: str
    ids: list[int]
    prompt: Any
    columns: dict[str, Any]
    scores: TokenScores | None
    judge: Callable[[], Judgement]


class StepCompletions:
    """The completions that TRL asks rewards for in one call after the other; the first call records them.

    Where several ranks train, each has a part of them, and a group may lie on two: they tell each other, every rank computes
    the rewards of all and gives TRL its own. `record` may be None (on all ranks but one): then nothing is written, and the
    rewards are the same.
    """

    mine = slice(None)
    """The completions of this rank among those of the step."""

    def __init__(
        self,
        record: Record | None,
        tokenizer: Any,
        checker: Checker,
        rewards: dict[str, Reward],
        weights: list[float],
        arguments: Any,
        markers: list[str] | None = None,
    ):
        self.functions = [RewardFunction(self, name, reward) for name, reward in rewards.items()]
        self._record, self._tokenizer, self._checker, self._weights = record, tokenizer, checker, weights
        self._arguments, self._markers = arguments, markers or []
        self._sections = TokenSections(tokenizer)
        self._ends = set(_end_ids(tokenizer, arguments))
        special = [t for t in tokenizer.all_special_tokens if t not in ("<think>", "</think>")]
        self._special = (
            re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True)))) if special else None
        )
        self._sampling = _sampling(arguments)
        self._prompts: dict[bytes, _Prompt] = {}
        self._batch: list[Completion] = []
        self._traces: list[int] = []
        self._parts: dict[str, list[float | None]] = {}
        self._own: list[float] = []
        self._unlogged: list[int] = []
        self._warned = False

    def end_ids(self, ids: list[int]) -> None:
        """Token ids that end a completion, as the trainer uses them (a model may have more than its tokenizer)."""
        self._ends |= set(ids)

    def batch_of(
        self, prompts: list[Any], completions: list[Any], ids: list[list[int]], columns: dict[str, Any], state: Any
    ) -> list[Completion]:
        """The completions of this call; the same list for every reward of one step."""
        if not self._batch:
            self._begin(prompts, completions, ids, columns, state)
        return self._batch

    def _begin(
        self, prompts: list[Any], completions: list[Any], ids: list[list[int]], columns: dict[str, Any], state: Any
    ) -> None:
        full = self._tokenizer.batch_decode(ids, skip_special_tokens=False)
        # Checkers get a copy without special tokens; blanks in their place keep every position.
        texts = [self._special.sub(lambda m: " " * len(m.group()), t) for t in full] if self._special else full
        golds = columns.get("answer") or [None] * len(ids)
        judging = [self._checker.judge_later(text, gold) for text, gold in zip(texts, golds, strict=True)]
        told = {name: columns.get(name) or [None] * len(ids) for name in ("problem_id", *_PROBLEM)}
        kept = [dict(zip(told, values, strict=True)) for values in zip(*told.values(), strict=True)]
        scores = columns.get(SCORES) or [None] * len(ids)
        fields = (completions, full, texts, ids, prompts, kept, scores, judging)
        rows = self._of_all_ranks([_Row(*values) for values in zip(*fields, strict=True)])
        # The metrics of a step are logged when it ends: these completions are what step `global_step + 1` trains on
        # (the first of them, where one generation serves several).
        step = state.global_step + 1
        groups = self._groups([row.columns["problem_id"] for row in rows], step)
        self._batch = [
            Completion(text=_content(row.content), full=row.full, ids=row.ids, group=group, judge=row.judge)
            for row, group in zip(rows, groups, strict=True)
        ]
        if self._record:
            self._write(self._record, rows, state, step)

    def _of_all_ranks(self, rows: list[_Row]) -> list[_Row]:
        """The rows of every rank in the order in which TRL gathers them, judged; with one rank they are its own."""
        if world() == 1:
            return rows
        from accelerate.utils import gather_object

        # A judgement under way cannot be sent.
        judged = [row._replace(judge=Judged(row.judge())) for row in rows]
        start = sum(gather_object([len(rows)])[: rank()])
        self.mine = slice(start, start + len(rows))
        return gather_object(judged)

    def _groups(self, problems: list[str], step: int) -> list[str]:
        """`<step>:<problem>` for each completion; `#2` is added where one problem was drawn twice in a step."""
        size = self._arguments.num_generations
        names: list[str] = []
        for start in range(0, len(problems), size):
            name, count = f"{step}:{problems[start]}", 1
            while name in names:
                count += 1
                name = f"{step}:{problems[start]}#{count}"
            names += [name] * len(problems[start : start + size])
        return names

    def _write(self, record: Record, rows: list[_Row], state: Any, step: int) -> None:
        size = self._arguments.num_generations
        self._traces = []
        for k, (completion, row) in enumerate(zip(self._batch, rows, strict=True)):
            text, gold, source, origin = (row.columns[name] for name in _PROBLEM)
            problem = record.problem(text, gold, source_id=source, gold_origin=origin)
            prompt = self._prompt(record, problem, row.prompt)
            trace = record.trace_begin(
                problem,
                prompt=prompt.number,
                sample=k % size,
                step=step,
                epoch=state.epoch,
                group=completion.group,
                sampling=self._sampling,
                marker=prompt.marker,
            )
            record.trace_text(trace, completion.full)
            reasoning, answer = self._sections.count(completion.ids, completion.full, prompt.ending)
            finish = "stop" if completion.ids and completion.ids[-1] in self._ends else "length"
            facts = {
                "tokens": len(completion.ids),
                "reasoning_tokens": reasoning,
                "answer_tokens": answer,
                "tokens_exact": True,
                "finish": finish,
            }
            record.trace_end(trace, facts, completion.ids, scores=row.scores)
            self._traces.append(trace)

    def _prompt(self, record: Record, problem: str, prompt: Any) -> "_Prompt":
        """The prompt as the model saw it, rendered and recorded once."""
        plain = isinstance(prompt, str)
        key = hashlib.sha256(
            (prompt if plain else json.dumps(prompt, sort_keys=True)).encode(errors="replace")
        ).digest()
        if key not in self._prompts:
            if plain:
                ids = self._tokenizer(prompt)["input_ids"]
            else:
                more = self._arguments.chat_template_kwargs or {}
                ids = self._tokenizer.apply_chat_template(
                    prompt, add_generation_prompt=True, tokenize=True, return_dict=True, **more
                )["input_ids"]
            text = self._tokenizer.decode(ids, skip_special_tokens=False)
            marker = next((m for m in self._markers if m in text), None)
            self._prompts[key] = _Prompt(record.prompt(problem, text, tokens=len(ids)), marker, text[-32:])
        return self._prompts[key]

    def rewarded(self, name: str, values: list[float | None], log_metric: Callable[[str, float], None] | None) -> None:
        """One reward is known; after the last one, verdicts, parts and advantages are recorded."""
        self._parts[name] = values
        if len(self._parts) < len(self.functions):
            return
        rows = list(zip(*(self._parts[f.__name__] for f in self.functions), strict=True))
        judged = [c.judgement for c in self._batch]
        if log_metric:
            decided = [j.value for j in judged if j.value in ("right", "wrong")]
            if decided:
                log_metric("accuracy", decided.count("right") / len(decided))
            log_metric("undecided", sum(j.value == "undecided" for j in judged) / len(judged))
        if self._record:
            a = self._arguments
            self._own = advantages(
                rows, self._weights, a.num_generations, _scale(a.scale_rewards), a.multi_objective_aggregation
            )
            for trace, completion, row, judgement, own in zip(
                self._traces, self._batch, rows, judged, self._own, strict=True
            ):
                self._record.trace_facts(
                    trace,
                    {
                        "answer": judgement.answer and judgement.answer.fact(completion.full),
                        "verdict": judgement.verdict(),
                        "rewards": dict(zip(self._parts, row, strict=True)),
                        "reward": total(row, self._weights),
                        "advantage": own,
                    },
                )
            self._unlogged = self._traces
        self._parts, self._batch = {}, []

    def logged(self, trainer: Any) -> None:
        """Record the advantages that the trainer itself computed for the last completions.

        TRL keeps them for its completions table, in `_logs["advantages"]`, in the order of the completions. There is no
        public way that does not also write that table; where a version has them no more, the record has only ours.
        """
        if not self._unlogged or not self._record:
            return
        traces, self._unlogged = self._unlogged, []
        theirs = list(getattr(trainer, "_logs", {}).get("advantages", ()))[-len(traces) :]
        if len(theirs) != len(traces):
            self._warn(
                "advantage_unknown",
                "This version of TRL does not tell the advantages that it uses; only the recomputed ones are recorded.",
            )
            return
        for trace, value in zip(traces, theirs, strict=True):
            self._record.trace_facts(trace, {"advantage_logged": value})
        worst = max(abs(own - value) for own, value in zip(self._own, theirs, strict=True))
        if worst > TOLERANCE:
            self._warn(
                "advantage_differs",
                f"The advantages that TRL uses differ from the recomputed ones by up to {worst:.4g}.",
            )

    def _warn(self, code: str, message: str) -> None:
        if not self._warned and self._record:
            self._warned = True
            self._record.warn(code, message)


class Judged:
    """A judgement that is known, as a callable. A class, since it is pickled."""

    def __init__(self, judgement: Judgement):
        self._judgement = judgement

    def __call__(self) -> Judgement:
        return self._judgement


def _content(completion: Any) -> str:
    return completion if isinstance(completion, str) else "".join(str(m.get("content") or "") for m in completion)


def _scale(value: Any) -> str:
    return {True: "group", False: "none"}.get(value, value)


def _sampling(arguments: Any) -> dict[str, Any]:
    found = {
        "temperature": arguments.temperature,
        "top_p": arguments.top_p,
        "top_k": arguments.top_k,
        "min_p": arguments.min_p,
    }
    return {k: v for k, v in found.items() if v is not None} | {"max_tokens": arguments.max_completion_length}


def _end_ids(tokenizer: Any, arguments: Any) -> list[int]:
    more = (arguments.generation_kwargs or {}).get("eos_token_id", [])
    return [tokenizer.eos_token_id, *([more] if isinstance(more, int) else more)]
