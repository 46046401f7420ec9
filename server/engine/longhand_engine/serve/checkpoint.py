"""A checkpoint as it is served: its weights, its tokenizer, and what requests must know of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ..sampling.text import Texts
from ..sampling.weights import load_weights


class CheckpointError(ValueError):
    """A folder that cannot be served; the message says why."""


class TooLong(ValueError):
    """A text that cannot fit into the context."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """`special`: tokens that `skip_special_tokens` leaves out. `context`: tokens of
    prompt and completion together. `fingerprint`: the same for the same weights. `longest_token`: characters."""

    folder: Path
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    texts: Texts
    special: frozenset[int]
    context: int
    fingerprint: str
    longest_token: int

    def encode(self, text: str, *, special: bool) -> list[int]:
        """The tokens of a text. TooLong for one that is certainly longer than the context, before minutes go by."""
        # Twice, as a token may take the blanks around it.
        if len(text) > 2 * self.context * self.longest_token:
            raise TooLong(f"a prompt of {len(text)} characters does not fit into the context of {self.context} tokens")
        return self.tokenizer(text, add_special_tokens=special, verbose=False).input_ids


def load(folder: Path) -> Checkpoint:
    """Reads a checkpoint from a folder, nothing from elsewhere and no code from it. Raises CheckpointError."""
    folder = folder.expanduser().absolute()
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} is not a checkpoint: it has no config.json")
    here = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **here)
        model = load_weights(folder, use_safetensors=True, **here)
        model = model.eval().requires_grad_(False)
        texts = Texts(tokenizer)
    except Exception as error:  # a broken folder raises whatever it likes
        raise CheckpointError(f"{folder} cannot be loaded: {type(error).__name__}: {error}") from error
    return Checkpoint(
        folder=folder,
        model=model,
        tokenizer=tokenizer,
        texts=texts,
        special=frozenset(i for i, token in tokenizer.added_tokens_decoder.items() if token.special),
        context=getattr(model.config.get_text_config(), "max_position_embeddings", None) or 2**31,
        fingerprint=_fingerprint(folder),
        longest_token=max(map(len, tokenizer.get_vocab())),
    )


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in (folder / "config.json", *sorted(folder.glob("*.safetensors"))):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"fp_{digest.hexdigest()[:16]}"
