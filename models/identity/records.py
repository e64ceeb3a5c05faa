"""Source records in comparable form: what matching looks at, one row per record."""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl

from models.addresses import city, house_number, postcode, street_name
from models.companies import company_name
from models.email_addresses import canonical_address, likely_domain, local_part
from models.letters import plain_words
from models.names import initial, listed_names, nickname_root, sound, with_person_names
from models.phone_numbers import e164

RECORD_KEY = ["source_system", "entity", "source_id"]

COMMON_NAME = 10
"""A name that so many records have is a name and no slip of the pen, and so is one of the shipped list."""

COMPARED = (
    "given", "given_root", "family", "full_name", "birth",
    "given_known", "family_known", "mailbox", "mailbox_meant", "mailbox_digits", "number", "other_number",
    "address", "street", "house", "postcode", "postcode_area", "city", "road", "address_line_2", "birth_place", "job",
    "company",
)  # fmt: skip
"""The columns by which two records are compared, all texts."""

_INPUT = (
    "merged_into_source_id", "email", "phone", "mobile", "country", "first_name", "last_name", "full_name", "birth_on",
    "birth_place", "street", "postcode", "city", "address_line_2", "job_title", "company_name",
)  # fmt: skip
_KEPT = ("merged_into_source_id", "email", "phone", "mobile", "own_id", "initial", "sound", "known_name")
_AREA_LENGTH = 3
"""The first signs of a postcode stand for a town or a region in most countries."""


def comparable(records: pl.DataFrame, home_country: str, mail_providers: Collection[str] = ()) -> pl.DataFrame:
    """Return the records in the order of their keys, numbered (`record`), with everything in comparable form.

    `email`, `phone`, `mobile` are valid ones or null; `mailbox_meant` is filled where the mailbox's domain looks like a
    slip for one of the `mail_providers`; `own_id` is the source's id where it is more than a repetition
    of them; `initial` and `sound` are those of the given name in its full form, `known_name` its first
    word where the name is known. Columns that `records` lacks count as empty.

    Raises ValueError when two records have the same key.
    """
    nodes = _with_all_columns(records).sort(RECORD_KEY).with_row_index("record")
    if doubled := nodes.height - nodes.select(pl.struct(RECORD_KEY).n_unique()).item():
        raise ValueError(
            f"{doubled} of {nodes.height} source records repeat the key of another one. "
            "Keep one row per source_system, entity and source_id."
        )
    numbers = e164(
        pl.concat([nodes["phone"], nodes["mobile"]]),
        pl.concat([nodes["country"], nodes["country"]]),
        home_country=home_country,
    )
    own_id = pl.when((pl.col("entity") != "accounts") & ~_repeats_address()).then("source_id")
    located = pl.when(pl.col("country").is_null()).then(pl.lit(home_country)).otherwise("country")
    people = nodes.with_columns(
        pl.col("record").cast(pl.Int64),
        country=located,
        own_id=own_id,
        phone=numbers.head(nodes.height),
        mobile=numbers.tail(nodes.height),
        email=_address(),
    )
    parts = [
        _made_once(people, ["first_name", "last_name"], _names),
        _made_once(people, ["street", "country"], _streets),
        _made_once(people, ["postcode", "country"], _postcodes),
        _made_once(people, ["city"], lambda cities: cities.with_columns(city_compared=city(pl.col("city")))),
    ]
    return (
        pl.concat([people, *parts], how="horizontal")
        .lazy()
        .with_columns(_known("given"), _known("family"), mailbox=canonical_address(pl.col("email")))
        .with_columns(mailbox_meant=_meant(pl.col("mailbox"), mail_providers))
        .with_columns(known_name=pl.when(pl.col("given_known").is_not_null()).then(_first_word(pl.col("given_root"))))
        .select("record", *RECORD_KEY, *_KEPT, *_compared())
        .collect()
    )


