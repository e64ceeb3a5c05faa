"""In which encoding, with which delimiter was a text file written? Decided here, never guessed by the engine."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.ingest.recognise import Header

DELIMITERS = (",", ";", "\t", "|")
HEADER_ROWS = 12
"""Some exports put a title or `sep=;` above their header; further down none was ever seen."""
_HEAD_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 22
_LONGEST_CELL = 1 << 24

_WINDOWS_1252 = {
    code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", errors="ignore"))
}
"""What Windows-1252 has in place of Latin-1's control characters."""


@dataclass(frozen=True)
class TextFile:
    """A text file as UTF-8; `path` is a rewritten copy where the landed file was not so."""

    path: Path
    encoding: str


def as_utf8(landed: Path, scratch: Path) -> TextFile:
    """`landed` itself where it is plain UTF-8, otherwise a UTF-8 copy at `scratch`. Reads in pieces of bounded size."""
    head = _head(landed)
    encoding = _marked_encoding(head)
    if encoding:
        _rewrite(_decoded(landed, encoding), scratch)
        return TextFile(scratch, encoding.upper())
    is_utf8 = _is_utf8(landed)
    if is_utf8 and not _is_old_mac(head) and b"\0" not in head:
        return TextFile(landed, "UTF-8 with a byte order mark" if head.startswith(codecs.BOM_UTF8) else "UTF-8")
    _rewrite(_decoded_by_line(landed), scratch)
    return TextFile(scratch, "UTF-8" if is_utf8 else "Windows-1252")


def header_candidates(path: Path) -> list[Header]:
    """The first rows of a UTF-8 file under each delimiter, each of which may be the header."""
    with path.open("rb") as file:
        text = file.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")
    return [header for delimiter in DELIMITERS for header in _first_rows(text, delimiter)]


def _first_rows(text: str, delimiter: str) -> Iterator[Header]:
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield Header(line, rows.line_num, delimiter, tuple(cell.strip() for cell in cells))
            line = rows.line_num + 1
            if line > HEADER_ROWS:
                return
    except csv.Error:
        return


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _marked_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nul_share = head.count(0) / max(len(head), 1)
    if nul_share < 0.2:
        return None
    return "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"


def _is_old_mac(head: bytes) -> bool:
    """Whether lines end with a lone carriage return, which no reader of today takes for a line's end."""
    return b"\r" in head and b"\n" not in head


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            if not (chunk.isascii() and decoder.getstate()[0] == b""):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in _chunks(path):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _decoded_by_line(path: Path) -> Iterator[str]:
    """UTF-8; a line that is not is taken for Windows-1252, so that a mixed file keeps both kinds of umlauts."""
    rest = b""
    for chunk in _chunks(path):
        complete, newline, rest = (rest + chunk).rpartition(b"\n")
        yield _decode(complete + newline)
    yield _decode(rest)


def _decode(block: bytes) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_decode_line(line) for line in block.splitlines(keepends=True))


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1").translate(_WINDOWS_1252)


def _rewrite(pieces: Iterator[str], target: Path) -> None:
    has_newline = False
    with target.open("w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            has_newline = has_newline or "\n" in piece
            text = piece.replace("\0", "")
            file.write(text if has_newline else text.replace("\r", "\n"))
    target.chmod(0o600)
