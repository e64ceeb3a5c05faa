"""One company's folder: where everything of it lies, and its settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import available_timezones

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipelines.alert_settings import AlertSettings
from pipelines.decisions import DECISIONS_FILE, read_decisions
from pipelines.exchange_rates import RATE_DECIMALS, RATES_FILE, DatedRate, read_rates
from pipelines.outreach_settings import OutreachSettings
from pipelines.settings_file import read_settings_file

ENVIRONMENT_VARIABLE = "STAMMKUNDE_WORKSPACE"
SETTINGS_FILE = "settings.yml"

TrustedField = Literal[
    "*", "name", "address", "email", "phone", "language", "company_name", "job_title", "birth_on", "lifecycle_stage"
]
AudiencePlatform = Literal[
    "google_ads",
    "meta",
    "meta_value",
    "linkedin_contacts",
    "linkedin_companies",
    "mailchimp",
    "klaviyo",
    "brevo",
    "hubspot",
]


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Europe/Berlin")
    return name


def _country_code(text: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if text not in SUPPORTED_REGIONS:
        raise ValueError("must be the two capital letters of a country (ISO 3166-1), such as DE, AT or GB")
    return text


def _currency_code(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValueError("must be three capital letters (ISO 4217), such as USD")
    return text


def _told_apart(margins: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """The margins by category without outer blanks. SQL compares categories in lower case, so a category that stands
    here in two spellings would count each of its lines twice."""
    spellings: dict[str, str] = {}
    for category in margins:
        first = spellings.setdefault(" ".join(category.split()).lower(), category)
        if first != category:
            raise ValueError(f"must name each category once: {first!r} and {category!r} are the same")
    return {category.strip(): margin for category, margin in margins.items()}


class Settings(BaseModel):
    """What a company may say about itself. Every key has a default, so settings.yml may be absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    country: Annotated[str, AfterValidator(_country_code)] = Field(
        "DE",
        description="Home country, ISO 3166-1 alpha-2. It decides ambiguous dates, phone numbers without a country "
        "code, and the separator of CSV files for people.",
        json_schema_extra={"pattern": "^[A-Z]{2}$"},
    )
    currency: Annotated[str, AfterValidator(_currency_code)] | None = Field(
        None,
        description="Base currency, ISO 4217; without it, the currency that most landed orders are in.",
        examples=["EUR"],
    )
    language: Literal["en", "de"] = Field(
        "en", description="Language of headings, reasons and pages for people, ISO 639-1."
    )
    timezone: Annotated[str, AfterValidator(_known_timezone)] = Field(
        "Europe/Berlin", description="Zone of times that are written without one, and of the nightly run."
    )
    exchange_rates: Mapping[
        Annotated[str, AfterValidator(_currency_code)], Annotated[Decimal, Field(gt=0, decimal_places=RATE_DECIMALS)]
    ] = Field(
        default_factory=dict,
        description="Units of the base currency for one unit of another, by its code. An order in a currency without a "
        "rate goes into quarantine. Rates that change belong into exchange_rates.csv.",
        examples=[{"USD": 0.92, "GBP": 1.17}],
    )
    margins: Annotated[Mapping[str, Annotated[Decimal, Field(ge=0, le=1)]], AfterValidator(_told_apart)] = Field(
        default_factory=lambda: {"*": Decimal("0.4")},
        description="Margin as a share of net revenue by category; '*' for all others.",
        examples=[{"*": 0.4, "Tea": 0.55}],
    )
    trust: Mapping[TrustedField, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Source systems whose word counts before that of others, the most trusted first, by field; '*' for "
        "all fields that are not named. Of equally trusted sources the newest value counts.",
        examples=[{"email": ["hubspot"], "*": ["shopify", "hubspot"]}],
    )
    horizon_days: int = Field(365, ge=1, le=3650, description="How far ahead customer value looks, in days.")
    discount_rate: float = Field(0.1, ge=0, lt=1, description="Yearly rate at which later money counts for less.")
    audiences: tuple[AudiencePlatform, ...] = Field(
        get_args(AudiencePlatform),
        description="Platforms to write audience files for; [] for none. Advertising platforms need a consent that "
        "covers passing data on to them.",
    )
    alerts: AlertSettings = Field(
        default_factory=AlertSettings, description="Where to tell of a step that failed; without it, nowhere."
    )
    outreach: OutreachSettings = Field(
        default_factory=OutreachSettings, description="Marketing contacts: costs, capacities, caps and the plan."
    )
    memory_limit_gb: float = Field(4, ge=0.5, description="Memory that DuckDB may use, in gigabytes.")


@dataclass(frozen=True)
class Workspace:
    """The folders of one company. Nothing of ours is ever written outside `root`."""

    root: Path

    @classmethod
    def locate(cls, folder: str | Path | None = None) -> Workspace:
        """Return the workspace in `folder`, else the one of the environment variable, else ./workspace."""
        return cls(Path(folder or os.environ.get(ENVIRONMENT_VARIABLE) or "workspace").resolve())

    @classmethod
    def around(cls, file: Path) -> Workspace | None:
        """The workspace in whose landing/ the file lies; None for a file from elsewhere."""
        landings = (folder for folder in file.resolve().parents if folder.name == "landing")
        return next((cls(folder.parent) for folder in landings), None)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def mappings(self) -> Path:
        return self.root / "mappings"

    @property
    def raw(self) -> Path:
        return self.root / "raw"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def database(self) -> Path:
        return self.warehouse / "stammkunde.duckdb"

    @property
    def dbt_target(self) -> Path:
        return self.warehouse / "dbt"

    @property
    def analytics(self) -> Path:
        return self.root / "analytics"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def latest(self) -> Path:
        return self.exports / "latest"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @cached_property
    def settings(self) -> Settings:
        """Return the settings; raise SettingsError in words where the file cannot be used."""
        path = self.root / SETTINGS_FILE
        return read_settings(path) if path.exists() else Settings()

    @cached_property
    def dated_rates(self) -> tuple[DatedRate, ...]:
        """Return the rates of exchange_rates.csv, none without that file; raise SettingsError where it is wrong."""
        path = self.root / RATES_FILE
        return read_rates(path) if path.exists() else ()

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """Return what people decided in decisions.csv; raise SettingsError where it is wrong."""
        return read_decisions(self.root / DECISIONS_FILE)

    def create_folders(self) -> None:
        """Make the folders that a run needs, for the owner's eyes only."""
        for folder in (
            self.root,
            self.landing,
            self.raw,
            self.quarantine,
            self.warehouse,
            self.analytics,
            self.exports,
            self.dagster_home,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_settings(path: Path) -> Settings:
    """Return the settings written in `path`; raise SettingsError in words where they cannot be used."""
    return read_settings_file(path, Settings)
