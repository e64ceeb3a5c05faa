"""Asset checks: what Great Expectations judges, before anything is published. dbt's tests are checks of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import polars as pl

from data_quality.contracts import contracts
from data_quality.expectations import ExpectationOutcome, validate_output
from data_quality.references import REFERENCES, leading_nowhere
from data_quality.suites import OUTPUT_RULES, Rule, entity_rules
from pipelines.batch_history import unusual_files
from pipelines.discretion import discreet
from pipelines.judged_files import judge_new_files
from pipelines.resources import WorkspaceResource

_CORRECT_THE_FILE = "Correct them in their file and land it again, or take the file out of landing/."
_REPORT_IT = "This is a fault of the program, not of your files; please report it with the name of the check."
LIKE_EARLIER = "the_latest_files_are_like_earlier_ones"


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
    """Return the checks of newly landed files beside earlier ones of the same series: they warn, and block nothing."""
    keys = {entity: dg.AssetKey(["raw", entity]) for entity in contracts()}
    sentence = "The latest file of each series is like earlier ones in rows, filled cells, codes and amounts."

    @dg.multi_asset_check(
        specs=[dg.AssetCheckSpec(LIKE_EARLIER, asset=key, description=sentence) for key in keys.values()],
        name="check_batches",
    )
    @discreet
    def check_batches(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        for entity, key in keys.items():
            unusual = unusual_files(workspace.folders.raw, entity)
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=LIKE_EARLIER,
                passed=not unusual,
                severity=dg.AssetCheckSeverity.WARN,
                description=" ".join(f"{file}: {'; '.join(said)}." for file, said in unusual.items()) or None,
            )

    return [check_batches]


def reference_checks() -> list[dg.AssetChecksDefinition]:
    """Return the checks that records lead to records that have landed: they warn, because exports may be partial."""
    names = {reference: f"every_{reference.column}_is_among_the_{reference.to_entity}" for reference in REFERENCES}
    specs = [
        dg.AssetCheckSpec(
            name,
            asset=dg.AssetKey(["raw", reference.entity]),
            description=f"Every {reference.column} is among the {reference.to_entity} of the same source.",
        )
        for reference, name in names.items()
    ]

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
            yield dg.AssetCheckResult(
                asset_key=dg.AssetKey(["raw", reference.entity]),
                check_name=name,
                passed=count == 0,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"Not so for {count:,} rows; the export of {reference.to_entity} may be older or partial."
                if count
                else None,
            )

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
