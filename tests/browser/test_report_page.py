"""The report as people meet it, in Chromium: on a phone and on a desk, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.chromium import AXE, chromium, look
from pipelines.delivery.quality_page import write_quality_page
from pipelines.delivery.report import write_report
from tests.unit.report_tables import AS_OF, BEFORE, write_tables
from tests.unit.test_quality_page import BLOCKS, LEDGER, NEWEST, PARTED, QUARANTINE

pytestmark = pytest.mark.browser

WIDTHS = (390, 1440)
THEMES = ("light", "dark")
DRAWN = """
return [...document.querySelectorAll("svg.drawing")].map(drawing => {
  const place = drawing.getBoundingClientRect();
  const marks = [...drawing.querySelectorAll("path, text, line")].filter(mark => {
    const at = mark.getBoundingClientRect();
    return at.width + at.height > 0 && at.left >= place.left - 2 && at.right <= place.right + 2;
  });
  return [drawing.id, place.width, place.height, marks.length, drawing.querySelectorAll("text").length];
});"""
OUTSIDE = """
return [...document.querySelectorAll("svg.drawing text")].filter(text => {
  const at = text.getBoundingClientRect(), card = text.closest("figure").getBoundingClientRect();
  return at.left < card.left || at.right > card.right || at.top < card.top || at.bottom > card.bottom;
}).map(text => text.closest("svg").id + ": " + text.textContent);"""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report in both languages, and the page on data quality beside it."""
    folder = tmp_path_factory.mktemp("pages")
    before = write_tables(folder / "before", BEFORE)
    today = write_tables(folder / "today", previous=before)
    for language in ("en", "de"):
        write_report(folder / f"report_{language}.html", AS_OF, tables=today, before=before, language=language)
    write_quality_page(
        folder / "data_quality.html",
        AS_OF,
        ledger=LEDGER,
        quarantine=QUARANTINE,
        unusual={},
        newest=NEWEST,
        parted=PARTED,
        blocks=BLOCKS,
    )
    return folder


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", ["report_en", "report_de", "data_quality"])
def test_the_page_fits_its_window_and_the_console_is_silent(
    page: str, width: int, driver: webdriver.Chrome, pages: Path
) -> None:
    look(driver, pages / f"{page}.html", width=width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_chart_is_drawn_and_no_letter_leaves_its_card(
    language: str, width: int, driver: webdriver.Chrome, pages: Path
) -> None:
    look(driver, pages / f"report_{language}.html", width=width)
    drawn = driver.execute_script(DRAWN)
    assert len(drawn) >= 18
    for name, wide, high, marks, texts in drawn:
        assert wide > 250, name
        assert high > 40, name
        assert marks > 3, name
        assert texts > 1, name
    assert driver.execute_script(OUTSIDE) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("page", ["report_en", "data_quality"])
def test_axe_finds_nothing_to_complain_about(page: str, theme: str, driver: webdriver.Chrome, pages: Path) -> None:
    """Contrast, landmarks, headings, names: the rules of axe-core, its best practices included."""
    look(driver, pages / f"{page}.html", width=1440, theme=theme)
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    driver.execute_script(AXE.read_text())
    found = driver.execute_async_script("const done = arguments[0]; axe.run(document).then(done)")
    assert len(found["passes"]) > 20
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.mark.parametrize("theme", THEMES)
def test_charts_take_the_colours_of_the_theme(theme: str, driver: webdriver.Chrome, pages: Path) -> None:
    """A colour that the style does not know would stay as it is by day."""
    look(driver, pages / "report_en.html", width=1440, theme=theme)
    marks = """#segment-map text[fill="#1d2329"]""", """#months-buyers path[fill="#0b6b70"]"""
    ink, accent = (
        driver.execute_script("return getComputedStyle(document.querySelector(arguments[0])).fill", mark)
        for mark in marks
    )
    wanted = {"light": ("rgb(29, 35, 41)", "rgb(11, 107, 112)"), "dark": ("rgb(232, 230, 225)", "rgb(95, 195, 192)")}
    assert (ink, accent) == wanted[theme]


def test_the_first_key_leads_past_the_contents(driver: webdriver.Chrome, pages: Path) -> None:
    look(driver, pages / "report_en.html", width=1440)
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.get_attribute("href").endswith("#content")
    assert skip.is_displayed()


def test_report_and_page_on_data_quality_lead_to_each_other(driver: webdriver.Chrome, pages: Path) -> None:
    (pages / "report.html").write_bytes((pages / "report_en.html").read_bytes())
    look(driver, pages / "report.html", width=1440)
    driver.find_element(By.CSS_SELECTOR, "#quality a").send_keys(Keys.ENTER)
    assert "Data quality" in driver.title
    driver.find_element(By.CSS_SELECTOR, "a[href='report.html']").send_keys(Keys.ENTER)
    assert "Customer report" in driver.title
