"""Why records are one customer, in plain words: what `stammkunde explain` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import UserError

Row = dict[str, Any]

_RULES = {
    "decision": "people decided so in decisions.csv",
    "source_id": "the same id in one system, or merged there",
    "email": "the same e-mail address, which nobody else seems to use",
    "phone": "the same phone number, which nobody else seems to use",
    "company": "the same company name at the same postcode or phone number",
}


@dataclass(frozen=True)
class Explanation:
    """What is known of one customer's making; `former` is the id that was asked for, where that is an alias now."""

    customer_id: str
    former: str | None
    aliases: list[str]
    records: list[Row]
    evidence: list[Row]
    fields: list[Row]
    consents: list[Row]


def explain(tables: Path, wanted: str) -> Explanation:
    """Return why this customer is one, from the tables published last.

    Raises UserError where nobody has the id, or where nothing is published.
    """
    aliases = _table(tables, "customer_aliases")
    alias = aliases.filter(alias=wanted)["customer_id"].to_list()
    customer_id = alias[0] if alias else wanted
    records = _of(_table(tables, "customer_links"), customer_id, ["source_system", "entity", "source_id"])
    if not records:
        raise UserError(
            f"No customer has or had the id {wanted}. `stammkunde show E-MAIL` and tables/customers tell the ids."
        )
    return Explanation(
        customer_id,
        wanted if alias else None,
        aliases.filter(customer_id=customer_id)["alias"].sort().to_list(),
        records,
        _of(_table(tables, "link_evidence"), customer_id, ["rule", "source_system_l", "source_id_l", "source_id_r"]),
        _of(_table(tables, "customer_provenance"), customer_id, ["field"]),
        _of(_table(tables, "consent_ledger"), customer_id, ["channel", "source_system", "evidence", "source_id"]),
    )


def in_words(explanation: Explanation) -> Iterator[str]:
    """Yield the lines that people read."""
    count = len(explanation.records)
    yield f"Customer {explanation.customer_id} is made of {count} record{'s' if count > 1 else ''}."
    if explanation.former:
        yield f"{explanation.former} was merged into this customer."
    if others := [alias for alias in explanation.aliases if alias != explanation.former]:
        yield f"Earlier ids: {', '.join(others)}."
    yield ""
    yield "Records"
    for record in explanation.records:
        yield f"  {_named(record)}  {_how(record)}"
    yield from _section("What ties them", map(_tie, explanation.evidence))
    yield from _section("Where each value comes from", map(_origin, explanation.fields))
    yield from _section("What was said about contact", map(_statement, explanation.consents))
    yield ""
    yield "Are two of these records not the same, or is one missing? Write a line into decisions.csv of the workspace:"
    yield "  record_1;record_2;decision;decided_by;decided_on"
    one, other = explanation.records[0], explanation.records[-1]
    yield f"  {_named(one)};{_named(other)};different;YOUR NAME;2026-01-31"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (f"  {line}" for line in found)


def _how(record: Row) -> str:
    if record["matched_by"] == "new":
        return "the first record of this customer"
    if record["matched_by"] == "similarity":
        return f"joined by similarity, probability {record['match_probability']:.1%}"
    return f"joined because of {_RULES.get(record['matched_by'], record['matched_by'])}"


def _tie(evidence: Row) -> str:
    ends = " and ".join(
        _named({key: evidence[f"{key}_{side}"] for key in ("source_system", "entity", "source_id")}) for side in "lr"
    )
    if evidence["rule"] != "similarity":
        return f"{ends}: {_RULES.get(evidence['rule'], evidence['rule'])}."
    differences = f"; but {evidence['differences']}" if evidence["differences"] else ""
    return f"{ends}: {evidence['agreements']}{differences} (probability {evidence['probability']:.1%})."


def _origin(field: Row) -> str:
    return f"{field['field']}: {field['record']} ({field['rule']})"


def _statement(consent: Row) -> str:
    answer = "yes" if consent["is_allowed"] else "no"
    when = f" on {consent['stated_at']:%Y-%m-%d}" if consent["stated_at"] else ", undated"
    return f"{consent['channel']}: {answer}{when}, by {consent['source_system']} ({consent['evidence']})"


def _named(record: Row) -> str:
    return f"{record['source_system']}:{record['entity']}:{record['source_id']}"


def _of(table: pl.DataFrame, customer_id: str, order: list[str]) -> list[Row]:
    return table.filter(customer_id=customer_id).drop("customer_id").sort(order, nulls_last=True).to_dicts()


def _table(tables: Path, name: str) -> pl.DataFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        raise UserError(f"The table {name} is not published. Run `stammkunde run` first.")
    return pl.read_parquet(path)
