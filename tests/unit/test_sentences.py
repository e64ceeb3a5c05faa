"""Sentences count properly, in a column as in a single text."""

from __future__ import annotations

import polars as pl
import pytest

from models.segment_words import reason, rules
from models.segment_words import sentence as segment_sentence
from models.sentences import number, sentence, worded

TEMPLATE = "Bought on {days day|days}, for {money}."


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("0", "Bought on 0 days, for 5."),
        ("1", "Bought on 1 day, for 5."),
        ("2", "Bought on 2 days, for 5."),
        ("11", "Bought on 11 days, for 5."),
        ("0.1", "Bought on 0.1 days, for 5."),
        ("at most 1", "Bought on at most 1 day, for 5."),
    ],
)
def test_words_go_with_their_number(days: str, said: str) -> None:
    assert worded(TEMPLATE, days=days, money=5) == said
    frame = pl.DataFrame({"days": [days]})
    assert frame.select(sentence(TEMPLATE, days=pl.col("days"), money=pl.lit(5))).item() == said


def test_a_missing_value_or_name_makes_no_sentence() -> None:
    frame = pl.DataFrame({"days": [None]}, schema={"days": pl.Int64})
    assert frame.select(sentence(TEMPLATE, days=pl.col("days"), money=pl.lit(5))).item() is None
    with pytest.raises(KeyError):
        sentence(TEMPLATE, days=pl.col("days"))


def test_numbers_have_the_decimal_mark_of_the_language() -> None:
    assert pl.select(number(pl.lit(-1.25), "de", 1)).item() in {"-1,3", "-1,2"}
    assert pl.select(number(pl.lit(0.04), "en", 1)).item() == "0.0"


@pytest.mark.parametrize(
    ("language", "said", "centre"),
    [
        ("en", "bought on 1 day", "typically 1 purchase day (all: 4)"),
        ("de", "an 1 Tag gekauft", "in der Mitte 1 Kauftag (alle: 4)"),
    ],
)
def test_segments_count_a_single_day_as_one(language: str, said: str, centre: str) -> None:
    assert rules({"purchase_day_count": (1.0, 2.0)}, language) == said
    box = {"category_count": (None, 2.0)}
    told = segment_sentence(box, 250, {"purchase_day_count": 1.0}, {"purchase_day_count": 4.0}, language)
    assert centre in told
    assert ("at most 1 category" if language == "en" else "höchstens 1 Warengruppe") in reason(box, language)
