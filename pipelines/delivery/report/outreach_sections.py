"""The sections on contacts: what channels add, the plan and its limits, and what more money would do."""

from __future__ import annotations

from typing import Any

import polars as pl

from models.effect_reasons import SHOWN
from pipelines.delivery.report import charts, outreach_figures
from pipelines.delivery.report.drawing import drawn
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section
from pipelines.delivery.report.words import Words

EFFECT_COLUMNS = ("channel", "effect", "effect_low", "effect_high", "cost", "contact_count", "verdict")
MONTH_COLUMNS = ("month", "channel", "contact_count", "delivered_count", "engaged_count")
PLAN_COLUMNS = ("customer_id", "channel", "arm", "expected_margin", "cost")
LIMIT_COLUMNS = ("limit_name", "capacity", "used", "open_count", "price")
WHAT_IF_COLUMNS = ("lever", "amount", "is_plan", "contact_count", "cost", "added_margin", "added_low", "added_high")
_CENT = 0.005

Rows = list[dict[str, Any]]


def channels(context: Context) -> Section | None:
    """What a contact through each channel adds, with its interval, and how customers react to it."""
    table = context.today.table("channel_effects", *EFFECT_COLUMNS)
    if table is None:
        return None
    words = context.words
    effects = table.sort("channel").collect().to_dicts()
    known = [row for row in effects if row["effect"] is not None]
    months = context.today.table("channel_months", *MONTH_COLUMNS)
    reactions = [] if months is None else outreach_figures.reactions(months).to_dicts()
    return Section(
        "channels",
        words("channels", "heading"),
        _said_of_channels(effects, words),
        figures=[
            *([_effects(known, words)] if known else []),
            *([_reactions(reactions, words)] if reactions else []),
        ],
        notes=[words("channels", "note")],
    )


def _said_of_channels(effects: Rows, words: Words) -> str:
    shown = [words.term(row["channel"]) for row in effects if row["verdict"] in SHOWN]
    harmful = [words.term(row["channel"]) for row in effects if row["verdict"] == "harms"]
    open_ones = [words.term(row["channel"]) for row in effects if row["verdict"] not in (*SHOWN, "harms")]
    said = [
        words("channels", kind, channels=words.listed(names))
        for kind, names in (("shown", shown), ("harmful", harmful), ("untold", open_ones))
        if names
    ]
    return " ".join(said)


def _effects(known: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": words.term(row["channel"]),
            "low": row["effect_low"],
            "middle": row["effect"],
            "high": row["effect_high"],
            "text": words.money(row["effect"], 2),
            "mark": row["cost"],
            "is_sure": row["effect_low"] > 0.0 or row["effect_high"] < 0.0,
        }
        for row in known
    ]
    title = words("channels", "effects")
    return Figure(
        title,
        Numbers(
            [words("channels", "channel"), words("channels", "effect"), words("page", "at_least"),
             words("page", "at_most"), words("channels", "cost"), words("channels", "contacts")],
            [
                (words.term(row["channel"]), *(words.money(row[name], 2) for name in _EFFECT),
                 words.money(row["cost"], 2), words.number(row["contact_count"]))
                for row in known
            ],
        ),
        drawn(charts.intervals(rows), "channel-effects", title, words("channels", "effects_text")),
    )  # fmt: skip


_EFFECT = ("effect", "effect_low", "effect_high")


def _reactions(reactions: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": words.term(row["channel"]),
            "value": round(row["share"], 6),
            "text": words.share(row["share"], 1),
            "is_grey": False,
        }
        for row in reactions
    ]
    title = words("channels", "reactions")
    return Figure(
        title,
        Numbers(
            [words("channels", "channel"), words("channels", "contacts"), words("channels", "delivered"),
             words("channels", "engaged"), words("channels", "share")],
            [
                (words.term(row["channel"]), words.number(row["contacts"]), words.number(row["delivered"]),
                 words.number(row["engaged"]), words.share(row["share"], 1))
                for row in reactions
            ],
        ),
        drawn(charts.bars(rows), "reactions", title, words("channels", "reactions_text")),
    )  # fmt: skip


def plan(context: Context) -> Section | None:
    """Whom the plan contacts, and what one more contact or more money would be worth."""
    table = context.today.table("contact_plan", *PLAN_COLUMNS)
    if table is None:
        return None
    words, totals = context.words, outreach_figures.plan_totals(table)
    limits = context.today.table("plan_limits", *LIMIT_COLUMNS)
    contacts = outreach_figures.planned_contacts(table).to_dicts()
    values = {
        "customers": words.number(totals["customers"]),
        "contacts": words.counted(totals["contacts"]),
        "held_out": words.counted(totals["held_out"]),
        "cost": words.money(totals["cost"]),
        "margin": words.money(totals["margin"]),
    }
    return Section(
        "plan",
        words("plan", "heading"),
        " ".join([words("plan", _kind_of_plan(contacts), **values), *_doubt(contacts, context)]),
        figures=[
            *([_planned(contacts, words)] if contacts else []),
            *([] if limits is None else [_prices(limits.sort("limit_name").collect().to_dicts(), words)]),
        ],
        notes=[words("plan", "note", **values)],
    )


def _kind_of_plan(contacts: Rows) -> str:
    """Which sentence says it: contacts that are expected to pay, none but those drawn by lot, or none at all."""
    if not contacts:
        return "nobody"
    return "learning" if all(row["policy"] == 0 for row in contacts) else "sentence"


