"""Behaviour segments are there where customers fall into groups, say what they are, and last from run to run."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models import segment_words
from models.behaviour import COLUMNS
from models.segment_table import SEGMENT_SCHEMA
from models.segmentation import BEHAVIOUR_SCHEMA, Behaviour, behaviour_segments

FIRST, SECOND = date(2026, 5, 31), date(2026, 6, 30)
KINDS = {"tourists": (300, 1, 20.0), "regulars": (10, 12, 60.0), "wholesalers": (20, 12, 2_000.0)}


def shop(each: int, *, seed: int = 1, is_business: bool = False, prefix: str = "C") -> pl.DataFrame:
    """So many customers of each kind, scattered around its recency, purchase days and order value."""
    rng = np.random.default_rng(seed)
    rows = [
        (
            f"{prefix}-{kind}-{number:05}",
            max(0, round(recency * rng.lognormal(0, 0.3))),
            max(1, round(days * rng.lognormal(0, 0.2))) if days > 1 else 1,
            value * rng.lognormal(0, 0.3),
        )
        for kind, (recency, days, value) in KINDS.items()
        for number in range(each)
    ]
    frame = pl.DataFrame(
        rows, schema=["customer_id", "recency_days", "purchase_day_count", "average_order_value"], orient="row"
    )
    return frame.with_columns(
        is_business=pl.lit(is_business),
        net_revenue=pl.col("average_order_value") * pl.col("purchase_day_count"),
        category_count=pl.lit(2),
        discount_rate=pl.lit(0.0),
        refund_rate=pl.lit(0.0),
        web_share=pl.lit(None, pl.Float64),
    )


def next_run(features: pl.DataFrame, earlier: Behaviour, earlier_features: pl.DataFrame) -> Behaviour:
    return behaviour_segments(
        features, as_of=SECOND, earlier_segments=earlier.segments, earlier_features=earlier_features
    )


def kinds(behaviour: Behaviour) -> dict[str, set[str | None]]:
    """In which segments the customers of each kind are."""
    kind = pl.col("customer_id").str.split("-").list.get(1)
    found = behaviour.customers.group_by(kind).agg(pl.col("behaviour_segment").unique())
    return {kind: set(names) for kind, names in found.iter_rows()}


@pytest.fixture(scope="module")
def features() -> pl.DataFrame:
    return shop(200)


@pytest.fixture(scope="module")
def first(features: pl.DataFrame) -> Behaviour:
    return behaviour_segments(features, as_of=FIRST)


def test_groups_that_are_there_are_found_and_named(first: Behaviour) -> None:
    assert first.customers.schema == BEHAVIOUR_SCHEMA
    assert first.segments.schema == SEGMENT_SCHEMA
    assert first.segments["customer_count"].to_list() == [200, 200, 200]
    assert first.segments["stability"].min() == 1.0
    found = kinds(first)
    assert len(found["regulars"] | found["wholesalers"] | found["tourists"]) == 3
    assert all(len(names) == 1 for names in found.values())
    assert found["wholesalers"] == {"Buyers, here lately, large orders"}


def test_a_segment_says_in_one_sentence_what_sets_it_apart(first: Behaviour, features: pl.DataFrame) -> None:
    told = dict(first.segments.select("name", "sentence").iter_rows())
    spenders = told["Buyers, here lately, large orders"]
    assert spenders.startswith("200 customers who last bought less than 60 days ago and placed orders of")
    assert "per order (all: " in spenders
    german = behaviour_segments(features, as_of=FIRST, language="de")
    assert "Käufer, neulich da, große Bestellungen" in german.segments["name"].to_list()
    assert not german.customers["behaviour_reason"].str.contains("customers|bought").any()


def test_who_has_long_been_away_is_not_said_to_be_here_for_a_short_time() -> None:
    """Accident: "not here for long" reads as if somebody had just come, and German mixes its tenses."""
    box: segment_words.Box = {"recency_days": (180.0, None), "average_order_value": (None, 100.0)}
    (name,) = segment_words.names([box], "private")
    assert name == {
        "en": "Buyers, away for long, small orders",
        "de": "Käufer, lange nicht da, kleine Bestellungen",
    }
    assert segment_words.rules(box, "en") == "last bought 180 or more days ago and placed orders of less than 100"
    assert segment_words.rules(box, "de") == "zuletzt vor 180 oder mehr Tagen gekauft und für weniger als 100 bestellt"


def test_a_segment_of_one_customer_is_told_in_the_singular() -> None:
    """Accident: the sentence of a single customer reads "1 Kunde: kauften"."""
    box: segment_words.Box = {"purchase_day_count": (None, 2.0), "discount_rate": (0.1, None)}
    told = {code: segment_words.sentence(box, 1, {}, {}, code) for code in ("en", "de")}
    assert told == {
        "en": "1 customer who bought once and got 10 % or more off.",
        "de": "1 Kunde: einmal gekauft und 10 % oder mehr Rabatt bekommen.",
    }
    assert segment_words.sentence(box, 2, {}, {}, "de").startswith("2 Kunden: einmal gekauft und ")
    several: segment_words.Box = {
        "recency_days": (30.0, None), "purchase_day_count": (2.0, 5.0), "average_order_value": (100.0, None),
        "category_count": (None, 3.0), "refund_rate": (0.2, None), "web_share": (None, 0.5),
    }  # fmt: skip
    assert segment_words.sentence(several, 1, {}, {}, "de") == (
        "1 Kunde: an 2 bis 4 Tagen gekauft, zuletzt vor 30 oder mehr Tagen gekauft, für 100 oder mehr bestellt, "
        "in höchstens 2 Warengruppen gekauft, 20 % oder mehr des Werts zurückgegeben und weniger als 50 % "
        "im Netz bestellt."
    )


def test_who_has_not_changed_stays_where_he_was(first: Behaviour, features: pl.DataFrame) -> None:
    """Though other customers came, and the limits would be drawn a little otherwise today."""
    later = pl.concat([features, shop(40, seed=9, prefix="N")])
    again = next_run(later, first, features)
    both = first.customers.join(again.customers, on="customer_id", suffix="_now")
    assert both.height == 600
    assert (both["behaviour_segment"] == both["behaviour_segment_now"]).all()
    assert (both["previous_behaviour_segment_now"] == both["behaviour_segment"]).all()
    assert again.segments["segment_id"].to_list() == first.segments["segment_id"].to_list()
    assert again.segments["learned_on"].unique().to_list() == [FIRST]
    new = again.customers.filter(pl.col("customer_id").str.starts_with("N"))
    assert new["previous_behaviour_segment"].null_count() == new.height


def test_who_changes_his_behaviour_changes_his_segment(first: Behaviour, features: pl.DataFrame) -> None:
    grown = pl.when(pl.col("customer_id") == "C-regulars-00007").then(3_000.0).otherwise("average_order_value")
    again = next_run(features.with_columns(average_order_value=grown), first, features)
    moved = again.customers.filter(pl.col("behaviour_segment") != pl.col("previous_behaviour_segment"))
    assert moved["customer_id"].to_list() == ["C-regulars-00007"]
    assert moved["behaviour_segment"].to_list() == ["Buyers, here lately, large orders"]


def test_segments_drawn_anew_keep_the_names_of_those_they_continue(first: Behaviour, features: pl.DataFrame) -> None:
    """When prices have risen tenfold the old limit of a large order tells hardly anybody apart any more."""
    dearer = features.with_columns(pl.col("average_order_value") * 10)
    again = next_run(dearer, first, features)
    assert again.segments["learned_on"].unique().to_list() == [SECOND]
    assert kinds(again) == kinds(first)
    assert set(again.segments["segment_id"]) == set(first.segments["segment_id"])


def moved(behaviour: Behaviour) -> set[str]:
    """The kinds of the customers who changed their segment."""
    changed = behaviour.customers.filter(pl.col("behaviour_segment") != pl.col("previous_behaviour_segment"))
    return set(changed["customer_id"].str.split("-").list.get(1))


def test_when_all_prices_rise_nobody_has_moved(first: Behaviour, features: pl.DataFrame) -> None:
    """Accident: by the new limit the wholesalers of before were small, so that all of them are told as risen."""
    dearer = features.with_columns(pl.col("average_order_value") * 200)
    again = next_run(dearer, first, features)
    assert again.segments["learned_on"].unique().to_list() == [SECOND]
    assert kinds(again) == kinds(first)
    assert moved(again) == set()


def with_grown_wholesalers_and_no_tourists(features: pl.DataFrame) -> pl.DataFrame:
    is_grown = pl.col("customer_id").str.contains(r"wholesalers-000|wholesalers-0010")
    is_small = ~pl.col("customer_id").str.contains("wholesalers")
    return features.with_columns(
        average_order_value=pl.when(is_grown)
        .then(pl.col("average_order_value") * 100)
        .otherwise("average_order_value"),
        recency_days=pl.when(is_small).then(20).otherwise("recency_days"),
        purchase_day_count=pl.when(is_small).then(6).otherwise("purchase_day_count"),
    )


def test_over_three_runs_segments_split_vanish_and_come_back_and_the_others_keep_their_identity(
    first: Behaviour, features: pl.DataFrame
) -> None:
    """First tourists buy as regulars do, while some wholesalers grow; then tourists are tourists again."""
    one_kind = with_grown_wholesalers_and_no_tourists(features)
    second = next_run(one_kind, first, features)
    back = one_kind.with_columns(recency_days=features["recency_days"])
    third = behaviour_segments(
        back,
        as_of=date(2026, 7, 31),
        earlier_segments=second.segments,
        earlier_features=one_kind,
        known_segments=pl.concat([first.segments, second.segments]).unique("segment_id", keep="last"),
    )
    (wholesale,) = first.segments.filter(pl.col("name").str.contains("large"))["segment_id"]
    ids = [run.segments["segment_id"].to_list() for run in (first, second, third)]
    for earlier, later in itertools.pairwise(ids):
        assert set(earlier) & set(later) == {wholesale}
        assert len(set(later)) == len(later)
    assert ids[2] == ids[0], "what was gone for one run is the same when it comes back"
    assert kinds(second)["tourists"] == kinds(second)["regulars"]
    assert kinds(third)["tourists"] == kinds(first)["tourists"]
    assert kinds(third)["regulars"] == kinds(first)["regulars"]
    assert moved(third) == {"tourists"}


def test_a_name_that_new_limits_make_untrue_gives_way_and_the_segment_stays(
    first: Behaviour, features: pl.DataFrame
) -> None:
    """Accident: large orders alone set a segment apart now, and who was away is told as "here lately"."""
    grown = with_grown_wholesalers_and_no_tourists(features)
    second = next_run(grown, first, features)
    third = behaviour_segments(
        grown.with_columns(recency_days=features["recency_days"]),
        as_of=date(2026, 7, 31),
        earlier_segments=second.segments,
        earlier_features=grown,
    )
    named = [dict(run.segments.select("segment_id", "name").iter_rows()) for run in (first, second, third)]
    (wholesale,) = set(named[0]) & set(named[1]) & set(named[2])
    assert [one[wholesale] for one in named] == [*["Buyers, here lately, large orders"] * 2, "Buyers, large orders"]
    for name, box in third.segments.select("name", "box").iter_rows():
        assert ("here lately" in name or "away" in name) == ("recency_days" in box)


def test_companies_and_private_customers_have_segments_of_their_own(features: pl.DataFrame) -> None:
    both = pl.concat([features, shop(60, seed=3, is_business=True, prefix="B")])
    found = behaviour_segments(both, as_of=FIRST)
    assert set(found.segments["customer_group"]) == {"business", "private"}
    names = found.customers.filter(pl.col("customer_id").str.starts_with("B"))["behaviour_segment"]
    assert names.str.starts_with("Companies: ").all()
    few = behaviour_segments(pl.concat([features, shop(5, is_business=True, prefix="B")]), as_of=FIRST)
    firms = few.customers.filter(pl.col("customer_id").str.starts_with("B"))
    assert firms["behaviour_segment"].null_count() == firms.height
    assert set(firms["behaviour_reason"]) == {
        "Only 15 such customers have bought, too few to find groups of behaviour."
    }


@pytest.mark.parametrize("each", [0, 1, 20])
def test_a_tiny_company_has_no_segments_and_is_told_why(each: int) -> None:
    found = behaviour_segments(shop(max(each, 1)).head(3 * each), as_of=FIRST)
    assert found.segments.is_empty()
    assert found.customers["behaviour_segment"].null_count() == 3 * each
    assert found.customers["behaviour_reason"].str.contains("too few").all()


def test_customers_who_are_all_alike_have_no_segments() -> None:
    alike = shop(200).with_columns(recency_days=20, purchase_day_count=4, average_order_value=50.0)
    found = behaviour_segments(alike, as_of=FIRST)
    assert found.segments.is_empty()
    assert found.customers["behaviour_reason"].str.contains("do not fall into groups").all()


def test_leads_and_unknown_values_are_no_obstacle(features: pl.DataFrame) -> None:
    lead = features.head(1).with_columns(
        pl.lit("L").alias("customer_id"),
        purchase_day_count=pl.lit(0),
        recency_days=pl.lit(None, pl.Int64),
        average_order_value=pl.lit(None, pl.Float64),
    )
    found = behaviour_segments(
        pl.concat([features, lead.select(features.columns)], how="vertical_relaxed"), as_of=FIRST
    )
    row = found.customers.filter(customer_id="L").row(0, named=True)
    assert (row["behaviour_segment"], row["behaviour_reason"]) == (None, "Has not bought yet.")


def test_row_order_does_not_matter_and_a_repeated_run_gives_the_same(first: Behaviour, features: pl.DataFrame) -> None:
    shuffled = behaviour_segments(features.sample(fraction=1.0, shuffle=True, seed=5), as_of=FIRST)
    assert_frame_equal(shuffled.customers, first.customers)
    assert_frame_equal(shuffled.segments, first.segments)
    assert set(COLUMNS) <= set(features.columns)


def test_segments_come_back_after_a_run_without_any(first: Behaviour, features: pl.DataFrame) -> None:
    """Accident: one night no groups hold in other samples, and from the next one on all customers have moved."""
    again = behaviour_segments(
        features,
        as_of=date(2026, 7, 31),
        earlier_segments=first.segments.clear(),
        earlier_features=features,
        known_segments=first.segments,
    )
    keys = ["segment_id", "name", "names"]
    assert_frame_equal(again.segments.select(keys), first.segments.select(keys))
    assert moved(again) == set()


def test_what_comes_back_under_a_name_that_is_taken_says_since_when_it_is_there(
    first: Behaviour, features: pl.DataFrame
) -> None:
    """Accident: in the meantime others got the name, and nobody can tell the two segments apart."""
    small, away, large = first.segments.sort("segment_id").iter_rows(named=True)
    meanwhile = [small, large | {"segment_id": "private-2026-06-15-1", "name": away["name"], "names": away["names"]}]
    again = behaviour_segments(
        features,
        as_of=SECOND,
        earlier_segments=pl.DataFrame(meanwhile, schema=SEGMENT_SCHEMA),
        earlier_features=features,
        known_segments=first.segments,
    )
    assert dict(again.segments.select("segment_id", "name").iter_rows()) == {
        small["segment_id"]: small["name"],
        "private-2026-06-15-1": away["name"],
        away["segment_id"]: f"{away['name']} (2026-05-31)",
    }
