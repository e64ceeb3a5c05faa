"""Expectations find what is planted, count it, and never repeat a value of the table."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_quality import expectations
from data_quality.contracts import contracts
from data_quality.expectations import ExpectationError, ExpectationOutcome, judge, validate_entity, validate_output
from data_quality.rules import Rule, entity_rules
from data_quality.suites import OUTPUT_RULES, RFM_SEGMENTS
from models.rfm import LEAD, SEGMENT_TABLE

ADDRESS = "erika.mustermann@example.org"
MOMENT = datetime.fromisoformat("2026-01-01")
LINEAGE = {"source_system": "shop", "file_id": "f1", "file_line": 2, "file_horizon": MOMENT}


def orders(*rows: Mapping[str, Any]) -> pl.LazyFrame:
    """Raw orders, good ones unless a row says otherwise."""
    good = {
        **LINEAGE,
        **dict.fromkeys(column.name for column in contracts()["orders"].columns),
        "ordered_at": MOMENT,
        "status": "paid",
        "currency": "EUR",
        "total": Decimal("10.0000"),
        "email": ADDRESS,
    }
    schema = pl.from_arrow(contracts()["orders"].arrow_schema().empty_table()).schema  # type: ignore[union-attr]
    numbered = ({**good, "order_number": f"#{number}", **row} for number, row in enumerate(rows))
    return pl.DataFrame(list(numbered), schema=schema).lazy()


def broken(outcomes: list[ExpectationOutcome]) -> dict[str, int]:
    return {outcome.sentence: outcome.unexpected_count for outcome in outcomes if not outcome.success}


def test_orders_that_keep_the_contract_keep_every_rule() -> None:
    outcomes = validate_entity("orders", orders({}, {}, {}))
    assert broken(outcomes) == {}
    assert {outcome.element_count for outcome in outcomes} == {3}
    assert "every order has an order number" in {outcome.sentence for outcome in outcomes}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"order_number": None}, "every order has an order number"),
        ({"total": None}, "every order has a total"),
        ({"status": ADDRESS}, "the status of every order is a known one"),
        ({"currency": ADDRESS}, "the currency of every order has the agreed form"),
        ({"discount": Decimal("-0.01")}, "the discount of every order is at least 0"),
    ],
)
def test_a_planted_violation_is_found_counted_and_not_repeated(row: Mapping[str, Any], sentence: str) -> None:
    outcomes = validate_entity("orders", orders({}, row, {}))
    assert broken(outcomes) == {sentence: 1}
    assert ADDRESS not in repr(outcomes)


def test_an_order_twice_in_one_file_is_a_warning_and_in_two_files_is_not() -> None:
    twice = validate_entity("orders", orders({"order_number": "#1"}, {"order_number": "#1"}))
    assert broken(twice) == {"no file holds the same order twice": 2}
    assert [outcome.severity for outcome in twice if not outcome.success] == ["warning"]
    apart = orders({"order_number": "#1"}, {"order_number": "#1", "file_id": "f2"})
    assert broken(validate_entity("orders", apart)) == {}


def test_an_empty_table_keeps_every_rule() -> None:
    outcomes = validate_entity("orders", orders())
    assert len(outcomes) == len(entity_rules(contracts()["orders"]))
    assert broken(outcomes) == {}


@pytest.mark.parametrize("entity", sorted(contracts()))
def test_every_contract_becomes_rules_with_sentences_of_their_own(entity: str) -> None:
    rules = entity_rules(contracts()[entity])
    sentences = [rule.sentence for rule in rules]
    assert len(set(sentences)) == len(sentences)
    assert {column for rule in rules if rule.kind == "filled" for column in rule.columns} == {
        column.name for column in contracts()[entity].required
    }


VALUES = pl.LazyFrame(
    {
        "customer_id": ["c1", "c2", "c3"],
        "as_of": [date(2026, 1, 31)] * 3,
        "frequency": [0, 3, 1],
        "recency_days": [10, 0, 5],
        "age_days": [10, 400, 30],
        "monetary_value": [0.0, 20.0, 10.0],
        "p_alive": [1.0, 0.3, None],
        "expected_orders": [0.1, 2.0, 1.0],
        "clv": [1.0, 50.0, 10.0],
        "clv_low": [0.0, 40.0, 10.0],
        "clv_high": [2.0, 60.0, 10.0],
        "model": ["bg_nbd"] * 3,
        "value_class": ["C", "A", "B"],
        "churn_risk": [0.9, 0.1, None],
        "overdue_days": [None, 0, 30],
        "margin_at_risk": [None, None, 5.0],
        "reason": ["Bought once."] * 3,
    }
)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("customer_id", "c2", "every buyer is valued once"),
        ("p_alive", 1.2, "every chance of buying again lies between 0 and 1"),
        ("p_alive", float("nan"), "every chance of buying again lies between 0 and 1"),
        ("clv_low", -1.0, "no lower end of an expected value is below 0"),
        ("clv_low", 11.0, "no lower end of an expected value is above it"),
        ("clv_high", 9.0, "no upper end of an expected value is below it"),
        ("clv_high", float("inf"), "every upper end of an expected value is a number"),
        ("value_class", "D", "every value class is A, B or C"),
        ("model", None, "every expected value says by which model"),
        ("age_days", 4, "no buyer's last purchase lies before the first"),
    ],
)
def test_a_value_that_cannot_be_is_found(column: str, value: object, sentence: str) -> None:
    assert broken(validate_output("customer_value", VALUES)) == {}
    dtype = VALUES.collect_schema()[column]
    wrong = pl.when(pl.col("customer_id") == "c3").then(pl.lit(value, dtype=dtype)).otherwise(pl.col(column))
    assert broken(validate_output("customer_value", VALUES.with_columns(wrong.alias(column)))).keys() == {sentence}


def test_a_lacking_column_is_named() -> None:
    outcomes = validate_output("customer_value", VALUES.drop("value_class"))
    assert {outcome.sentence: outcome.lacking for outcome in outcomes if not outcome.success} == {
        "every valued buyer has a value class": ("value_class",),
        "every value class is A, B or C": ("value_class",),
    }


def test_ranks_of_channels_start_at_one_and_no_channel_comes_twice() -> None:
    channels = pl.LazyFrame(
        {
            "customer_id": ["c1", "c1", "c2", "c2"],
            "channel": ["email", "phone", "email", "phone"],
            "rank": [1, 2, 2, 1],
            "is_allowed": [True, False, True, True],
            "basis": ["default", "engagement", "uplift", "default"],
            "expected_effect": [0.1, 0.2, -0.1, None],
            "effect_low": [0.0, 0.1, -0.3, None],
            "effect_high": [0.3, 0.2, 0.1, None],
            "effect_unit": ["reactions", "reactions", "margin", "reactions"],
            "reason": ["because"] * 4,
        }
    )
    assert broken(validate_output("next_best_channel", channels)) == {}
    late = channels.with_columns(rank=pl.Series([2, 3, 2, 1]))
    assert broken(validate_output("next_best_channel", late)) == {"every customer's ranks start at 1": 2}
    twice = channels.with_columns(channel=pl.lit("email"))
    assert broken(validate_output("next_best_channel", twice)) == {"every customer has each channel once": 4}


def test_links_are_judged_by_their_whole_key() -> None:
    links = pl.LazyFrame(
        {
            "source_system": ["shop", "shop", "crm"],
            "entity": ["contacts", "orders", "contacts"],
            "source_id": ["7", "7", "7"],
            "customer_id": ["c1", "c1", "c2"],
            "matched_by": ["new", "email", "new"],
            "match_probability": [1.0, 0.9, 1.0],
            "phone_normalised": ["+4930123456", None, None],
        }
    )
    assert broken(validate_output("customer_links", links)) == {}
    same = links.with_columns(entity=pl.lit("orders"))
    assert broken(validate_output("customer_links", same)) == {"every source record belongs to one customer": 2}
    local = links.with_columns(phone_normalised=pl.lit("030 123456"))
    assert broken(validate_output("customer_links", local)).keys() == {
        "every normalised phone number is in international form"
    }


def test_the_known_segments_are_those_that_the_model_gives() -> None:
    """The two packages may not import each other, so nothing else keeps the two lists together."""
    assert set(RFM_SEGMENTS) == {LEAD, *(name for row in SEGMENT_TABLE.values() for name in row)}


def test_the_rules_of_each_output_have_sentences_of_their_own() -> None:
    for rules in OUTPUT_RULES.values():
        assert len({rule.sentence for rule in rules}) == len(rules)


def test_a_rule_that_cannot_be_judged_says_so_without_the_value() -> None:
    rule = Rule("every number is large", "within", (pl.col("number"),), minimum=1)
    with pytest.raises(ExpectationError) as caught:
        judge([rule], pl.LazyFrame({"number": [ADDRESS]}))
    assert str(caught.value) == "'every number is large' could not be judged on number."
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_nothing_is_printed_while_judging(capfd: pytest.CaptureFixture[str]) -> None:
    """Progress bars and warnings would fill the run's log, perhaps with values."""
    validate_entity("orders", orders({"currency": ADDRESS}))
    assert capfd.readouterr() == ("", "")


def test_an_outcome_has_a_name_that_dagster_accepts() -> None:
    for rules in (*OUTPUT_RULES.values(), *(entity_rules(contract) for contract in contracts().values())):
        names = [rule.name for rule in rules]
        assert names == [ExpectationOutcome(rule.sentence, True, rule.severity, 0, 0).name for rule in rules]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)


def test_great_expectations_is_not_imported_before_it_is_needed() -> None:
    """Its import takes some ten seconds, which every `stammkunde` command would pay."""
    code = f"import sys, {expectations.__name__}; sys.exit('great_expectations' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": ":".join(sys.path)}).returncode
        == 0
    )
