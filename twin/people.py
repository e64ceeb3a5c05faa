"""The true people and companies, before any system has written a word about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from twin import vocabulary as words
from twin.arrays import Bools, Ints, chosen, falling, kept, stream, weighted
from twin.parameters import Parameters

_NUMBERS_PER_BLOCK = 1_000


@dataclass(frozen=True)
class People:
    """`frame` has one row per person, `companies` one per company; `company` is -1 for private people."""

    frame: pl.DataFrame
    companies: pl.DataFrame
    company: Ints
    home: Ints

    @property
    def count(self) -> int:
        """Number of people."""
        return self.frame.height

    @property
    def is_business(self) -> Bools:
        """Whether each person buys for a company."""
        return self.company >= 0

    def has(self, column: str) -> Bools:
        """Whether each person has a value in this column."""
        return self.frame[column].is_not_null().to_numpy()


def invent_people(parameters: Parameters, count: int, seed: int) -> People:
    """`count` people with names, addresses, e-mail addresses and phone numbers, some of them in companies."""
    rng = stream(seed, "people")
    is_business = rng.random(count) < parameters.business_share
    home = _homes(rng, parameters, is_business)
    companies = _companies(rng, parameters, int(is_business.sum()))
    former_names = _former_names(stream(seed, "renamed companies"), parameters, companies.height)
    companies = companies.with_columns(former_name=former_names)
    company = np.where(is_business, rng.integers(0, companies.height, count), -1)
    frame = _names(rng, count, home).hstack(drawn_addresses(rng, home))
    frame = frame.with_columns(
        person_id=_numbered("P", count),
        kind=chosen(("person", "company"), is_business.astype(np.int64)),
        company_id=kept(companies["company_id"].gather(pl.Series(np.maximum(company, 0))), is_business),
        company_name=kept(companies["name"].gather(pl.Series(np.maximum(company, 0))), is_business),
        household_id=_numbered("H", count).gather(pl.Series(home)),
    )
    frame = frame.hstack(_mail_addresses(rng, parameters, frame, companies, company))
    frame = frame.hstack(_phones(rng, parameters, frame, is_business, home))
    return People(frame.drop("first_folded", "last_folded"), companies, company, home)


def _numbered(letter: str, count: int) -> pl.Series:
    return letter + pl.Series(np.arange(1, count + 1)).cast(pl.String).str.zfill(7)


def _homes(rng: np.random.Generator, parameters: Parameters, is_business: Bools) -> Ints:
    """For each person the one whose address, family name and mostly phone it shares: itself, or the one before."""
    joins = (rng.random(len(is_business)) < parameters.household_share) & ~is_business
    joins[0] = False
    joins[1:] &= ~joins[:-1] & ~is_business[:-1]
    return np.arange(len(is_business)) - joins


def _companies(rng: np.random.Generator, parameters: Parameters, people: int) -> pl.DataFrame:
    count = max(1, round(people / parameters.people_per_company))
    surname = weighted(rng, falling(len(words.SURNAMES), 0.5), count)
    branch = rng.integers(0, len(words.BRANCHES), count)
    legal_form = chosen(words.LEGAL_FORMS, weighted(rng, words.LEGAL_FORM_WEIGHTS, count))
    branches, industries = (tuple(column) for column in zip(*words.BRANCHES, strict=True))
    stem = pl.select(
        pl.concat_str(
            chosen([words.folded(name) for name in words.SURNAMES], surname),
            chosen([words.folded(name) for name in branches], branch),
            separator="-",
        )
    ).to_series()
    frame = pl.DataFrame(
        {
            "company_id": _numbered("C", count),
            "surname": chosen(words.SURNAMES, surname),
            "branch": chosen(branches, branch),
            "legal_form": legal_form,
            "industry": chosen(industries, branch),
            "domain": _made_unique(stem) + ".example",
            "employee_count": np.ceil(rng.lognormal(3.2, 1.1, count)).astype(np.int64),
        }
    )
    frame = frame.with_columns(pl.concat_str("surname", "branch", "legal_form", separator=" ").alias("name"))
    return frame.drop("surname", "branch", "legal_form").hstack(drawn_addresses(rng, np.arange(count)))


def _former_names(rng: np.random.Generator, parameters: Parameters, count: int) -> pl.Series:
    """What some companies were called under another owner; their domain and seat have stayed."""
    surname = weighted(rng, falling(len(words.SURNAMES), 0.5), count)
    names = chosen(words.SURNAMES, surname) + " & Co. KG"
    return kept(names, rng.random(count) < parameters.renamed_company_share)


def _names(rng: np.random.Generator, count: int, home: Ints) -> pl.DataFrame:
    first_names = words.WOMEN + words.MEN
    weights = np.concatenate([falling(len(words.WOMEN), 0.45), falling(len(words.MEN), 0.45)])
    first = weighted(rng, weights, count)
    is_namesake = (home != np.arange(count)) & (first == first[home])  # nothing could tell the two apart
    first = np.where(is_namesake, (first + 1) % len(first_names), first)
    last = weighted(rng, falling(len(words.SURNAMES), 0.5), count)[home]
    return pl.DataFrame(
        {
            "first_name": chosen(first_names, first),
            "last_name": chosen(words.SURNAMES, last),
            "first_folded": chosen([words.folded(name) for name in first_names], first),
            "last_folded": chosen([words.folded(name) for name in words.SURNAMES], last),
            "birth_year": (2_004 - np.floor(58 * rng.beta(1.6, 1.9, count))).astype(np.int64),
        }
    )


def drawn_addresses(rng: np.random.Generator, home: Ints) -> pl.DataFrame:
    """Street, postcode, city and country of each person, which is that of his home."""
    count = len(home)
    cities, countries, weights, first, last = (tuple(column) for column in zip(*words.CITIES, strict=True))
    city = weighted(rng, weights, count)[home]
    postcode = rng.integers(np.array(first)[city], np.array(last)[city], endpoint=True)[home]
    digits = np.where(np.array(countries)[city] == "DE", 5, 4)
    house = rng.integers(1, 120, count)[home]
    letter = chosen(("", "", "", "", "", "", "a", "b", " c"), rng.integers(0, 9, count)[home])
    street = chosen(words.STREETS, weighted(rng, falling(len(words.STREETS), 0.3), count)[home])
    parts = pl.DataFrame({"street": street, "house": house, "letter": letter, "postcode": postcode, "digits": digits})
    text = pl.col("postcode").cast(pl.String)
    return parts.select(
        street=pl.concat_str("street", pl.lit(" "), pl.col("house").cast(pl.String), "letter"),
        postcode=pl.when(pl.col("digits") == 5).then(text.str.zfill(5)).otherwise(text),
        city=chosen(cities, city),
        country=chosen(countries, city),
    )


def _mail_addresses(
    rng: np.random.Generator, parameters: Parameters, frame: pl.DataFrame, companies: pl.DataFrame, company: Ints
) -> pl.DataFrame:
    """A first address for most people and a second one for some; no two people share one."""
    count = frame.height
    domains = chosen(words.MAIL_DOMAINS, weighted(rng, words.MAIL_DOMAIN_WEIGHTS, count))
    at_work = companies["domain"].gather(pl.Series(np.maximum(company, 0)))
    is_business = pl.Series(company >= 0)
    domain = pl.select(pl.when(is_business).then(at_work).otherwise(domains)).to_series()
    first = _written(frame, np.where(company >= 0, 0, rng.integers(0, 4, count)), domain)
    second_domain = chosen(words.MAIL_DOMAINS, rng.integers(0, len(words.MAIL_DOMAINS), count))
    second = _written(frame, rng.integers(0, 4, count), second_domain)
    unique = _made_unique(pl.concat([first, second]))
    has_first = (rng.random(count) < parameters.email_share) | (company >= 0)
    has_second = has_first & (rng.random(count) < parameters.second_email_share)
    return pl.DataFrame({"email": kept(unique[:count], has_first), "second_email": kept(unique[count:], has_second)})


def _written(frame: pl.DataFrame, pattern: Ints, domain: pl.Series) -> pl.Series:
    first, last = pl.col("first_folded"), pl.col("last_folded")
    year = (pl.col("birth_year") % 100).cast(pl.String).str.zfill(2)
    local = (
        pl.when(pl.Series(pattern == 0))
        .then(pl.concat_str(first, last, separator="."))
        .when(pl.Series(pattern == 1))
        .then(pl.concat_str(first.str.slice(0, 1), pl.lit("."), last, pl.lit("."), year))
        .when(pl.Series(pattern == 2))
        .then(pl.concat_str(last, first, separator="_"))
        .otherwise(pl.concat_str(first, last, year, separator="."))
    )
    return frame.select(pl.concat_str(local, domain, separator="@")).to_series()


def _made_unique(texts: pl.Series) -> pl.Series:
    """The second and later of equal texts get a number, in front of the @ where there is one."""
    frame = (
        texts.rename("text")
        .to_frame()
        .with_columns(
            earlier=pl.int_range(pl.len()).over("text"),
        )
    )
    head, tail = pl.col("text").str.splitn("@", 2).struct.field("field_0"), pl.col("text").str.extract("(@.*)$")
    numbered = pl.concat_str(head, (pl.col("earlier") + 1).cast(pl.String), tail.fill_null(""))
    return frame.select(pl.when(pl.col("earlier") > 0).then(numbered).otherwise("text")).to_series()


def _phones(
    rng: np.random.Generator, parameters: Parameters, frame: pl.DataFrame, is_business: Bools, home: Ints
) -> pl.DataFrame:
    """Numbers that can ring nowhere. The first 5,000 are exactly those which are kept free for fiction; from then on
    three more digits follow a kept number, as a direct dial would, which still starts with a number of nobody."""
    count = frame.height
    share = np.where(is_business, parameters.business_phone_share, parameters.phone_share)
    is_german = (frame["country"] == "DE").to_numpy()
    has_mail = frame["email"].is_not_null().to_numpy()
    has_phone = ((rng.random(count) < share) & is_german) | ~has_mail
    rank = np.full(count, -1, dtype=np.int64)
    rank[has_phone] = rng.permutation(int(has_phone.sum()))
    is_shared = (home != np.arange(count)) & (rng.random(count) < 0.6) & has_mail & is_german
    rank = np.where(is_shared & (rank[home] >= 0), rank[home], rank)
    block, within = rank % len(words.PHONE_BLOCKS), rank // len(words.PHONE_BLOCKS)
    extension, base = np.divmod(within, _NUMBERS_PER_BLOCK)
    areas, prefixes = (tuple(column) for column in zip(*words.PHONE_BLOCKS, strict=True))
    direct_dial = pl.Series(extension).cast(pl.String).str.zfill(3)
    number = pl.DataFrame(
        {
            "area": chosen(areas, block),
            "number": chosen(prefixes, block) + pl.Series(base).cast(pl.String).str.zfill(3),
            "extension": kept(direct_dial, extension > 0),
        }
    )
    written = number.select(
        phone=pl.concat_str(pl.lit("+49"), "area", "number", pl.col("extension").fill_null("")),
        phone_national=pl.concat_str(
            pl.lit("0"), "area", pl.lit(" "), "number", pl.lit("-") + pl.col("extension"), ignore_nulls=True
        ),
    )
    return written.select(pl.when(pl.Series(rank >= 0)).then(pl.all()))
