"""Filters of a data set: what they mean, and how they say what is wrong with them."""

import json
import math
import re
from pathlib import Path

import pytest

from longhand_engine.curation.expression import FieldError, FilterError, nearest, parse

FILTERS = json.loads((Path(__file__).parents[3] / "test" / "fixtures" / "filters.json").read_text(encoding="utf-8"))
ROW = {
    "tokens": 13_000,
    "accuracy": 0.6,
    "kind": "algebra",
    "right": True,
    "csv": "12.5",
    "hole": None,
    "nan": math.nan,
    "list": [1],
    "meta.level": 5,
    "problem type": "x",
}


def kept(text):
    return parse(text)(ROW.get)


@pytest.mark.parametrize(
    "text",
    [
        "tokens > 12800",
        "tokens > 12_800",
        "tokens >= 1.3e4",
        "accuracy between 0.5 and 0.75",
        "tokens > 12800 and accuracy > 0.5",
        "kind = 'geometry' or kind = \"algebra\"",
        "not kind = 'geometry'",
        "not (tokens < 3 or accuracy < 0.1)",
        "kind in ('a', 'algebra')",
        "kind not in ('a', 'b')",
        "kind contains 'alg'",
        "tokens not between 1 and 5",
        "hole is null",
        "absent is null",
        "tokens is not null",
        "right",
        "right = true",
        "right and not false",
        "csv > 12 and csv < 13",
        "csv = 12.5",
        "meta.level = 5",
        "`problem type` = 'x'",
        "1 < 2",
        "tokens > 5 and tokens > 6 or tokens < 1",
        "tokens < 1 or tokens > 5 and tokens > 6",
        "-5 < tokens",
        "kind != 'it\\'s'",
        "TOKENS is null AND tokens IS NOT NULL",
        "  ( ( tokens>1 ) )  ",
    ],
)
def test_what_is_kept(text):
    assert kept(text)


@pytest.mark.parametrize(
    "text",
    [
        "tokens > 13000",
        "accuracy between 0.61 and 0.75",
        "hole > 3",
        "hole < 3",
        "not hole > 3",
        "hole = null",
        "nan > 0",
        "not nan > 0",
        "hole in (1, 2)",
        "not hole contains 'x'",
        "hole",
        "tokens < 1 and (hole > 3)",
        "tokens > 5 and tokens < 6 or tokens < 1",
        "kind = 'Algebra'",
    ],
)
def test_what_is_not(text):
    assert not kept(text)


def plain(said):
    """Without the marks around quoted words, which differ from the editor's."""
    return re.sub("[`'\"“”]", "", said)


@pytest.mark.parametrize("wrong", FILTERS["wrong"], ids=lambda wrong: wrong["text"][:40])
def test_a_filter_that_cannot_be_read_says_where(wrong):
    text, at = wrong["text"], wrong["at"]
    with pytest.raises(FilterError) as raised:
        parse(text)
    assert plain(str(raised.value)).startswith(plain(wrong["said"])) and raised.value.at == at
    assert str(raised.value).splitlines()[-1] == "  " + " " * at + "^"


@pytest.mark.parametrize("text", FILTERS["right"])
def test_a_filter_that_the_editor_takes_is_read(text):
    parse(text)


def test_a_filter_has_a_bound():
    with pytest.raises(FilterError, match="longer than"):
        parse("a = 1 or " * 2000 + "a = 1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("list = 1", "`list` is a list"),
        ("kind > 5", "'algebra' is no number"),
        ("right > false", "no order"),
        ("tokens", "neither true nor false"),
        ("kind = true", "neither true nor false"),
        ("tokens contains 'x'", "looks for a text"),
    ],
)
def test_a_row_that_does_not_fit_says_why(text, said):
    with pytest.raises(FieldError, match=said):
        kept(text)


def test_the_names_are_known():
    assert parse("tokens > 5 and not (meta.level = `a b` or 'x' = true)").names == {"tokens", "meta.level", "a b"}
    assert nearest("tokns", ["tokens", "accuracy"]) == "; did you mean `tokens`?"
