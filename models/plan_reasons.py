"""Why a customer gets this contact or none, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import polars as pl

from models.sentences import number, sentence

_TEXTS = {
    "en": {
        "contact": "Expected to add {margin} at a cost of {cost}.",
        "unproven": "Expected to add {margin} at a cost of {cost}; that this channel adds anything is not proven yet.",
        "explore": "Drawn by lot, so that the effects of channels can be measured.",
        "holdout": "In the hold-out group: no marketing contact, so that the effect on others can be measured.",
        "outbid": "No contact is expected to add more than it costs, or contacts with others add more.",
        "unknown": "Nothing is known yet of what a contact through the possible channels adds; only explorers get one.",
        "suppressed": "Marketing contacts are blocked for this customer.",
        "complaint": "A complaint is open; it comes first.",
        "followup": "Service has yet to get in touch; that comes first.",
        "consent": "No channel is allowed, or there is no address for it.",
        "closed": "The only allowed channels are closed: their capacity, cap or budget is zero or used up.",
        "cool_down": "Contacted only days ago.",
        "overall_cap": "Contacted as often as the cap over all channels allows.",
        "channel_cap": "Contacted as often as the caps of the allowed channels allow.",
    },
    "de": {
        "contact": "Bringt voraussichtlich {margin} bei Kosten von {cost}.",
        "unproven": "Bringt voraussichtlich {margin} bei Kosten von {cost}; die Wirkung des Kanals ist noch offen.",
        "explore": "Ausgelost, damit die Wirkung der Kanäle gemessen werden kann.",
        "holdout": "In der Kontrollgruppe: kein Werbekontakt, damit die Wirkung bei anderen messbar ist.",
        "outbid": "Kein Kontakt bringt voraussichtlich mehr, als er kostet, oder Kontakte mit anderen bringen mehr.",
        "unknown": "Was ein Kontakt auf den möglichen Wegen bringt, ist noch unbekannt; nur Ausgeloste bekommen ihn.",
        "suppressed": "Werbekontakte sind für diesen Kunden gesperrt.",
        "complaint": "Eine Beschwerde ist offen; sie geht vor.",
        "followup": "Der Service muss sich noch melden; das geht vor.",
        "consent": "Kein Kanal ist erlaubt, oder es fehlt die Adresse dafür.",
        "closed": "Erlaubte Kanäle sind geschlossen: Kapazität, Obergrenze oder Budget ist null oder aufgebraucht.",
        "cool_down": "Wurde erst vor wenigen Tagen angesprochen.",
        "overall_cap": "Wurde so oft angesprochen, wie es über alle Kanäle erlaubt ist.",
        "channel_cap": "Wurde so oft angesprochen, wie es die erlaubten Kanäle zulassen.",
    },
}  # fmt: skip
# The obstacle that came closest to a contact is the one to tell.
_NEAREST_FIRST = ("closed", "channel_cap", "overall_cap", "cool_down", "consent", "followup", "complaint", "suppressed")


def plan_reason(channels: Iterable[str], language: str, unproven: Collection[str] = ()) -> pl.Expr:
    """Return the reason from channel, arm, expected_margin, cost, blocked_<channel> (null: open) and margin_<channel>
    (NaN: unknown). Of `unproven` channels it says that their effect is not shown."""
    texts, names = _TEXTS[language], list(channels)
    obstacles = [pl.col(f"blocked_{name}") for name in names]
    nearest = pl.coalesce(
        pl.when(pl.any_horizontal(*(obstacle == name for obstacle in obstacles))).then(pl.lit(texts[name]))
        for name in _NEAREST_FIRST
    )
    is_known = (pl.col(f"blocked_{name}").is_null() & pl.col(f"margin_{name}").is_not_nan() for name in names)
    money = {
        name: number(pl.col(column), language, 2) for name, column in (("margin", "expected_margin"), ("cost",) * 2)
    }
    return (
        pl.when(pl.col("arm") == "holdout").then(pl.lit(texts["holdout"]))
        .when(pl.all_horizontal(*(obstacle.is_not_null() for obstacle in obstacles))).then(nearest)
        .when(pl.col("arm") == "explore").then(pl.lit(texts["explore"]))
        .when(pl.col("channel").is_in(unproven)).then(sentence(texts["unproven"], **money))
        .when(pl.col("channel") != "none").then(sentence(texts["contact"], **money))
        .when(~pl.any_horizontal(*is_known)).then(pl.lit(texts["unknown"]))
        .otherwise(pl.lit(texts["outbid"]))
    )  # fmt: skip
