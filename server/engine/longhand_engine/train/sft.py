"""Worker of `sft` stages: `python -u -m longhand_engine.train.sft <attempt-dir>`.

TRL's SFTTrainer with the recipe's `config`, on `inputs.model` and the rows of `inputs.data`. `loss` says what is trained:
`all` tokens, the `completion` (both are TRL's own), or the `segments` that the rows say.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataError
from ..quiet import quick_imports
from ..worker import Stage, run_worker
from .checkpoints import step_of
from .common import begin_from, end_process, forced_arguments, prepare_process, train
from .data import sft_rows
from .segments import IGNORED, Row, segments_of, tokenize_row, truncated
from .settings import build_arguments
from .template import dropped_text

LOSSES = ("all", "completion", "segments")


@dataclass
class Prepared:
    """Rows for the trainer, and what their numbered columns mean."""

    rows: list[Row]
    segment_names: list[str] = field(default_factory=list)
    source_names: list[str] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    """Rows that are not trained or were cut, by number from 0, and why."""


def run_sft(stage: Stage) -> dict[str, str] | None:
    """The whole stage. Raises ConfigError and DataError for what the user gave, and whatever the trainer raises."""
    prepare_process(stage)
    stage.record.state("loading")
    with stage.nothing_to_save(), quick_imports():
        from datasets import Dataset
        from transformers import AutoTokenizer
        from trl import SFTConfig

        from .callback import RecordCallback
        from .parts import PartsTrainer
        from .sft_report import sft_report
    config = stage.config.get("config") or {}
    loss = chosen_loss(stage.config.get("loss"), config)
    arguments = build_arguments(SFTConfig, config, **forced_arguments(stage), **_completion_only(loss))
    check_packing(stage, arguments)
    resume = begin_from(stage)
    callback = RecordCallback(stage, step_of(resume) if resume else 0)
    path = Path(stage.inputs["data"])
    data = sft_rows(path, by_segment=loss == "segments")
    if loss is None and data.segmented:
        stage.record.warn("segments_not_used", "The rows are cut into segments; `loss: segments` trains by them.")
    with stage.nothing_to_save():
        tokenizer = AutoTokenizer.from_pretrained(stage.inputs["model"])
        prepared = prepare(data.rows, loss, tokenizer, arguments, path)
        # Built from the model that the stage starts from, also when it resumes: the trainer loads the checkpoint itself.
        trainer = PartsTrainer(
            model=stage.inputs["model"],
            args=arguments,
            train_dataset=Dataset.from_list(prepared.rows),
            processing_class=tokenizer,
            callbacks=[callback],
            segment_names=prepared.segment_names,
            source_names=prepared.source_names,
        )
        shown = loss or ("completion" if trainer.completion_only_loss else "all")
        if stage.is_main:
            left_out = prepared.left_out + _left_out_by_template(stage, trainer, data.rows, loss) + trainer.cut
            sft_report(stage, trainer, shown, left_out, prepared.segment_names, prepared.source_names)
    return train(stage, trainer, resume)


def _left_out_by_template(stage: Stage, trainer: Any, rows: list[Row], loss: str | None) -> list[tuple[int, str]]:
    """Rows of which the chat template leaves text out, by number from 0; the record is warned. Segments are never cut: they fail."""
    if loss == "segments":
        return []
    found = dropped_text(trainer.processing_class, rows, trainer.chat_template)
    if found.rows:
        stage.record.warn("template_drops_text", str(found))
    return [
        (number - 1, f"the chat template leaves out {missing} of {whole} characters of the completion")
        for number, missing, whole, _ in found.rows
    ]


def chosen_loss(loss: str | None, config: dict[str, Any]) -> str | None:
    """What the stage's `loss` says, None for TRL's own rule. Raises ConfigError where `config` says otherwise."""
    if loss is None:
        return None
    if loss not in LOSSES:
        raise ConfigError(f"loss: {loss!r} is none of {', '.join(LOSSES)}")
    wanted = {"all": False, "completion": True}.get(loss)
    given = config.get("completion_only_loss")
    if given is not None and given is not wanted:
        raise ConfigError(f"`loss: {loss}` and `completion_only_loss: {str(given).lower()}` contradict each other")
    if config.get("assistant_only_loss"):
        raise ConfigError(f"`loss: {loss}` and `assistant_only_loss` are two rules for one thing: keep one of them")
    return loss


def _completion_only(loss: str | None) -> dict[str, Any]:
    return {"all": {"completion_only_loss": False}, "completion": {"completion_only_loss": True}}.get(loss or "", {})


def check_packing(stage: Stage, arguments: Any) -> None:
    """Packing is sound where the tokens of one row cannot attend to those of another. Raises ConfigError where they would."""
    if not arguments.packing and not arguments.padding_free:
        return
    attention = str((arguments.model_init_kwargs or {}).get("attn_implementation", ""))
    strategy = arguments.packing_strategy if arguments.packing else "padding_free"
    if strategy != "wrapped" and ("flash" not in attention or arguments.use_cpu):
        raise ConfigError(
            f"packing ({strategy}) puts several rows into one sequence and relies on FlashAttention to keep them apart, which "
            "a CPU does not have. Set packing: false and padding_free: false, or run on a GPU with "
            "model_init_kwargs: { attn_implementation: flash_attention_2 }"
        )
    if strategy == "wrapped":
        stage.record.warn(
            "packing_wrapped",
            "packing_strategy wrapped cuts rows anywhere, and the tokens of a row attend to the rows before it in its block.",
        )
    stage.record.warn("losses_by_part_left_out", "With packing the loss is not logged by segment and by source.")


def prepare(rows: list[Row], loss: str | None, tokenizer: Any, arguments: Any, path: Path) -> Prepared:
    """Rows for the trainer: tokenized here for `segments`, otherwise as they are; with the number of each one's source."""
    from .parts import OTHER, PARTS, SOURCE, bounded_names, said_of_cut

    prepared = Prepared(rows)
    if loss == "completion" and "completion" not in rows[0]:
        raise ConfigError("`loss: completion` needs rows with `prompt` and `completion`; these have one text")
    if any("source" in row for row in rows):
        prepared.source_names = bounded_names([row.get("source", OTHER) for row in rows])
    sources = [_number(row.pop("source", OTHER), prepared.source_names) for row in rows]
    if loss == "segments":
        if "completion" not in rows[0]:
            raise ConfigError("`loss: segments` needs rows with `prompt` and `completion`; these have one text")
        prepared.segment_names = bounded_names([s["name"] for row in rows for s in segments_of(row)])
        numbers = [[_number(s["name"], prepared.segment_names) for s in segments_of(row)] for row in rows]
        prepared.rows, kept = [], []
        for number, (row, names) in enumerate(zip(rows, numbers, strict=True)):
            try:
                whole = tokenize_row(tokenizer, row)
            except DataError as error:
                raise DataError(f"{path}, row {number + 1}: {error}") from error
            cut = truncated(whole, arguments.max_length, arguments.truncation_mode)
            lost = len(whole.input_ids) - len(cut.input_ids)
            trained = any(label != IGNORED for label in cut.labels)
            if lost or not trained:
                prepared.left_out.append((number, said_of_cut(lost, len(whole.input_ids), trained)))
            if not trained:
                continue
            parts = [names[part] if part >= 0 else part for part in cut.parts]
            prepared.rows.append({"input_ids": cut.input_ids, "labels": cut.labels, PARTS: parts})
            kept.append(sources[number])
        sources = kept
        if not prepared.rows:
            raise DataError(f"{path}: no row has a token that carries loss")
    if prepared.source_names:
        for row, source in zip(prepared.rows, sources, strict=True):
            row[SOURCE] = source
    return prepared


def _number(name: str, names: list[str]) -> int:
    return names.index(name) if name in names else len(names) - 1


if __name__ == "__main__":
    end_process(run_worker(run_sft))
