"""Asset checks: what Great Expectations judges, before anything is published. dbt's tests are checks of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import polars as pl

from data_quality.contracts import contracts
from data_quality.doubles import numbers_of_two_orders, orders_in_two_systems
from data_quality.expectations import ExpectationOutcome, validate_output
from data_quality.freshness import LARGEST_AGE_DAYS, STEADY, stale_sources
from data_quality.references import REFERENCES, leading_nowhere
from data_quality.rules import Rule, entity_rules
from data_quality.suites import OUTPUT_RULES
from pipelines.assets.landing import read_run_context
from pipelines.batch_history import newest_days, unusual_files
from pipelines.discretion import discreet
from pipelines.judged_files import judge_new_files
from pipelines.resources import WorkspaceResource

_CORRECT_THE_FILE = "Correct them in their file and land it again, or take the file out of landing/."
_REPORT_IT = "This is a fault of the program, not of your files; please report it with the name of the check."
LIKE_EARLIER = "the_latest_files_are_like_earlier_ones"
FRESH = "every_source_is_fresh"
IN_ONE_SYSTEM = "every_order_stands_in_one_source_system"
ONE_ORDER = "every_order_number_is_one_order"
_LAND_APART = (
    "Only the newest order of a number counts. If two shops number their orders alike, give one of them a mapping "
    "with a vendor of its own."
)
_COUNTED_TWICE = "If they are the same orders they count twice: land them from one of the systems only."


def raw_entity_checks() -> list[dg.AssetChecksDefinition]:
    """Return the checks of the raw entities, by the rules of their contracts."""
    rules = {dg.AssetKey(["raw", entity]): entity_rules(contract) for entity, contract in contracts().items()}

    @dg.multi_asset_check(specs=_specs(rules), name="check_raw_entities")
    @discreet
    def check_raw_entities(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        for key in rules:
            yield from _results(key, judge_new_files(workspace.folders.raw, key.path[-1]), _CORRECT_THE_FILE)

    return [check_raw_entities]


def batch_checks() -> list[dg.AssetChecksDefinition]:
    """Return the checks of new files beside earlier ones and the day of the run: they warn, and block nothing."""
    sentences = {
        LIKE_EARLIER: "The latest file of each series is like earlier ones in rows, filled cells, codes and amounts.",
        FRESH: f"The newest record of each source is at most {LARGEST_AGE_DAYS} days older than the day of the run.",
    }
    judged = [(entity, LIKE_EARLIER) for entity in contracts()] + [(entity, FRESH) for entity in sorted(STEADY)]
    specs = [
        dg.AssetCheckSpec(name, asset=dg.AssetKey(["raw", entity]), description=sentences[name])
        for entity, name in judged
    ]

    @dg.multi_asset_check(specs=specs, name="check_batches")
    @discreet
    def check_batches(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        raw = workspace.folders.raw
        for entity in contracts():
            unusual = unusual_files(raw, entity)
            told = [f"{file}: {'; '.join(said)}." for file, said in unusual.items()]
            yield _warning(entity, LIKE_EARLIER, " ".join(told))
        newest, as_of = newest_days(raw), read_run_context(raw)
        for entity in sorted(STEADY):
            stale = stale_sources(newest.filter(pl.col("entity") == entity), as_of)
            told = [f"{vendor}: {day:%Y-%m-%d}, {(as_of - day).days} days before." for vendor, day in stale]
            yield _warning(entity, FRESH, " ".join([*told, "Land a newer export."] if told else []))

    return [check_batches]


def _warning(entity: str, name: str, told: str) -> dg.AssetCheckResult:
    """What a check of a raw entity found, where nothing behind it needs to stop."""
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(["raw", entity]),
        check_name=name,
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description=told or None,
    )


def reference_checks() -> list[dg.AssetChecksDefinition]:
    """Return the checks that records lead to records that have landed, and that orders stand in one source system.

    They warn, because exports may be partial.
    """
    names = {reference: f"every_{reference.column}_is_among_the_{reference.to_entity}" for reference in REFERENCES}
    specs = [
        dg.AssetCheckSpec(
            name,
            asset=dg.AssetKey(["raw", reference.entity]),
            description=f"Every {reference.column} is among the {reference.to_entity} of the same source.",
        )
        for reference, name in names.items()
    ]
    specs.append(
        dg.AssetCheckSpec(
            IN_ONE_SYSTEM,
            asset=dg.AssetKey(["raw", "orders"]),
            description="No buyer has orders of one day and one amount in two source systems.",
        )
    )
    specs.append(
        dg.AssetCheckSpec(
            ONE_ORDER,
            asset=dg.AssetKey(["raw", "orders"]),
            description="No order number of a source system stands for orders of different days.",
        )
    )

    @dg.multi_asset_check(specs=specs, name="check_references")
    @discreet
    def check_references(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        raw = workspace.folders.raw
        for reference, name in names.items():
            frames = (
                pl.scan_parquet(sorted((raw / entity).glob("*.parquet")), glob=False)
                for entity in (reference.entity, reference.to_entity)
            )
            count = leading_nowhere(reference, *frames)
            told = f"Not so for {count:,} rows; the export of {reference.to_entity} may be older or partial."
            yield _warning(reference.entity, name, told if count else "")
        orders = pl.scan_parquet(sorted((raw / "orders").glob("*.parquet")), glob=False)
        for check, found, advice in (
            (IN_ONE_SYSTEM, orders_in_two_systems(orders), _COUNTED_TWICE),
            (ONE_ORDER, numbers_of_two_orders(orders), _LAND_APART),
        ):
            told = " ".join(f"{systems}: {count:,}." for systems, count in found.items())
            yield _warning("orders", check, f"{told} {advice}" if found else "")

    return [check_references]


def model_output_checks() -> list[dg.AssetChecksDefinition]:
    """Return the checks of what the Python models give out, one step for each table."""
    return [_model_output_check(name, rules) for name, rules in OUTPUT_RULES.items()]


def _model_output_check(name: str, rules: tuple[Rule, ...]) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(["analytics", name])

    @dg.multi_asset_check(specs=_specs({key: rules}), name=f"check_{name}")
    @discreet
    def check_model_output(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        table = pl.scan_parquet(workspace.folders.analytics / name / f"{name}.parquet", glob=False)
        yield from _results(key, validate_output(name, table), _REPORT_IT)

    return check_model_output


def _specs(rules: dict[dg.AssetKey, tuple[Rule, ...]]) -> list[dg.AssetCheckSpec]:
    """One check for each rule; one of severity error keeps everything behind it from running."""
    return [
        dg.AssetCheckSpec(
            rule.name, asset=key, description=f"{rule.sentence[:1].upper()}{rule.sentence[1:]}.", blocking=True
        )
        for key, table_rules in rules.items()
        for rule in table_rules
    ]


def _results(key: dg.AssetKey, outcomes: Sequence[ExpectationOutcome], advice: str) -> Iterator[dg.AssetCheckResult]:
    for outcome in outcomes:
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=outcome.name,
            passed=outcome.success,
            severity=dg.AssetCheckSeverity.ERROR if outcome.severity == "error" else dg.AssetCheckSeverity.WARN,
            description=f"Not so for {outcome.unexpected_count:,} of {outcome.element_count:,} rows. {advice}"
            if not outcome.success
            else None,
            metadata={"unexpected_count": outcome.unexpected_count, "element_count": outcome.element_count},
        )
