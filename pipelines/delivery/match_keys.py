"""What platforms recognise people by: addresses, phones and names in the platform's own spelling, and their hashes.

Google: support.google.com/google-ads/answer/7659867. Meta: developers.facebook.com, customer information parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# Narrower than the standards: no address that a spreadsheet would run as a formula, none that must be quoted.
_ADDRESS = r"^[A-Za-z0-9_][A-Za-z0-9.!#$%&'*+/=?^_`{}~-]*@[^\s@,;:|\"'<>()]+\.[^\s@,;:|\"'<>()]+$"
_E164 = r"^\+[1-9][0-9]{6,14}$"
_TITLES = r"^(?:(?:mrs?|ms|miss|dr|prof|herr|frau|dipl\.?-?\s?ing)(?:\.\s*|\s+))+"
_GOOGLE_MAIL = r"@(?:gmail|googlemail)\.com$"


def address(email: pl.Expr) -> pl.Expr:
    """The e-mail address in lower case without surrounding spaces; null where it is none that can be written to."""
    lowered = email.str.strip_chars().str.to_lowercase()
    return pl.when(lowered.str.contains(_ADDRESS)).then(lowered)


def e164(phone: pl.Expr) -> pl.Expr:
    """The phone number; null where it is not in E.164 form, because no platform could match it."""
    return pl.when(phone.str.contains(_E164)).then(phone)


def google_address(email: pl.Expr) -> pl.Expr:
    """The address without the dots that Google Mail ignores before the @."""
    local, domain = email.str.extract("^(.*)@", 1), email.str.extract("(@.*)$", 1)
    undotted = local.str.replace_all(".", "", literal=True) + domain
    return pl.when(email.str.contains(_GOOGLE_MAIL)).then(undotted).otherwise(email)


def google_name(name: pl.Expr) -> pl.Expr:
    """The name in lower case, without titles and superfluous spaces."""
    return _filled(_lowered(name).str.replace_all(r"\s+", " ").str.replace(_TITLES, ""))


def meta_name(name: pl.Expr) -> pl.Expr:
    """The name in lower case, without titles, punctuation and spaces; letters of other alphabets stay."""
    return _filled(_lowered(name).str.replace(_TITLES, "").str.replace_all(r"[\p{P}\p{S}\s]", ""))


def meta_phone(phone: pl.Expr) -> pl.Expr:
    """The digits of a number in E.164 form, which never begin with a zero."""
    return phone.str.strip_prefix("+")


def meta_postcode(postcode: pl.Expr, country: pl.Expr) -> pl.Expr:
    """The postcode in lower case without spaces and dashes, of those of the United States the first five digits."""
    bare = _filled(_lowered(postcode).str.replace_all(r"[\s\p{P}]", ""))
    return pl.when(country == "US").then(bare.str.head(5)).otherwise(bare)


def hashed(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The frame with SHA-256 of the named text columns, in lower-case hexadecimal digits; null stays null."""
    import duckdb

    if not columns:
        return frame
    changed = ", ".join(f'sha256("{name}") as "{name}"' for name in columns)
    with duckdb.connect(config={"threads": "1"}) as connection:  # one thread keeps the order of rows
        connection.register("people", frame.to_arrow())
        result: pl.DataFrame = connection.sql(f"select * replace ({changed}) from people").pl()
        return result


def _lowered(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFC").str.strip_chars().str.to_lowercase()


def _filled(text: pl.Expr) -> pl.Expr:
    """Null instead of an empty text: a hash of nothing would match nobody, or somebody else."""
    return pl.when(text != "").then(text)
