"""From a landed file to a recognised one: in which encoding, with which header, of which vendor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.dialect import header_candidates, settled
from pipelines.ingest.encoding import TextFile, as_utf8
from pipelines.ingest.header import Dialect, Header, normalised
from pipelines.ingest.landed import Landed
from pipelines.ingest.mapping import FileFacts, unreachable
from pipelines.ingest.parquet import parquet_source
from pipelines.ingest.presets import Preset
from pipelines.ingest.recognise import Recognised, Unknown, headers_given, recognise, vocabulary
from pipelines.ingest.refusal import RefusalError
from pipelines.ingest.repeats import without_repeats
from pipelines.ingest.source import Source, text_source
from pipelines.ingest.staging import column_name
from pipelines.ingest.styles import Place, Typed, survey_styles
from pipelines.ingest.values import NumberStyle, Styles

_NUMBER_TYPES = ("money", "number")
_WHOLE_TYPES = ("integer",)
_TIME_TYPES = ("timestamp", "date")
_LONGEST_TITLE = 200
_REPORTS = {
    "email campaign report": "It is Mailchimp's report of a single campaign, which is a text and no table. Export the "
    "report of all campaigns, and the account's data for what each address did, and land these."
}


@dataclass(frozen=True)
class Opened:
    """A recognised file that is ready to be read. `text` is None for Parquet; `words` are headers of every kind."""

    landed: Landed
    recognised: Recognised
    text: TextFile | None
    words: frozenset[str]

    @property
    def preset(self) -> Preset:
        """The preset that fits."""
        return self.recognised.preset

    @property
    def header(self) -> Header:
        """The file's header."""
        return self.recognised.header

    def positions(self) -> list[int]:
        """The positions of the columns that the preset reads, in the order of the file."""
        wanted = [cell for records in self.preset.records for cell in records.cells]
        return sorted({position for cell in wanted for position in self.header.find(cell)})

    def source(
        self, connection: duckdb.DuckDBPyConnection, country: str, timezone: str, work: Path
    ) -> tuple[Source, FileFacts, list[str]]:
        """The file as a relation, how its columns write values, and notes on what only the country decided.

        Raises RefusalError where the file lacks every column for something that is required.
        """
        self._check_reach()
        if self.text:
            source = text_source(connection, self.text, self.header, self.positions(), self.words, work)
        else:
            source = parquet_source(connection, self.landed.path, self.header, self.positions(), work)
        place = Place(country, self.preset.timezone or timezone)
        numbers, times, wholes = map(self._typed_cells, (_NUMBER_TYPES, _TIME_TYPES, _WHOLE_TYPES))
        numbers, wholes = (
            {cell: label for cell, label in cells.items() if cell not in source.typed_numbers}
            for cells in (numbers, wholes)
        )
        typed = Typed(numbers, times, wholes)
        styles, notes = survey_styles(connection, f"{source.relation} AS cells", typed, place)
        plain = {cell: NumberStyle(is_plain=True) for cell in source.typed_numbers}
        styles = Styles({**styles.numbers, **plain}, styles.times, styles.default_zone)
        facts = FileFacts(self.header, self.recognised.path_facts, styles)
        read = [column_name(position) for position in self.positions()]
        source, repeat_notes = without_repeats(connection, source, self.preset, facts, read)
        for cell in self._numbered_cells():
            source = source.numbered(connection, cell)
        return source, facts, [*self._form_notes(), *source.notes, *notes, *repeat_notes]

    def _form_notes(self) -> list[str]:
        """What is doubtful about the file's form, or was left out above its rows."""
        if self.text is None:
            return []
        notes = [note for note in (self.landed.note, self.text.note) if note]
        if above := self.header.first_line - 1:
            notes.append(
                "1 line above the header was left out."
                if above == 1
                else f"{above} lines above the header were left out."
            )
        read = set(self.positions())
        labels = [normalised(cell) for cell in self.header.cells]
        doubled = [self.header.cells[at] for at in sorted(read) if labels.count(labels[at]) > 1]
        notes += [f'"{label}" stands several times in the header; the first of them was read.' for label in doubled]
        if len(labels) - 1 in read and not self.text.is_closed:
            notes.append(
                "The last line has no line break at its end, so its last cell may be cut off; it was read as it stands."
            )
        return notes

    def _numbered_cells(self) -> list[str]:
        """The columns within whose equal cells the preset numbers rows."""
        rules = [rule for records in self.preset.records for column in records.columns.values() for rule in column]
        headers = dict.fromkeys(rule.position_within for rule in rules if rule.position_within)
        return [column_name(self.header.find(header)[0]) for header in headers if self.header.find(header)]

    def _check_reach(self) -> None:
        facts = FileFacts(self.header, self.recognised.path_facts, Styles())
        for records in self.preset.records:
            if missing := unreachable(records, facts):
                named = " or ".join(f'"{name}"' for name in missing) or "what its name should say"
                raise RefusalError(f"It looks like {self.preset.name}, but lacks {named}. Export it with that column.")

    def _typed_cells(self, types: Sequence[str]) -> dict[str, str]:
        """The header of each column that is read as one of the types, by its SQL name."""
        headers = []
        for records in self.preset.records:
            for name, rules in records.columns.items():
                if records.contract.column(name).type in types:
                    headers += [cell for rule in rules if not rule.position_within for cell in rule.cells]
                headers += [
                    cell for rule in rules if rule.tax_included and types is _NUMBER_TYPES for cell in rule.cells
                ]
        positions = dict.fromkeys(position for header in headers for position in self.header.find(header))
        return {column_name(position): self.header.cells[position] for position in positions}


def open_landed(landed: Landed, presets: Sequence[Preset], work: Path) -> Opened | Unknown | None:
    """The file as recognised, or Unknown, or None where it is empty. Raises RefusalError where it cannot be read."""
    if landed.path.stat().st_size == 0:
        return None
    text = None if landed.is_parquet else as_utf8(landed.path, work / "utf8")
    if text:
        _refuse_report(text.path)
    candidates = header_candidates(text.path) if text else [_parquet_header(landed.path)]
    if not candidates:
        return None
    found = recognise([*candidates, *headers_given(candidates, landed.name, presets)], landed.name, presets)
    if isinstance(found, Unknown):
        return found
    if text:
        found = replace(found, header=settled(text.path, found.header))
    return Opened(landed, found, text, vocabulary(presets))


def _refuse_report(path: Path) -> None:
    """Raise RefusalError where a text begins as a report does that a vendor offers in place of a table."""
    with path.open("rb") as file:
        title = normalised(file.readline(_LONGEST_TITLE).decode(errors="replace").strip("\ufeff\"',;\t\r\n "))
    if title in _REPORTS:
        raise RefusalError(_REPORTS[title])


def _parquet_header(path: Path) -> Header:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError):
        raise RefusalError(
            "The Parquet file is damaged or was not copied to its end. Export or copy it again."
        ) from None
    return Header(1, 0, Dialect(), tuple(names))
