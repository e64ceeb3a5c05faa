"""Phone numbers as people type them, brought to E.164.

The truth is Google's libphonenumber (package `phonenumbers`), at some 55 microseconds a number. Most numbers of a
customer file have a plain shape, and for those the same answer follows from the library's own metadata with a few
vectorised comparisons. The fast path gives a number only where it follows the library's steps without a branch
left open; whatever it does not answer, invalid numbers too, goes to the library itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import phonenumbers
import polars as pl
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

_PLAIN_SHAPE = r"^\+?[ (]*[0-9][0-9 ()./-]*$"
_DIGITS = re.compile(r"[0-9]+")


class _Region(NamedTuple):
    """How a region dials: what the fast path must know to tell a number's parts from one another."""

    region: str
    home_code: str
    international_prefix: str
    national_prefix: str


def e164(numbers: pl.Series, countries: pl.Series, *, home_country: str) -> pl.Series:
    """Return the numbers in E.164 (`+4930123456`), null where there is no valid number.

    `countries` holds ISO 3166-1 alpha-2 codes for numbers written in their national form; where it is null or
    unknown to libphonenumber, `home_country` is taken. The result has the length and order of `numbers`, and
    equals `phonenumbers.parse` with `is_valid_number` for every input.
    """
    country = pl.col("country").str.to_uppercase()
    known = pl.when(country.is_in(sorted(phonenumbers.SUPPORTED_REGIONS))).then(country)
    asked = pl.DataFrame({"number": numbers.cast(pl.String), "country": countries.cast(pl.String)}).select(
        pl.col("number").str.strip_chars().replace("", None), known.fill_null(home_country.upper()).alias("region")
    )
    distinct = asked.drop_nulls("number").unique()
    answers = _by_library(_by_metadata(distinct))
    return asked.join(answers, on=["number", "region"], how="left", maintain_order="left")["e164"]


def _by_library(answers: pl.DataFrame) -> pl.DataFrame:
    """Let libphonenumber answer what is still open."""
    asked = answers.filter(~pl.col("is_decided"))
    parsed = [_parse(number, region) for number, region in asked.select("number", "region").iter_rows()]
    slow = asked.with_columns(e164=pl.Series(parsed, dtype=pl.String))
    return pl.concat([answers.filter("is_decided"), slow]).select("number", "region", "e164")


def _parse(number: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _by_metadata(distinct: pl.DataFrame) -> pl.DataFrame:
    """Add `e164` and `is_decided`, which is false where the fast path leaves the answer to the library.

    The library takes the national number with its prefix stripped if that is a number of the country at all. So a
    stripped number that is valid is the answer; and where neither that nor the number as it stands is valid, there
    is none, provided that no second region shares the calling code.
    """
    parts = []
    for (code,), part in _with_national_number(distinct).partition_by("calling_code", as_dict=True).items():
        is_valid, is_invalid = _verdict(code)
        number = pl.when(is_valid).then(pl.format("+{}{}", "calling_code", "national"))
        parts.append(part.with_columns(e164=number, is_decided=(is_valid | is_invalid).fill_null(False)))
    empty = distinct.clear().with_columns(e164=pl.lit(None, pl.String), is_decided=pl.lit(False))
    return pl.concat([part.select(empty.columns) for part in parts]) if parts else empty


def _with_national_number(distinct: pl.DataFrame) -> pl.DataFrame:
    """Add `calling_code` and `national`; calling_code is null where the shape leaves anything open."""
    digits = pl.col("number").str.replace_all(r"[^0-9]", "")
    home = _regions(distinct["region"].unique().to_list())
    frame = distinct.join(home, on="region", how="left").with_columns(
        digits=pl.when(pl.col("number").str.contains(_PLAIN_SHAPE)).then(digits)
    )
    dialled = pl.col("digits").str.strip_prefix(pl.col("international_prefix"))
    abroad = (
        pl.when(pl.col("number").str.starts_with("+"))
        .then("digits")
        .when(pl.col("digits").str.starts_with(pl.col("international_prefix")) & ~dialled.str.starts_with("0"))
        .then(dialled)
    )
    is_national = ~pl.col("digits").str.starts_with(pl.col("home_code")) & ~pl.col("digits").str.starts_with(
        pl.col("international_prefix")
    )
    code = abroad.str.extract(_calling_code_pattern())
    frame = frame.with_columns(
        calling_code=pl.when(abroad.is_not_null()).then(code).when(is_national).then("home_code"),
        rest=pl.when(abroad.is_not_null()).then(abroad.str.slice(code.str.len_chars())).otherwise("digits"),
    )
    return _without_national_prefix(frame)


def _without_national_prefix(frame: pl.DataFrame) -> pl.DataFrame:
    codes = frame["calling_code"].drop_nulls().unique()
    main = _regions([phonenumbers.region_code_for_country_code(int(code)) for code in codes])
    prefixes = main.select(calling_code="home_code", national_prefix="national_prefix")
    joined = frame.drop("national_prefix").join(prefixes, on="calling_code", how="left")
    return joined.with_columns(national=pl.col("rest").str.strip_prefix(pl.col("national_prefix")))


def _regions(names: list[str]) -> pl.DataFrame:
    """One row per region whose dialling rules are literal digits; others are left to the library."""
    rows = [rule for name in sorted(names) if (rule := _region(name)) is not None]
    return pl.DataFrame(rows, schema=dict.fromkeys(_Region._fields, pl.String), orient="row")


def _region(name: str) -> _Region | None:
    metadata = PhoneMetadata.metadata_for_region(name, None)
    if metadata is None or metadata.country_code is None:
        return None
    if metadata.leading_digits or metadata.national_prefix_transform_rule:
        return None
    prefix = metadata.national_prefix_for_parsing or ""
    abroad = metadata.international_prefix or ""
    is_main = phonenumbers.region_code_for_country_code(metadata.country_code) == name
    if not is_main or not _DIGITS.fullmatch(abroad) or not re.fullmatch(r"[0-9]*", prefix):
        return None
    return _Region(name, str(metadata.country_code), abroad, prefix)


def _calling_code_pattern() -> str:
    """No calling code is the beginning of another one, so the order of the alternatives is of no consequence."""
    return f"^({'|'.join(str(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))})"


def _verdict(calling_code: str | None) -> tuple[pl.Expr, pl.Expr]:
    """Whether `national` is certainly valid, and whether there is certainly no valid number."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(calling_code)] if calling_code else ("",)
    metadata = PhoneMetadata.metadata_for_region(regions[0], None)
    if metadata is None or _region(regions[0]) is None:
        return pl.lit(False), pl.lit(False)
    is_valid = _is_number_of(metadata, "national")
    is_invalid = ~is_valid & ~_is_number_of(metadata, "rest") if len(regions) == 1 else pl.lit(False)
    return is_valid, is_invalid


def _is_number_of(metadata: PhoneMetadata, column: str) -> pl.Expr:
    kinds = (
        metadata.fixed_line,
        metadata.mobile,
        metadata.toll_free,
        metadata.premium_rate,
        metadata.shared_cost,
        metadata.voip,
        metadata.personal_number,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    return _matches(metadata.general_desc, column) & pl.any_horizontal(_matches(kind, column) for kind in kinds)


def _matches(kind: PhoneNumberDesc | None, column: str) -> pl.Expr:
    if kind is None or not kind.national_number_pattern:
        return pl.lit(False)
    fits = pl.col(column).str.contains(f"^(?:{kind.national_number_pattern})$")
    is_long_enough = pl.col(column).str.len_chars().is_in(list(kind.possible_length))
    return is_long_enough & fits if kind.possible_length else fits
