"""E-mail addresses, brought to one form for matching, and what an address tells of its owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from string import ascii_lowercase

import polars as pl

# Mailboxes of a function, not of a person. They identify only as long as one person is seen behind them.
ROLE_ADDRESS = (
    r"^(?:accounting|accounts?|admin|anfrage|bestellung(?:en)?|bewerbung|billing|buchhaltung|buero|büro|contact|"
    r"einkauf|empfang|finance|hallo|hello|help|hilfe|hr|info|invoices?|jobs|kanzlei|kasse|kontakt|kundenservice|"
    r"mail|marketing|no-?reply|office|orders?|post|postmaster|praxis|presse|press|purchasing|rechnung(?:en)?|"
    r"reception|sales|sekretariat|service|shop|support|team|vertrieb|verwaltung|webmaster|zentrale)@"
)

# The same form that staging asks for.
_ADDRESS = r"^[^@\s,;]+@[^@\s,;]+[.][^@\s,;.]+$"

# Providers that deliver an address with a tag to the mailbox without it, by their own help pages. Of another
# provider's address a plus may be part of the name.
_GMAIL = r"@(?:gmail|googlemail)[.]com$"
_PLUS_TAGS = (
    r"@(?:(?:outlook|hotmail|live)[.][a-z.]+|msn[.]com|fastmail[.](?:com|fm)|(?:icloud|me|mac)[.]com|"
    r"proton[.]me|protonmail[.](?:com|ch)|pm[.]me)$"
)
_HYPHEN_TAGS = r"@(?:yahoo[.][a-z.]+|ymail[.]com|rocketmail[.]com)$"

# A name of four letters or fewer is within one letter of too many others (web, weg, wer).
_SHORTEST_MISTYPED_NAME = 5
_SLIPS_OF_COM = ("con", "cpm", "vom", "xom", "cim")


def canonical_address(email: pl.Expr) -> pl.Expr:
    """Return the address in the one form that all addresses of its mailbox have; null where it is no address.

    Lower case everywhere; without dots and plus tag at Gmail, whose two domains are one; without plus tag at
    Microsoft, Apple, Fastmail and Proton; without hyphen tag at Yahoo. For comparing only: write to the original.
    """
    plain = email.cast(pl.String).str.strip_chars().str.to_lowercase()
    address = pl.when(plain.str.contains(_ADDRESS)).then(plain)
    gmail = pl.concat_str(
        local_part(address).str.replace(r"[+].*$", "").str.replace_all(".", "", literal=True), pl.lit("@gmail.com")
    )
    canonical = (
        pl.when(address.str.contains(_GMAIL))
        .then(gmail)
        .when(address.str.contains(_PLUS_TAGS))
        .then(address.str.replace(r"[+][^@]*@", "@"))
        .when(address.str.contains(_HYPHEN_TAGS))
        .then(address.str.replace(r"-[^@]*@", "@"))
        .otherwise(address)
    )
    return pl.when(canonical.str.starts_with("@")).then(address).otherwise(canonical)


def local_part(address: pl.Expr) -> pl.Expr:
    """Return what stands before the @ of an address."""
    return address.str.extract(r"^([^@]+)@")


def domain(address: pl.Expr) -> pl.Expr:
    """Return what stands behind the @ of an address, in lower case."""
    return address.str.extract(r"@([^@\s]+)$").str.to_lowercase()


def is_role(address: pl.Expr) -> pl.Expr:
    """Whether an address in lower case is a function's (info@), not a person's."""
    return address.str.contains(ROLE_ADDRESS)


def likely_domain(address: pl.Expr, free_mail_domains: Collection[str]) -> pl.Expr:
    """Return the provider that the address's domain looks like a slip of the pen for (gmial.com, gmx.dee), else null.

    It is evidence that two addresses are one, never a reason to write to the other: the slip may exist.
    """
    slips = _slips(free_mail_domains)
    return domain(address).replace_strict(list(slips), list(slips.values()), default=None, return_dtype=pl.String)


def _slips(known: Collection[str]) -> dict[str, str]:
    """The mistyped forms of the domains that are neither a known domain nor a slip of two of them."""
    pairs = [(slip, name) for name in sorted(known) for slip in _slips_of(name)]
    counts = Counter(slip for slip, _ in pairs)
    return {slip: name for slip, name in pairs if counts[slip] == 1 and slip not in known}


def _slips_of(name: str) -> set[str]:
    label, _, ending = name.partition(".")
    endings = _letters_slipped(ending) | (set(_SLIPS_OF_COM) if ending == "com" else set())
    slips = {f"{label}.{slip}" for slip in endings if slip.strip(".")} | {label + ending}
    if len(label) >= _SHORTEST_MISTYPED_NAME:
        others = {label[:i] + c + label[i + 1 :] for i in range(1, len(label)) for c in ascii_lowercase}
        slips |= {f"{slip}.{ending}" for slip in _letters_slipped(label) | others}
    return slips - {name}


def _letters_slipped(text: str) -> set[str]:
    """The text with one letter left out, one doubled, or two neighbours exchanged."""
    left_out = {text[:i] + text[i + 1 :] for i in range(len(text))}
    doubled = {text[:i] + text[i] + text[i:] for i in range(len(text))}
    exchanged = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)}
    return (left_out | doubled | exchanged) - {text}
