"""Currencies as they stand within amounts: `5,00 €`, `US$ 5`, `CHF 5.-`."""

from __future__ import annotations

from pipelines.quoting import literal

_DOLLARS = ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "TWD", "ARS", "CLP", "COP")
_CROWNS = ("SEK", "NOK", "DKK", "ISK")
_SIGNS = {
    "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "$": _DOLLARS, "us$": ("USD",), "au$": ("AUD",), "a$": ("AUD",),
    "ca$": ("CAD",), "c$": ("CAD",), "nz$": ("NZD",), "hk$": ("HKD",), "r$": ("BRL",), "£": ("GBP",),
    "¥": ("JPY", "CNY"), "₺": ("TRY",), "₽": ("RUB",), "₹": ("INR",), "zł": ("PLN",), "kč": ("CZK",),
    "fr": ("CHF",), "fr.": ("CHF",), "kr": _CROWNS, "kr.": _CROWNS,
}  # fmt: skip
"""The currencies that a sign may mean, by the sign in small letters. Three letters are a code and mean themselves."""
SIGNS = (
    r"(?:\b(?:US|AU|CA|NZ|HK|A|C|R)[$]|[€$£¥₺₽₹]|zł|Kč|"
    r"\b(?:EUROS?|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|TRY|HUF|RON|BGN|AUD|CAD|NZD|JPY|CNY|INR|BRL|Fr\.?|kr\.?))"
)
"""A regular expression for all of them, without regard to capitals."""


def is_in_another_currency(text: str, currency: str) -> str:
    """SQL that is true where a text names a currency that is not `currency` (SQL for a code)."""
    sign = f"lower(regexp_extract({text}, '{SIGNS}', 0, 'i'))"
    branches = [
        f"WHEN {literal(one)} THEN {currency} NOT IN ({', '.join(map(literal, codes))})"
        for one, codes in _SIGNS.items()
    ]
    return f"coalesce(CASE {sign} WHEN '' THEN false {' '.join(branches)} ELSE upper({sign}) <> {currency} END, false)"
