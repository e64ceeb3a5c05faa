"""The report: whole, honest about what is missing, and free of single customers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
import yaml

from pipelines.delivery.report import write_report
from pipelines.delivery.report.campaign_section import results
from pipelines.delivery.report.court_section import court
from pipelines.delivery.report.outreach_sections import channels, plan, what_if
from pipelines.delivery.report.overview import overview
from pipelines.delivery.report.parts import Context, Section
from pipelines.delivery.report.quality_section import quality
from pipelines.delivery.report.segment_sections import segments
from pipelines.delivery.report.source import Published
from pipelines.delivery.report.value_sections import potential, retention, value
from pipelines.delivery.report.words import words
from tests.unit.report_tables import AS_OF, BEFORE, write_tables

LANGUAGES = Path(__file__).parents[2] / "pipelines" / "delivery" / "languages" / "report"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("published")
    before = write_tables(folder / "before", BEFORE)
    return write_tables(folder / "today", previous=before), before


def report(today: Path, before: Path | None, target: Path, language: str = "en") -> str:
    write_report(target, AS_OF, tables=today, before=before, language=language)
    return target.read_text()


def without(table: str, today: Path, target: Path) -> Path:
    """The tables without one of them."""
    target.mkdir()
    for path in today.glob("*.parquet"):
        if path.stem != table:
            (target / path.name).symlink_to(path)
    return target


@pytest.fixture(scope="module")
def page(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(*folders, tmp_path_factory.mktemp("page") / "report.html")


def test_a_limit_of_nothing_is_not_called_plentiful(page: str) -> None:
    """Accident: text messages are closed, and the page says that they are not scarce."""
    told = dict(re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', page))
    row = next(cells for name, cells in told.items() if name.startswith("Text message"))
    assert "none left" in row


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    outside = page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "http" not in outside.replace('http-equiv="Content-Security-Policy"', "")
    assert "<script" not in page


def test_every_drawing_is_sound_xml_with_its_own_ids_a_title_and_a_description(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) >= 18
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)  # noqa: S314 - it is our own
        assert [child.text for child in root if child.tag.endswith(("title", "desc")) and child.text]
        assert len(list(root.iter())) > 10
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_no_customer_is_named(page: str) -> None:
    assert not re.search(r"\bc\d{3}\b", page)


def test_names_of_categories_are_no_markup(page: str) -> None:
    assert "<games>" not in page
    assert "Toys &amp; &lt;games&gt;" in page


def test_figures_are_compared_with_the_run_before(page: str, folders: tuple[Path, Path]) -> None:
    assert "against the run of <time>2026-03-31</time>" in page
    assert re.search(r"<dt>Orders</dt><dd>\d+<span>\+\d+\.\d%</span>", page)
    alone = overview(Context(AS_OF, Published(folders[0]), Published(None), words("en", "EUR")))
    assert alone is not None
    assert "no earlier run" in alone.notes[0]
    assert {tile.change for tile in alone.tiles} == {""}


@pytest.mark.parametrize(
    ("make", "table"),
    [
        (overview, "kpis"),
        (segments, "customer_segments"),
        (value, "customer_value"),
        (retention, "orders"),
        (potential, "customer_potential"),
        (channels, "channel_effects"),
        (plan, "contact_plan"),
        (results, "campaign_results"),
        (what_if, "what_if"),
        (court, "value_court"),
        (quality, "load_ledger"),
    ],
)
def test_a_section_goes_with_its_table(
    make: Callable[[Context], Section | None], table: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    published = Published(without(table, folders[0], tmp_path / "tables"))
    assert make(Context(AS_OF, published, Published(None), words("en", "EUR"))) is None


def test_a_verdict_on_few_customers_is_not_told_as_none(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Hidden and absent must not look alike."""
    table = pl.read_parquet(folders[0] / "customer_potential.parquet")
    some = pl.concat([table.filter(verdict=name).head(size) for name, size in (("open", 80), ("exhausted", 3))])
    some.with_columns(category=pl.lit("*")).write_parquet(tmp_path / "customer_potential.parquet")
    shown = potential(Context(AS_OF, Published(tmp_path), Published(None), words("en", "EUR")))
    assert shown is not None
    assert "0 buyers have room" not in shown.sentence
    assert "not shown are exhausted" in shown.sentence


