"""The twin played forward: a plan brings what its truth says, and what was written before stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from twin.clock import day_number
from twin.months import MONTH_DAYS, World, begin, play, write_world
from twin.next_month import write_next_month
from twin.writing import write_company


@pytest.fixture(scope="module")
def world() -> World:
    return begin(4_000, seed=1)


def everybody(world: World) -> np.ndarray:
    return np.arange(world.company.people.count)


def test_a_month_without_contacts_brings_only_what_people_buy_unasked(world: World) -> None:
    later = play(world, {})
    new = later.orders.person[world.orders.count :]
    days = world.company.calendar.days
    own = (world.company.own.day >= days) & (world.company.own.day < days + MONTH_DAYS)
    assert sorted(new) == sorted(world.company.own.person[own])
    assert len(later.newsletter.mailings) == len(world.newsletter.mailings)
    assert day_number(later.today) - day_number(world.today) == MONTH_DAYS


@pytest.mark.parametrize("channel", ["email", "phone"])
def test_contacts_bring_as_much_as_their_truth_says(world: World, channel: str) -> None:
    later = play(world, {channel: everybody(world)})
    reached = world.can_be_reached(channel)
    expected = world.added_margin(channel)[reached].sum()
    brought = later.orders.cause[world.orders.count :] == {"email": 1, "phone": 2}[channel]
    net = (later.orders.subtotal - later.orders.refunded)[world.orders.count :][brought] / 1.19 * 0.4 / 100
    assert brought.sum() >= 15
    assert abs(net.sum() - expected) < 4 * np.sqrt((net**2).sum())


def test_only_who_can_be_reached_is_contacted_and_who_leaves_cannot_be_any_more(world: World) -> None:
    later = play(world, {"email": everybody(world), "phone": everybody(world)})
    assert set(later.newsletter.mailings[-1].recipients) == set(np.flatnonzero(world.can_be_reached("email")))
    assert set(later.calls.person[len(world.calls.person) :]) == set(np.flatnonzero(world.can_be_reached("phone")))
    gone = later.newsletter.mailings[-1].is_leaving
    assert not later.can_be_reached("email")[later.newsletter.mailings[-1].recipients[gone]].any()


def test_the_same_plan_gives_the_same_month_and_what_was_before_stays(world: World) -> None:
    plan = {"email": everybody(world)[:500]}
    one, two = play(world, plan), play(world, plan)
    for name in ("person", "placed_at", "goods", "refund"):
        both = [getattr(each.orders, name) for each in (one, two)]
        assert (both[0] == both[1]).all()
        assert (both[0][: world.orders.count] == getattr(world.orders, name)).all()
    assert (np.diff(one.orders.line_start) > 0).all()
    assert one.orders.line_start[-1] == len(one.orders.article)


def test_the_next_exports_hold_the_month_and_what_was_there_before(tmp_path: Path) -> None:
    write_company(tmp_path / "before", 120, seed=4)
    world = begin(120, seed=4)
    write_world(tmp_path / "same", world)
    assert files(tmp_path / "same") == files(tmp_path / "before")
    later = play(world, {"email": everybody(world)})
    summary = write_world(tmp_path / "after", later)
    before = pl.read_parquet(tmp_path / "before" / "truth" / "orders.parquet")
    after = pl.read_parquet(tmp_path / "after" / "truth" / "orders.parquet")
    keys = ["order_number", "person_id", "placed_at", "total"]
    assert after.head(before.height).select(keys).equals(before.select(keys))
    assert after.height == summary.orders > before.height
    assert list(summary.landing.rglob("*kontaktplan.csv"))


def test_a_channel_that_is_not_there_or_a_month_too_many_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="fax"):
        play(world, {"fax": everybody(world)})
    for _ in range(13):
        world = play(world, {})
    with pytest.raises(ValueError, match="13 months"):
        play(world, {})


def test_the_demo_goes_on_as_the_played_world_does(tmp_path: Path) -> None:
    """Month after month, with contacts named by the records of the exports."""
    write_company(tmp_path / "demo", 120, seed=4)
    world = begin(120, seed=4)
    for month, people in enumerate((range(40), range(20, 70))):
        records = pl.read_parquet(tmp_path / "demo" / "truth" / "records.parquet").filter(
            pl.col("entity") == "contacts"
        )
        numbers = pl.read_parquet(tmp_path / "demo" / "truth" / "people.parquet")["person_id"]
        contacts = records.filter(pl.col("true_id").is_in(numbers[list(people)].implode())).select(
            "source_system", "source_id", pl.lit("email").alias("channel")
        )
        known = np.flatnonzero(numbers.is_in(records["true_id"].implode()).to_numpy())
        write_next_month(tmp_path / "demo", contacts)
        world = play(world, {"email": np.intersect1d(known, list(people))})
        write_world(tmp_path / f"month {month}", world)
        for name in ("landing", "truth/orders.parquet", "truth/campaigns.parquet"):
            assert written(tmp_path / "demo" / name) == written(tmp_path / f"month {month}" / name)
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["landing", "truth"]


def test_the_demo_does_not_go_on_over_files_of_others(tmp_path: Path) -> None:
    nobody = pl.DataFrame(schema={"source_system": pl.String, "source_id": pl.String, "channel": pl.String})
    with pytest.raises(FileNotFoundError, match="no invented company"):
        write_next_month(tmp_path, nobody)
    write_company(tmp_path, 30, seed=4)
    (tmp_path / "landing" / "mine.csv").touch()
    before = files(tmp_path)
    with pytest.raises(FileExistsError, match=r"mine\.csv"):
        write_next_month(tmp_path, nobody)
    assert files(tmp_path) == before


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(path: Path) -> dict[str, bytes] | bytes:
    return files(path) if path.is_dir() else path.read_bytes()
