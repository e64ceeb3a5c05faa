"""What is known of channels, in words."""

from __future__ import annotations

import polars as pl

from models.sentences import number, sentence

# What the data say of a channel: codes of the column `verdict`.
VERDICTS = ("pays", "adds", "unproven", "harms", "unknown")

_VERDICTS = {
    "en": {
        "pays": "A contact adds {effect} of margin ({low} to {high}), more than the {cost} that it costs.",
        "adds": "A contact adds {effect} of margin ({low} to {high}); whether that is more than the {cost} that it costs is open.",
        "unproven": "A contact adds {effect} of margin, but {low} to {high} are possible: no effect is proven yet.",
        "harms": "A contact takes away margin: {effect} ({low} to {high}).",
        "unknown": "Too few comparable customers were contacted, or not contacted, this way: nothing can be told yet.",
    },
    "de": {
        "pays": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}), mehr als er kostet ({cost}).",
        "adds": "Ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}); ob das mehr ist als die Kosten von {cost}, ist offen.",
        "unproven": "Ein Kontakt bringt {effect} Deckungsbeitrag, aber {low} bis {high} sind möglich: noch ist keine Wirkung belegt.",
        "harms": "Ein Kontakt kostet Deckungsbeitrag: {effect} ({low} bis {high}).",
        "unknown": "Zu wenige vergleichbare Kunden wurden so angesprochen oder nicht angesprochen: noch lässt sich nichts sagen.",
    },
}  # fmt: skip

_CHOICES = {
    "en": {
        "personal": "Measured for customers like this one: a contact adds {effect} of margin ({low} to {high}). Choosing personally has been shown to pay.",
        "best": "Best single channel for all: a contact adds {effect} of margin ({low} to {high}). Choosing personally has not been shown to pay.",
        "other": "Measured over all customers: a contact adds {effect} of margin ({low} to {high}). Choosing personally has not been shown to pay.",
    },
    "de": {
        "personal": "Gemessen an Kunden wie diesem: ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}). Persönlich zu wählen lohnt sich nachweislich.",
        "best": "Bester Kanal für alle: ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}). Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
        "other": "Über alle Kunden gemessen: ein Kontakt bringt {effect} Deckungsbeitrag ({low} bis {high}). Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
    },
}  # fmt: skip


def verdict_sentence(language: str) -> pl.Expr:
    """Return the verdict in words, from verdict, effect, effect_low, effect_high and cost."""
    texts = _VERDICTS[language]
    money = _money(language, effect="effect", low="effect_low", high="effect_high", cost="cost")
    said = pl.lit(texts["unknown"])
    for verdict in VERDICTS[:-1]:
        said = pl.when(pl.col("verdict") == verdict).then(sentence(texts[verdict], **money)).otherwise(said)
    return said


def choice_sentence(language: str) -> pl.Expr:
    """Return why a channel is recommended, from choice (personal, best, other), expected_effect and its interval."""
    money = _money(language, effect="expected_effect", low="effect_low", high="effect_high")
    said = pl.lit(None, pl.String)
    for choice, text in _CHOICES[language].items():
        said = pl.when(pl.col("choice") == choice).then(sentence(text, **money)).otherwise(said)
    return said


def _money(language: str, **columns: str) -> dict[str, pl.Expr]:
    return {name: number(pl.col(column), language, 2) for name, column in columns.items()}