@pytest.mark.parametrize(("language", "said"), [("en", "could spend up to "), ("de", "bis zu ")])
def test_the_room_of_buyers_is_told_as_the_most_to_expect(folders: tuple[Path, Path], language: str, said: str) -> None:
    """Accident: a sum of upper ends is told as what comparable customers do spend: six times the truth in a twin."""
    shown = potential(Context(AS_OF, Published(folders[0]), Published(None), words(language, "EUR")))
    assert shown is not None
    assert said in shown.sentence


def test_a_plan_that_only_learns_says_so(folders: tuple[Path, Path], tmp_path: Path) -> None:
    table = pl.read_parquet(folders[0] / "contact_plan.parquet").filter(pl.col("arm") != "policy")
    learning = table.with_columns(expected_margin=pl.when(pl.col("channel") != "none").then(-0.001))
    learning.write_parquet(tmp_path / "contact_plan.parquet")
    for language, said in (("en", "all of them drawn by lot"), ("de", "alle ausgelost")):
        shown = plan(Context(AS_OF, Published(tmp_path), Published(None), words(language, "EUR")))
        assert shown is not None
        assert said in shown.sentence
        assert "\N{MINUS SIGN}0" not in shown.sentence
        assert "-0" not in shown.sentence


def test_a_plan_does_not_promise_what_no_data_have_shown(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Accident: "is expected to add EUR 665", and a section above "the data cannot tell what a contact adds"; letters,
    sent to learn from, are said to add EUR 0."""
    table = pl.read_parquet(folders[0] / "contact_plan.parquet")
    letters = table.filter(arm="explore").with_columns(channel=pl.lit("post"), expected_margin=pl.lit(None, pl.Float64))
    pl.concat([table, letters]).write_parquet(tmp_path / "contact_plan.parquet")
    verdicts = {"email": "unproven", "phone": "unproven", "post": "unknown"}
    effects = pl.DataFrame({"channel": list(verdicts), "verdict": list(verdicts.values())})
    effects.write_parquet(tmp_path / "channel_effects.parquet")
    shown = plan(Context(AS_OF, Published(tmp_path), Published(None), words("en", "EUR")))
    assert shown is not None
    assert shown.sentence.endswith("no effect is proven yet of contacts through E-mail.")
    by_channel = {str(row[0]): row[-1] for row in shown.figures[0].numbers.rows}
    assert by_channel["Letter"] == ""
    assert by_channel["Phone"] != ""


def test_the_order_of_rows_changes_no_byte(page: str, folders: tuple[Path, Path], tmp_path: Path) -> None:
    reversed_tables = tmp_path / "tables"
    reversed_tables.mkdir()
    for path in folders[0].glob("*.parquet"):
        pl.read_parquet(path).reverse().write_parquet(reversed_tables / path.name)
    assert report(reversed_tables, folders[1], tmp_path / "report.html") == page


def test_german_says_everything_that_english_says(folders: tuple[Path, Path], tmp_path: Path) -> None:
    english, german = (yaml.safe_load((LANGUAGES / f"{name}.yml").read_text()) for name in ("en", "de"))
    for part in english.keys() - {"short"}:
        assert english[part].keys() == german[part].keys(), part
        for name, sentence in english[part].items():
            fields = set(re.findall(r"\{(\w+)\}", str(sentence)))
            assert fields == set(re.findall(r"\{(\w+)\}", str(german[part][name]))), (part, name)
    shown = report(*folders, tmp_path / "report.html", "de")
    assert '<html lang="de">' in shown
    assert "Die letzten zwölf Monate brachten" in shown


def test_forecasts_that_could_not_be_fitted_are_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Accident: a forecast is missing among the candidates, and nobody can tell that it dropped out."""
    table = pl.read_parquet(folders[0] / "value_court.parquet")
    out = table.head(1).with_columns(
        origin=pl.lit(AS_OF),
        candidate=pl.lit("mbg_nbd"),
        poisson_deviance=pl.lit(None, pl.Float64),
        coverage=pl.lit(None, pl.Float64),
        is_winner=False,
        note=pl.lit("mbg_nbd does not converge on these buyers."),
    )
    pl.concat([table, out]).write_parquet(tmp_path / "value_court.parquet")
    shown, usual = (
        court(Context(AS_OF, Published(folder), Published(None), words("en", "EUR")))
        for folder in (tmp_path, folders[0])
    )
    assert shown is not None
    assert usual is not None
    assert shown.figures == usual.figures
    assert [note for note in shown.notes if note not in usual.notes] == [
        "Could not be fitted on at least one of the days: MBG/NBD. The table value_court says why."
    ]
