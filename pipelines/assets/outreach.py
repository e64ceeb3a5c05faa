"""Whom to contact through which channel."""

from __future__ import annotations

import dagster as dg
import polars as pl

from models.channels import rank_channels
from pipelines.assets.tables import in_markdown, written
from pipelines.discretion import discreet
from pipelines.resources import WorkspaceResource

CONTACTABILITY_COLUMNS = (
    "customer_id",
    "consent_email",
    "consent_phone",
    "consent_sms",
    "consent_post",
    "is_suppressed",
    "has_email",
    "has_phone",
    "has_address",
)


@dg.asset(
    key=["analytics", "next_best_channel"],
    deps=["channel_engagement", "customer_features"],
    group_name="outreach",
    kinds={"polars"},
)
@discreet
def next_best_channel(workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
    """Every customer's channels in the order to use them, one row per customer and channel."""
    engagement = workspace.warehouse.table("channel_engagement")
    customers = workspace.warehouse.table("customer_features", columns=CONTACTABILITY_COLUMNS)
    channels = rank_channels(engagement, customers)
    best = channels.filter(pl.col("rank") == 1).group_by("channel", "is_allowed").len("customers")
    preview = in_markdown(best.sort("customers", "channel", descending=[True, False]))
    return written(channels, workspace.folders.analytics / "next_best_channel", {"best_channel": preview})
