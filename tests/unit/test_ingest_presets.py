"""The form of presets: what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_quality.contracts import DefinitionError, contracts
from pipelines.ingest.preset_files import load_presets, shipped_presets

SOUND = """\
name: Our till
vendor: till
timezone: Europe/Berlin
recognise:
  required: [Bon, Summe]
  file_name: 'till_(?P<shop>[a-z]+)'
records:
  - entity: orders
    columns:
      order_number: Bon
      ordered_at: Zeit
      status: {value: paid}
      total: Summe
      sales_channel: {file_name: shop}
"""


def load(folder: Path, text: str) -> None:
    (folder / "till.yml").write_text(text)
    load_presets(folder, is_own=True)


def test_the_shipped_presets_are_sound_and_feed_known_entities() -> None:
    slugs = [preset.slug for preset in shipped_presets()]
    assert {"shopify_orders", "shopify_customers", "hubspot_contacts", "mailchimp_audience", "online_retail"} <= set(
        slugs
    )
    assert {entity for preset in shipped_presets() for entity in preset.entities} <= set(contracts())


def test_a_sound_preset_loads(tmp_path: Path) -> None:
    load(tmp_path, SOUND)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("entity: orders", "entity: order"), r"till\.yml: records\.0: .*'order' is no entity; allowed are accounts,"),
        (("      total: Summe\n", ""), "orders also needs the columns total"),
        (("total: Summe", "sum_total: Summe"), "orders has no column sum_total; allowed are order_number"),
        (("{value: paid}", "{value: payed}"), "status cannot be payed; allowed are paid, pending"),
        (("{value: paid}", "{form: Bon}"), r"records\.0\.columns\.status\.0\.form"),
        (("{value: paid}", "{value: paid, from: Bon}"), "exactly one of: from, value, file_name"),
        (("{file_name: shop}", "{file_name: store}"), "file_name has no group store; it has shop"),
        (("(?P<shop>", "(?P<shop"), "is not a regular expression"),
        (("Europe/Berlin", "Europe/Bonn"), "timezone 'Europe/Bonn' is unknown"),
        (("vendor: till", "vendor: Our Till"), "vendor: .*found 'Our Till'"),
        (("vendor: till", "vendor: till\nslug: x"), "slug is set by the program"),
        (("vendor: till", "vendor: till\naliases: {Amount: Betrag}"), "aliases: 'Amount' is a header that nothing"),
        (("total: Summe", "total: {field: sum}"), "field: 'sum' needs `unpack`"),
        (
            ("    columns:", "    unpack: {cells: Bon}\n    columns:"),
            "exactly one of: fields with names, pattern, json",
        ),
        (
            ("    columns:\n", "    unpack: {cells: Bon, pattern: '(?P<a>.)'}\n    columns:\n      tax: {field: b}\n"),
            "unpack.pattern has no group b; it has a",
        ),
        (("required: [Bon, Summe]", "required: []"), r"recognise\.required"),
    ],
)
def test_a_wrong_preset_is_told_file_key_and_what_is_allowed(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionError, match=told):
        load(tmp_path, SOUND.replace(*change))
