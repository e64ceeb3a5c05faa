"""In which currency does a company sell? Asked only where settings.yml does not say."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.durable import private_folder
from pipelines.ingest.landed import Landed, landed_file, landed_files
from pipelines.ingest.opening import Opened, open_landed
from pipelines.ingest.presets import Preset, Rule
from pipelines.ingest.recognise import Unknown
from pipelines.ingest.records import read_records
from pipelines.ingest.refusal import RefusalError

SAMPLE_BYTES = 1 << 18
SAMPLE_ROWS = 1_000


def usual_currency(landing: Path, presets: Sequence[Preset], scratch: Path, also: Sequence[Path] = ()) -> str | None:
    """The currency of most orders, judged by the first rows of each file and its size; None where no file names one.

    `also` are files that have not landed, but count as if they had. Equal weights are decided by the alphabet, so that
    the order of the files does not matter.
    """
    weights: Counter[str] = Counter()
    for landed in _all_files(landing, private_folder(scratch), also):
        if landed.refusal:
            continue
        try:
            found = Counter(_currencies(landed, presets, private_folder(scratch / "sample")))
        except (OSError, pa.ArrowException):
            continue  # a damaged file names no currency; ingest will say what is wrong with it
        for code, count in found.items():
            weights[code] += landed.path.stat().st_size * count // found.total()
    shutil.rmtree(scratch)
    return min(weights, key=lambda code: (-weights[code], code), default=None)


def _all_files(landing: Path, scratch: Path, also: Sequence[Path]) -> Iterator[Landed]:
    if landing.is_dir():
        yield from landed_files(landing, scratch, are_hashed=False)
    for path in sorted({path.resolve() for path in also}):
        if not path.is_relative_to(landing.resolve()):
            yield from landed_file(path, path.name, scratch, is_hashed=False)


def _currencies(landed: Landed, presets: Sequence[Preset], work: Path) -> Iterator[str]:
    """The currency of each sampled row of a file that holds orders."""
    try:
        opened = open_landed(landed if landed.is_parquet else _beginning(landed, work), presets, work)
    except RefusalError:
        return
    if opened is None or isinstance(opened, Unknown):
        return
    for records in opened.preset.records:
        if records.entity == "orders":
            for rule in records.columns.get("currency", ()):
                yield from _values(opened, rule)


def _beginning(landed: Landed, work: Path) -> Landed:
    beginning = work / "beginning"
    with landed.path.open("rb") as file:
        beginning.write_bytes(file.read(SAMPLE_BYTES))
    return replace(landed, path=beginning)


def _values(opened: Opened, rule: Rule) -> Iterator[str]:
    if rule.value:
        yield rule.value
    for position in (at for header in rule.headers for at in opened.header.find(header)):
        cells = _text_cells(opened, position) if opened.text else _parquet_cells(opened, position)
        yield from (code for cell in cells if len(code := cell.strip().upper()) == 3 and code.isalpha())


def _text_cells(opened: Opened, position: int) -> Iterator[str]:
    assert opened.text is not None  # noqa: S101 - the caller has looked
    header = opened.header
    records = read_records(opened.text.path, header.last_line, header.dialect, header.cells)
    yield from (record.cells[position] for record in islice(records, SAMPLE_ROWS) if record.fault is None)


def _parquet_cells(opened: Opened, position: int) -> Iterator[str]:
    batches = pq.ParquetFile(opened.landed.path).iter_batches(SAMPLE_ROWS, columns=[opened.header.cells[position]])
    for batch in islice(batches, 1):
        yield from (str(cell) for cell in batch.column(0).to_pylist() if cell is not None)
