"""The demo company four weeks later: the published plan is carried out, people respond, and the exports are newer.

What was carried out in earlier months is kept in truth/, so that the same company can be made anew and played on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from twin.arrays import Ints
from twin.months import MONTH_DAYS, begin, channels_of, play, write_world
from twin.truth import LANDED_FILES, PARAMETERS, read_parameters, write_json
from twin.writing import TwinSummary

_PLAYED = "played.json"


def write_next_month(folder: Path, contacts: pl.DataFrame) -> TwinSummary:
    """Put the exports and the truth of four weeks later in place of those in `folder`/landing and `folder`/truth.

    `contacts` has source_system, source_id and channel: a row for each record of each customer who is contacted. Of a
    customer that stands for several people all are. Channels that the company does not use are left out.

    Raises FileNotFoundError where no invented company lies in `folder`, FileExistsError where landing/ holds files that
    are not the company's, and ValueError after its last month.
    """
    landing, truth = folder / "landing", folder / "truth"
    if not (truth / LANDED_FILES).exists():
        raise FileNotFoundError(f"{folder} holds no invented company whose months can be played.")
    _refuse_other_files(landing, json.loads((truth / LANDED_FILES).read_text())["files"])
    content = json.loads((truth / PARAMETERS).read_text())
    parameters = read_parameters(content)
    played = [*_read(truth / _PLAYED), _people(contacts, truth, channels_of(parameters))]
    first_end = _first_end(content, len(played) - 1)
    world = begin(content["customers"], seed=content["seed"], end=first_end, parameters=parameters)
    for month in played:
        world = play(world, month)

    later = folder / "next_month"
    shutil.rmtree(later, ignore_errors=True)
    summary = write_world(later, world)
    months = [{name: people.tolist() for name, people in month.items()} for month in played]
    write_json(later / "truth" / _PLAYED, {"months": months})
    for own in (landing, truth):
        shutil.rmtree(own)
        (later / own.name).rename(own)
    later.rmdir()
    return summary


def _refuse_other_files(landing: Path, own: list[str]) -> None:
    found = {path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file()}
    if other := sorted(found - set(own)):
        more = f" and {len(other) - 1} more" if other[1:] else ""
        raise FileExistsError(f"{landing} also holds {other[0]}{more}, which the invented company did not write.")


def _read(path: Path) -> list[dict[str, Ints]]:
    """Who was contacted through which channel, month by month."""
    if not path.exists():
        return []
    months = json.loads(path.read_text())["months"]
    return [{name: np.array(people, dtype=np.int64) for name, people in month.items()} for month in months]


def _people(contacts: pl.DataFrame, truth: Path, channels: Collection[str]) -> dict[str, Ints]:
    """The people behind the records, by channel, as the numbers that the world knows them by."""
    records = pl.read_parquet(truth / "records.parquet", columns=["source_system", "source_id", "true_id"])
    numbers = pl.read_parquet(truth / "people.parquet", columns=["person_id"]).with_row_index("person")
    found = (
        contacts.join(records, on=["source_system", "source_id"])
        .join(numbers, left_on="true_id", right_on="person_id")
        .select("channel", pl.col("person").cast(pl.Int64))
        .unique()
        .sort("channel", "person")
    )
    return {name: found.filter(pl.col("channel") == name)["person"].to_numpy() for name in channels}


def _first_end(content: Mapping[str, Any], months: int) -> date:
    """The last day of the history before any month was played."""
    return date.fromisoformat(content["last_day"]) - timedelta(days=MONTH_DAYS * months)
