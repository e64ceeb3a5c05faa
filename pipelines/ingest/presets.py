"""Presets: how a vendor's export maps to canonical entities, as data. `presets/online_retail.yml` explains the form."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data_quality.contracts import Contract, contracts
from pipelines.ingest.header import EITHER

PLACE = "#"
"""The field that gives a packed record's place in its row, from 1."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_rules(value: object) -> object:
    """A bare header, a rule, or a list of both, as a list of rules."""
    items = value if isinstance(value, list) else [value]
    return [{"from": item} if isinstance(item, str) else item for item in items]


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class TaxCells(_Definition):
    """The headers from which it shows whether prices contain the tax."""

    total: str
    subtotal: str
    shipping: str
    tax: str


class Packed(_Definition):
    """Cells that pack several records each: how they part into records, and those into fields.

    A record's fields are told by `fields` and `names` (`sku:A|quantity:2`), by the groups of `pattern`, or it is JSON.
    Without `records` each cell holds one record.
    """

    cells: str
    records: str | None = None
    fields: str | None = None
    names: str | None = None
    pattern: str | None = None
    json_objects: bool = Field(default=False, alias="json")

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if sum((bool(self.fields and self.names), bool(self.pattern), self.json_objects)) != 1:
            raise ValueError("packed records are told by exactly one of: fields with names, pattern, json")
        if self.pattern:
            _compile(self.pattern)
        return self

    def check_field(self, name: str) -> None:
        """Raise ValueError where the pattern has no group of that name."""
        groups = _compile(self.pattern).groupindex if self.pattern else {}
        if self.pattern and name != PLACE and name not in groups:
            raise ValueError(f"unpack.pattern has no group {name}; it has {', '.join(groups) or 'none'}")


class Rule(_Definition):
    """Where one canonical column takes its value from. Exactly one origin, then what is done with the text."""

    headers: Texts = Field(default=(), alias="from")
    value: str | None = None
    file_name: str | None = None
    product: tuple[str, str] | None = None
    position_within: str | None = None
    tax_included: TaxCells | None = None
    plus: Texts = ()
    joined: Texts = ()
    unpacked: str | None = Field(default=None, alias="field")

    only_if: dict[str, Texts] = {}
    unless: str | None = None
    map: dict[str, str] = {}
    match: dict[str, str] = {}
    otherwise: str | None = None
    filled: str | None = None
    first_of: str | None = None
    words: Literal["last", "all_but_last"] | None = None
    remove: str | None = None
    case: Literal["lower", "upper"] | None = None
    less: str | None = None
    sum: bool = False

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        origins = [self.headers, self.value, self.file_name, self.product, self.position_within, self.tax_included]
        if sum(bool(origin) for origin in (*origins, self.plus, self.joined, self.unpacked)) != 1:
            raise ValueError(
                "a rule takes its value from exactly one of: "
                "from, value, file_name, product, position_within, tax_included, plus, joined, field"
            )
        for pattern in [*self.match, *([self.remove] if self.remove else [])]:
            _compile(pattern)
        return self

    @property
    def cells(self) -> tuple[str, ...]:
        """Every header that the rule reads, wildcards as written."""
        parts = [*self.headers, *(self.product or ()), *self.plus, *self.joined, self.less, self.position_within]
        parts += list(self.tax_included.model_dump().values()) if self.tax_included else []
        return tuple(part for part in parts if part)


Rules = Annotated[tuple[Rule, ...], BeforeValidator(_as_rules)]


class Records(_Definition):
    """The records of one entity that a file gives."""

    entity: str
    columns: dict[str, Rules]
    only_where_filled: str | None = None
    only_where: dict[str, Texts] = {}
    left_out: dict[str, Texts] = {}
    unpack: Packed | None = None
    one_per: str | None = None
    belongs_to: str | None = None

    @model_validator(mode="after")
    def _fits_contract(self) -> Self:
        contract = contracts().get(self.entity)
        if contract is None:
            raise ValueError(f"{self.entity!r} is no entity; allowed are {', '.join(contracts())}")
        allowed = [column.name for column in contract.columns]
        if wrong := [name for name in self.columns if name not in allowed]:
            raise ValueError(f"{self.entity} has no column {', '.join(wrong)}; allowed are {', '.join(allowed)}")
        if missing := [column.name for column in contract.required if column.name not in self.columns]:
            raise ValueError(f"{self.entity} also needs the columns {', '.join(missing)}")
        if wrong := [header for header in self.left_out if header not in self.only_where]:
            raise ValueError(f"left_out: {wrong[0]!r} is not under only_where, so nothing is left out by it")
        self._check_codes(contract)
        self._check_fields()
        return self

    def _check_fields(self) -> None:
        for rule in (rule for rules in self.columns.values() for rule in rules if rule.unpacked):
            if self.unpack is None:
                raise ValueError(f"field: {rule.unpacked!r} needs `unpack`, which says where packed records stand")
            self.unpack.check_field(rule.unpacked or "")

    def _check_codes(self, contract: Contract) -> None:
        for name, rules in self.columns.items():
            allowed = contract.column(name).allowed
            given = {text for rule in rules for text in _codes(rule) if text}
            if allowed and (wrong := sorted(given - set(allowed))):
                raise ValueError(f"{name} cannot be {', '.join(wrong)}; allowed are {', '.join(allowed)}")

    @property
    def contract(self) -> Contract:
        """The contract of the entity."""
        return contracts()[self.entity]

    @property
    def cells(self) -> tuple[str, ...]:
        """Every header that the records read, wildcards as written, each once."""
        read = [cell for rules in self.columns.values() for rule in rules for cell in rule.cells]
        read += [header for header in (self.only_where_filled, self.one_per, *self.only_where) if header]
        read += [self.unpack.cells] if self.unpack else []
        return tuple(dict.fromkeys(read))


