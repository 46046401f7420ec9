"""The language of filters: `tokens > 12800 and (accuracy between 0.5 and 0.75 or not answer is null)`.

    either     := both ("or" both)*
    both       := test ("and" test)*
    test       := "not" test | "(" either ")" | operand [compare]
    compare    := ("=" | "!=" | "<" | "<=" | ">" | ">=") operand
                | ["not"] ("between" operand "and" operand | "in" "(" operand ("," operand)* ")" | "contains" operand)
                | "is" ["not"] "null"
    operand    := number | text in quotation marks | "true" | "false" | "null" | name ("." name)*

A name stands for a field of the row; backticks hold one that is no word (`` `problem type` ``). Logic has three values, as in
SQL: what compares with a field that is missing is neither true nor false, and only a row for which the whole is true is
kept. Text that is a number counts as one where it meets a number (CSV has nothing else). Nothing is evaluated as Python.

The editor checks the same grammar (core/recipes/filter.ts); test/fixtures/filters.json holds both to the same places and words.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

LONGEST = 10_000
DEEPEST = 50
Value = str | float | bool | None
Lookup = Callable[[str], Any]
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<quoted>`[^`]+`)
    |(?P<name>[^\W\d]\w*(?:\.\w+)*)
    |(?P<sign><=|>=|==|!=|<>|[<>=(),]))""",
    re.VERBOSE,
)
_WORDS = {"and", "or", "not", "between", "in", "is", "null", "true", "false", "contains"}
_SIGNS = {"==": "=", "<>": "!="}
_HINTS = {"&": "and", "|": "or", "!": "not"}
"""What other languages write for our words."""


class FilterError(ValueError):
    """A filter that cannot be read. `at` is the place in its text, from 0."""

    def __init__(self, text: str, at: int, problem: str):
        super().__init__(f"{problem}, at character {at + 1}:\n  {text}\n  {' ' * at}^")
        self.at = at


class FieldError(ValueError):
    """A row that a filter cannot be applied to, in words."""


@dataclass(frozen=True)
class Filter:
    text: str
    names: frozenset[str]
    """The fields that it reads."""
    _test: Callable[[Lookup], Value]

    def __call__(self, lookup: Lookup) -> bool:
        """Whether the row whose fields `lookup` gives is kept. Raises FieldError where a field is of the wrong kind."""
        return _truth(self._test(lookup)) is True