def _doubt(contacts: Rows, context: Context) -> list[str]:
    """The planned channels of which no effect is shown: what the plan reckons with there is an estimate."""
    effects = context.today.table("channel_effects", "channel", "verdict")
    if effects is None or _kind_of_plan(contacts) != "sentence":
        return []
    shown = set(effects.filter(pl.col("verdict").is_in(SHOWN)).collect()["channel"])
    open_ones = [
        context.words.term(row["channel"]) for row in contacts if row["policy"] and row["channel"] not in shown
    ]
    return [context.words("plan", "unproven", channels=context.words.listed(open_ones))] if open_ones else []


def _planned(contacts: Rows, words: Words) -> Figure:
    rows = [
        {
            "label": words.term(row["channel"]),
            "first": row["policy"],
            "second": row["explore"],
            "text": words.number(row["customers"]),
        }
        for row in contacts
        if row["customers"] is not None
    ]
    title = words("plan", "contacts")
    return Figure(
        title,
        Numbers(
            [words("channels", "channel"), words("page", "customers"),
             *(words("plan", name) for name in ("policy", "explore", "cost", "margin"))],
            [
                (words.term(row["channel"]), words.counted(row["customers"]), words.number(row["policy"]),
                 words.number(row["explore"]), words.money(row["cost"]), words.money(row["margin"]))
                for row in contacts
            ],
        ),
        drawn(charts.stacked(rows), "planned", title, words("plan", "contacts_text")) if rows else "",
    )  # fmt: skip


def _prices(limits: Rows, words: Words) -> Figure:
    rows: Rows = [
        {
            "label": words.limit(row["limit_name"]),
            "value": max(row["price"] or 0.0, 0.0),
            "text": _price(row, words),
            "is_grey": False,
        }
        for row in limits
    ]
    title = words("plan", "prices")
    return Figure(
        title,
        Numbers(
            [words("plan", "limit"), words("plan", "capacity"), words("plan", "used"), words("plan", "open"),
             words("plan", "price")],
            [
                (shown["label"], words.number(row["capacity"]) or words("plan", "no_limit"), words.number(row["used"]),
                 words.number(row["open_count"]), shown["text"])
                for row, shown in zip(limits, rows, strict=True)
            ],
        ),
        drawn(charts.bars(rows), "prices", title, words("plan", "prices_text"))
        if any(row["value"] >= _CENT for row in rows)
        else "",
    )  # fmt: skip


def _price(limit: dict[str, Any], words: Words) -> str:
    if (limit["price"] or 0.0) >= _CENT:
        return words.money(limit["price"], 2)
    return words("plan", "used_up" if limit["capacity"] == 0.0 else "not_scarce")


def what_if(context: Context) -> Section | None:
    """What the plan would add with more or less money."""
    table = context.today.table("what_if", *WHAT_IF_COLUMNS, "reason")
    if table is None:
        return None
    words, rows = context.words, table.sort("lever", "amount").collect()
    reasons = rows.filter("is_plan")["reason"].drop_nulls().to_list()
    budgets = rows.filter(pl.col("lever") == "budget").to_dicts()
    others = rows.filter(~pl.col("lever").is_in(["budget", "plan"])).to_dicts()
    return Section(
        "what-if",
        words("what_if", "heading"),
        reasons[0] if reasons else words("what_if", "nothing"),
        figures=[
            *([_budgets(budgets, rows.filter("is_plan").to_dicts(), words)] if len(budgets) > 1 else []),
            *([_capacities(others, words)] if others else []),
        ],
        notes=[words("what_if", "note")],
    )


def _budgets(budgets: Rows, plans: Rows, words: Words) -> Figure:
    rows = [
        {"x": row["amount"], "y": row["added_margin"], "low": row["added_low"], "high": row["added_high"]}
        for row in budgets
    ]
    marked = [{"x": row["cost"], "y": row["added_margin"], "text": words("what_if", "as_is")} for row in plans]
    across = [(tick, words.money(tick)) for tick in (0.0, budgets[-1]["amount"] / 2, budgets[-1]["amount"])]
    up = [(tick, words.money(tick)) for tick in (0.0, max(row["high"] for row in rows))]
    title = words("what_if", "budgets")
    chart = charts.response(rows, marked, across, up, (words("what_if", "budget"), words("what_if", "margin")))
    return Figure(
        title,
        Numbers(
            [words("what_if", "budget"), words("what_if", "contacts"), words("what_if", "margin"),
             words("page", "at_least"), words("page", "at_most")],
            [
                (words.money(row["amount"]), words.number(row["contact_count"]),
                 *(words.money(row[name]) for name in ("added_margin", "added_low", "added_high")))
                for row in budgets
            ],
            first_number=0,
        ),
        drawn(chart, "what-if-budget", title, words("what_if", "budgets_text")),
    )  # fmt: skip


def _capacities(others: Rows, words: Words) -> Figure:
    return Figure(
        words("what_if", "capacities"),
        Numbers(
            [words("channels", "channel"), words("what_if", "capacity"), words("what_if", "cost"),
             words("what_if", "margin")],
            [
                (words.term(row["lever"]), words.number(row["amount"]), words.money(row["cost"]),
                 words.money(row["added_margin"]))
                for row in others
            ],
        ),
    )  # fmt: skip
