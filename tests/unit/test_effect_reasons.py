"""What is said of a channel's effect is as sure as its interval, and as worth it as its cost allows."""

from __future__ import annotations

import polars as pl
import pytest

from models.effect_reasons import choice_sentence, verdict_sentence

CASES = {
    # choice, effect, low, high, cost: what is said, in English and in German
    ("best", 0.5, 0.2, 0.8, 0.01): (
        "A contact adds 0.50 of margin (0.20 to 0.80), the best single channel for all. "
        "Choosing personally has not been shown to pay.",
        "Ein Kontakt bringt 0,50 Deckungsbeitrag (0,20 bis 0,80), der beste Kanal für alle. "
        "Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
    ),
    ("best", 0.17, -0.59, 0.93, 0.01): (
        "A contact adds 0.17 of margin, but -0.59 to 0.93 are possible, so no effect is proven yet; "
        "the best single channel for all. Choosing personally has not been shown to pay.",
        "Ein Kontakt bringt 0,17 Deckungsbeitrag, möglich sind aber -0,59 bis 0,93: nicht belegt; "
        "der beste Kanal für alle. Dass es sich lohnt, persönlich zu wählen, ist nicht belegt.",
    ),
    ("other", 0.6, 0.1, 1.1, 5.0): (
        "A contact adds 0.60 of margin (0.10 to 1.10), measured over all customers. "
        "Choosing personally has not been shown to pay. It costs 5.00, more than it adds.",
        "Ein Kontakt bringt 0,60 Deckungsbeitrag (0,10 bis 1,10), über alle Kunden gemessen. "
        "Dass es sich lohnt, persönlich zu wählen, ist nicht belegt. Er kostet 5,00, mehr als er bringt.",
    ),
    ("personal", -0.4, -0.7, -0.1, 0.01): (
        "A contact takes away margin: -0.40 (-0.70 to -0.10), measured on customers like this one. "
        "Choosing personally has been shown to pay.",
        "Ein Kontakt kostet Deckungsbeitrag: -0,40 (-0,70 bis -0,10), gemessen an Kunden wie diesem. "
        "Persönlich zu wählen lohnt sich nachweislich.",
    ),
}


@pytest.mark.parametrize(("language", "place"), [("en", 0), ("de", 1)])
def test_a_recommendation_is_no_surer_than_its_interval_and_tells_what_does_not_pay(language: str, place: int) -> None:
    """Accident: "a call adds 0.61 of margin" is read as a reason to call, at five euros and with no effect proven."""
    columns = ["choice", "expected_effect", "effect_low", "effect_high", "cost"]
    rows = pl.DataFrame(list(CASES), schema=columns, orient="row")
    assert rows.select(choice_sentence(language)).to_series().to_list() == [said[place] for said in CASES.values()]


@pytest.mark.parametrize(
    ("language", "dear", "open_"),
    [
        (
            "en",
            "(0.78 to 3.00), on average less than its cost of 5.00.",
            "covers its cost of 5.00 is open.",
        ),
        ("de", "(0,78 bis 3,00), im Mittel unter den Kosten (5,00).", "offen, ob das 5,00 Kosten deckt."),
    ],
)
def test_a_call_that_surely_adds_less_than_it_costs_is_not_said_to_be_open(
    language: str, dear: str, open_: str
) -> None:
    """Accident: "1.89 (0.78 to 3.00); whether that covers its cost of 5.00 is open", though no value of it would."""
    columns = ["verdict", "effect", "effect_low", "effect_high", "cost"]
    rows = pl.DataFrame([("adds", 1.89, 0.78, 3.0, 5.0), ("adds", 1.89, 0.78, 6.0, 5.0)], schema=columns, orient="row")
    surely, perhaps = rows.select(verdict_sentence(language)).to_series()
    assert surely.endswith(dear)
    assert perhaps.endswith(open_)
