"""Whatever bytes are landed: no crash, no hang, a balanced ledger with every file in it, and the same once more."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.ingest.batch import ingest
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.settings import IngestSettings

SUFFIXES = (".csv", ".tsv", ".txt", ".zip", ".csv.gz", ".gz", ".parquet", ".xlsx", ".xls", ".json", "", ".CSV")
MILLISECONDS_FOR_ONE = 20_000
"""Far more than any of these small files may take, so that only a hang is one."""

HEADERS = sorted({header.split(" | ")[0] for preset in shipped_presets() for header in preset.recognise.required})
ODD_CELLS = (
    '"', '""', "'", "\\", "\0", "\ufeff", "=1+1", "1.234,56", "(5,00)", "-", "€", "1e309", "31.02.2025", "infinity",
    "9" * 40, "2025-13-01", "12/31/2025", "45000.5", "1735689600", "x" * 5000, "a\nb", "a\rb", "\u202e", "ß", "NaN",
    "'); drop table orders; --", "{}", "[]", "{{ x }}", "../..", "*",
)  # fmt: skip

cells = st.one_of(st.sampled_from(ODD_CELLS), st.text(max_size=12), st.integers().map(str), st.floats().map(str))
slow_but_bounded = settings(
    max_examples=40,
    deadline=MILLISECONDS_FOR_ONE,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A table in a random dialect, with the header of a preset mixed with random names."""
    preset = draw(st.sampled_from(shipped_presets()))
    header = [
        *(name.split(" | ")[0] for name in preset.recognise.required),
        *draw(st.lists(st.one_of(st.sampled_from(HEADERS), cells), max_size=4)),
    ]
    width = draw(st.integers(max(1, len(header) - 1), len(header) + 1))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=6))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", " ", "~"]))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([draw(st.permutations(header)), *rows])
    preamble = draw(st.sampled_from(["", "Bericht\n\n", "sep=;\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-be"]))
    content = (preamble + text.getvalue()).encode(encoding, errors="replace")
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A packed table or random bytes, sometimes damaged."""
    content = draw(st.one_of(tables(), st.binary(max_size=300)))
    if draw(st.booleans()):
        packed = gzip.compress(content, mtime=0)
    else:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))) as archive:
            names = ["orders.csv", "../up.csv", "a/b.csv", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "x.zip"]
            for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
                archive.writestr(zipfile.ZipInfo(name), content)
        packed = target.getvalue()
    if packed and draw(st.booleans()):
        at = draw(st.integers(0, len(packed) - 1))
        packed = packed[:at] + bytes([packed[at] ^ draw(st.integers(1, 255))]) + packed[at + 1 :]
    return packed


contents = {
    "bytes": st.binary(max_size=400),
    "text": st.text(max_size=300).map(lambda text: text.encode("utf-8", errors="surrogatepass")),
    "tables": tables(),
    "archives": archives(),
}


def landed_without_harm(files: list[tuple[bytes, str]]) -> None:
    """Land the files twice and check what must hold of any."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        landing = folder / "landing"
        landing.mkdir()
        for number, (content, suffix) in enumerate(files):
            (landing / f"{number}{suffix}").write_bytes(content)
        options = IngestSettings("EUR", "DE", "Europe/Berlin", folder / "scratch", frozenset({"USD"}))
        first = ingest(landing, folder / "raw", folder / "quarantine", options)
        for row in first.rows:
            row.check_balance()
            assert "fault of the program" not in row.message
            assert row.status == "loaded" or row.message
        assert {row.file.partition("/")[0] for row in first.rows} == {path.name for path in landing.iterdir()}
        second = ingest(landing, folder / "raw", folder / "quarantine", options)
        assert (second.rows, second.newest_at) == (first.rows, first.newest_at)
        assert (second.converted, second.removed) == ((), ())


def many(kind: str) -> st.SearchStrategy[list[tuple[bytes, str]]]:
    """Several files of a kind under random suffixes."""
    return st.lists(st.tuples(contents[kind], st.sampled_from(SUFFIXES)), min_size=1, max_size=6)


@slow_but_bounded
@given(many("bytes"))
def test_random_bytes_do_no_harm(files: list[tuple[bytes, str]]) -> None:
    landed_without_harm(files)


@slow_but_bounded
@given(many("text"))
def test_random_texts_do_no_harm(files: list[tuple[bytes, str]]) -> None:
    landed_without_harm(files)


@slow_but_bounded
@given(st.lists(st.tuples(contents["tables"], st.sampled_from(SUFFIXES[:3])), min_size=1, max_size=6))
def test_random_tables_do_no_harm(files: list[tuple[bytes, str]]) -> None:
    landed_without_harm(files)


@slow_but_bounded
@given(
    st.lists(
        st.tuples(contents["archives"], st.sampled_from([".zip", ".csv.gz", ".xlsx", ".gz"])), min_size=1, max_size=4
    )
)
def test_random_archives_do_no_harm(files: list[tuple[bytes, str]]) -> None:
    landed_without_harm(files)


def test_two_files_with_line_breaks_in_cells_are_both_loaded(tmp_path: Path) -> None:
    """Accident: what the engine was taught about the first file stands in the way of the second."""
    header = b"InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    (tmp_path / "landing").mkdir()
    for number in (1, 2, 3):
        rows = "".join(f'{number}{row},"A\nB",1,2025-03-20 10:00,2.00,7\n' for row in range(3))
        (tmp_path / "landing" / f"{number}.csv").write_bytes(header + rows.encode())
    options = IngestSettings("GBP", "GB", "Europe/London", tmp_path / "scratch")
    report = ingest(tmp_path / "landing", tmp_path / "raw", tmp_path / "quarantine", options)
    assert {(row.status, row.rows_kept) for row in report.rows} == {("loaded", 3)}
