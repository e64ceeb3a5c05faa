"""Phone numbers in the one form that all writings of them share."""

from __future__ import annotations

import random

import phonenumbers
import polars as pl

from models.phone_numbers import e164


def typed_numbers(seed: int, count: int) -> list[tuple[str, str | None]]:
    """Numbers as people type them, right and wrong, and the country of their record."""
    draw = random.Random(seed)
    regions = [*sorted(phonenumbers.SUPPORTED_REGIONS), *["DE", "AT", "CH", "US", "GB", "FR", "IT"] * 20, "XX", None]
    numbers = []
    for _ in range(count):
        region = draw.choice(regions)
        kind = draw.choice([0, 1, 3, 4, 6, 7, 10])
        known = region if region in phonenumbers.SUPPORTED_REGIONS else "DE"
        example = phonenumbers.example_number_for_type(known, kind)
        text = phonenumbers.format_number(example, draw.choice([0, 1, 2])) if example else "030 1234567"
        if draw.random() < 0.4:
            text = draw.choice(["+49", "+43 (0)", "0049", "00", "0", "", "1", "49", "011", "++", "+999"]) + text[3:]
        if draw.random() < 0.6:
            text = text[: draw.randrange(len(text) - 3, len(text))] + str(draw.randrange(1000))
        if draw.random() < 0.3:
            at = draw.randrange(len(text) + 1)
            text = text[:at] + draw.choice([" ", "-", "/", "(0)", ".", "x5", " ext. 7", "#", "~", "*", "a"]) + text[at:]
        numbers.append((text, region))
    return numbers


def test_the_fast_path_answers_as_libphonenumber_does() -> None:
    numbers = typed_numbers(seed=20, count=6000)
    found = e164(
        pl.Series([number for number, _ in numbers]), pl.Series([region for _, region in numbers]), home_country="DE"
    )
    for (number, region), answer in zip(numbers, found, strict=True):
        home = region if region in phonenumbers.SUPPORTED_REGIONS else "DE"
        assert answer == by_library(number, home), (number, region)
    assert 0.3 < found.is_not_null().mean() < 0.9


def by_library(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number.strip(), region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, 0) if phonenumbers.is_valid_number(parsed) else None
