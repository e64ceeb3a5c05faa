"""What is known of channels, in words."""

from __future__ import annotations

import polars as pl

from models.sentences import number, sentence

# What the data say of a channel: codes of the column `verdict`.
VERDICTS = ("pays", "adds", "unproven", "harms", "unknown")
SHOWN = ("pays", "adds")
"""Those by which a contact has been shown to add margin."""

_TEXTS = {
    "en": {
        "pays": "A contact adds {effect} of margin ({low} to {high}), more than its cost of {cost}.",
        "adds": "A contact adds {effect} of margin ({low} to {high}); whether that covers its cost of {cost} is open.",
        "costs": "A contact adds {effect} of margin ({low} to {high}), on average less than its cost of {cost}.",
        "unproven": "A contact adds {effect} of margin, but {low} to {high} are possible: no effect is proven yet.",
        "harms": "A contact takes away margin: {effect} ({low} to {high}).",
        "unknown": "Too few comparable customers were contacted this way, or left alone, to tell an effect.",
        "effect": "A contact adds {effect} of margin ({low} to {high}), ",
        "open": "A contact adds {effect} of margin, but {low} to {high} are possible, so no effect is proven yet; ",
        "less": "A contact takes away margin: {effect} ({low} to {high}), ",
        "dear": " It costs {cost}, more than it adds.",
        "personal": "measured on customers like this one. Choosing personally has been shown to pay.",
        "best": "the best single channel for all. Choosing personally has not been shown to pay.",
        "other": "measured over all customers. Choosing personally has not been shown to pay.",
    },
    "de": {
        "pays": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}), mehr als er kostet ({cost}).",
        "adds": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}); offen, ob das {cost} Kosten deckt.",
        "costs": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}), im Mittel unter den Kosten ({cost}).",
        "unproven": "Ein Kontakt bringt {effect} Deckungsbeitrag, möglich sind aber {low} bis {high}: nicht belegt.",
        "harms": "Ein Kontakt kostet Deckungsbeitrag: {effect} ({low} bis {high}).",
        "unknown": "Zu wenige vergleichbare Kunden wurden so angesprochen oder nicht: keine Wirkung ist zu erkennen.",
        "effect": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}), ",
        "open": "Ein Kontakt bringt {effect} Deckungsbeitrag, möglich sind aber {low} bis {high}: nicht belegt; ",
        "less": "Ein Kontakt kostet Deckungsbeitrag: {effect} ({low} bis {high}), ",
        "dear": " Er kostet {cost}, mehr als er bringt.",
        "personal": "gemessen an Kunden wie diesem. Persönlich zu wählen lohnt sich nachweislich.",
        "best": "der beste Kanal für alle. Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
        "other": "über alle Kunden gemessen. Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
    },
}  # fmt: skip


def verdict_sentence(language: str) -> pl.Expr:
    """Return the verdict in words, from verdict, effect, effect_low, effect_high and cost."""
    texts = _TEXTS[language]
    money = _money(language, effect="effect", low="effect_low", high="effect_high", cost="cost")
    said = pl.lit(texts["unknown"])
    for verdict in VERDICTS[:-1]:
        said = pl.when(pl.col("verdict") == verdict).then(sentence(texts[verdict], **money)).otherwise(said)
    is_dear = (pl.col("verdict") == "adds") & (pl.col("effect_high") < pl.col("cost"))
    return pl.when(is_dear).then(sentence(texts["costs"], **money)).otherwise(said)


def choice_sentence(language: str) -> pl.Expr:
    """Return why a channel is recommended, from choice (personal, best, other), expected_effect, its interval and cost.

    It says what is not proven, and what costs more than it is expected to add, as it is.
    """
    texts = _TEXTS[language]
    money = _money(language, effect="expected_effect", low="effect_low", high="effect_high", cost="cost")
    said = (
        pl.when(pl.col("effect_high") < 0.0).then(sentence(texts["less"], **money))
        .when(pl.col("effect_low") <= 0.0).then(sentence(texts["open"], **money))
        .otherwise(sentence(texts["effect"], **money))
    )  # fmt: skip
    why = pl.col("choice").replace_strict({name: texts[name] for name in ("personal", "best", "other")}, default=None)
    is_dear = (pl.col("expected_effect") < pl.col("cost")) & (pl.col("effect_high") >= 0.0)
    return pl.concat_str(said, why, pl.when(is_dear).then(sentence(texts["dear"], **money)).otherwise(pl.lit("")))


def _money(language: str, **columns: str) -> dict[str, pl.Expr]:
    return {name: number(pl.col(column), language, 2) for name, column in columns.items()}
