"""The platforms that take audience files: the exact columns, what is hashed, and how much one file may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.delivery import match_keys as key
from pipelines.delivery.cells import safe_text

Basis = Literal["advertising", "newsletter", "companies"]

_NOTHING = pl.lit(None, pl.String)


@dataclass(frozen=True)
class Field:
    """One column of a file: its header, which need not be unique, what stands in it, and whether it is hashed."""

    header: str
    content: pl.Expr = _NOTHING
    is_hashed: bool = False


@dataclass(frozen=True)
class Platform:
    """One kind of audience file."""

    name: str
    title: str
    basis: Basis
    """What its people must have agreed to; companies are no people."""
    fields: tuple[Field, ...]
    rows_per_file: int
    """So few that a file stays below the size that the platform takes, even with the longest values."""
    smallest: int = 1
    """Fewer rows are not accepted, or not used."""
    separator: str = ","
    only: pl.Expr | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(field.header for field in self.fields)


def _cell(content: pl.Expr | str, longest: int) -> pl.Expr:
    """A text that people may open in a spreadsheet, cut to what the platforms keep of it."""
    text = pl.col(content) if isinstance(content, str) else content
    return safe_text(text.str.replace_all(r"\s+", " ").str.strip_chars().str.head(longest))


_EMAIL = pl.col("email")
_PHONE = pl.coalesce("call_phone", "text_phone")
_COUNTRY = pl.col("country")
_COMPANY = pl.coalesce("company_name", "account_name")

_META = (
    Field("email", _EMAIL, is_hashed=True),
    Field("email"),
    Field("email"),
    Field("phone", key.meta_phone(_PHONE), is_hashed=True),
    Field("phone"),
    Field("phone"),
    Field("madid"),
    Field("fn", key.meta_name(pl.col("first_name")), is_hashed=True),
    Field("ln", key.meta_name(pl.col("last_name")), is_hashed=True),
    Field("zip", key.meta_postcode(pl.col("postcode"), _COUNTRY), is_hashed=True),
    Field("ct", key.meta_name(pl.col("city")), is_hashed=True),
    Field("st"),
    Field("country", _COUNTRY.str.to_lowercase(), is_hashed=True),
    Field("dob"),
    Field("doby"),
    Field("gen"),
    Field("age"),
    Field("uid"),
)

PLATFORMS = (
    Platform(
        "google_ads",
        "Google Ads Customer Match",
        "advertising",
        (
            Field("Email", key.google_address(_EMAIL), is_hashed=True),
            Field("Phone", _PHONE, is_hashed=True),
            Field("First Name", key.google_name(pl.col("first_name")), is_hashed=True),
            Field("Last Name", key.google_name(pl.col("last_name")), is_hashed=True),
            Field("Country", _COUNTRY),
            Field("Zip", _cell("postcode", 20)),
        ),
        rows_per_file=500_000,
        smallest=100,
    ),
    Platform("meta", "Meta custom audience", "advertising", _META, rows_per_file=200_000, smallest=100),
    Platform(
        "meta_value",
        "Meta custom audience by value",
        "advertising",
        (*_META, Field("value", pl.col("clv").cast(pl.Float64).round(2).cast(pl.Decimal(18, 2)).cast(pl.String))),
        rows_per_file=200_000,
        smallest=100,
        only=pl.col("clv") >= 0,
    ),
    Platform(
        "linkedin_contacts",
        "LinkedIn contact list",
        "advertising",
        (
            Field("email", _EMAIL, is_hashed=True),
            Field("firstname", _cell("first_name", 35)),
            Field("lastname", _cell("last_name", 35)),
            Field("jobtitle", _cell("job_title", 50)),
            Field("employeecompany", _cell(_COMPANY, 50)),
            Field("country", _COUNTRY),
            Field("googleaid"),
        ),
        rows_per_file=45_000,
        smallest=300,
    ),
    Platform(
        "linkedin_companies",
        "LinkedIn company list",
        "companies",
        (
            Field("companyname", _cell("name", 50)),
            Field("companywebsite", _cell("domain", 100)),
            Field("companyemaildomain", _cell("domain", 100)),
            Field("linkedincompanypageurl"),
            Field("stocksymbol"),
            Field("industry", _cell("industry", 50)),
            Field("city", _cell("city", 50)),
            Field("state"),
            Field("companycountry", _COUNTRY),
            Field("zipcode"),
        ),
        rows_per_file=40_000,
        smallest=300,
    ),
    Platform(
        "mailchimp",
        "Mailchimp",
        "newsletter",
        (
            Field("Email Address", _EMAIL),
            Field("First Name", _cell("first_name", 60)),
            Field("Last Name", _cell("last_name", 60)),
            Field("Phone Number", pl.col("text_phone")),
            Field("Tags", pl.col("audience")),
        ),
        rows_per_file=100_000,
    ),
    Platform(
        "klaviyo",
        "Klaviyo",
        "newsletter",
        (
            Field("Email", _EMAIL),
            Field("First Name", _cell("first_name", 60)),
            Field("Last Name", _cell("last_name", 60)),
            Field("Phone Number", pl.col("text_phone")),
            Field("Organization", _cell(_COMPANY, 60)),
            Field("Title", _cell("job_title", 60)),
            Field("City", _cell("city", 60)),
            Field("Zip Code", _cell("postcode", 20)),
            Field("Country", _COUNTRY),
            Field("Email Marketing Consent", pl.lit("Subscribe")),
            Field("Segment", pl.col("audience")),
        ),
        rows_per_file=60_000,
    ),
    Platform(
        "brevo",
        "Brevo",
        "newsletter",
        (
            Field("EMAIL", _EMAIL),
            Field("LASTNAME", _cell("last_name", 60)),
            Field("FIRSTNAME", _cell("first_name", 60)),
            Field("SMS", pl.col("text_phone").str.strip_prefix("+")),
            Field("SEGMENT", pl.col("audience")),
        ),
        rows_per_file=200_000,
        separator=";",
    ),
    Platform(
        "hubspot",
        "HubSpot contacts",
        "newsletter",
        (
            Field("First Name", _cell("first_name", 60)),
            Field("Last Name", _cell("last_name", 60)),
            Field("Email", _EMAIL),
            Field("Phone Number", pl.col("call_phone")),
            Field("Company name", _cell(_COMPANY, 60)),
            Field("Website URL", _cell("account_domain", 100)),
            Field("Lifecycle Stage", pl.when("is_buyer").then(pl.lit("customer")).otherwise(pl.lit("lead"))),
            Field("Lead Status"),
        ),
        rows_per_file=100_000,
    ),
)

PLATFORM_NAMES = tuple(platform.name for platform in PLATFORMS)
