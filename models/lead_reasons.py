"""Why a contact is likelier or less likely to buy than others, in words made of the facts that mattered most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from models.lead_history import DAYS_TO_REACT, RECENT_DAYS
from models.sentences import sentence

Floats = npt.NDArray[np.float64]

# What moves the log odds by less is no reason.
_TELLING = 0.1
_MOST_TOLD = 2

_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "for": "Speaks for it: {facts}.",
        "against": "Against it: {facts}.",
        "neither": "Nothing known of this contact speaks for or against a purchase.",
        "age": "known for {age_days day|days}",
        "reaction_share": "reacted to {reactions} of {mailings mailing|mailings} in {window} days",
        "mailings": "got {mailings mailing|mailings} in {window} days",
        "no_reaction": "has never reacted to a mailing",
        "days_since_reaction": "reacted to a mailing sent {days_since_sent day|days} ago",
        "conversations": "{conversations conversation|conversations} in {window} days",
        "open_deals": "{open_deals deal|deals} under way",
        "has_company": "belongs to a company",
        "no_has_company": "no company known",
        "has_job_title": "position known",
        "no_has_job_title": "position not known",
        "has_agreed": "has agreed to marketing",
        "no_has_agreed": "has not agreed to marketing",
        "has_refused": "has refused marketing",
        "no_has_refused": "has not refused marketing",
        "from": "known to {source}",
        "no_from": "not known to {source}",
    },
    "de": {
        "for": "Dafür spricht: {facts}.",
        "against": "Dagegen: {facts}.",
        "neither": "Nichts, was über diesen Kontakt bekannt ist, spricht für oder gegen einen Kauf.",
        "age": "seit {age_days Tag|Tagen} bekannt",
        "reaction_share": "reagierte auf {reactions} von {mailings Mailing|Mailings} in {window} Tagen",
        "mailings": "bekam {mailings Mailing|Mailings} in {window} Tagen",
        "no_reaction": "hat noch nie auf ein Mailing reagiert",
        "days_since_reaction": "reagierte auf ein Mailing, das vor {days_since_sent Tag|Tagen} kam",
        "conversations": "{conversations Gespräch|Gespräche} in {window} Tagen",
        "open_deals": "{open_deals laufendes Geschäft|laufende Geschäfte}",
        "has_company": "gehört zu einer Firma",
        "no_has_company": "keine Firma bekannt",
        "has_job_title": "Position bekannt",
        "no_has_job_title": "Position nicht bekannt",
        "has_agreed": "hat Werbung zugestimmt",
        "no_has_agreed": "hat Werbung nicht zugestimmt",
        "has_refused": "hat Werbung abgelehnt",
        "no_has_refused": "hat Werbung nicht abgelehnt",
        "from": "bekannt in {source}",
        "no_from": "nicht bekannt in {source}",
    },
}


def reasons(leads: pl.DataFrame, contributions: Floats, names: Sequence[str], language: str) -> pl.Series:
    """Return one text per lead.

    `contributions` (leads x `names`) says by how much each feature moves the log odds away from the usual contact.
    """
    phrases = _PHRASES[language]
    facts = [leads.select(_fact(name, phrases)).to_series() for name in names]
    said = {key: _told(facts, np.round(sign * contributions, 6)) for key, sign in (("for", 1.0), ("against", -1.0))}
    sentences = [
        pl.when(pl.Series(texts) != "").then(pl.format(phrases[key].replace("{facts}", "{}"), pl.Series(texts)))
        for key, texts in said.items()
    ]
    both = pl.concat_str(sentences, separator=" ", ignore_nulls=True)
    return pl.select(pl.when(both == "").then(pl.lit(phrases["neither"])).otherwise(both).alias("reason")).to_series()


def _told(facts: Sequence[pl.Series], moved: Floats) -> pl.Series:
    """Of each row the facts that move the log odds up most, the first one first."""
    order = np.argsort(-moved, axis=1, kind="stable")[:, :_MOST_TOLD]
    rows = np.arange(len(moved))
    parts = []
    for place in range(order.shape[1]):
        chosen, is_telling = order[:, place], moved[rows, order[:, place]] >= _TELLING
        text = pl.Series([None] * len(moved), dtype=pl.String)
        for number in np.unique(chosen[is_telling]):
            is_this = pl.Series(is_telling & (chosen == number))
            text = pl.select(pl.when(is_this).then(facts[number]).otherwise(text)).to_series()
        parts.append(text)
    return pl.select(pl.concat_str(parts, separator=", ", ignore_nulls=True)).to_series()


def _fact(name: str, phrases: Mapping[str, str]) -> pl.Expr:
    """What is known of the contact, in words."""
    if name.startswith("from_"):
        source = name.removeprefix("from_")
        return _either(name, *(phrases[key].format(source=source) for key in ("from", "no_from")))
    if name.startswith("has_"):
        return _either(name, phrases[name], phrases[f"no_{name}"])
    columns = ("age_days", "reactions", "mailings", "conversations", "open_deals")
    values = {column: pl.col(column).fill_null(0) for column in columns}
    values["days_since_sent"] = pl.col("days_since_reaction").fill_null(0) + DAYS_TO_REACT
    said = sentence(phrases[name], window=pl.lit(str(RECENT_DAYS)), **values)
    if name == "days_since_reaction":
        return pl.when(pl.col(name).is_null()).then(pl.lit(phrases["no_reaction"])).otherwise(said)
    return said


def _either(name: str, yes: str, no: str) -> pl.Expr:
    return pl.when(pl.col(name)).then(pl.lit(yes)).otherwise(pl.lit(no))
