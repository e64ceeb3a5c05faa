"""By which models the values in the departments' tables were reckoned."""

from __future__ import annotations

from pipelines.delivery.department_rows import Tables

RECKONED_BY = {
    "clv": ("customer_value", "model"),
    "total_clv": ("customer_value", "model"),
}
"""For a column that a model fills in: the mart and the column that say which."""


def models_used(tables: Tables) -> dict[str, list[str]]:
    """By column name, the models whose values stand in it, the most frequent first."""
    used = {}
    for column, (mart, said) in RECKONED_BY.items():
        if mart in tables and said in tables[mart].collect_schema().names():
            counts = tables[mart].group_by(said).len().drop_nulls().sort("len", said, descending=[True, False])
            used[column] = counts.collect()[said].to_list()
    return used
