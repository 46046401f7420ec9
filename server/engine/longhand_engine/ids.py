"""Identity of problems, the same in every language that writes or reads a record."""

import hashlib
import re
import unicodedata

from .texts import clean_text

# What JavaScript's `\s` matches, spelled out: Python's own `\s` also takes U+001C to U+001F and U+0085, and not U+FEFF.
_SPACES = re.compile("[\t\n\x0b\x0c\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


def normalise(text: str) -> str:
    """`text` in NFC, each run of white space as one space, trimmed."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")


def problem_id(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the normalised text (UTF-8; a lone surrogate counts as U+FFFD)."""
    return hashlib.sha256(normalise(clean_text(text)).encode()).hexdigest()[:16]
