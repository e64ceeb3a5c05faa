"""Which source records are the same customer? Exact rules: the vendor's own id, the e-mail address, the phone.

Records that share an identifier are one customer, and so are the friends of their friends (connected components).
What many people share identifies nobody: see `_identifying_emails` and `_identifying_phones`.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.email_addresses import is_role
from models.phone_numbers import e164

RECORD_KEY = ["source_system", "entity", "source_id"]

LINKS_SCHEMA = pl.Schema(
    {
        "source_system": pl.String,
        "entity": pl.String,
        "source_id": pl.String,
        "customer_id": pl.String,
        "matched_by": pl.String,
        "match_probability": pl.Float64,
        "email_normalised": pl.String,
        "phone_normalised": pl.String,
    }
)

# An ordinary address may stand on many ids of one shop (each guest order makes one) and be shared in a family.
# Beyond these numbers it is a till's or a market place's address.
SHARED_EMAIL_IDS = 20
SHARED_EMAIL_NAMES = 5


def link_records(records: pl.DataFrame, previous: pl.DataFrame | None = None, *, home_country: str) -> pl.DataFrame:
    """Return one row per source record with the customer it belongs to, sorted by record key (`LINKS_SCHEMA`).

    `records` has the columns source_system, entity (contacts, orders, accounts), source_id, email, phone, mobile,
    country (ISO 3166-1 alpha-2 or null), first_name, merged_into_source_id (of the contact that lives on, or null).
    `previous` is an earlier result: customers keep their id from it; where a customer is parted, the larger part keeps
    the id. `home_country` is the country of phone numbers whose record names none. A record of `accounts` is a
    customer of its own.

    matched_by is `new` for a customer's first record in the order of the keys, else the strongest rule that ties
    the record to another one. The result does not depend on the order of the rows.

    Raises ValueError when two records have the same key.
    """
    nodes = _nodes(records, home_country)
    people = pl.col("entity") != "accounts"
    by_source = pl.concat([_ties(nodes.filter(people), ["source_system", "source_id"]), _merged(nodes)])
    by_email = _ties(nodes.filter(people).join(_identifying_emails(nodes.filter(people)), on="email"), ["email"])
    person = _components(nodes.height, [by_source, by_email])
    phones = _phones(nodes.with_columns(person=person).filter(people))
    by_phone = _ties(phones.join(_identifying_phones(phones), on="phone"), ["phone"])
    component = _components(nodes.height, [by_source, by_email, by_phone])
    members = nodes.with_columns(
        component=component,
        matched_by=_matched_by(component, {"phone": by_phone, "email": by_email, "source_id": by_source}),
    )
    return (
        members.join(_customer_ids(members, previous), on="component", maintain_order="left")
        .with_columns(match_probability=1.0, email_normalised="email", phone_normalised=pl.coalesce("phone", "mobile"))
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS_SCHEMA.items())
    )


def _nodes(records: pl.DataFrame, home_country: str) -> pl.DataFrame:
    """The records in the order of their keys, numbered, with normalised identifiers.

    own_id is the source's id where it is more than a repetition of the e-mail address or phone.
    """
    nodes = records.sort(RECORD_KEY).with_row_index("record").with_columns(pl.col("record").cast(pl.Int64))
    if doubled := nodes.height - nodes.select(pl.struct(RECORD_KEY).n_unique()).item():
        raise ValueError(
            f"{doubled} of {nodes.height} source records repeat the key of another one. "
            "Keep one row per source_system, entity and source_id."
        )
    email = pl.col("email").str.strip_chars().str.to_lowercase()
    digits = pl.col("source_id").str.replace_all(r"[^0-9]", "")
    numbers = e164(
        pl.concat([nodes["phone"], nodes["mobile"]]),
        pl.concat([nodes["country"], nodes["country"]]),
        home_country=home_country,
    )
    repeats = [pl.col("source_id").str.to_lowercase() == email] + [
        digits == pl.col(column).str.replace_all(r"[^0-9]", "") for column in ("phone", "mobile")
    ]
    return nodes.select(
        "record",
        *RECORD_KEY,
        "merged_into_source_id",
        email=pl.when(email.str.contains(r"^[^@\s]+@[^@\s]+$")).then(email),
        phone=numbers.head(nodes.height),
        mobile=numbers.tail(nodes.height),
        initial=pl.col("first_name").str.normalize("NFKD").str.to_lowercase().str.extract(r"(\p{L})"),
        own_id=pl.when(~pl.any_horizontal(pl.col("entity") == "accounts", *repeats).fill_null(False)).then("source_id"),
    )


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


def _components(count: int, ties: Iterable[pl.DataFrame]) -> pl.Series:
    """The number of the first record that each record hangs together with."""
    edges = pl.concat([tie.select("record", "first") for tie in ties])
    ones = np.ones(edges.height, dtype=np.int8)
    graph = coo_array((ones, (edges["record"].to_numpy(), edges["first"].to_numpy())), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    members = pl.DataFrame({"record": np.arange(count, dtype=np.int64), "label": labels})
    return members.select(pl.col("record").min().over("label")).to_series()


def _identifying_emails(nodes: pl.DataFrame) -> pl.DataFrame:
    """The addresses that stand for one customer, in one column.

    A role address must not show more than one vendor id within a source, nor first names that begin differently.
    Another address is left out when its first names begin in more than SHARED_EMAIL_NAMES ways, or when it stands
    on more than SHARED_EMAIL_IDS ids of one source without first names that agree.
    """
    known = nodes.lazy().filter(pl.col("email").is_not_null())
    shared = known.filter(pl.len().over("email") > 1)
    ids = _spread(shared, ["email", "source_system"], "own_id").group_by("email").agg(ids=pl.col("spread").max())
    names = _spread(shared, ["email"], "initial").rename({"spread": "names"})
    is_shared = (
        (is_role(pl.col("email")) & ((pl.col("ids") > 1) | (pl.col("names") > 1)))
        | (pl.col("names") > SHARED_EMAIL_NAMES)
        | ((pl.col("ids") > SHARED_EMAIL_IDS) & (pl.col("names") != 1))
    )
    spread = known.select("email").unique().join(ids, on="email", how="left").join(names, on="email", how="left")
    return spread.with_columns(pl.col("ids", "names").fill_null(0)).filter(~is_shared).select("email").collect()


def _phones(nodes: pl.DataFrame) -> pl.DataFrame:
    """The records' phone numbers, one row per record and number."""
    kept = ["record", "source_system", "person", "initial"]
    has_identity = pl.col("email").is_not_null() | pl.col("own_id").is_not_null()
    numbers = [nodes.select(*kept, phone=pl.col(column), has_identity=has_identity) for column in ("phone", "mobile")]
    return pl.concat(numbers).drop_nulls("phone").unique(["record", "phone"])


