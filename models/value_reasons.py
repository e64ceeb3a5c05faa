"""Why a customer is valued as he is, in a sentence or two for people."""

from __future__ import annotations

import polars as pl

from models.sentences import number, sentence

# Fewer orders than this are told as 0.0.
_HARDLY_ANY = 0.05
_TEXTS = {
    "en": {
        "repeat": "Bought on {days day|days}, the last one {silence day|days} ago, usually within {gap day|days}; ",
        "once": "Bought once, {silence day|days} ago; ",
        "once_again": "Bought on {days day|days}, the last one {silence day|days} ago; ",
        "expected": "{orders} more orders of {spend} each may be expected within {horizon day|days}.",
        "lost": "hardly another order is to be expected within {horizon day|days}.",
        "untried": " That could be tried over {tried day|days} only.",
        "slipping": " Overdue: so long a silence is unusual for this customer.",
        "short": " A plain rule, because the history is too short, or purchases are too few, to test a model.",
        "beaten": " A plain rule, because no model foretold held-out months any better.",
        "unfit": " A plain rule, because the model that foretold held-out months best does not fit today.",
        "unseen": " Nobody has bought a second time yet, so the data cannot tell how many orders are to come.",
    },
    "de": {
        "repeat": "An {days Tag|Tagen} gekauft, zuletzt vor {silence Tag|Tagen}, üblich ist binnen {gap Tag|Tagen}; ",
        "once": "Einmal gekauft, vor {silence Tag|Tagen}; ",
        "once_again": "An {days Tag|Tagen} gekauft, zuletzt vor {silence Tag|Tagen}; ",
        "expected": "in {horizon Tag|Tagen} sind {orders} weitere Bestellungen zu je {spend} zu erwarten.",
        "lost": "in {horizon Tag|Tagen} ist kaum noch eine Bestellung zu erwarten.",
        "untried": " Erproben ließ sich das nur über {tried Tag|Tage}.",
        "slipping": " Überfällig: So lange schweigt dieser Kunde sonst nicht.",
        "short": " Einfache Regel, weil die Historie zu kurz oder die Käufe zu wenige sind, um ein Modell zu prüfen.",
        "beaten": " Einfache Regel, weil kein Modell zurückgehaltene Monate besser vorhergesagt hat.",
        "unfit": " Einfache Regel, weil das beste Modell für zurückgehaltene Monate heute nicht passt.",
        "unseen": " Noch niemand hat ein zweites Mal gekauft; wie viele Bestellungen folgen, sagen die Daten nicht.",
    },
}


def value_reason(*, horizon: int, tried: int | None, basis: str | None, language: str) -> pl.Expr:
    """Return the reason, of the columns days, silence, usual_gap_days, expected_orders, expected_spend, is_slipping.

    `tried` are the days that forecasts were held against in court, told where they are less than half the horizon; None
    without a court. `basis` is None for a model that won in court; for a plain rule `beaten`, `unfit` (the winner does
    not fit today), `short`, or `unseen` (nobody has come back yet). `language` is en or de.
    """
    texts = _TEXTS[language]
    values = {
        "days": number(pl.col("days"), language),
        "silence": number(pl.col("silence"), language),
        "gap": number(pl.col("usual_gap_days"), language),
        "orders": number(pl.col("expected_orders"), language, 1),
        "spend": number(pl.col("expected_spend"), language, 2),
        "horizon": pl.lit(str(horizon)),
        "tried": pl.lit(str(tried)),
    }
    rhythm = (
        pl.when(pl.col("days") == 1)
        .then(sentence(texts["once"], **values))
        .when(pl.col("usual_gap_days").is_null())
        .then(sentence(texts["once_again"], **values))
        .otherwise(sentence(texts["repeat"], **values))
    )
    is_lost = pl.col("expected_orders") < _HARDLY_ANY
    prospect = pl.when(is_lost).then(sentence(texts["lost"], **values)).otherwise(sentence(texts["expected"], **values))
    slipping = pl.when(pl.col("is_slipping")).then(pl.lit(texts["slipping"])).otherwise(pl.lit(""))
    untried = sentence(texts["untried"], **values) if tried is not None and 2 * tried < horizon else pl.lit("")
    return pl.concat_str(rhythm, prospect, untried, slipping, pl.lit(texts[basis] if basis else ""))
