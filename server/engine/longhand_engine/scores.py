"""What the model thought of the tokens it drew, as it is recorded in `tokens/part-*.bin`.

One stretch a completion: a head of 12 bytes, then a column after the other, all little-endian.

    0   4 bytes  "LHTS"
    4   uint8    version, 1
    5   uint8    columns, in this order: 1 log-probabilities (float16), 2 entropies (float16), 4 lengths (uint16)
    6   uint8    0: entropies are those of the whole distribution; k: lower bounds from the k likeliest tokens
    7   uint8    0
    8   uint32   tokens

Log-probabilities and entropies are natural and of the model's own distribution, before temperature and filters; NaN
where nothing is known of a token. A float16 is off by at most 2^-11 of its value (0.05 %). Lengths are bytes of UTF-8
that a token adds to the text, where the server gave no ids.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAGIC, VERSION = b"LHTS", 1
SCORES = "token_scores"
"""The column in which a trainer hands them from its sampler to those who record."""
_HEAD = struct.Struct("<4sBBBBI")
_LOGPROBS, _ENTROPIES, _LENGTHS = 1, 2, 4
_KINDS = (_LOGPROBS, "e"), (_ENTROPIES, "e"), (_LENGTHS, "H")
_MOST = {"e": 65504.0, "H": 65535}


@dataclass(frozen=True)
class TokenScores:
    """Of each token of a completion: its log-probability, and the entropy of what it was drawn from."""

    logprobs: Sequence[float]
    entropies: Sequence[float] | None = None
    top: int = 0
    """0: entropies are exact; k: they are lower bounds, from the k likeliest tokens."""
    lengths: Sequence[int] | None = None
    """Bytes of UTF-8 that each token adds to the text; only where its id is not known."""

    def facts(self) -> dict[str, float]:
        """Means over the tokens of which they are known, by the names of a trace's facts."""
        means = {"logprob": _mean(self.logprobs), "entropy": _mean(self.entropies or ())}
        return {name: mean for name, mean in means.items() if mean is not None}


def _mean(values: Iterable[float]) -> float | None:
    known = [v for v in values if math.isfinite(v)]
    return round(math.fsum(known) / len(known), 6) if known else None


def pack(scores: TokenScores) -> bytes:
    """The stretch as it is written. Raises ValueError where the columns are not equally long."""
    columns = zip(_KINDS, (scores.logprobs, scores.entropies, scores.lengths), strict=True)
    present = [(bit, kind, values) for (bit, kind), values in columns if values is not None]
    count = len(scores.logprobs)
    if any(len(values) != count for _, _, values in present):
        raise ValueError(f"columns of {[len(values) for _, _, values in present]} tokens")
    data = [_HEAD.pack(MAGIC, VERSION, sum(bit for bit, _, _ in present), min(scores.top, 255), 0, count)]
    for _, kind, values in present:
        try:
            data.append(struct.pack(f"<{count}{kind}", *values))
        except (OverflowError, struct.error):
            most = _MOST[kind]
            clipped = (v if v != v else min(most, v) if v > -most else -math.inf for v in values)
            data.append(struct.pack(f"<{count}{kind}", *clipped))
    return b"".join(data)


def unpack(data: bytes) -> TokenScores:
    """What `pack` wrote. Raises ValueError for anything else."""
    if len(data) < _HEAD.size:
        raise ValueError("a stretch of token scores is too short")
    magic, version, present, top, _, count = _HEAD.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise ValueError(f"no token scores of version {VERSION}")
    columns, at = {}, _HEAD.size
    for bit, kind in _KINDS:
        if present & bit:
            if at + 2 * count > len(data):
                raise ValueError("a stretch of token scores is too short")
            columns[bit] = list(struct.unpack_from(f"<{count}{kind}", data, at))
            at += 2 * count
    return TokenScores(columns.get(_LOGPROBS, [math.nan] * count), columns.get(_ENTROPIES), top, columns.get(_LENGTHS))


def entropy_bound(top: Sequence[float]) -> float:
    """The least entropy of a distribution whose likeliest tokens have these log-probabilities, in nats; NaN for none.

    The rest is spread over as few tokens as can be, none likelier than the least likely one given: entropy is concave, so
    no other way of spreading it has less (the same as `entropyLowerBound` of core/metrics/entropy.ts).
    """
    known = [p for p in top if p > -math.inf]
    if not known:
        return math.nan
    chances = [math.exp(p) for p in known]
    own = -sum(c * p for c, p in zip(chances, known, strict=True))
    rest, least = 1 - sum(chances), min(chances)
    if rest <= 1e-9 or least <= 0:
        return own
    whole = math.floor(rest / least + 1e-12)
    left = rest - whole * least
    return own - whole * least * math.log(least) - (left * math.log(left) if left > 1e-12 else 0)
