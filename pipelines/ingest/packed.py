"""Cells that pack several records, as SQL: `line_item_1` of one shop, `2× Tea, 1× Pot` of another."""

from __future__ import annotations

import re

from pipelines.ingest.presets import PLACE, Packed
from pipelines.quoting import literal

PIECE, PIECE_PLACE = "piece", "piece_place"
"""The SQL names of one packed record's text and of its place in the row."""


def unpacked(relation: str, packed: Packed, cells: list[str]) -> str:
    """The rows of `relation` once for each record that is packed in `cells`, with its text and place."""
    pieces = " || ".join(_pieces(packed, cell) for cell in cells) or "CAST([] AS VARCHAR[])"
    listed = f"(SELECT *, {pieces} AS pieces FROM {relation} AS packed_rows)"
    return (
        f"(SELECT * EXCLUDE pieces, unnest(pieces) AS {PIECE}, generate_subscripts(pieces, 1) AS {PIECE_PLACE} "
        f"FROM {listed} AS listed_rows)"
    )


def field_value(packed: Packed, name: str) -> str:
    """SQL for a field of a packed record as text, NULL where it is empty or the record cannot be read."""
    if name == PLACE:
        return f"CAST({PIECE_PLACE} AS VARCHAR)"
    if packed.json_objects:
        text = _filled(f"json_extract_string({PIECE}, {literal(_path(name))})")
        return f"CASE WHEN json_valid({PIECE}) THEN {text} END"
    if packed.pattern:
        group = re.compile(packed.pattern).groupindex[name]
        return _filled(f"regexp_extract({PIECE}, {literal(packed.pattern)}, {group})")
    between, is_called = re.escape(packed.fields or ""), re.escape(packed.names or "")
    pattern = f"(?s)(?:^|{between})\\s*{re.escape(name)}{is_called}(.*?)(?:{between}|$)"
    return _filled(f"regexp_extract({PIECE}, {literal(pattern)}, 1)")


def _path(name: str) -> str:
    return '$."' + name.replace('"', "") + '"'


def _filled(sql: str) -> str:
    return f"nullif(trim({sql}), '')"


def _pieces(packed: Packed, cell: str) -> str:
    """A list of the texts that one cell packs; a cell that is no JSON stays one text, which no field can be read of."""
    if packed.json_objects:
        listed = f"CASE WHEN json_valid({cell}) THEN CAST(json_extract({cell}, '$[*]') AS VARCHAR[]) ELSE [{cell}] END"
    elif packed.records:
        listed = f"string_split({cell}, {literal(packed.records)})"
    else:
        listed = f"[{cell}]"
    kept = f"list_filter(list_transform({listed}, lambda one: trim(one)), lambda one: one <> '')"
    return f"CASE WHEN {cell} IS NULL THEN CAST([] AS VARCHAR[]) ELSE {kept} END"
