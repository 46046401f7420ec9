"""How long a text is: by the tokenizer that the stage names, by the source's own count, or in characters."""

from pathlib import Path

from ..errors import ConfigError
from .columns import Candidate


class Lengths:
    """`unit` is `tokens` or `characters`, and `by` says who counted, in words for the report."""

    def __init__(self, tokenizer: str | None, counted: bool):
        """`tokenizer`: a model's folder or a name of the hub; `counted`: every source names its column of token counts."""
        self._tokenizer = _load(tokenizer) if tokenizer else None
        self.unit = "tokens" if tokenizer or counted else "characters"
        self.by = f"the tokenizer of {tokenizer}" if tokenizer else "the sources" if counted else "characters"

    @property
    def exact(self) -> bool:
        return self._tokenizer is not None

    def count(self, candidates: list[Candidate]) -> None:
        """Sets `tokens` of each that has none, unless the unit is characters. Raises ValueError where a count is not there."""
        if self._tokenizer is not None:
            missing = [c for c in candidates if c.tokens is None]
            for candidate, found in zip(missing, self._encoded([c.text for c in missing]), strict=True):
                candidate.tokens = found
        elif self.unit == "tokens" and any(c.tokens is None for c in candidates):
            raise ValueError("a generation without its count of tokens, and the stage names no `tokenizer`")

    def check(self, candidates: list[Candidate]) -> None:
        """Forgets the source's counts where the tokenizer will count; otherwise as `count`, which costs nothing then."""
        if self._tokenizer is None:
            self.count(candidates)
        for candidate in candidates if self._tokenizer is not None else []:
            candidate.tokens = None

    def of(self, candidate: Candidate) -> int:
        return candidate.tokens if self.unit == "tokens" and candidate.tokens is not None else len(candidate.text)

    def _encoded(self, texts: list[str]) -> list[int]:
        return [len(e.ids) for e in self._tokenizer.encode_batch(texts, add_special_tokens=False)]


def _load(name: str):
    from tokenizers import Tokenizer  # imports no torch

    file = Path(name) / "tokenizer.json"
    try:
        found = Tokenizer.from_file(str(file)) if Path(name).is_dir() else Tokenizer.from_pretrained(name)
    except Exception as error:  # the library raises bare Exception
        raise ConfigError(f"`tokenizer`: {file if Path(name).is_dir() else name} cannot be read: {error}") from error
    # Both are saved with a tokenizer that was used with them, and every length would be that of the cut or filled text.
    found.no_truncation()
    found.no_padding()
    return found
