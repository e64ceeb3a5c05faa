"""How each system has come to hold people: old addresses, names before a marriage, slips of the pen, short forms.

Each trap leaves something by which a person can tell: who moved has kept his name and mailbox, who married the first
name, the address and the mailbox, and a slip leaves all but one letter.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from twin import vocabulary as words
from twin.arrays import Bools, chosen, falling, kept, stream, weighted
from twin.company import Company
from twin.people import drawn_addresses

HUBSPOT, MAILCHIMP, ACCOUNTS, TILLS = "hubspot contacts", "mailchimp contacts", "shopify contacts", "shopify orders"
_OLD_ADDRESS, _OLD_NAME = (HUBSPOT, ACCOUNTS), (HUBSPOT, MAILCHIMP)
"""Who has not heard of a move, and of a marriage."""


def held(company: Company, system: str) -> pl.DataFrame:
    """The people as a system holds them, in their order; `trap` says what is not as it truly is, or is null."""
    frame = company.people.frame.with_columns(trap=pl.lit(None, dtype=pl.String))
    if system in _OLD_ADDRESS:
        frame = _replaced(
            frame, _moved(company), "move", ("street", "postcode", "city", "country"), _old_addresses(company)
        )
    if system in _OLD_NAME:
        frame = _replaced(frame, _married(company), "marriage", ("last_name",), _birth_names(company))
    if system == HUBSPOT:
        former = _former_company_names(company)
        is_renamed = former.is_not_null().to_numpy()
        frame = _replaced(frame, is_renamed, "company rename", ("company_name",), former.to_frame())
    return _with_slips(frame, company, system)


def _moved(company: Company) -> Bools:
    return stream(company.seed, "moves").random(company.people.count) < company.parameters.moved_share


def _married(company: Company) -> Bools:
    is_woman = company.people.frame["first_name"].is_in(words.WOMEN).to_numpy()
    return is_woman & (
        stream(company.seed, "marriages").random(company.people.count) < company.parameters.married_share
    )


def _old_addresses(company: Company) -> pl.DataFrame:
    own = np.arange(company.people.count)
    drawn = drawn_addresses(stream(company.seed, "old addresses"), own)
    return drawn.select("street", "postcode", "city", "country")


def _birth_names(company: Company) -> pl.DataFrame:
    rng = stream(company.seed, "birth names")
    drawn = weighted(rng, falling(len(words.SURNAMES), 0.5), company.people.count)
    return pl.DataFrame({"last_name": chosen(words.SURNAMES, drawn)})


def _former_company_names(company: Company) -> pl.Series:
    """What the CRM still calls each person's company; null where it has had one name."""
    former = company.people.companies["former_name"].gather(pl.Series(np.maximum(company.people.company, 0)))
    return kept(former, company.people.is_business).rename("company_name")


def _replaced(
    frame: pl.DataFrame, where: Bools, trap: str, columns: tuple[str, ...], others: pl.DataFrame
) -> pl.DataFrame:
    condition = pl.Series(where)
    values = [pl.when(condition).then(others[column]).otherwise(pl.col(column)).alias(column) for column in columns]
    return frame.with_columns(*values, trap=pl.when(condition).then(pl.lit(trap)).otherwise("trap"))


def _with_slips(frame: pl.DataFrame, company: Company, system: str) -> pl.DataFrame:
    """At most one slip per record, and none on top of a move or a marriage."""
    rng = stream(company.seed, f"slips in {system}")
    parameters, luck = company.parameters, rng.random(frame.height)
    shares = {"typo": parameters.typo_share, "nickname": parameters.nickname_share, "title": parameters.title_share}
    shares["street typo"] = parameters.street_typo_share
    if system == HUBSPOT:
        shares["name in one field"] = parameters.name_in_one_field_share
    edges = np.cumsum([0.0, *shares.values()])
    last_name, street = _mistyped(rng, frame["last_name"]), _mistyped(rng, frame["street"])
    nickname = frame["first_name"].replace_strict(words.NICKNAMES, default=None)
    both = frame.select(pl.concat_str("last_name", pl.lit(", "), "first_name")).to_series()
    written: dict[str, dict[str, pl.Series]] = {
        "typo": {"last_name": last_name},
        "nickname": {"first_name": nickname},
        "title": {"first_name": "Dr. " + frame["first_name"]},
        "street typo": {"street": street},
        "name in one field": {"first_name": kept(both, np.zeros(frame.height, dtype=np.bool_)), "last_name": both},
    }
    for (trap, _), low, high in zip(shares.items(), edges, edges[1:], strict=False):
        where = (luck >= low) & (luck < high) & frame["trap"].is_null().to_numpy()
        if trap == "nickname":
            where &= nickname.is_not_null().to_numpy()
        others = pl.DataFrame(written[trap])
        frame = _replaced(frame, where, trap, tuple(written[trap]), others)
    return frame


def _mistyped(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """The texts with one letter dropped, doubled, or swapped with its neighbour; never the first one."""
    length = texts.str.len_chars().to_numpy()
    at = pl.Series(1 + np.floor(rng.random(len(texts)) * np.maximum(length - 2, 1)).astype(np.int64))
    kind = pl.Series(rng.integers(0, 3, len(texts)))
    frame = pl.DataFrame({"text": texts, "at": at, "kind": kind})
    head, rest = pl.col("text").str.slice(0, pl.col("at")), pl.col("text").str.slice(pl.col("at") + 1)
    letter = pl.col("text").str.slice(pl.col("at"), 1)
    return frame.select(
        pl.when(pl.col("kind") == 0)
        .then(pl.concat_str(head, rest))
        .when(pl.col("kind") == 1)
        .then(pl.concat_str(head, letter, letter, rest))
        .otherwise(pl.concat_str(head, rest.str.slice(0, 1), letter, rest.str.slice(1)))
        .alias("text")
    ).to_series()
