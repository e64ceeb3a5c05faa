"""Behaviour segments: groups of customers who behave alike, told apart by a few round numbers, that last between runs.

What was learned is kept as plain numbers, one box of feature values per segment (`models.segment_table`), and
customers are measured by it again and again for as long as it fits them. So whoever changes his segment has changed.
Where it no longer fits, segments are learned anew and matched with the earlier ones by the customers they share
(Hungarian assignment), then with all that there have ever been by what they are; what they were called stays while it
is true. Where customers were before is told by today's segments, too, unless they were in the same one already by the
earlier ones: when all prices rise, nobody has moved.
Private and business customers have segments of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from models import segment_words
from models.behaviour import COLUMNS, FEATURES, value_of
from models.behaviour_yardstick import FEWEST_CUSTOMERS, Segment, yardstick
from models.mergers import merged_features, merged_segments
from models.rfm import RFM_SCHEMA, rfm_segments
from models.segment_table import BUSINESS, PRIVATE, customer_group, segment_table, segments_of
from models.sentences import worded

BEHAVIOUR_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "behaviour_segment": pl.String,
        "previous_behaviour_segment": pl.String,
        "behaviour_reason": pl.String,
    }
)
NEEDED = ("customer_id", "is_business", "net_revenue", *COLUMNS)

_REASONS = {
    "en": {
        "lead": "Has not bought yet.",
        "few": "Only {count such customer has|such customers have} bought, too few to find groups of behaviour.",
        "none": "Buyers do not fall into groups of behaviour that hold for other samples of them.",
    },
    "de": {
        "lead": "Hat noch nicht gekauft.",
        "few": "Bisher {count solcher Käufer|solche Käufer}, zu wenige für Gruppen nach Verhalten.",
        "none": "Die Käufer bilden keine Gruppen nach Verhalten, die sich an anderen Stichproben bestätigen.",
    },
}


CUSTOMER_SEGMENTS_SCHEMA = pl.Schema(
    {
        **{name: dtype for name, dtype in RFM_SCHEMA.items() if name not in ("previous_rfm_segment", "reason")},
        "behaviour_segment": pl.String(),
        "previous_rfm_segment": pl.String(),
        "previous_behaviour_segment": pl.String(),
        "previous_as_of": pl.Date(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True)
class EarlierRun:
    """The tables of an earlier run, as far as it had them: customer_segments, customer_features, behaviour_segments.

    `known_segments` has every behaviour segment that there has ever been, as it was told last.
    """

    as_of: date
    customers: pl.DataFrame | None = None
    features: pl.DataFrame | None = None
    segments: pl.DataFrame | None = None
    known_segments: pl.DataFrame | None = None

    def under_current_ids(self, aliases: pl.DataFrame) -> EarlierRun:
        """Return the run with its customers as they are told apart today; `aliases` has alias and customer_id."""
        features = self.features
        if features is not None:
            features = merged_features(features, aliases) if set(NEEDED) <= set(features.columns) else None
        customers = self.customers
        if customers is not None:
            customers = merged_segments(customers, features, aliases, as_of=self.as_of)
        return replace(self, customers=customers, features=features)


@dataclass(frozen=True)
class Behaviour:
    """Customers (`BEHAVIOUR_SCHEMA`, sorted by customer_id) and segments (`models.segment_table`, by segment_id)."""

    customers: pl.DataFrame
    segments: pl.DataFrame


@dataclass(frozen=True)
class Segmentation:
    """`customers` has one row per customer (`CUSTOMER_SEGMENTS_SCHEMA`), `segments` one per behaviour segment."""

    customers: pl.DataFrame
    segments: pl.DataFrame


def segmentation(
    features: pl.DataFrame, *, as_of: date, earlier: EarlierRun | None = None, language: str = "en"
) -> Segmentation:
    """Return the segments of all customers, by recency, frequency and money and by behaviour, with the reason.

    `features` has `NEEDED`, one row per customer. Both tables are sorted by their key.
    """
    before = earlier or EarlierRun(as_of)
    named = rfm_segments(features, as_of=as_of, previous=before.customers, language=language)
    behaviour = behaviour_segments(
        features,
        as_of=as_of,
        earlier_segments=before.segments,
        earlier_features=before.features,
        known_segments=before.known_segments,
        language=language,
    )
    reason = pl.concat_str("reason", "behaviour_reason", separator=" ")
    is_buyer = pl.col("recency_score").is_not_null()
    customers = (
        named.lazy()
        .join(behaviour.customers.lazy(), on="customer_id", how="left")
        .with_columns(
            previous_as_of=pl.lit(earlier.as_of if earlier else None, pl.Date),
            reason=pl.when(is_buyer).then(reason).otherwise("behaviour_reason"),
        )
        .select(CUSTOMER_SEGMENTS_SCHEMA.names())
        .sort("customer_id")
        .collect()
    )
    return Segmentation(customers, behaviour.segments)


def behaviour_segments(
    features: pl.DataFrame,
    *,
    as_of: date,
    earlier_segments: pl.DataFrame | None = None,
    earlier_features: pl.DataFrame | None = None,
    known_segments: pl.DataFrame | None = None,
    language: str = "en",
) -> Behaviour:
    """Return every customer's behaviour segment and the segments.

    `features` has `NEEDED`, one row per customer; without purchase days there is no behaviour. `earlier_segments` is
    the table of an earlier run, `earlier_features` the features of that run, from which previous_behaviour_segment is
    told, `known_segments` every segment that there has ever been, so that one that comes back is known again. Fewer
    than `FEWEST_CUSTOMERS` buyers of a group have no segments, unless earlier ones are there.
    """
    former = segments_of(earlier_segments)
    vanished = [
        one for one in segments_of(known_segments) if one.segment_id not in {known.segment_id for known in former}
    ]
    earlier = features.clear() if earlier_features is None else earlier_features
    were = _assigned(earlier, former).select("customer_id", earlier_segment_id="segment_id")
    buyers = _buyers(features).join(were, on="customer_id", how="left", maintain_order="left")
    found = [
        segment
        for group, part in _by_group(buyers)
        for segment in yardstick(part, group, _of(group, former), as_of, vanished=_of(group, vanished))
    ]
    now = _assigned(features, found)
    before = _assigned(earlier, found)
    stayed = pl.col("earlier_segment_id") == pl.col("segment_id")
    customers = (
        now.join(before, on="customer_id", how="left", suffix="_before")
        .join(were, on="customer_id", how="left")
        .lazy()
        .with_columns(segment_id_before=pl.when(stayed).then("segment_id").otherwise("segment_id_before"))
        .with_columns(
            behaviour_segment=_name(found, "segment_id", language),
            previous_behaviour_segment=_name(found, "segment_id_before", language),
            behaviour_reason=_reason(found, buyers, language),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in BEHAVIOUR_SCHEMA.items())
        .sort("customer_id")
        .collect()
    )
    return Behaviour(customers, segment_table(found, buyers, now, as_of, language))


def _buyers(features: pl.DataFrame) -> pl.DataFrame:
    return features.select(NEEDED).filter(pl.col("purchase_day_count") > 0).sort("customer_id")


def _by_group(buyers: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for group in (BUSINESS, PRIVATE):
        yield group, buyers.filter(customer_group() == group)


def _of(group: str, segments: Sequence[Segment]) -> list[Segment]:
    return [segment for segment in segments if segment.customer_group == group]


def _assigned(features: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Each customer with the id of his segment; a pure function of the row and the segments."""
    chosen = pl.lit(None, pl.String)
    for segment in segments:
        inside = (pl.col("purchase_day_count") > 0) & (customer_group() == segment.customer_group)
        for feature in FEATURES:
            low, high = segment.box.get(feature.column, (None, None))
            if low is not None:
                inside &= value_of(feature) >= low
            if high is not None:
                inside &= value_of(feature) < high
        chosen = pl.when(inside).then(pl.lit(segment.segment_id)).otherwise(chosen)
    return features.select("customer_id", "is_business", "purchase_day_count", segment_id=chosen)


def _name(segments: Sequence[Segment], column: str, language: str) -> pl.Expr:
    named = {segment.segment_id: segment.names[language] for segment in segments}
    return pl.col(column).replace_strict(named, default=None, return_dtype=pl.String)


def _reason(segments: Sequence[Segment], buyers: pl.DataFrame, language: str) -> pl.Expr:
    phrases = _REASONS[language]
    told = {segment.segment_id: segment_words.reason(segment.box, language) for segment in segments}
    counts = {group: part.height for group, part in _by_group(buyers)}
    without = {
        group: worded(phrases["few"], count=count) if count < FEWEST_CUSTOMERS else phrases["none"]
        for group, count in counts.items()
    }
    return (
        pl.when(pl.col("purchase_day_count").fill_null(0) == 0)
        .then(pl.lit(phrases["lead"]))
        .when(pl.col("segment_id").is_not_null())
        .then(pl.col("segment_id").replace_strict(told, default=None, return_dtype=pl.String))
        .otherwise(customer_group().replace_strict(without, return_dtype=pl.String))
    )
