"""What a result of a campaign or plan says, and what it cannot say, in words."""

from __future__ import annotations

import polars as pl

from models.sentences import number, sentence

_TEXTS = {
    "en": {
        "more": "More than without it, beyond chance.",
        "less": "Less than without it, beyond chance.",
        "unsure": "No difference that is beyond chance.",
        "so_far": " So far, {days day is|days are} seen.",
        "holdout": " Measured against the hold-out group; the interval holds at every look.",
        "randomised": " Measured by lots with known chances.",
        "doubly_robust": (
            " There was no hold-out group: compared with customers alike in what is known of them, who did not get it. "
            "What is not known may differ."
        ),
        "early": "Cannot be told yet: its days have only begun.",
        "few": "Cannot be told: too few customers in one of the groups, or none of them comparable.",
        "mismatch": (
            "Cannot be told: the groups are not of the sizes that were drawn, so something went wrong before any "
            "outcome was seen."
        ),
        "not_carried_out": "Cannot be told: less than half of the plan's contacts were made.",
        "chances": "Cannot be told: the plan has not logged with which chances channels were drawn.",
        "many_days": "Cannot be told: it was sent over more than a week, so there is no day before and after.",
        "no_others": (
            "Cannot be told: nearly everybody whom the channel reaches got it. Leave some out by lot the next time."
        ),
    },
    "de": {
        "more": "Mehr als ohne sie, über den Zufall hinaus.",
        "less": "Weniger als ohne sie, über den Zufall hinaus.",
        "unsure": "Kein Unterschied, der über den Zufall hinausgeht.",
        "so_far": " Bisher zu sehen: {days Tag|Tage}.",
        "holdout": " Gemessen an der Kontrollgruppe; das Intervall gilt bei jedem Hinsehen.",
        "randomised": " Gemessen durch Lose mit bekannten Chancen.",
        "doubly_robust": (
            " Es gab keine Kontrollgruppe: verglichen mit Kunden, die in allem Bekannten gleich sind und sie nicht "
            "bekommen haben. Was nicht bekannt ist, kann sich unterscheiden."
        ),
        "early": "Noch nicht zu sagen: ihre Tage haben erst begonnen.",
        "few": "Nicht zu sagen: zu wenige Kunden in einer der Gruppen, oder keine vergleichbaren.",
        "mismatch": (
            "Nicht zu sagen: die Gruppen haben nicht die ausgelosten Größen, also ging etwas schief, ehe ein Ergebnis "
            "zu sehen war."
        ),
        "not_carried_out": "Nicht zu sagen: weniger als die Hälfte der geplanten Kontakte fand statt.",
        "chances": "Nicht zu sagen: der Plan hat nicht festgehalten, mit welchen Chancen Kanäle gezogen wurden.",
        "many_days": "Nicht zu sagen: über mehr als eine Woche verschickt, also ohne einen Tag für vorher und nachher.",
        "no_others": (
            "Nicht zu sagen: fast alle, die der Kanal erreicht, haben sie bekommen. "
            "Lassen Sie nächstes Mal einige durch Los aus."
        ),
    },
}
_OBSTACLES = ("early", "few", "mismatch", "not_carried_out", "chances", "many_days", "no_others")


def result_reason(language: str) -> pl.Expr:
    """Return the reason from effect_low, effect_high, method, days_seen, is_final and why."""
    texts = _TEXTS[language]
    verdict = (
        pl.when(pl.col("effect_low") > 0.0).then(pl.lit(texts["more"]))
        .when(pl.col("effect_high") < 0.0).then(pl.lit(texts["less"]))
        .otherwise(pl.lit(texts["unsure"]))
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
