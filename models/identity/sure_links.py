"""Exact rules, cheap and sure: the vendor's own id, the e-mail address, the phone number, the company.

What many people share identifies nobody: see `_identifying_emails` and `_identifying_phones`.
"""

from __future__ import annotations

import polars as pl

from models.email_addresses import is_role
from models.identity.clusters import components

# An ordinary address may stand on many ids of one shop (each guest order makes one) and be shared in a family.
# Beyond these numbers it is a till's or a market place's address.
SHARED_EMAIL_IDS = 20
SHARED_EMAIL_NAMES = 5
SHARED_EMAIL_WHOLE_NAMES = 20
SHARED_NUMBER_PEOPLE = 8
"""A family may share a number; beyond it is a company's or a till's."""

_NAMES = ("initial", "sound", "known_name")
"""Forms of a first name, from the loosest to the strictest."""
RULES = ("phone", "company", "email", "source_id")
"""From the weakest to the strongest."""
CHAINING_RULES = ("phone", "email")
"""Those by which people can be chained, the weakest first: whoever has two numbers has something in common with two
others. Companies tied together have one name, and what its own system holds as one is one."""


def sure_links(nodes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return, by rule, the records that the rule ties together, each with the first one of its group: record, first.

    `nodes` are comparable records. A company's record is tied to companies only, and to buyers who name nobody else.
    """
    people = nodes.filter(pl.col("entity") != "accounts")
    by_source = pl.concat([_ties(people, ["source_system", "source_id"]), _merged(nodes)])
    by_email = _by_email(people)
    person = components(nodes.height, [by_source, by_email])
    phones = _phones(people.join(nodes.select("record", person=person), on="record"))
    by_phone = _ties(phones.join(_identifying_phones(phones), on="phone"), ["phone"])
    return {"phone": by_phone, "company": _by_company(nodes), "email": by_email, "source_id": by_source}


def _ties(records: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The records that share a key with another one, each with the first record of its group: record, first."""
    return (
        records.select("record", *key)
        .drop_nulls()
        .with_columns(first=pl.col("record").min().over(key), size=pl.len().over(key))
        .filter(pl.col("size") > 1)
        .select("record", "first")
    )


def _merged(nodes: pl.DataFrame) -> pl.DataFrame:
    """The contacts that their own system merged into another, each with that one: record, first."""
    contacts = nodes.filter(pl.col("entity") == "contacts")
    lasting = contacts.select("source_system", first="record", merged_into_source_id="source_id")
    return contacts.join(lasting, on=["source_system", "merged_into_source_id"]).select("record", "first")


def _by_company(nodes: pl.DataFrame) -> pl.DataFrame:
    """Companies of one name at one postcode, or with one number, and what they bought without naming anybody."""
    names_nobody = pl.all_horizontal(pl.col("given", "family", "mailbox").is_null())
    companies = nodes.filter((pl.col("entity") == "accounts") | names_nobody)
    return pl.concat([_ties(companies, ["company", "postcode"]), _ties(companies, ["company", "phone"])])


def _by_email(people: pl.DataFrame) -> pl.DataFrame:
    """Records of one address; where a couple shares it, those whose first names are the same or sound alike."""
    known = people.drop_nulls("mailbox").select("record", "mailbox", *_NAMES)
    shared_by = _name_count(known.lazy(), "mailbox").filter(pl.col("names") > 1).collect()
    single = known.join(shared_by, on="mailbox", how="anti")
    shared = known.join(shared_by, on="mailbox", how="semi").with_columns(name=pl.coalesce(*reversed(_NAMES)))
    return pl.concat([_ties(single, ["mailbox"]), _ties(shared, ["mailbox", "name"])])


def without_nobodys_addresses(nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the records; an address that many share does not tell who they are: no mailbox there.

    A role address must not show more than one vendor id within a source, nor first names that begin differently.
    Another address is left out when its first names begin in more than SHARED_EMAIL_NAMES ways, when it stands beside
    more than SHARED_EMAIL_WHOLE_NAMES names, or when it stands on more than SHARED_EMAIL_IDS ids of one source without
    first names that agree.
    """
    shared = (
        nodes.lazy().drop_nulls("mailbox").filter((pl.col("entity") != "accounts") & pl.col("mailbox").is_duplicated())
    )
    ids = _spread(shared, ["mailbox", "source_system"], "own_id").group_by("mailbox").agg(ids=pl.col("spread").max())
    names = _spread(shared, ["mailbox"], "initial").rename({"spread": "names"})
    whole_names = _spread(shared, ["mailbox"], "full_name").rename({"spread": "whole_names"})
    spread = (
        ids.join(names, on="mailbox", how="full", coalesce=True)
        .join(whole_names, on="mailbox", how="full", coalesce=True)
        .with_columns(pl.col("ids", "names", "whole_names").fill_null(0))
    )
    is_nobodys = (
        (is_role(pl.col("mailbox")) & ((pl.col("ids") > 1) | (pl.col("names") > 1)))
        | (pl.col("names") > SHARED_EMAIL_NAMES)
        | (pl.col("whole_names") > SHARED_EMAIL_WHOLE_NAMES)
        | ((pl.col("ids") > SHARED_EMAIL_IDS) & (pl.col("names") != 1))
    )
    nobodys = spread.filter(is_nobodys).select("mailbox", is_nobodys=True).collect()
    is_own = pl.col("is_nobodys").is_null()
    return (
        nodes.join(nobodys, on="mailbox", how="left", maintain_order="left")
        .with_columns(pl.when(is_own).then(name).alias(name) for name in ("mailbox", "mailbox_meant"))
        .drop("is_nobodys")
    )


def without_nobodys_numbers(people: pl.DataFrame) -> pl.DataFrame:
    """Return people's records (with `customer`); a number that more than SHARED_NUMBER_PEOPLE have is null."""
    is_known = pl.col("number").is_not_null()
    holders = pl.col("customer").n_unique().over("number")
    return people.with_columns(number=pl.when(is_known & (holders <= SHARED_NUMBER_PEOPLE)).then("number"))


def _phones(people: pl.DataFrame) -> pl.DataFrame:
    """The records' phone numbers, one row per record and number."""
    kept = ["record", "source_system", "person", *_NAMES]
    has_identity = pl.col("email").is_not_null() | pl.col("own_id").is_not_null()
    numbers = [people.select(*kept, phone=pl.col(column), has_identity=has_identity) for column in ("phone", "mobile")]
    return pl.concat(numbers).drop_nulls("phone").unique(["record", "phone"])


def _identifying_phones(phones: pl.DataFrame) -> pl.DataFrame:
    """The numbers that stand for one customer, in one column.

    A number is left out when within one source it stands on records that neither id nor e-mail holds together, or
    when first names that are not one stand beside it anywhere: a household's or a company's number. A guest
    who left nothing but the number speaks neither for nor against it.
    """
    known = phones.lazy()
    persons = (
        _spread(known.filter("has_identity"), ["phone", "source_system"], "person")
        .group_by("phone")
        .agg(persons=pl.col("spread").max())
    )
    names = _name_count(known, "phone")
    spread = known.select("phone").unique().join(persons, on="phone", how="left").join(names, on="phone", how="left")
    is_shared = (pl.col("persons").fill_null(0) > 1) | (pl.col("names").fill_null(0) > 1)
    return spread.filter(~is_shared).select("phone").collect()


def _name_count(rows: pl.LazyFrame, group: str) -> pl.LazyFrame:
    """How many first names at least a group has: the group's column and `names`. Anna and A. may be one, so may Anna
    and Ana; Anna and Andreas are two, and so are Martin and Martina where both are names that are known."""
    distinct = [pl.col(name).drop_nulls().n_unique() for name in _NAMES]
    named = rows.select(group, *_NAMES).drop_nulls("initial").unique()
    return named.group_by(group).agg(names=pl.max_horizontal(distinct))


def _spread(rows: pl.LazyFrame, group: list[str], value: str) -> pl.LazyFrame:
    """How many different values a group has: the group's columns and `spread`."""
    return rows.select(*group, value).drop_nulls().unique().group_by(group).agg(spread=pl.len())
