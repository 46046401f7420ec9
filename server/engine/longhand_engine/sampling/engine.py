"""The embedded sampling engine: a rolling batch over one model, driven by whoever calls `step`.

It is a loop without a thread or a socket of its own: a worker drives it until its requests are done, a server drives it in
one thread while others `submit` and `cancel`.
"""

from collections import deque
from collections.abc import Callable, Iterable

import torch
from transformers import PreTrainedModel

from .choose import Parameters, choose, uniform_stream
from .generic import GenericDecoder
from .qwen2 import Qwen2Decoder, is_supported
from .requests import Request, Sequence, TokenLogprob, sequences_of
from .text import GrowingText, Texts

# While more wait than fit, newcomers are gathered until this share of the batch is free: they are computed together.
JOIN_SHARE = 1 / 16


class Engine:
    """Samples completions of requests from `model`, at most `batch` sequences at a time."""

    def __init__(self, model: PreTrainedModel, *, batch: int = 128, texts: Texts | None = None):
        """`texts` is needed only for requests with `stop` texts. Ends are the generation config's end tokens."""
        if batch < 1:
            raise ValueError(f"batch is out of range: {batch}")
        self.batch, self._texts = batch, texts
        self._queue: deque[Sequence] = deque()
        self._active: list[Sequence] = []
        self._swap: PreTrainedModel | None = None
        self._stops: dict[Sequence, tuple[GrowingText, list[str]]] = {}
        self._take(model)
        self._forget_rows()

    @property
    def active(self) -> list[Sequence]:
        """The sequences in the batch now."""
        return self._active

    @property
    def idle(self) -> bool:
        return not self._active and not self._queue

    def is_end(self, token: int) -> bool:
        """Whether `token` is one of the model's end tokens."""
        return bool(self._ends[token])

    def submit(self, request: Request, on_tokens: Callable[[Sequence], None] | None = None) -> list[Sequence]:
        """Queues a request: its sequences, which grow while `step` is called. Raises ValueError for a bad request.

        `on_tokens` is called in the stepping thread for each sequence after each of its tokens and at its end.
        """
        request.check(self._decoder.context, self._vocabulary)
        if request.stop and self._texts is None:
            raise ValueError("stop texts need the texts of the tokenizer")
        sequences = sequences_of(request, on_tokens)
        self._queue.extend(sequences)
        return sequences

    def swap(self, model: PreTrainedModel) -> None:
        """Takes another checkpoint, also from another thread: what is in the batch ends with the old one.

        Its context and vocabulary must be those of the old one.
        """
        self._swap = model

    def cancel_all(self) -> None:
        """Ends everything now, what waits included."""
        for sequence in (*self._active, *self._queue):
            sequence.cancel()
        self.step()

    def run(self) -> None:
        """Steps until nothing is left."""
        while self.step():
            pass

    @torch.inference_mode()
    def step(self) -> bool:
        """One token for each active sequence, after letting newcomers join; False when there is nothing to do."""
        if any(s.cancelled for s in self._active):
            self._leave([i for i, s in enumerate(self._active) if not s.cancelled])
        if self._swap is not None and not self._active:
            self._take(self._swap)
        newcomers = self._newcomers()
        if newcomers:
            self._join(newcomers)
        if not self._active:
            return bool(self._queue)
        chosen = choose(self._logits, self._parameters, self._uniforms[self._row, self._counts])
        self._append(chosen)
        if self._active:
            self._logits = self._decoder.step(self._chosen)
        return not self.idle

    # -- joining and leaving ------------------------------------------------------------------------------------------

    def _take(self, model: PreTrainedModel) -> None:
        model.eval()
        self._swap = None
        make = Qwen2Decoder if is_supported(model) else GenericDecoder
        self._decoder = make(model, self.batch)
        # What a token is chosen by lies where the logits are: a real vocabulary's take longer to copy and to go through on the CPU than
        # the model takes on the GPU.
        self._device = self._decoder.device
        self._vocabulary = model.config.get_text_config().vocab_size
        ends = model.generation_config.eos_token_id if model.generation_config else model.config.eos_token_id
        ends = [] if ends is None else [ends] if isinstance(ends, int) else list(ends)
        self._ends = torch.zeros(self._vocabulary, dtype=torch.bool, device=self._device)
        self._ends[ends] = True

    def _forget_rows(self) -> None:
        self._counts = self._limits = torch.empty(0, dtype=torch.int64, device=self._device)
        self._uniforms = torch.empty(0, 0, dtype=torch.float64, device=self._device)
        self._logits = torch.empty(0)

    def _newcomers(self) -> list[Sequence]:
        free = self.batch - len(self._active)
        if self._swap is not None or not free or not self._queue:
            return []
        if self._active and free < min(len(self._queue), self.batch * JOIN_SHARE):
            return []
        found: list[Sequence] = []
        while self._queue and len(found) < free:
            sequence = self._queue.popleft()
            if sequence.cancelled:
                self._end(sequence, "cancelled")
            else:
                found.append(sequence)
        return found

    def _join(self, newcomers: list[Sequence]) -> None:
        # Completions of one prompt (the same list) stand next to each other in the queue: its cache is computed once.
        prompts, copies = [], []
        for i, sequence in enumerate(newcomers):
            if i and newcomers[i - 1].request.prompt is sequence.request.prompt:
                copies[-1] += 1
            else:
                prompts.append(sequence.request.prompt)
                copies.append(1)
        logits = self._decoder.join(prompts, copies)
        longest = max(s.request.max_tokens for s in newcomers)
        if self._uniforms.shape[1] < longest:
            wider = torch.zeros(len(self._active), longest, dtype=torch.float64, device=self._device)
            wider[:, : self._uniforms.shape[1]] = self._uniforms
            self._uniforms = wider
        fresh = torch.zeros(len(newcomers), self._uniforms.shape[1], dtype=torch.float64)
        for row, s in zip(fresh, newcomers, strict=True):
            row[: s.request.max_tokens] = torch.from_numpy(uniform_stream(s.seed, s.index, s.request.max_tokens))
            if s.request.stop:
                self._stops[s] = (self._texts.growing(), [""])
        limits = torch.tensor([s.request.max_tokens for s in newcomers], device=self._device)
        self._uniforms = torch.cat([self._uniforms, fresh.to(self._device)])
        self._counts = torch.cat([self._counts, torch.zeros_like(limits)])
        self._limits = torch.cat([self._limits, limits])
        self._logits = torch.cat([self._logits, logits]) if self._active else logits
        self._active += newcomers
        self._rows_changed()

    def _leave(self, staying: list[int]) -> None:
        """Keeps the rows `staying` (ascending); the last ones move into the holes, so that little is copied."""
        for i in set(range(len(self._active))) - set(staying):
            if self._active[i].finish is None:
                self._end(self._active[i], "cancelled")
        count = len(staying)
        movers = [i for i in staying if i >= count]
        kept = set(staying)
        order = [i if i in kept else movers.pop() for i in range(count)]
        self._decoder.keep(order)
        rows = torch.tensor(order, dtype=torch.int64, device=self._device)
        self._active = [self._active[i] for i in order]
        self._counts, self._limits = self._counts[rows], self._limits[rows]
        self._uniforms, self._logits = self._uniforms[rows], self._logits[rows]
        self._chosen = self._chosen[rows]
        self._rows_changed()
        if not order:
            self._forget_rows()

    def _rows_changed(self) -> None:
        self._row = torch.arange(len(self._active), device=self._device)
        self._parameters = Parameters.of([s.request for s in self._active], self._device)
        self._wanting_logprobs = any(s.request.logprobs is not None for s in self._active)
        self._wanting_scores = any(s.request.scores for s in self._active)
        self._heard = any(s.on_tokens or s.request.stop for s in self._active)

    # -- tokens -------------------------------------------------------------------------------------------------------

    def _append(self, chosen: torch.Tensor) -> None:
        self._chosen = chosen
        if self._wanting_logprobs or self._wanting_scores:
            self._note_logprobs(chosen)
        tokens = chosen.tolist()
        for sequence, token in zip(self._active, tokens, strict=True):
            sequence.tokens.append(token)
        self._counts += 1
        ended = self._ends[chosen]
        over = ended | (self._counts >= self._limits)
        left = over.nonzero().flatten().tolist()
        for i in left:
            self._active[i].finish = "stop" if ended[i] else "length"
        if self._heard:
            left = self._tell(left)
        for i in left:
            self._stops.pop(self._active[i], None)
        if left:
            gone = set(left)
            self._leave([i for i in range(len(self._active)) if i not in gone])

    def _tell(self, left: list[int]) -> list[int]:
        """Looks for stop texts and calls the listeners; the rows that leave now."""
        gone = set(left)
        for i, sequence in enumerate(self._active):
            stops = sequence.request.stop
            if stops and sequence.finish != "stop":
                grown, tail = self._stops[sequence]
                text = tail[0] + grown.add(sequence.tokens[-1:])
                if any(stop in text for stop in stops):
                    sequence.finish = "stop"
                    gone.add(i)
                tail[0] = text[-max(map(len, stops)) :]
            if sequence.on_tokens:
                sequence.on_tokens(sequence)
        return sorted(gone)

    def _note_logprobs(self, chosen: torch.Tensor) -> None:
        logprobs = torch.log_softmax(self._logits, dim=1)
        if self._wanting_scores:
            entropies = torch.special.entr(logprobs.exp()).sum(1, keepdim=True)
            both = torch.cat((logprobs.gather(1, chosen.unsqueeze(1)), entropies), 1).tolist()
            for sequence, (chance, entropy) in zip(self._active, both, strict=True):
                if sequence.request.scores:
                    sequence.chances.append(chance)
                    sequence.entropies.append(entropy)
        if not self._wanting_logprobs:
            return
        most = max(s.request.logprobs or 0 for s in self._active)
        values, ids = logprobs.topk(most, dim=1) if most else (logprobs[:, :0], chosen[:, None][:, :0])
        own = logprobs.gather(1, chosen.unsqueeze(1)).squeeze(1).tolist()
        for sequence, logprob, v, i in zip(self._active, own, values.tolist(), ids.tolist(), strict=True):
            if (wanted := sequence.request.logprobs) is not None:
                sequence.logprobs.append(TokenLogprob(logprob, list(zip(i[:wanted], v[:wanted], strict=True))))

    def _end(self, sequence: Sequence, finish: str) -> None:
        sequence.finish = finish
        self._stops.pop(sequence, None)
        if sequence.on_tokens:
            sequence.on_tokens(sequence)


def sample(model: PreTrainedModel, requests: Iterable[Request], *, batch: int = 256) -> list[list[Sequence]]:
    """All completions of `requests`, in their order."""
    engine = Engine(model, batch=batch)
    sequences = [engine.submit(request) for request in requests]
    engine.run()
    return sequences
