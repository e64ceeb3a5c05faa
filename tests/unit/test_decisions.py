"""decisions.csv: what people may write there, and what they are told where they erred."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.identity import DECISIONS_SCHEMA
from pipelines.decisions import read_decisions
from pipelines.errors import SettingsError

HEADER = "record_1;record_2;decision;decided_by;decided_on\n"
PAIR = "crm:contacts:1;shop:contacts:a:b"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "decisions.csv"
    path.write_text(header + "\n".join(lines), encoding="cp1252")
    return path


def test_a_decision_is_read_also_from_a_german_spreadsheet(tmp_path: Path) -> None:
    decisions = read_decisions(written(tmp_path, f"{PAIR};Different;Jörg;2026-05-01"))
    assert decisions.schema == DECISIONS_SCHEMA
    assert decisions.rows() == [("crm", "contacts", "1", "shop", "contacts", "a:b", False)]


def test_commas_do_as_well_and_empty_lines_say_nothing(tmp_path: Path) -> None:
    header = "record_1,record_2,decision\n"
    path = written(tmp_path, "", "crm:orders:1,crm:orders:2,same", "", header=header)
    assert read_decisions(path)["is_same"].to_list() == [True]


def test_the_later_decision_counts_whichever_way_round_the_records_stand(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"{PAIR};same;Anna;2026-05-02",
        "shop:contacts:a:b;crm:contacts:1;different;Anna;2026-05-01",
    )
    assert read_decisions(path)["is_same"].to_list() == [True]


def test_without_the_file_nothing_is_decided(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "decisions.csv").is_empty()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{PAIR};maybe;Anna;2026-05-01", "line 2: the decision is 'maybe', but must be `same` or `different`"),
        ("crm:1;crm:contacts:2;same;Anna;2026-05-01", "line 2: a record is written as source:entity:id"),
        (f"{PAIR};same;Anna;1.5.2026", "line 2: decided_on is '1.5.2026', but must be a day such as 2026-05-01"),
        (f"{PAIR};same;Anna;2026-05-01;more", "line 2: more cells than columns"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_decisions(written(tmp_path, line))


def test_a_missing_column_is_told_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the column record_2 is missing.*hubspot:contacts:1234"):
        read_decisions(written(tmp_path, header="record_1;decision\n"))
