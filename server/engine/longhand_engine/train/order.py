"""The order of the rows, kept over a resume.

Two samplers draw the order of an epoch from a generator of which a checkpoint has nothing: that of `group_by_length` from torch's
own, TRL's for groups of completions from one of its own. Resumed in its second epoch or later, a trainer would skip the first
batches of another order than the one that was begun: some rows would be trained twice in that epoch and others never.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl.trainer.utils import RepeatSampler

FILE = "order_state.pth"
"""In a checkpoint: the state of the generator from which the order of the epoch, begun or next, is drawn."""


class KeptOrder(Sampler[int]):
    """`sampler`, whose order of an epoch is drawn at the beginning of its iteration. `given`: the state to draw the next one from."""

    def __init__(self, sampler: Any, given: torch.Tensor | None):
        self.sampler, self.given = sampler, given
        self.begun: torch.Tensor | None = None

    @property
    def generator(self) -> torch.Generator | None:
        """The sampler's own; None: it draws from torch's. Accelerate gives it one where several processes must draw the same."""
        return self.sampler.generator

    @generator.setter
    def generator(self, generator: torch.Generator | None) -> None:
        self.sampler.generator = generator

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[int]:
        source = self.generator or torch.default_generator
        if self.given is not None:
            source.set_state(self.given)  # torch's own is put right by the trainer, when it has skipped what was trained
            self.given = None
        self.begun = source.get_state()
        yield from self.sampler

    def state(self, between: bool) -> torch.Tensor | None:
        """What a resume must draw from; `between`: this epoch is over. None where the trainer's own checkpoint has it."""
        if not between:
            return self.begun
        return self.generator.get_state() if self.generator else None


class KeepsOrder:
    """For trainers: the order goes with the checkpoints. `resumed`: the one from which the training goes on."""

    resumed: Path | None = None
    order: KeptOrder | None = None

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
        sampler = super()._get_train_sampler(*args, **kwargs)
        if not isinstance(sampler, (LengthGroupedSampler, RepeatSampler)):
            return sampler
        file = self.resumed / FILE if self.resumed else None
        self.order = KeptOrder(sampler, torch.load(file, weights_only=True) if file and file.exists() else None)
        return self.order

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        super()._save_checkpoint(*args, **kwargs)
        if self.order is None or not self.args.should_save or self.args.save_only_model:
            return
        state = self.order.state(between=float(self.state.epoch).is_integer())
        if state is not None:
            torch.save(state, Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}" / FILE)
