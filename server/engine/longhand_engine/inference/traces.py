"""Records what a sampler gives as traces, item by item while it grows, and has it judged.

    traces = ItemTraces(stage, checker)
    for taken in traces.draw(sampler, wanted):
        ...
    traces.finish()

What an earlier attempt of the stage has drawn is not drawn again: `draw` gives it back as it gives what it draws.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..checker import Checker, Later
from ..events import Record
from ..worker import Stage
from .done import Done, done_items
from .open import wanted_scores
from .sampler import Completion, Failure, Growth, Item, Sampler, Wish


_NO_SCORES = (
    "the server gave none, or gave neither token ids nor tokens that spell the text, or an older attempt drew them without"
)


@dataclass(frozen=True)
class Wanted:
    """An item with what its trace says of it: `gold` is what it is judged by (None: it is not judged), `where` are more
    fields of `trace_begin` (step, epoch, of, set, group, marker, model)."""

    item: Item
    gold: str | None = None
    where: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Taken:
    """A completion that is recorded, without its token ids. `trace` names it (`run/stage/attempt/n`); `reused`: an earlier
    attempt drew it."""

    wanted: Wanted
    completion: Completion
    trace: str
    reused: bool
    _later: Later | None
    _facts: dict[str, Any]

    @property
    def item(self) -> Item:
        return self.wanted.item

    @property
    def ready(self) -> bool:
        """Whether the checker has spoken."""
        return self._later is None or self._later.ready

    @property
    def verdict(self) -> str:
        """right, wrong, undecided or none; waits for the checker where it is still at it."""
        return self.facts["verdict"]["value"]

    @property
    def answer(self) -> str | None:
        """The answer as it was found in the text."""
        found = self.facts.get("answer")
        return found["text"] if found else None

    @property
    def facts(self) -> dict[str, Any]:
        """Those of the trace; waits for the checker."""
        if self._later is not None:
            self._facts |= _judged(self._later, self.completion)
            self._later = None
        return self._facts


@dataclass(eq=False)
class _Begun:
    number: int
    draw: int
    shown: list[str] = field(default_factory=list)


class ItemTraces:
    """Writer of the traces of one stage that samples. Not for several threads."""

    def __init__(self, stage: Stage, checker: Checker):
        self._record: Record = stage.record
        self._checker = checker
        self._stopping = stage.stopping
        self._name = f"{stage.spec['run']}/{stage.spec['stage']}/{stage.spec['attempt']}"
        self._begun: dict[str, _Begun] = {}
        self._wanted: dict[str, Wanted] = {}
        self._judging: list[tuple[int, Taken, Later]] = []
        self.done: dict[str, Done] = done_items(stage.dir, stage.spec, stage.record)
        """What earlier attempts have, by `Item.key`."""
        self.drawn = self.reused = 0
        self._scored, self._unscored = wanted_scores(stage.config) is not None, 0

    def draw(self, sampler: Sampler, wanted: Iterable[Wanted | None]) -> Iterator[Taken | Failure]:
        """Everything that is wanted, in the order in which it ends, recorded. None among `wanted`: see `Sampler`.

        Ends early where the stage is stopped; what was under way is then recorded as broken off by `finish`.
        """
        for came in sampler.sample(self._wishes(wanted), stopping=self._stopping, growth=self.grow):
            self._tell(wait=False)
            if isinstance(came, Failure):
                self._failed(came)
                yield came
                continue
            item, completion = came
            asked = self._wanted.pop(item.key)
            done = self.done.get(item.key)
            yield self._end(asked, completion) if done is None else self._reuse(asked, completion, done)

    def grow(self, growths: list[Growth]) -> None:
        """Writes what grew, all texts in one write."""
        texts = []
        for growth in growths:
            key = growth.item.key
            begun = self._begun.get(key)
            if begun is not None and growth.draw > begun.draw:
                self._broken(begun, "the stream broke off; drawn again")
                begun = None
            if begun is None:
                begun = self._begin(self._wanted[key], growth.prompt_text, growth.prompt_tokens, growth.draw)
            begun.shown.append(growth.added)
            texts.append((begun.number, growth.added))
        self._record.trace_texts(texts)
        self._tell(wait=False)

    def finish(self) -> None:
        """Ends what was broken off and waits for the verdicts that are still to come."""
        for begun in self._begun.values():
            self._broken(begun, "stopped before its end")
        self._begun.clear()
        self._tell(wait=True)
        if self._unscored:
            self._record.warn("no_logprobs", f"{self._unscored} completions have no log-probabilities: {_NO_SCORES}")
            self._unscored = 0

    def _wishes(self, wanted: Iterable[Wanted | None]) -> Iterator[Wish]:
        for one in wanted:
            if one is None:
                yield None
                continue
            key = one.item.key
            if key in self._wanted:
                raise ValueError(f"item {key} ({one.item.role}, sample {one.item.sample}) is wanted twice")
            done = self.done.get(key)
            try:
                known = done and done.completion()
            except OSError as error:
                self._record.warn("older_attempt", f"{done.trace} cannot be read, it is drawn again: {error}")
                del self.done[key]
                known = None
            self._wanted[key] = one
            yield (one.item, known) if known else one.item

    def _begin(self, wanted: Wanted, prompt_text: str, prompt_tokens: int | None, draw: int = 0) -> _Begun:
        item, sampling = wanted.item, wanted.item.sampling
        number = self._record.trace_begin(
            item.problem,
            prompt=self._record.prompt(item.problem, prompt_text, prompt_tokens) if prompt_text else None,
            sample=item.sample,
            item=item.key,
            sampling={k: getattr(sampling, k) for k in ("temperature", "top_p", "top_k", "min_p", "max_tokens")}
            | {"seed": item.seed},
            **wanted.where,
        )
        begun = self._begun[item.key] = _Begun(number, draw)
        return begun

    def _broken(self, begun: _Begun, why: str) -> None:
        self._record.trace_end(begun.number, {"finish": "error", "error": why})

    def _failed(self, failure: Failure) -> None:
        self._wanted.pop(failure.item.key, None)
        begun = self._begun.pop(failure.item.key, None)
        if begun is not None:
            self._broken(begun, failure.why)

    def _end(self, wanted: Wanted, completion: Completion) -> Taken:
        key, whole = wanted.item.key, completion.text + completion.tail
        begun = self._begun.get(key)
        shown = "".join(begun.shown) if begun else ""
        if begun is not None and not whole.startswith(shown):
            self._broken(begun, "what was streamed is not what came at the end; recorded again")
            begun, shown = None, ""
        begun = begun or self._begin(wanted, completion.prompt_text, completion.prompt_tokens)
        del self._begun[key]
        self._record.trace_text(begun.number, whole[len(shown) :])
        facts: dict[str, Any] = {"tokens": completion.tokens, "tokens_exact": completion.exact}
        if completion.reasoning_tokens is not None:
            facts |= {
                "reasoning_tokens": completion.reasoning_tokens,
                "answer_tokens": max(0, completion.tokens - completion.reasoning_tokens),
            }
        facts["finish"] = completion.finish
        later = self._checker.judge_later(_for_checkers(completion), wanted.gold)
        # What is recorded is let go of: token ids as numbers of Python take ten times the room of the text.
        kept = replace(completion, token_ids=None, scores=None)
        taken = Taken(wanted, kept, f"{self._name}/{begun.number}", False, later, facts)
        if later.ready:
            facts = taken.facts
        else:
            self._judging.append((begun.number, taken, later))
        self._record.trace_end(
            begun.number, facts, completion.token_ids, scores=completion.scores, tail=len(completion.tail.encode())
        )
        self._unscored += self._scored and completion.scores is None
        self.drawn += 1
        return taken

    def _reuse(self, wanted: Wanted, completion: Completion, done: Done) -> Taken:
        self.reused += 1
        if done.verdict is not None:
            kept = replace(completion, token_ids=None, scores=None)
            return Taken(wanted, kept, done.trace, True, None, dict(done.facts))
        # It was killed before the checker had spoken, and nobody may write to its record: the text is recorded here, judged.
        taken = self._end(wanted, completion)
        self.drawn -= 1
        taken.reused = True
        return taken

    def _tell(self, wait: bool) -> None:
        """Records the verdicts that have come."""
        waiting, self._judging = self._judging, []
        for number, taken, later in waiting:
            if wait or later.ready:
                facts = taken.facts
                self._record.trace_facts(number, {k: facts[k] for k in ("answer", "verdict")})
            else:
                self._judging.append((number, taken, later))


def _for_checkers(completion: Completion) -> str:
    return completion.judged if completion.judged is not None else completion.text + completion.tail


def _judged(later: Later, completion: Completion) -> dict[str, Any]:
    judgement = later()
    answer = judgement.answer and judgement.answer.fact(_for_checkers(completion))
    return {"answer": answer, "verdict": judgement.verdict()}