def _identifying_phones(phones: pl.DataFrame) -> pl.DataFrame:
    """The numbers that stand for one customer, in one column.

    A number is left out when within one source it stands on records that neither id nor e-mail holds together, or
    when first names that begin differently stand beside it anywhere: a household's or a company's number. A guest
    who left nothing but the number speaks neither for nor against it.
    """
    known = phones.lazy()
    persons = (
        _spread(known.filter("has_identity"), ["phone", "source_system"], "person")
        .group_by("phone")
        .agg(persons=pl.col("spread").max())
    )
    names = _spread(known, ["phone"], "initial").rename({"spread": "names"})
    spread = known.select("phone").unique().join(persons, on="phone", how="left").join(names, on="phone", how="left")
    is_shared = (pl.col("persons").fill_null(0) > 1) | (pl.col("names").fill_null(0) > 1)
    return spread.filter(~is_shared).select("phone").collect()


def _spread(rows: pl.LazyFrame, group: list[str], value: str) -> pl.LazyFrame:
    """How many different values a group has: the group's columns and `spread`."""
    return rows.select(*group, value).drop_nulls().unique().group_by(group).agg(spread=pl.len())


def _matched_by(component: pl.Series, ties: dict[str, pl.DataFrame]) -> pl.Series:
    """The rule of each record; later rules of `ties` are stronger and win."""
    rules = ["new", *ties]
    rule: npt.NDArray[np.int8] = np.zeros(len(component), dtype=np.int8)
    for strength, tie in enumerate(ties.values(), start=1):
        rule[tie["record"].to_numpy()] = strength
    rule[component.unique().to_numpy()] = 0
    return pl.Series(np.asarray(rules)[rule])


def _customer_ids(members: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """One row per component: component, customer_id."""
    firsts = members.filter(pl.col("record") == pl.col("component")).select("component", *RECORD_KEY)
    if previous is None:
        return _new_ids(firsts, taken=set())
    kept = _kept_ids(members, previous)
    new = _new_ids(firsts.join(kept, on="component", how="anti", maintain_order="left"), set(previous["customer_id"]))
    return pl.concat([kept, new])


def _kept_ids(members: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """The earlier ids that live on: each with the component that holds most of its records, one per component."""
    held = (
        members.join(previous.select(*RECORD_KEY, "customer_id"), on=RECORD_KEY)
        .group_by("component", "customer_id")
        .agg(records=pl.len())
    )
    claims = held.sort("customer_id", "records", "component", descending=[False, True, False]).unique(
        "customer_id", keep="first"
    )
    return (
        claims.sort("component", "records", "customer_id", descending=[False, True, False])
        .unique("component", keep="first")
        .sort("component")
        .select("component", "customer_id")
    )


def _new_ids(firsts: pl.DataFrame, taken: set[str]) -> pl.DataFrame:
    """Ids made from each component's first record; hashed once more where an earlier customer has that id."""
    done: list[pl.DataFrame] = []
    keys = firsts.select("component", key=pl.concat_str(RECORD_KEY, separator="\x1f"))
    while keys.height:
        digests = ["C" + sha256(key.encode()).hexdigest()[:16] for key in keys["key"]]
        keys = keys.with_columns(customer_id=pl.Series(digests, dtype=pl.String))
        is_free = ~pl.col("customer_id").is_in(list(taken)) & pl.col("customer_id").is_first_distinct()
        done.append(keys.filter(is_free).select("component", "customer_id"))
        taken = taken | set(done[-1]["customer_id"])
        keys = keys.filter(~is_free).with_columns(pl.col("key") + "\x1fagain")
    return pl.concat(done) if done else pl.DataFrame(schema={"component": pl.Int64, "customer_id": pl.String})
