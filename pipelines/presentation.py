"""How assets and checks present themselves in the Dagster UI: whose they are, how fresh, and what is wrong in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

_OWNERS = {
    "marketing": (
        "marketing_",
        "next_best_channel",
        "next_categories",
        "channel_",
        "contact_plan",
        "plan_",
        "campaign_",
        "what_if",
    ),
    "sales": ("sales_", "lead_scores", "account_potential", "customer_potential"),
    "service": ("service_",),
}
"""Who is asked about a table, by how its name begins; the data team about all others."""
_DATA_TEAM = "data"
# A company that runs the batch when it needs it is not late after a night.
FRESHNESS = dg.FreshnessPolicy.time_window(warn_window=timedelta(days=2), fail_window=timedelta(days=8))


def presented(*assets: dg.AssetsDefinition) -> list[dg.AssetsDefinition]:
    """Return the assets with their owners, and with a freshness policy where people read them."""
    return [asset.map_asset_specs(_presented) for asset in assets]


def _presented(spec: dg.AssetSpec) -> dg.AssetSpec:
    owned = spec.replace_attributes(owners=[f"team:{owner_of(spec.key.path[-1])}"])
    return dg.apply_freshness_policy(owned, FRESHNESS) if spec.key.path[-1] == "exports" else owned


def owner_of(table: str) -> str:
    """Return the team that is asked about a table."""
    return next((team for team, starts in _OWNERS.items() if table.startswith(starts)), _DATA_TEAM)


def dbt_test_sentence(properties: Mapping[str, Any]) -> str:
    """Return what a dbt test says when it passes, in words."""
    told = properties.get("description") or (properties.get("meta") or {}).get("description")
    if told:
        return str(told)
    test = properties.get("test_metadata") or {}
    arguments = {**test.get("kwargs", {}), **test.get("kwargs", {}).get("arguments", {})}
    column = arguments.get("column_name")
    match test.get("name"):
        case "unique_key":
            return f"There is one row per {', '.join(arguments['columns'])}."
        case "unique":
            return f"No {column} stands twice."
        case "not_null":
            return f"{column} is never empty."
        case "accepted_values":
            return f"{column} is one of {', '.join(map(str, arguments['values']))}."
        case "relationships":
            return f"Every {column} is among those of {_referred(arguments['to'])}."
        case "always":
            return f"In every row: {' '.join(arguments['condition'].split())}."
    return f"{properties['name'].replace('_', ' ').capitalize()}."


def _referred(reference: str) -> str:
    """The table in `ref('customers')`."""
    return reference.partition("'")[2].partition("'")[0] or reference
