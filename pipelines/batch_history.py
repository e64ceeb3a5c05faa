"""What earlier files of a series looked like, kept as aggregates, and what is unusual about the latest of each."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data_quality.contracts import contracts
from data_quality.profiles import Profile, differences, profile
from pipelines.ingest.durable import durable_file

FILES_REMEMBERED = 24
"""Two years of monthly exports: more than any comparison needs."""


def unusual_files(raw: Path, entity: str) -> dict[str, tuple[str, ...]]:
    """Return, by file name, what is unusual about the latest file of each series, and remember new files' profiles.

    Said at every run until a usual file follows or the file is taken away. A file that is landed again under another
    name, or earlier runs repeated, change nothing.
    """
    memory = raw / "profiles" / f"{entity}.json"
    history = _read(memory)
    landed = _landed(raw, entity)
    for (series, file_id), (newest, seen) in _new(raw, entity, landed, history).items():
        history.setdefault(series, []).append({"file_id": file_id, "newest": newest, "profile": seen})
    history = {series: files[-FILES_REMEMBERED:] for series, files in sorted(history.items())}
    with durable_file(memory) as target:
        target.write_text(json.dumps(history, indent=1, sort_keys=True))
    return dict(sorted(_judged(entity, history, landed).items()))


def all_unusual_files(raw: Path) -> dict[str, tuple[str, ...]]:
    """Return what is unusual about the latest files of all entities, by file name."""
    found: dict[str, tuple[str, ...]] = {}
    for entity in contracts():
        for file, sentences in unusual_files(raw, entity).items():
            found[file] = (*found.get(file, ()), *(f"{entity.replace('_', ' ')}: {said}" for said in sentences))
    return found


def newest_days(raw: Path) -> pl.DataFrame:
    """Return file, vendor, entity and newest_on (the day of the newest record) of each landed file with a profile."""
    found = []
    for entity in contracts():
        landed = _landed(raw, entity)
        kept = [one for files in _read(raw / "profiles" / f"{entity}.json").values() for one in files]
        found += [
            {
                "file": landed[one["file_id"]][0],
                "vendor": landed[one["file_id"]][1].partition("|")[0],
                "entity": entity,
                "newest_on": date.fromisoformat(one["newest"][:10]),
            }
            for one in kept
            if one["newest"] and one["file_id"] in landed
        ]
    return pl.DataFrame(
        found, schema={"file": pl.String, "vendor": pl.String, "entity": pl.String, "newest_on": pl.Date}
    )


def series_of(vendor: str | None, file: str) -> str:
    """Return what the files of one series have in common: the vendor, and the name without numbers and dates."""
    return f"{vendor or ''}|{re.sub(r'[0-9]+|[ _().-]+', '', file.lower())}"


def _landed(raw: Path, entity: str) -> dict[str, tuple[str, str]]:
    """Name and series of each raw file of an entity, by file id."""
    ledger = pl.read_parquet(raw / "load_ledger" / "load_ledger.parquet")
    rows = ledger.filter(pl.col("entity") == entity, pl.col("file_id").is_not_null()).sort("file", descending=True)
    named = rows.select("file_id", "file", "vendor").iter_rows()
    found = {file_id: (file, series_of(vendor, file)) for file_id, file, vendor in named}
    return {file_id: names for file_id, names in found.items() if (raw / entity / f"{file_id}.parquet").exists()}


def _new(
    raw: Path, entity: str, landed: dict[str, tuple[str, str]], history: dict[str, list[Any]]
) -> dict[tuple[str, str], tuple[str, dict[str, object]]]:
    """The profiles of files not seen before, by series and file id, in the order of their newest timestamp."""
    known = {one["file_id"] for files in history.values() for one in files}
    found = {}
    for file_id, (file, series) in landed.items():
        if file_id not in known:
            seen = profile(contracts()[entity], pl.scan_parquet(raw / entity / f"{file_id}.parquet", glob=False))
            found[series, file_id] = (seen.newest_at or "", file, seen.as_json())
    ordered = sorted(found.items(), key=lambda item: item[1][:2])
    return {key: (newest, seen) for key, (newest, _, seen) in ordered}


def _judged(
    entity: str, history: dict[str, list[Any]], landed: dict[str, tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    found = {}
    for files in history.values():
        *earlier, latest = files
        if latest["file_id"] in landed:
            profiles = [Profile(**one["profile"]) for one in earlier]
            if sentences := differences(entity, Profile(**latest["profile"]), profiles):
                found[landed[latest["file_id"]][0]] = sentences
    return found


def _read(memory: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
