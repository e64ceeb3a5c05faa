"""What a result of a campaign or plan says of an outcome, and what it cannot say, in words."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models.sentences import number, sentence

_VERDICTS = {
    "en": {
        "margin": {
            "more": "More margin than without it, beyond chance.",
            "less": "Less margin than without it, beyond chance.",
            "unsure": "No difference in margin that is beyond chance.",
        },
        "ordered": {
            "more": "More customers ordered than without it, beyond chance.",
            "less": "Fewer customers ordered than without it, beyond chance.",
            "unsure": "No difference in who ordered that is beyond chance.",
        },
    },
    "de": {
        "margin": {
            "more": "Mehr Deckungsbeitrag als in der Vergleichsgruppe, über den Zufall hinaus.",
            "less": "Weniger Deckungsbeitrag als in der Vergleichsgruppe, über den Zufall hinaus.",
            "unsure": "Kein Unterschied im Deckungsbeitrag, der über den Zufall hinausgeht.",
        },
        "ordered": {
            "more": "Mehr Kunden haben bestellt als in der Vergleichsgruppe, über den Zufall hinaus.",
            "less": "Weniger Kunden haben bestellt als in der Vergleichsgruppe, über den Zufall hinaus.",
            "unsure": "Kein Unterschied darin, wie viele bestellt haben, der über den Zufall hinausgeht.",
        },
    },
}
_TEXTS = {
    "en": {
        "so_far": " So far, {days day is|days are} seen.",
        "holdout": " Measured against the hold-out group; the interval holds at every look.",
        "randomised": " Measured by lots with known chances; the interval holds at every look.",
        "doubly_robust": (
            " There was no hold-out group: compared with customers alike in what is known of them, who did not get it. "
            "What is not known may differ."
        ),
        "early": "Cannot be told yet: so far, less than half of the plan's contacts have been made.",
        "few": "Cannot be told: too few customers in one of the groups, or none of them comparable.",
        "mismatch": (
            "Cannot be told: the groups are not of the sizes that were drawn, so something went wrong before any "
            "outcome was seen."
        ),
        "not_carried_out": "Cannot be told: less than half of the plan's contacts were made.",
        "chances": "Cannot be told: the plan has not logged with which chances channels were drawn.",
        "many_days": "Cannot be told: it was sent over more than a week, so there is no day before and after.",
        "no_recipients": (
            "Cannot be told: no known customer is among those of whom the exports say that they got it. "
            "Land the list of its recipients, too."
        ),
        "no_others": (
            "Cannot be told: nearly everybody whom the channel had reached within the year before got it. "
            "Leave some out by lot the next time."
        ),
    },
    "de": {
        "so_far": " Bisher zu sehen: {days Tag|Tage}.",
        "holdout": " Gemessen an der Kontrollgruppe; das Intervall gilt bei jedem Hinsehen.",
        "randomised": " Gemessen durch Lose mit bekannten Chancen; das Intervall gilt bei jedem Hinsehen.",
        "doubly_robust": (
            " Es gab keine Kontrollgruppe: verglichen mit Kunden, die in dem, was bekannt ist, ähnlich sind und die "
            "Kampagne nicht bekommen haben. Worüber nichts bekannt ist, darin können sie sich unterscheiden."
        ),
        "early": "Noch nicht zu sagen: bisher hat weniger als die Hälfte der geplanten Kontakte stattgefunden.",
        "few": "Nicht zu sagen: zu wenige Kunden in einer der Gruppen, oder keine vergleichbaren.",
        "mismatch": (
            "Nicht zu sagen: die Gruppen haben nicht die ausgelosten Größen, also ging etwas schief, ehe ein Ergebnis "
            "zu sehen war."
        ),
        "not_carried_out": "Nicht zu sagen: weniger als die Hälfte der geplanten Kontakte fand statt.",
        "chances": "Nicht zu sagen: der Plan hat nicht festgehalten, mit welchen Chancen Kanäle gezogen wurden.",
        "many_days": "Nicht zu sagen: über mehr als eine Woche verschickt, also ohne einen Tag für vorher und nachher.",
        "no_recipients": (
            "Nicht zu sagen: unter denen, die sie nach den Exporten bekommen haben, ist kein bekannter Kunde. "
            "Legen Sie auch die Liste der Empfänger ab."
        ),
        "no_others": (
            "Nicht zu sagen: fast alle, die der Kanal im Jahr davor erreicht hatte, haben sie bekommen. "
            "Lassen Sie nächstes Mal einige durch Los aus."
        ),
    },
}
_OBSTACLES = ("early", "few", "mismatch", "not_carried_out", "chances", "many_days", "no_recipients", "no_others")


def result_reason(language: str) -> pl.Expr:
    """Return the reason from outcome, effect_low, effect_high, method, days_seen, is_final and why."""
    texts = _TEXTS[language]
    verdict = pl.when(pl.col("outcome") == "margin").then(_verdict(_VERDICTS[language]["margin"])).otherwise(
        _verdict(_VERDICTS[language]["ordered"])
    )  # fmt: skip
    so_far = pl.when("is_final").then(pl.lit("")).otherwise(
        sentence(texts["so_far"], days=number(pl.col("days_seen"), language))
    )  # fmt: skip
    how = pl.coalesce(
        pl.when(pl.col("method") == method).then(pl.lit(texts[method]))
        for method in ("holdout", "randomised", "doubly_robust")
    )
    obstacle = pl.coalesce(pl.when(pl.col("why") == key).then(pl.lit(texts[key])) for key in _OBSTACLES)
    return pl.coalesce(obstacle, pl.concat_str(verdict, so_far, how))


def _verdict(words: Mapping[str, str]) -> pl.Expr:
    return (
        pl.when(pl.col("effect_low") > 0.0).then(pl.lit(words["more"]))
        .when(pl.col("effect_high") < 0.0).then(pl.lit(words["less"]))
        .otherwise(pl.lit(words["unsure"]))
    )  # fmt: skip
