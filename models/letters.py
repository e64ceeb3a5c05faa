"""Text as comparable words: what is spelt in several ways comes out in one."""

from __future__ import annotations

import polars as pl

# Letters that Unicode takes for letters of their own and people for plain ones.
_PLAIN_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ı": "i",
    "ς": "σ",
}
_APOSTROPHES = "'’‘ʼʹ′"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_ACCENTS = [chr(code) for code in range(0x300, 0x370)]

# Müller, Mueller and Muller: the e of a transcription is dropped after a, o, u. It is one only between consonants
# or at a word's beginning (Bauer, Queen, Zoe and Sue keep theirs), and in aeu (Häusler, Haeusler).
_TRANSCRIBED_UMLAUT = r"(^|[^aeiouq])([aou])e([b-df-hj-np-tv-z])"
_TRANSCRIBED_AEU = r"(^|[^aeiouq])aeu"


def plain_words(text: pl.Expr, *, keep: str = "") -> pl.Expr:
    """Return the words of the text in lower case, without accents, one blank between them; null where none is left.

    Umlauts and their transcriptions become the plain vowel; apostrophes close up, other punctuation parts words,
    but for the characters of `keep`, which stand without blanks around them. Letters of other scripts stay. The result
    put in again comes out unchanged.
    """
    removed = [*_APOSTROPHES, *_INVISIBLE, *_ACCENTS]
    replaced = list(_PLAIN_LETTERS) + removed
    letters = (
        text.cast(pl.String)
        .str.replace_all(r"[´`]", "")  # compatibility forms turn these into blanks
        .str.normalize("NFKD")
        .str.to_lowercase()
        .str.replace_many(replaced, [*_PLAIN_LETTERS.values(), *[""] * len(removed)])
    )
    kept = "".join(rf"\{character}" for character in keep)
    words = letters.str.replace_all(rf"[^\p{{L}}\p{{M}}\p{{N}}{kept}]+", " ")
    tight = words.str.replace_all(rf" *([{kept}]) *", "${1}") if keep else words
    # normalised last, so that the letters of Korean syllables stand together again
    return without_transcriptions(tight.str.strip_chars()).str.normalize("NFC").replace("", None)


def without_transcriptions(words: pl.Expr) -> pl.Expr:
    """Return words in lower case with the umlauts' transcriptions ae, oe, ue as a, o, u, where they can be such."""
    folded = words.str.replace_all(_TRANSCRIBED_AEU, "${1}au")
    for _ in range(2):  # neighbours share a consonant, and a match takes it
        folded = folded.str.replace_all(_TRANSCRIBED_UMLAUT, "${1}${2}${3}")
    return folded
