"""In which encoding was a text file written? Decided here from its bytes, never guessed by the engine."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.ingest.single_bytes import foreign_encoding, high_pieces, stretches

HEAD_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 22

_WINDOWS_1252 = {
    code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", errors="ignore"))
}
"""What Windows-1252 has in place of Latin-1's control characters."""
_LATIN_9 = {0xA4: "€", 0xA6: "Š", 0xA8: "š", 0xB4: "Ž", 0xB8: "ž", 0xBC: "Œ", 0xBD: "œ", 0xBE: "Ÿ"}
"""What ISO-8859-15 has in place of signs that no export holds: ¤ ¦ ¨ ´ ¸ ¼ ½ ¾."""
_LATIN_9_BYTES = bytes(_LATIN_9)
_WESTERN_UTF8 = re.compile(rb"(\xc3[\x80-\xbf]|\xe2\x80[\x90-\xba]|\xe2\x82\xac)")
"""Western letters, dashes, quotation marks and the euro sign in UTF-8: as single bytes they would be nonsense."""
_ONLY_WINDOWS = bytes(range(0x80, 0xA0))


@dataclass(frozen=True)
class TextFile:
    """A text file as UTF-8; `path` is a rewritten copy where the landed file was not so. `note` tells of doubts."""

    path: Path
    encoding: str
    note: str = ""
    last: str = "\n"

    @property
    def ends_with_newline(self) -> bool:
        """Whether the last line has a line end."""
        return self.last in ("\n", "\r")

    @property
    def is_closed(self) -> bool:
        """Whether the last cell cannot have been cut off: a line end follows it, or the quote that closes it."""
        return self.ends_with_newline or self.last in ('"', "'")


@dataclass(frozen=True)
class _Bytes:
    """What one look at all bytes of a file tells."""

    is_utf8: bool
    has_nul: bool
    last: bytes


def as_utf8(landed: Path, scratch: Path) -> TextFile:
    """`landed` itself where it is plain UTF-8, otherwise a UTF-8 copy at `scratch`. Reads in pieces of bounded size."""
    head = _head(landed)
    seen = _look(landed)
    if marked := _marked_encoding(head):
        lost = _Lost()
        last = _rewrite(_decoded(landed, marked, lost), scratch)
        return TextFile(scratch, marked.upper(), lost.note, last)
    if seen.is_utf8 and not _is_old_mac(head) and not seen.has_nul:
        return TextFile(landed, _utf8_name(head), "", seen.last.decode("latin-1"))
    if seen.is_utf8:
        return TextFile(scratch, _utf8_name(head), "", _rewrite(_decoded_by_line(landed, _WINDOWS_1252), scratch))
    return _from_single_bytes(landed, scratch)


def _utf8_name(head: bytes) -> str:
    return "UTF-8 with a byte order mark" if head.startswith(codecs.BOM_UTF8) else "UTF-8"


def _from_single_bytes(landed: Path, scratch: Path) -> TextFile:
    """A file that is no UTF-8, or only in parts."""
    foreign, note = foreign_encoding(high_pieces(_chunks(landed)))
    if foreign:
        return TextFile(scratch, foreign, note, _rewrite(_decoded(landed, foreign), scratch))
    is_latin_9 = _is_latin_9(landed)
    mixed = _Mixed()
    last = _rewrite(_decoded_by_line(landed, _LATIN_9 if is_latin_9 else _WINDOWS_1252, mixed), scratch)
    note = "The file mixes UTF-8 with another encoding; each line was read in its own." if mixed.is_mixed else note
    return TextFile(scratch, "ISO-8859-15" if is_latin_9 else "Windows-1252", note, last)


class _Mixed:
    """Whether lines of both kinds were met."""

    def __init__(self) -> None:
        self.utf8 = self.other = False

    @property
    def is_mixed(self) -> bool:
        return self.utf8 and self.other


