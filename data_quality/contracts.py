"""The canonical contracts: which columns a raw entity has, and what may stand in them.

A contract is a file of `data_quality/entities/`; the file is the only place where a column is defined. Ingest
writes raw tables by it, expectation suites are built from it, and dbt reads what it promises.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

if TYPE_CHECKING:
    import pyarrow as pa

ENTITIES_FOLDER = Path(__file__).parent / "entities"

ColumnType = Literal["text", "money", "integer", "number", "boolean", "date", "timestamp"]

MONEY_DIGITS = (18, 4)
"""All digits of an amount, and those behind the point."""

DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "money": f"DECIMAL({MONEY_DIGITS[0]},{MONEY_DIGITS[1]})",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

_STRICT = ConfigDict(extra="forbid")
_Definition = TypeVar("_Definition")
_STRINGS_ONLY: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Builds strings and nothing else; the one in C is five times faster, where PyYAML was built with it."""


class DefinitionError(ValueError):
    """A definition file (contract or preset) is wrong; the message names file, key and what is allowed."""


@dataclass(frozen=True, config=_STRICT)
class Column:
    """One column of a contract. `minimum`, `maximum`, `allowed` and `pattern` hold for filled cells only."""

    name: str
    type: ColumnType
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    may_lie_ahead: bool = False
    """A timestamp that may be planned for the future, so it does not tell how new an export is."""
    is_exact: bool = False
    """A text of which each digit counts: a number that a spreadsheet has rounded (5.5E+12) is none."""
    is_address: bool = False
    """An e-mail address: where it has no @, and another text of the record is one, cells have moved."""

    @property
    def duckdb_type(self) -> str:
        """The physical type in DuckDB, for example `DECIMAL(18,4)` for money."""
        return DUCKDB_TYPES[self.type]


LINEAGE_COLUMNS = (
    Column("source_system", "text", "The vendor's slug, or the name that a mapping file gives.", required=True),
    Column(
        "file_id", "text", "The landed file: its SHA-256, and a mark where its name carries meaning.", required=True
    ),
    Column(
        "file_line", "integer", "Line of the record's first line in the landed file, from 1.", required=True, minimum=1
    ),
    Column(
        "file_horizon", "timestamp", "The newest timestamp in the file's own data: of two exports the newer one wins."
    ),
)


@dataclass(frozen=True, config=_STRICT)
class Contract:
    """One raw entity: its grain (`key`), which record wins (`newest_by`), its money column (`amount`), its columns."""

    entity: str
    description: str
    key: tuple[str, ...]
    newest_by: tuple[str, ...]
    columns: tuple[Column, ...]
    amount: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where the key, the order of newness or the amount name no column."""
        known = {column.name for column in self.raw_columns}
        named = {*self.key, *self.newest_by, *([self.amount] if self.amount else [])}
        if unknown := sorted(named - known):
            raise ValueError(f"key, newest_by or amount names {', '.join(unknown)}, which is not among the columns")

    @property
    def raw_columns(self) -> tuple[Column, ...]:
        """Every column of the raw table: the lineage columns, then the contract's own."""
        return (*LINEAGE_COLUMNS, *self.columns)

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns that may not be empty, lineage left out."""
        return tuple(column for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError naming the contract where there is none."""
        for column in self.raw_columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.entity} has no column {name!r}")

    def arrow_schema(self) -> pa.Schema:
        """The pyarrow schema of the raw table, lineage columns first."""
        import pyarrow as pa

        types = {
            "text": pa.string(),
            "money": pa.decimal128(*MONEY_DIGITS),
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us"),
        }
        return pa.schema([pa.field(column.name, types[column.type]) for column in self.raw_columns])


@cache
def contracts() -> dict[str, Contract]:
    """The shipped contracts by entity, in the order of their names. Raises DefinitionError for a wrong file."""
    return load_contracts(ENTITIES_FOLDER)


def load_contracts(folder: Path) -> dict[str, Contract]:
    """The contracts of a folder by entity, in the order of their names.

    Raises DefinitionError naming the file, the key and the allowed values where a file is wrong.
    """
    loaded = {}
    for path in sorted(folder.glob("*.yml")):
        contract = parse_definition(Contract, _with_column_names(read_definition(path)), path)
        if contract.entity != path.stem:
            raise DefinitionError(
                f"{path}: entity is {contract.entity!r}, but the file is named {path.stem!r}. Make them the same."
            )
        loaded[contract.entity] = contract
    return loaded


def read_definition(path: Path) -> dict[str, Any]:
    """A YAML mapping in which every scalar is a string, so that `NO` stays a country and `007` an id.

    Raises DefinitionError where the file is not readable YAML, or is not a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_STRINGS_ONLY)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path} is not readable as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DefinitionError(f"{path} holds no keys. Start it as the shipped files of this kind start.")
    return content


def parse_definition(kind: type[_Definition], content: dict[str, Any], path: Path) -> _Definition:
    """`content` as a `kind`; raises DefinitionError naming the file, each wrong key, what was found and is allowed."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        faults = [_fault(dict(detail)) for detail in error.errors()]
        raise DefinitionError(f"{path}: {'; '.join(dict.fromkeys(faults))}.") from None


def _with_column_names(content: dict[str, Any]) -> dict[str, Any]:
    """The columns as a list that carries their names, which the file writes as keys."""
    columns = content.get("columns")
    if not isinstance(columns, dict):
        return content
    return {
        **content,
        "columns": [{"name": name, **spec} if isinstance(spec, dict) else spec for name, spec in columns.items()],
    }


def _fault(detail: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "the file"
    found = detail.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float) else ""
    return f"{key}: {detail['msg'][:1].lower()}{detail['msg'][1:]}{shown}"