def parse(text: str) -> Filter:
    """Raises FilterError."""
    if len(text) > LONGEST:
        raise FilterError(text[:60] + "…", 0, f"the filter is longer than {LONGEST:,} characters")
    parser = _Parser(text)
    test = parser.either(0)
    parser.end()
    return Filter(text, frozenset(parser.names), test)


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where one of `known` is near."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean `{found[0]}`?" if found else ""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str):
        self.text, self.names, self._next = text, set(), 0
        self._tokens: list[_Token] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if not match:
                at += len(text[at:]) - len(text[at:].lstrip())
                quote = text[at] in "\"'`"
                hint = f"; write `{_HINTS[text[at]]}`" if text[at] in _HINTS else ""
                raise FilterError(text, at, "this text does not end" if quote else f"{text[at]!r} has no meaning here{hint}")
            kind = match.lastgroup or ""
            found = match.group(kind)
            if kind == "name" and found.lower() in _WORDS:
                kind, found = "word", found.lower()
            self._tokens.append(_Token(kind, _SIGNS.get(found, found), match.start(match.lastgroup or "")))
            at = match.end()

    def either(self, depth: int) -> Callable[[Lookup], Value]:
        tests = [self._both(depth)]
        while self._take("or"):
            tests.append(self._both(depth))
        return tests[0] if len(tests) == 1 else lambda row: _any([_truth(test(row)) for test in tests])

    def end(self) -> None:
        if token := self._peek():
            raise FilterError(self.text, token.at, f"`and`, `or` or the end is expected, not {token.text!r}")

    def _both(self, depth: int) -> Callable[[Lookup], Value]:
        tests = [self._test(depth)]
        while self._take("and"):
            tests.append(self._test(depth))
        return tests[0] if len(tests) == 1 else lambda row: _all([_truth(test(row)) for test in tests])

    def _test(self, depth: int) -> Callable[[Lookup], Value]:
        here = self._peek()
        if depth > DEEPEST and here:
            raise FilterError(self.text, here.at, f"nested more than {DEEPEST} deep")
        if self._take("not"):
            test = self._test(depth + 1)
            return lambda row: _not(_truth(test(row)))
        if self._take("("):
            test = self.either(depth + 1)
            self._need(")")
            return test
        return self._comparison(self._operand())

    def _comparison(self, left: Callable[[Lookup], Value]) -> Callable[[Lookup], Value]:
        if self._take("is"):
            negated = self._take("not")
            self._need("null")
            return lambda row: (left(row) is None) != negated
        negated = self._take("not")
        token = self._peek()
        if self._take("between"):
            low = self._operand()
            self._need("and")
            high = self._operand()
            test = lambda row: _all([_compare(">=", left(row), low(row)), _compare("<=", left(row), high(row))])  # noqa: E731
        elif self._take("in"):
            self._need("(")
            options = [self._operand()]
            while self._take(","):
                options.append(self._operand())
            self._need(")")
            test = lambda row: _any([_compare("=", left(row), option(row)) for option in options])  # noqa: E731
        elif self._take("contains"):
            part = self._operand()
            test = lambda row: _contains(left(row), part(row))  # noqa: E731
        elif negated:
            at = token.at if token else len(self.text)
            raise FilterError(self.text, at, "`between`, `in` or `contains` is expected after `not`")
        elif token and token.kind == "sign" and token.text in ("=", "!=", "<", "<=", ">", ">="):
            self._next += 1
            right = self._operand()
            return lambda row: _compare(token.text, left(row), right(row))
        else:
            return left
        return (lambda row: _not(test(row))) if negated else test

    def _operand(self) -> Callable[[Lookup], Value]:
        token = self._peek()
        if token is None:
            raise FilterError(self.text, len(self.text), "a value or the name of a field is expected")
        self._next += 1
        if token.kind == "number":
            value: Value = float(token.text.replace("_", ""))
        elif token.kind == "text":
            value = re.sub(r"\\(.)", r"\1", token.text[1:-1])
        elif token.text in ("true", "false", "null") and token.kind == "word":
            value = {"true": True, "false": False}.get(token.text)
        elif token.kind in ("name", "quoted"):
            name = token.text.strip("`")
            self.names.add(name)
            return lambda row: _field(name, row(name))
        else:
            raise FilterError(self.text, token.at, f"a value or the name of a field is expected, not {token.text!r}")
        return lambda row: value

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind not in ("word", "sign") or token.text != text:
            return False
        self._next += 1
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            token = self._peek()
            found = f", not {token.text!r}" if token else ""
            raise FilterError(self.text, token.at if token else len(self.text), f"`{text}` is expected{found}")


def _field(name: str, value: Any) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise FieldError(
        f"`{name}` is {'a list' if isinstance(value, (list, tuple)) else 'an object'}, no value to compare"
    )


def _truth(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise FieldError(f"{value!r} is neither true nor false")


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def _any(values: list[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def _compare(sign: str, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    left, right = _alike(left, right)
    if sign in ("=", "!="):
        return (left == right) == (sign == "=")
    if isinstance(left, bool):
        raise FieldError(f"true and false have no order, so `{sign}` cannot compare them")
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _alike(left: Value, right: Value) -> tuple[Any, Any]:
    """Both as numbers, both as texts, or both as truths; FieldError where they are not of one kind."""
    if isinstance(left, bool) and isinstance(right, bool):
        return left, right
    if isinstance(left, bool) or isinstance(right, bool):
        return _truth_of(left), _truth_of(right)
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    return _number(left), _number(right)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise FieldError(f"{_short(value)} is no number") from None


def _truth_of(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
    if said is None:
        raise FieldError(f"{_short(value)} is neither true nor false")
    return said


def _contains(text: Value, part: Value) -> bool | None:
    if text is None or part is None:
        return None
    if not isinstance(text, str) or not isinstance(part, str):
        raise FieldError(f"`contains` looks for a text in a text, not for {_short(part)} in {_short(text)}")
    return part in text


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 40 else said[:37] + "…"
