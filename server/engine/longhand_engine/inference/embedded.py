"""The embedded engine behind the `Sampler` protocol: the model is loaded into this process, no server is needed."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Event

import torch
from transformers import AutoTokenizer
from transformers.utils import logging

from ..errors import ConfigError
from ..sampling.engine import Engine
from ..sampling.requests import Request, Sequence
from ..sampling.text import GrowingText, Texts
from ..sampling.weights import SMALL, load_weights
from ..scores import TokenScores
from ..sections import TokenSections
from .drawing import Came, draw
from .sampler import Completion, Failure, Growth, Item, Wish

# Completions that wait for a place, as a share of the batch: enough for newcomers to be computed together.
AHEAD = 1 / 4
PROMPTS_KEPT = 1024

logging.disable_progress_bar()


@dataclass(eq=False)
class _Live:
    item: Item
    sequence: Sequence
    prompt_text: str
    text: GrowingText
    told: int = 0


class EmbeddedSampler:
    """Samples from the model in the folder (or of the hub name) `model`, at most `batch` sequences at a time.

    A completion is a function of weights, messages, sampling, seed and sample alone, whatever else is in the batch; on a GPU up to
    rounding, which differs with the size of the batch.
    """

    def __init__(self, model: str, *, batch: int = 32, scores: bool = False):
        """`scores`: completions come with those of their tokens. Raises ConfigError for a tokenizer without a chat
        template, and what Transformers raises for no model."""
        self._tokenizer = AutoTokenizer.from_pretrained(model)
        if not self._tokenizer.chat_template:
            raise ConfigError(f"the tokenizer of {model} has no chat template")
        self._texts, self._sections = Texts(self._tokenizer), TokenSections(self._tokenizer)
        self._prompts: OrderedDict[tuple[tuple[str, str], ...], tuple[str, list[int]]] = OrderedDict()
        self._batch, self.scores = batch, scores
        self._path, self._engine = "", None
        self.swap(model)

    def swap(self, model: str) -> None:
        """Takes another checkpoint of the same model: its tokenizer and its context must be those of the first."""
        if model == self._path:
            return
        weights = load_weights(model)
        if weights.num_parameters() < SMALL:
            # A second thread only costs, and a trainer beside it wants the core.
            torch.set_num_threads(1)
        if self._engine is None:
            self._engine = Engine(weights, batch=self._batch, texts=self._texts)
        else:
            self._engine.swap(weights)
        self._path = model

    def sample(
        self,
        items: Iterable[Wish],
        *,
        stopping: Event,
        growth: Callable[[list[Growth]], None] | None = None,
    ) -> Iterator[Came]:
        """See `Sampler`. One at a time: the engine belongs to the loop that runs."""
        return draw(_Drawing(self, self._engine), items, stopping=stopping, growth=growth)

    def close(self) -> None:
        """Lets go of the model."""
        self._engine = None

    def growing(self) -> GrowingText:
        return self._texts.growing()

    def prompt(self, messages: tuple[tuple[str, str], ...]) -> tuple[str, list[int]]:
        """Text and ids; the same list for the same messages, by which the engine knows that it has them already."""
        found = self._prompts.pop(messages, None)
        if found is None:
            continued = messages[-1][0] == "assistant"
            text = self._tokenizer.apply_chat_template(
                [{"role": role, "content": content} for role, content in messages],
                tokenize=False,
                add_generation_prompt=not continued,
                continue_final_message=continued,
            )
            found = text, self._tokenizer(text, add_special_tokens=False).input_ids
        self._prompts[messages] = found
        if len(self._prompts) > PROMPTS_KEPT:
            self._prompts.popitem(last=False)
        return found

    def completion(self, one: _Live) -> Completion:
        sequence, sampling = one.sequence, one.item.sampling
        tokens = sequence.tokens
        whole = self._texts.text(tokens)
        cut = len(whole)
        if sequence.finish == "stop":
            if self._engine.is_end(tokens[-1]):
                cut -= len(self._texts.text(tokens[-1:]))
            cut = min([cut, *(at for stop in sampling.stop if (at := whole.find(stop)) >= 0)])
        judged = self._texts.blanked(tokens)
        reasoning, _ = self._sections.count(tokens, judged, one.prompt_text)
        return Completion(
            text=whole[:cut],
            tail=whole[cut:],
            finish=sequence.finish,
            prompt_text=one.prompt_text,
            tokens=len(tokens),
            exact=True,
            prompt_tokens=len(sequence.request.prompt),
            token_ids=tokens,
            scores=TokenScores(sequence.chances, sequence.entropies) if sequence.request.scores else None,
            reasoning_tokens=reasoning,
            judged=judged if judged != whole else None,
            sent=self._path,
        )


class _Drawing:
    """The sequences of one `sample` in the engine."""

    def __init__(self, sampler: EmbeddedSampler, engine: Engine):
        self._sampler, self._engine = sampler, engine
        self._live: list[_Live] = []
        self._room = engine.batch + max(1, int(engine.batch * AHEAD))

    def room(self) -> bool:
        return len(self._live) < self._room

    def idle(self) -> bool:
        return not self._live

    def begin(self, item: Item) -> Failure | None:
        wanted = item.sampling
        try:
            text, ids = self._sampler.prompt(item.messages)
            request = Request(
                ids,
                max_tokens=wanted.max_tokens,
                temperature=wanted.temperature,
                top_p=wanted.top_p,
                top_k=wanted.top_k,
                min_p=wanted.min_p,
                seed=item.seed,
                stop=wanted.stop,
                logprobs=wanted.logprobs,
                first=item.sample,
                scores=self._sampler.scores,
            )
            (sequence,) = self._engine.submit(request)
        except Exception as error:
            # A prompt that does not fit, or a chat template that refuses these messages: no other item is meant.
            return Failure(item, f"{type(error).__name__}: {error}")
        self._live.append(_Live(item, sequence, text, self._sampler.growing()))
        return None

    def ended(self) -> Iterator[Came]:
        self._engine.step()
        ended = [one for one in self._live if one.sequence.finish]
        if ended:
            self._live = [one for one in self._live if not one.sequence.finish]
        return ((one.item, self._sampler.completion(one)) for one in ended)

    def grown(self) -> list[Growth]:
        found = []
        for one in self._live:
            tokens = one.sequence.tokens
            if len(tokens) > one.told:
                added = one.text.add(tokens[one.told :])
                one.told = len(tokens)
                found.append(Growth(one.item, added, 0, one.prompt_text, len(one.sequence.request.prompt)))
        return found

    def abandon(self) -> None:
        if not self._engine.idle:
            self._engine.cancel_all()
