"""The canonical contracts: what the shipped files promise, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.contracts import DUCKDB_TYPES, DefinitionError, contracts, load_contracts

SOUND = """\
entity: things
description: A thing.
key: [source_system, source_id]
newest_by: [updated_at]
columns:
  source_id: {type: text, required: true, description: Its id.}
  updated_at: {type: timestamp, description: When it changed.}
"""


def test_the_ten_entities_are_declared() -> None:
    assert list(contracts()) == [
        "accounts", "activities", "campaigns", "contacts", "deals",
        "email_events", "order_lines", "orders", "products", "tickets",
    ]  # fmt: skip


def test_every_raw_table_starts_with_its_lineage() -> None:
    for contract in contracts().values():
        names = contract.arrow_schema().names
        assert names[:4] == ["source_system", "file_id", "file_line", "file_horizon"]
        assert names[4:] == [column.name for column in contract.columns]


def test_arrow_and_duckdb_agree_on_every_type(tmp_path: Path) -> None:
    """Accident: the empty table has other types than the full ones, and a union of both turns money into floats."""
    import duckdb
    import pyarrow.parquet as pq

    for contract in contracts().values():
        path = tmp_path / f"{contract.entity}.parquet"
        pq.write_table(contract.arrow_schema().empty_table(), path)
        described = duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        assert [(row[0], row[1]) for row in described] == [
            (column.name, column.duckdb_type) for column in contract.raw_columns
        ]


def test_a_column_tells_its_type_and_limits() -> None:
    discount = contracts()["orders"].column("discount")
    assert (discount.duckdb_type, discount.minimum, discount.required) == (DUCKDB_TYPES["money"], 0, False)
    with pytest.raises(KeyError, match="orders has no column 'colour'"):
        contracts()["orders"].column("colour")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("type: text", "type: txt"), r"things\.yml: columns\.0\.type: .*'text', 'money'.*found 'txt'"),
        (("required: true", "requird: true"), r"columns\.0\.requird"),
        (("key: [source_system, source_id]", "key: [id]"), "names id, which is not among the columns"),
        (("entity: things", "entity: others"), "entity is 'others', but the file is named 'things'"),
        (("description: A thing.", "description: [A thing."), "not readable as YAML"),
    ],
)
def test_a_wrong_file_is_told_which_key_is_wrong_and_what_is_allowed(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "things.yml").write_text(SOUND.replace(*change))
    with pytest.raises(DefinitionError, match=told):
        load_contracts(tmp_path)


def test_a_sound_file_loads_and_no_country_becomes_a_boolean(tmp_path: Path) -> None:
    (tmp_path / "things.yml").write_text(SOUND.replace("required: true", "required: true, allowed: [NO, SE, 007]"))
    assert load_contracts(tmp_path)["things"].column("source_id").allowed == ("NO", "SE", "007")