def _made_once(records: pl.DataFrame, columns: list[str], make: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.DataFrame:
    """What `make` adds to these columns, row by row. Values repeat, and making them comparable is dear: each is made so
    but once."""
    values = records.select(columns)
    made = make(values.lazy().unique()).collect()
    return values.join(made, on=columns, how="left", nulls_equal=True, maintain_order="left").drop(columns)


def _names(people: pl.LazyFrame) -> pl.LazyFrame:
    return (
        with_person_names(people, "first_name", "last_name")
        .rename({"given_name": "given", "family_name": "family"})
        .with_columns(given_root=nickname_root(pl.col("given")))
        .with_columns(initial=initial(pl.col("given_root")), sound=sound(pl.col("given_root")))
    )


def _streets(addresses: pl.LazyFrame) -> pl.LazyFrame:
    street, country = pl.col("street"), pl.col("country")
    return addresses.with_columns(street_compared=street_name(street), house=house_number(street, country))


def _postcodes(codes: pl.LazyFrame) -> pl.LazyFrame:
    return codes.with_columns(postcode_compared=postcode(pl.col("postcode"), pl.col("country")))


def _with_all_columns(records: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in _INPUT if name not in records.columns]
    return records.with_columns(missing).select(*RECORD_KEY, pl.col(_INPUT).cast(pl.String))


def _address() -> pl.Expr:
    email = pl.col("email").str.strip_chars().str.to_lowercase()
    return pl.when(email.str.contains(r"^[^@\s]+@[^@\s]+$")).then(email)


def _meant(mailbox: pl.Expr, mail_providers: Collection[str]) -> pl.Expr:
    provider = likely_domain(mailbox, mail_providers)
    meant = canonical_address(pl.concat_str(local_part(mailbox), pl.lit("@"), provider))
    return pl.when(provider.is_not_null()).then(meant)


def _repeats_address() -> pl.Expr:
    """Whether a record's id is but its e-mail address or number."""
    digits = pl.col("source_id").str.replace_all(r"[^0-9]", "")
    is_email = pl.col("source_id").str.to_lowercase() == pl.col("email").str.strip_chars().str.to_lowercase()
    is_number = [digits == pl.col(column).str.replace_all(r"[^0-9]", "") for column in ("phone", "mobile")]
    return pl.any_horizontal(is_email, *is_number).fill_null(False)


def _known(name: str) -> pl.Expr:
    is_name = (pl.len().over(name) >= COMMON_NAME) & pl.col(name).is_not_null()
    if name == "given":
        is_name = is_name | pl.col(name).is_in(listed_names())
    return pl.when(is_name).then(pl.lit("1")).alias(f"{name}_known")


def _first_word(name: pl.Expr) -> pl.Expr:
    return name.str.extract(r"^(\p{L}{2,})")


def _compared() -> list[pl.Expr]:
    number = pl.coalesce("mobile", "phone")
    whole = pl.concat_str("given", "family", separator=" ", ignore_nulls=True).replace("", None)
    return [
        pl.col("given"),
        pl.col("given_root"),
        pl.col("family"),
        pl.col("given_known"),
        pl.col("family_known"),
        pl.coalesce(plain_words(pl.col("full_name")), whole).alias("full_name"),
        pl.col("birth_on").str.replace_all("[^0-9]", "").replace("", None).alias("birth"),
        pl.col("mailbox"),
        pl.col("mailbox_meant"),
        pl.col("mailbox").str.replace_all("[^0-9]", "").alias("mailbox_digits"),
        number.alias("number"),
        pl.when(pl.col("phone") != number).then("phone").alias("other_number"),
        pl.coalesce("postcode", "city", "street").alias("address"),
        pl.col("street_compared").alias("street"),
        pl.col("house"),
        pl.col("postcode_compared").alias("postcode"),
        pl.col("postcode_compared").str.slice(0, _AREA_LENGTH).alias("postcode_area"),
        pl.col("city_compared").alias("city"),
        pl.concat_str("street_compared", "city_compared", separator=" ").alias("road"),
        plain_words(pl.col("address_line_2")).alias("address_line_2"),
        city(pl.col("birth_place")).alias("birth_place"),
        plain_words(pl.col("job_title")).alias("job"),
        company_name(pl.col("company_name")).alias("company"),
    ]