class Recognition(_Definition):
    """By what a file of this kind is known: its set of headers, and where that is not enough its name."""

    required: Annotated[Texts, Field(min_length=1)]
    hints: Texts = ()
    columns: Texts = ()
    """The columns of a file without a header, in their order; such a file is known by its name."""
    file_name: str | None = None
    file_name_required: bool = True

    @model_validator(mode="after")
    def _pattern_is_valid(self) -> Self:
        if self.file_name:
            _compile(self.file_name)
        if self.columns and not (self.file_name and self.file_name_required):
            raise ValueError("columns are for files without a header, which only file_name can tell; name it, too")
        return self

    def path_facts(self, name: str) -> dict[str, str] | None:
        """The named groups that the file's path fills, or None where the path rules this kind of file out."""
        if not self.file_name:
            return {}
        found = re.search(self.file_name, name, re.IGNORECASE)
        if found:
            return {group: text for group, text in found.groupdict().items() if text}
        return None if self.file_name_required else {}


class Preset(_Definition):
    """One kind of export file of one vendor."""

    name: str
    vendor: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    recognise: Recognition
    records: Annotated[tuple[Records, ...], Field(min_length=1)]
    timezone: str | None = None
    aliases: dict[str, Texts] = {}
    words: dict[str, dict[str, str]] = {}
    """By header, further words of its cells, each with the word of this layout that it stands for (or none)."""
    slug: str = ""
    fingerprint: str = ""
    is_own: bool = False

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.timezone:
            _check_zone(self.timezone)
        groups = set(_compile(self.recognise.file_name or "").groupindex)
        rules = [rule for records in self.records for column in records.columns.values() for rule in column]
        used = {group for rule in rules for group in (rule.file_name, *rule.only_if) if group}
        if missing := sorted(used - groups):
            raise ValueError(
                f"recognise.file_name has no group {', '.join(missing)}; it has {', '.join(sorted(groups)) or 'none'}"
            )
        self._check_aliases()
        entities = [records.entity for records in self.records]
        if wrong := [r.belongs_to for r in self.records if r.belongs_to and r.belongs_to not in entities]:
            raise ValueError(f"belongs_to: {wrong[0]!r} is not among the records; allowed are {', '.join(entities)}")
        return self

    @cached_property
    def known_headers(self) -> frozenset[str]:
        """Every header that a file of this kind is known or read by, and its aliases."""
        read = {cell for records in self.records for cell in records.cells}
        aliases = {label for labels in self.aliases.values() for label in labels}
        wanted = {*self.recognise.required, *self.recognise.hints} | read
        return frozenset({name for names in wanted for name in names.split(EITHER)} | aliases)

    def _check_aliases(self) -> None:
        wanted = {*self.recognise.required, *self.recognise.hints}
        wanted |= {cell for records in self.records for cell in records.cells}
        known = {name.casefold() for names in wanted for name in names.split(EITHER)}
        if useless := [name for name in self.aliases if name.casefold() not in known]:
            raise ValueError(f"aliases: {useless[0]!r} is a header that nothing in this file asks for")

    @cached_property
    def entities(self) -> tuple[str, ...]:
        """The entities that a file of this kind gives, each once, in the order of the preset."""
        return tuple(dict.fromkeys(records.entity for records in self.records))


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"timezone {name!r} is unknown; write it like Europe/Berlin") from None


def _codes(rule: Rule) -> list[str]:
    constants = [rule.value, rule.filled, rule.otherwise]
    return [*rule.map.values(), *rule.match.values(), *(text for text in constants if text)]
