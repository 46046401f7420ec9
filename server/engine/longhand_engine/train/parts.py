"""SFTTrainer that also logs its loss by segment (`loss/<segment>`) and by source of the rows (`loss/source/<name>`).

It only looks at the log-probabilities that the trainer's own forward pass gives: training is the same with and without it.
Both are means over the tokens since the last log line, of the plain negative log-likelihood, also where the trainer weights
its loss otherwise.
"""

from copy import copy
from dataclasses import fields
from typing import Any

import torch
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from .order import KeepsOrder

PARTS, SOURCE = "part_ids", "source_id"
NAMES = 20
"""Most segments and most sources whose losses are logged; the rest are one more, called `other`."""
OTHER = "other"


def bounded_names(names: list[str]) -> list[str]:
    """The distinct names in order of first use, at most NAMES and then OTHER."""
    found = list(dict.fromkeys(names))
    return found if len(found) <= NAMES else [*found[:NAMES], OTHER]


def said_of_cut(lost: int, tokens: int, trained: bool) -> str:
    """What is said of a row of `tokens` tokens that loses `lost` of them; `trained`: whether the rest carries any loss."""
    said = f"{lost} of {tokens} tokens cut by max_length" if lost else ""
    return said if trained else f"{said}{': ' if said else ''}no token carries loss, left out"


def _cut_rows(dataset: Any, args: Any, packing: bool) -> list[tuple[int, str]]:
    """The rows of a tokenized data set that TRL will cut or, where nothing is packed, leave out."""
    if packing and args.packing_strategy != "bfd":
        return []  # longer ones are split, and nothing of them is lost
    keep = (
        slice(-args.max_length, None) if args.truncation_mode == "keep_end" and not packing else slice(args.max_length)
    )
    found = []
    for number, labels in enumerate(dataset["labels"]):
        lost = len(labels) - len(labels[keep])
        trained = packing or any(label != -100 for label in labels[keep])
        if lost or not trained:
            found.append((number, said_of_cut(lost, len(labels), trained)))
    return found


class PartsCollator(DataCollatorForLanguageModeling):
    """TRL's collator; the columns PARTS and SOURCE go along as int64 tensors [rows, tokens] and [rows], padded with -1."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        if PARTS in examples[0]:
            parts = torch.full_like(batch["input_ids"], -1)
            for row, example in zip(parts, examples, strict=True):
                row[: len(example[PARTS])] = torch.tensor(example[PARTS])
            batch[PARTS] = parts
        if SOURCE in examples[0]:
            batch[SOURCE] = torch.tensor([example[SOURCE] for example in examples])
        return batch


class PartsTrainer(KeepsOrder, SFTTrainer):
    """`segment_names` and `source_names`: what the numbers in the columns PARTS and SOURCE mean."""

    def __init__(self, *args: Any, segment_names: list[str], source_names: list[str], **kwargs: Any):
        self.cut: list[tuple[int, str]] = []
        """Rows, by number from 0, of which `max_length` leaves only a part or nothing that is trained, and what it took."""
        super().__init__(*args, **kwargs)
        self._names = {PARTS: segment_names, SOURCE: source_names}
        self._sums: dict[str, torch.Tensor] = {}
        self._outputs: Any = None
        collator = self.data_collator
        if type(collator) is DataCollatorForLanguageModeling and not collator.padding_free and not self.args.packing:
            self.data_collator = PartsCollator(**{f.name: getattr(collator, f.name) for f in fields(collator)})
        self.model.register_forward_hook(self._note)

    def _note(self, module: Any, arguments: Any, outputs: Any) -> None:
        self._outputs = outputs if hasattr(outputs, "log_probs") else None

    def _prepare_dataset(
        self, dataset: Any, processing_class: Any, args: Any, packing: bool, formatting_func: Any, dataset_name: str
    ) -> Any:
        """TRL's, in two passes: it cuts and drops rows in silence, so they are looked at between tokenizing and cutting."""
        if dataset_name == "train" and args.max_length is not None:
            whole = copy(args)
            whole.max_length, whole.shuffle_dataset = None, False
            dataset = super()._prepare_dataset(dataset, processing_class, whole, False, formatting_func, dataset_name)
            self.cut = _cut_rows(dataset, args, packing)
        return super()._prepare_dataset(dataset, processing_class, args, packing, formatting_func, dataset_name)

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        self._signature_columns += [c for c in (PARTS, SOURCE) if c not in self._signature_columns]

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        columns = {c: inputs.pop(c) for c in (PARTS, SOURCE) if c in inputs}
        result = super().compute_loss(model, inputs, *args, **kwargs)
        outputs, self._outputs = self._outputs, None
        if columns and outputs is not None and self.model.training:
            self._add(columns, outputs)
        return result

    @torch.no_grad()
    def _add(self, columns: dict[str, torch.Tensor], outputs: Any) -> None:
        losses, mask = -outputs.log_probs.detach().double(), outputs.label_mask
        for column, names in self._names.items():
            if column not in columns:
                continue
            ids = columns[column][:, 1:] if column == PARTS else columns[column][:, None].expand_as(mask)
            if ids.shape != mask.shape:
                continue  # the model added tokens of its own
            sums = self._sums.setdefault(column, losses.new_zeros(len(names), 2))
            for number in range(len(names)):
                chosen = mask & (ids == number)
                sums[number, 0] += losses[chosen].sum()
                sums[number, 1] += chosen.sum()

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        if self.model.training:
            for column, sums in self._sums.items():
                prefix = "loss/" if column == PARTS else "loss/source/"
                for name, (loss, count) in zip(self._names[column], self._summed(sums), strict=True):
                    if count:
                        logs[prefix + name] = loss / count
            self._sums.clear()
        super().log(logs, *args, **kwargs)

    def _summed(self, sums: torch.Tensor) -> list[list[float]]:
        """Over all processes; every one of them logs at the same steps."""
        return self.accelerator.reduce(sums, "sum").tolist() if self.accelerator.num_processes > 1 else sums.tolist()