class _Lost:
    """How many signs of a file could not be read."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def note(self) -> str:
        """A sentence for people, empty where all signs could be read."""
        if not self.count:
            return ""
        return (
            f"Damaged signs ({self.count}) stand as \ufffd in the result. Export the file again, or copy it to its end."
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _marked_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
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


def _look(path: Path) -> _Bytes:
    is_utf8, has_nul, last, rest = True, False, b"", b""
    for chunk in _chunks(path):
        has_nul = has_nul or b"\0" in chunk
        last = chunk[-1:]
        if is_utf8 and (rest or not chunk.isascii()):
            whole, rest = _before_last_sign(rest + chunk)
            is_utf8 = is_valid_utf8(whole)
    return _Bytes(is_utf8 and is_valid_utf8(rest), has_nul, last)


def _before_last_sign(text: bytes) -> tuple[bytes, bytes]:
    """The text up to its last sign of several bytes, which may go on in the next piece, where it ends with one."""
    for back in range(1, min(4, len(text) + 1)):
        if text[-back] >= 0xC0:
            return text[:-back], text[-back:]
        if text[-back] < 0x80:
            break
    return text, b""


def is_valid_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8 throughout. Arrow checks several times faster than Python decodes."""
    offsets = pa.py_buffer(np.array([0, len(text)], dtype=np.int64))
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(text)])
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _is_latin_9(path: Path) -> bool:
    """Whether single bytes are ISO-8859-15: its euro sign or its like occurs, and nothing of Windows-1252 does."""
    has_latin_9 = False
    for chunk in _chunks(path):
        if len(chunk.translate(None, _ONLY_WINDOWS)) < len(chunk):
            return False
        has_latin_9 = has_latin_9 or len(chunk.translate(None, _LATIN_9_BYTES)) < len(chunk)
    return has_latin_9


def _decoded(path: Path, encoding: str, lost: _Lost | None = None) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chain(_chunks(path), [b""]):
        text = decoder.decode(chunk, final=not chunk)
        if lost:
            lost.count += text.count(codecs.decode(b"\xff", "utf-8", "replace"))
        yield text


def _decoded_by_line(path: Path, signs: dict[int, str], mixed: _Mixed | None = None) -> Iterator[str]:
    """UTF-8; a line that is not is taken for single bytes, so that a mixed file keeps both kinds of umlauts."""
    rest = b""
    mixed = mixed or _Mixed()
    for chunk in _chunks(path):
        complete, newline, rest = (rest + chunk).rpartition(b"\n")
        yield _decode(complete + newline, signs, mixed)
    yield _decode(rest, signs, mixed)


def _decode(block: bytes, signs: dict[int, str], mixed: _Mixed) -> str:
    """A bad line does not slow down those that are far from it."""
    if is_valid_utf8(block):
        mixed.utf8 = mixed.utf8 or not block.isascii()
        return block.decode("utf-8")
    return "".join(_decode_stretch(stretch, signs, mixed) for stretch in stretches(block))


def _decode_stretch(stretch: bytes, signs: dict[int, str], mixed: _Mixed) -> str:
    try:
        text = stretch.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_decode_line(line, signs, mixed) for line in stretch.splitlines(keepends=True))
    mixed.utf8 = mixed.utf8 or not stretch.isascii()
    return text


def _decode_line(line: bytes, signs: dict[int, str], mixed: _Mixed) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        mixed.other = True
        return _decode_mixed_line(line, signs, mixed)
    mixed.utf8 = mixed.utf8 or not line.isascii()
    return text


def _decode_mixed_line(line: bytes, signs: dict[int, str], mixed: _Mixed) -> str:
    """A line with single bytes; what in it can only be an UTF-8 umlaut stays one."""
    pieces = _WESTERN_UTF8.split(line)
    mixed.utf8 = mixed.utf8 or len(pieces) > 1
    return "".join(
        piece.decode("utf-8") if place % 2 else piece.decode("latin-1").translate(signs)
        for place, piece in enumerate(pieces)
    )


def _rewrite(pieces: Iterator[str], target: Path) -> str:
    """Write the text without NULs and with line feeds; returns its last sign."""
    has_newline, last = False, ""
    with target.open("w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            has_newline = has_newline or "\n" in piece
            text = piece.replace("\0", "")
            last = text[-1:] or last
            file.write(text if has_newline else text.replace("\r", "\n"))
    target.chmod(0o600)
    return last
