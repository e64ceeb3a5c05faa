"""Who may be in an audience: people with the consent that it needs, and companies."""

from __future__ import annotations

import polars as pl

from pipelines.delivery.department_rows import Tables
from pipelines.delivery.match_keys import address, e164

EVERYONE = "everyone"
PLAN = "plan"
_HOLDOUT = "holdout"


def people(tables: Tables) -> pl.LazyFrame:
    """One row per person who may be written to by e-mail, with what the platforms ask for, by customer_id.

    They have agreed to e-mail marketing, are not suppressed, and nobody who shares the address has refused. Whoever
    the contact plan holds out is left out too, with all who share his address, or the comparison with him would be
    spoilt; and likewise whoever service has yet to get in touch with, for that comes first. `call_phone` and
    `text_phone` are the phone number where there is consent to calls, or to text messages.
    """
    customers = tables["customers"].with_columns(
        email=address(pl.col("email")),
        phone=e164(pl.col("phone")),
        is_suppressed=pl.col("is_suppressed").fill_null(True),
    )
    chosen = (
        customers.filter(pl.col("consent_email") & ~pl.col("is_suppressed") & pl.col("email").is_not_null())
        .join(_refused(customers, "consent_email", "email"), on="email", how="anti")
        .join(_left_alone(tables), on="customer_id", how="anti")
        .join(_addresses_of(_left_alone(tables), customers), on="email", how="anti")
        .sort("customer_id")
        .unique("email", keep="first", maintain_order=True)
    )
    with_phones = _with_phone(
        _with_phone(chosen, customers, "consent_phone", "call_phone"), customers, "consent_sms", "text_phone"
    )
    accounts = tables["accounts"].select("account_id", account_name="name", account_domain="domain")
    values = tables["customer_value"].select("customer_id", "clv")
    return with_phones.join(accounts, on="account_id", how="left").join(values, on="customer_id", how="left")


def companies(tables: Tables) -> pl.LazyFrame:
    """One row per customer_id and company that he belongs to; none of which nobody may be addressed."""
    addressed = (
        tables["customers"]
        .filter(~pl.col("is_suppressed").fill_null(True))
        .join(_left_alone(tables), on="customer_id", how="anti")
    )
    return (
        addressed.select("customer_id", "account_id")
        .join(tables["accounts"], on="account_id", how="inner")
        .filter(pl.col("name").is_not_null() | pl.col("domain").is_not_null())
    )


def memberships(tables: Tables) -> pl.LazyFrame:
    """One row per customer_id and audience: everyone, the segment, and the plan where there is one."""
    segments = tables["customer_segments"].select("customer_id", audience="rfm_segment")
    found = [tables["customers"].select("customer_id", audience=pl.lit(EVERYONE)), segments.drop_nulls()]
    if "contact_plan" in tables:
        planned = tables["contact_plan"].filter((pl.col("channel") == "email") & (pl.col("arm") != _HOLDOUT))
        found.append(planned.select("customer_id", audience=pl.lit(PLAN)).unique())
    return pl.concat(found)


def _refused(customers: pl.LazyFrame, consent: str, key: str) -> pl.LazyFrame:
    """The addresses or numbers that somebody has refused to be contacted by."""
    return customers.filter(~pl.col(consent) | pl.col("is_suppressed")).select(key).drop_nulls().unique()


def _left_alone(tables: Tables) -> pl.LazyFrame:
    """Whom the contact plan holds out, and who waits for service."""
    found = [tables["customers"].select("customer_id").clear()]
    if "contact_plan" in tables:
        found.append(tables["contact_plan"].filter(pl.col("arm") == _HOLDOUT).select("customer_id"))
    if "service_followups" in tables:
        found.append(tables["service_followups"].select("customer_id"))
    return pl.concat(found).unique()


def _addresses_of(people: pl.LazyFrame, customers: pl.LazyFrame) -> pl.LazyFrame:
    return customers.join(people, on="customer_id", how="semi").select("email").drop_nulls().unique()


def _with_phone(chosen: pl.LazyFrame, customers: pl.LazyFrame, consent: str, name: str) -> pl.LazyFrame:
    """The people with their number where they have consented and nobody else of that number has refused."""
    refused = _refused(customers, consent, "phone").with_columns(is_refused=pl.lit(True))
    allowed = pl.col(consent) & pl.col("is_refused").is_null()
    joined = chosen.join(refused, on="phone", how="left", maintain_order="left")
    return joined.with_columns(pl.when(allowed).then(pl.col("phone")).alias(name)).drop("is_refused")
