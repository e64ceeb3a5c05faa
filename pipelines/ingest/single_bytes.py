"""Which encoding of one byte per sign gives words? Western ones are the rule, others need good signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from charset_normalizer import from_bytes

_HOME_ENCODINGS = ("cp850", "mac_roman")
"""What DOS programs and old Macs write, told from Windows-1252 by where they put umlauts. (On these, CP437 equals
CP850.)"""
_FOREIGN = {"cp1250", "cp1251", "cp1253", "cp1254", "iso8859_2", "iso8859_5", "iso8859_9"}
"""Encodings of other languages: left to charset-normalizer, and only where the Western ones give no words."""
_HIGH = re.compile(rb"[^\r\n]{0,12}[\x80-\xff][^\r\n]{0,12}")
_NONSENSE = re.compile(rb"[A-Za-z][\x80-\x9f\xa3\xa5\xb2\xb3\xb9\xbf]+[a-z]|[\x81\x8d\x8f\x90\x9d]")
"""Bytes that Windows-1252 leaves open, or its quotation marks, dashes and signs in the middle of a word."""
_LETTERS = re.compile(r"(?<![^\W\d_])[ÄÖÜÉÅØÀÈÇŠŽ]|(?<=[A-ZÄÖÜ])[ÄÖÜ]|[äöüßéèêëáàâãíìîóòôúùûçñåøæœšž]")
"""Letters of Western words where they may stand: capitals begin a word, or follow another capital."""
_EVIDENCE_BYTES = 1 << 16
_STRETCH_BYTES = 1 << 13
_ENOUGH_LETTERS = 0.6
"""Besides letters a text holds dashes, quotation marks and euro signs; in the wrong encoding nearly all is nonsense."""


def high_pieces(chunks: Iterable[bytes]) -> bytes:
    """The surroundings of bytes above 127, a line each, up to 64 KB; those that are UTF-8 are left out."""
    pieces, size = [], 0
    for chunk in chunks:
        for piece in _high_pieces(chunk):
            if size < _EVIDENCE_BYTES and not _is_utf8(piece):
                pieces.append(piece)
                size += len(piece)
        if size >= _EVIDENCE_BYTES:
            break
    return b"\n".join(pieces)


def _high_pieces(chunk: bytes) -> Iterator[bytes]:
    for stretch in stretches(chunk):
        if not _is_utf8(stretch):
            yield from _HIGH.findall(stretch)


def stretches(block: bytes) -> Iterator[bytes]:
    """The block in whole lines of a few thousand bytes together."""
    begin = 0
    while begin < len(block):
        end = block.rfind(b"\n", begin, begin + _STRETCH_BYTES) + 1 or block.find(b"\n", begin) + 1 or len(block)
        yield block[begin:end]
        begin = end


def foreign_encoding(evidence: bytes) -> tuple[str | None, str]:
    """An encoding other than the Western ones where only that gives words, and what to tell people about it.

    None where Windows-1252 (or its kin) is right or nothing is better; in the latter case the note says so.
    """
    if not _NONSENSE.search(evidence):
        return None, ""
    shares = {name: _letter_share(evidence, name) for name in ("cp1252", *_HOME_ENCODINGS)}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] < _ENOUGH_LETTERS:
        found = from_bytes(evidence, cp_isolation=sorted(_FOREIGN)).best()
        best = found.encoding if found else "cp1252"
    elif best == "cp1252":
        return None, ""
    if best == "cp1252":
        return None, "Some letters fit no known encoding; it was read as Windows-1252. Export it as CSV UTF-8."
    return best, f"The text seems to be written in {best}; check a few umlauts in the result."


def _letter_share(evidence: bytes, encoding: str) -> float:
    text = evidence.decode(encoding, errors="replace")
    signs = sum(1 for sign in text if sign > "\x7f")
    return sum(1 for found in _LETTERS.finditer(text)) / max(signs, 1)


def _is_utf8(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
