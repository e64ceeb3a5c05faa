"""Judging tables by their rules with Great Expectations. The only module that imports it, and only when it judges:
the import takes some ten seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from data_quality.contracts import contracts
from data_quality.rules import Rule, Severity, entity_rules, identifier
from data_quality.suites import OUTPUT_RULES

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.result_format import ResultFormatUnion
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

_LARGEST = sys.float_info.max
# Counts only: what Great Expectations shows of the values themselves would be personal data.
_COUNTS: ResultFormatUnion = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


class ExpectationError(RuntimeError):
    """A rule could not be judged; the message names the rule and the kind of fault, never a value."""


@dataclass(frozen=True)
class ExpectationOutcome:
    """Whether a rule holds for a table, and for how many of its rows it does not. Holds no value of the table.

    Where the table lacks columns that the rule is about, they are `lacking`, and the rule holds for no row.
    """

    sentence: str
    success: bool
    severity: Severity
    unexpected_count: int
    element_count: int
    lacking: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sentence as an identifier, the same as the rule's."""
        return identifier(self.sentence)


def validate_entity(entity: str, frame: pl.LazyFrame) -> list[ExpectationOutcome]:
    """Whether a raw table keeps its contract, rule by rule. Raises KeyError for an entity that has no contract."""
    return judge(entity_rules(contracts()[entity]), frame)


def validate_output(name: str, frame: pl.LazyFrame) -> list[ExpectationOutcome]:
    """Whether what a model gave out is sound, rule by rule. Raises KeyError for a table that has no rules."""
    return judge(OUTPUT_RULES[name], frame)


def judge(rules: Sequence[Rule], frame: pl.LazyFrame) -> list[ExpectationOutcome]:
    """The outcome of each rule, in their order. Only the columns that rules need are read.

    Raises ExpectationError where a rule cannot be judged.
    """
    found = set(frame.collect_schema().names())
    judged = [rule for rule in rules if found.issuperset(rule.columns)]
    values = _values(judged, frame)
    outcomes = dict(zip(map(id, judged), _outcomes(judged, values), strict=True))
    return [outcomes.get(id(rule)) or _lacking(rule, found, values.height) for rule in rules]


def _lacking(rule: Rule, found: set[str], rows: int) -> ExpectationOutcome:
    missing = tuple(column for column in rule.columns if column not in found)
    return ExpectationOutcome(rule.sentence, False, rule.severity, rows, rows, missing)


def _values(rules: Sequence[Rule], frame: pl.LazyFrame) -> pl.DataFrame:
    """What the rules judge, one column per distinct expression, in types that pandas computes with.

    NaN becomes infinite, because pandas takes NaN for a null and would leave it out.
    """
    expressions = {value.meta.output_name(): value for rule in rules for value in rule.values}
    values = frame.select(**expressions).with_columns(cs.decimal().cast(pl.Float64))
    return values.with_columns(cs.float().fill_nan(float("inf"))).collect()


def _outcomes(rules: Sequence[Rule], values: pl.DataFrame) -> list[ExpectationOutcome]:
    """The outcome of each rule. An empty table keeps all of them, which needs no import of Great Expectations."""
    if values.is_empty() or not rules:
        return [ExpectationOutcome(rule.sentence, True, rule.severity, 0, values.height) for rule in rules]
    batch = _batch(values)
    kept = _results(rules, batch, "BOOLEAN_ONLY")
    broken = [rule for rule in rules if not kept[rule.sentence].success]
    counted = _results(broken, batch, _COUNTS) if broken else {}
    counts = {sentence: int(result.result["unexpected_count"]) for sentence, result in counted.items()}
    return [
        ExpectationOutcome(
            rule.sentence, rule not in broken, rule.severity, counts.get(rule.sentence, 0), values.height
        )
        for rule in rules
    ]


def _batch(values: pl.DataFrame) -> Batch:
    """The values as Great Expectations judges them: in memory, without progress bars or a project on disk."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("values")
    whole = asset.add_batch_definition_whole_dataframe("all")
    return whole.get_batch(batch_parameters={"dataframe": values.to_pandas()})


def _results(
    rules: Sequence[Rule], batch: Batch, result_format: ResultFormatUnion
) -> dict[str, ExpectationValidationResult]:
    """The result of each rule by its sentence. All rules at once, because each validation hashes the whole batch.

    Great Expectations' own message about what it could not compute is left out: it may hold values.
    """
    import great_expectations as gx

    suite = gx.ExpectationSuite(name="rules", expectations=[_configuration(rule) for rule in rules])
    results = batch.validate(suite, result_format=result_format).results
    by_sentence = {_sentence(result): result for result in results}
    for rule in rules:
        if _was_raised(by_sentence[rule.sentence].exception_info):
            raise ExpectationError(f"'{rule.sentence}' could not be judged on {', '.join(rule.columns)}.")
    return by_sentence


def _sentence(result: ExpectationValidationResult) -> str:
    """The rule that a result is about: Great Expectations gives results in an order of its own."""
    meta = result.expectation_config and result.expectation_config.meta
    return str((meta or {})["sentence"])


def _was_raised(information: Mapping[str, Any]) -> bool:
    """Whether a computation failed. The information is about one, or by name about several of them."""
    if "raised_exception" in information:
        return bool(information["raised_exception"])
    return any(_was_raised(one) for one in information.values())


def _configuration(rule: Rule) -> ExpectationConfiguration:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    column, *others = (value.meta.output_name() for value in rule.values)
    arguments: dict[str, Any] = {"column": column}
    match rule.kind:
        case "filled":
            name = "expect_column_values_to_not_be_null"
        case "among":
            name = "expect_column_values_to_be_in_set"
            arguments |= {"value_set": list(rule.allowed)}
        case "matching":
            name = "expect_column_values_to_match_regex"
            arguments |= {"regex": rule.pattern}
        case "within":
            name = "expect_column_values_to_be_between"
            arguments |= {
                "min_value": -_LARGEST if rule.minimum is None else rule.minimum,
                "max_value": _LARGEST if rule.maximum is None else rule.maximum,
            }
        case "ascending":
            name = "expect_column_pair_values_a_to_be_greater_than_b"
            arguments = {"column_A": others[0], "column_B": column, "or_equal": True}
            arguments |= {"ignore_row_if": "either_value_is_missing"}
    return ExpectationConfiguration(type=name, kwargs=arguments, meta={"sentence": rule.sentence})
