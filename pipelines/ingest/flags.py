"""How people and tools write yes and no."""

from __future__ import annotations

YES = ("true", "yes", "1", "1.0", "ja", "wahr", "oui", "vrai", "y", "t", "j", "x", "on")
NO = ("false", "no", "0", "0.0", "nein", "falsch", "non", "faux", "n", "f", "off")


def spellings(word: str) -> tuple[str, ...]:
    """Every way to write a preset's word, in small letters: `true` and `false` stand for all ways to say yes and no.

    A spreadsheet turns TRUE into WAHR when it saves a file in German, so no flag is known by one spelling alone.
    """
    return {"true": YES, "false": NO}.get(word.lower(), (word.lower(),))
