"""What of a workspace's settings the reading of files depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipelines.exchange_rates import ALWAYS, RatedCurrencies, check_base, first_days
from pipelines.ingest.currency import usual_currency
from pipelines.ingest.preset_files import presets_with
from pipelines.ingest.presets import Preset
from pipelines.workspace import Workspace

LAST_RESORT_CURRENCY = "EUR"


@dataclass(frozen=True)
class IngestSettings:
    """`country` is ISO-2, `timezone` an IANA name; `currencies_with_rates` are the currencies that can always be
    converted, `rates_since` those that can be from a day on.

    `scratch` is a folder of its own, emptied before and after. `mappings` holds the company's own presets.
    """

    base_currency: str
    country: str
    timezone: str
    scratch: Path
    currencies_with_rates: frozenset[str] = frozenset()
    mappings: Path | None = None
    memory_limit: str = "2GB"
    threads: int | None = None
    rates_since: Mapping[str, date] = field(default_factory=dict)

    @property
    def currencies(self) -> RatedCurrencies:
        """The currencies in which orders may be; the base currency always is one."""
        always = dict.fromkeys(self.currencies_with_rates | {self.base_currency}, ALWAYS)
        return RatedCurrencies({**self.rates_since, **always}, self.timezone, self.base_currency)

    def presets(self) -> tuple[Preset, ...]:
        """The company's own presets, then the shipped ones. Raises DefinitionError where one of its own is wrong."""
        return presets_with(self.mappings)


def ingest_settings(workspace: Workspace, scratch: Path | None = None, also: Sequence[Path] = ()) -> IngestSettings:
    """What settings.yml says; where it names no currency, that of most landed orders is the base currency.

    `scratch` is a folder of its own; without it, the one that belongs to the run that holds the workspace. The files of
    `also` have not landed, but count as if they had.

    Raises DefinitionError where a file of the company's own mappings is wrong, and SettingsError where rates are.
    """
    settings, scratch = workspace.settings, scratch or workspace.raw / "scratch"
    mappings = workspace.mappings if workspace.mappings.is_dir() else None
    currency = settings.currency or usual_currency(workspace.landing, presets_with(mappings), scratch, also)
    base = currency or LAST_RESORT_CURRENCY
    check_base(settings.exchange_rates, workspace.dated_rates, base)
    return IngestSettings(
        base_currency=base,
        country=settings.country,
        timezone=settings.timezone,
        scratch=scratch,
        currencies_with_rates=frozenset(settings.exchange_rates),
        mappings=mappings,
        memory_limit=f"{settings.memory_limit_gb}GB",
        rates_since=first_days(settings.exchange_rates, workspace.dated_rates),
    )
