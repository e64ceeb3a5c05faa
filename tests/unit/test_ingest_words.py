"""Words that a layout does not know: counted, never quoted where others read it, taught by one line of a mapping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_quality.contracts import DefinitionError
from pipelines.ingest.inspection import Inspection, inspect
from pipelines.ingest.preset_files import presets_with
from tests.unit.companies import Company, only

KIT = "first_name,email,created_at,status\n"
CONTACTS = "Id,IsDeleted,LastName,FirstName,Email,AccountId,HasOptedOutOfEmail,DoNotCall,MailingCity\n"
DEALS = "Record ID,Deal Name,Deal Stage,Amount\n"
TASKS = "Id,WhoId,Subject,ActivityDate,Status,IsDeleted,TaskSubtype\n"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def inspected(company: Company, path: Path) -> Inspection:
    (found,) = inspect([path], replace(company.settings(), scratch=company.root / "inspected"))
    return found


def add_mapping(company: Company, text: str, name: str = "addition.yml") -> None:
    (company.root / "mappings").mkdir(exist_ok=True)
    (company.root / "mappings" / name).write_text(text, encoding="utf-8")


def test_a_consent_in_other_words_is_unknown_and_told_without_the_word(company: Company) -> None:
    """Accident: subscribers with a status that nobody foresaw are left out of every mailing, and nobody hears of it."""
    company.write(
        "kit.csv", KIT + "A,a@x.org,2025-01-01,active\nB,b@x.org,2025-01-01,aktiv\nC,c@x.org,2025-01-01,cancelled\n"
    )
    (row,) = company.ingest().rows
    assert company.query("contacts", "email, consent_email") == [
        ("a@x.org", True),
        ("b@x.org", None),
        ("c@x.org", False),
    ]
    assert row.status == "loaded"
    assert '1 cell of "status" holds a word that the layout does not know, and counts as unknown;' in row.message
    assert "stammkunde inspect" in row.message
    assert "aktiv" not in row.message


def test_the_proposed_addition_teaches_the_word_and_keeps_the_vendor(company: Company) -> None:
    path = company.write("kit.csv", KIT + "A,a@x.org,2025-01-01,Aktiv\nB,b@x.org,2025-01-01,gelöscht\n")
    proposal = inspected(company, path).proposal
    assert proposal is not None
    assert "extends: kit_contacts" in proposal
    add_mapping(company, proposal.replace('"Aktiv": ""', '"Aktiv": "active"'), "kit_contacts.yml")
    (row,) = company.ingest().rows
    assert (row.vendor, row.message) == ("kit", "")
    assert company.query("contacts", "email, consent_email") == [("a@x.org", True), ("b@x.org", None)]
    assert inspected(company, path).proposal is None


@pytest.mark.parametrize("word", ["1", "true", "WAHR", "Ja", "x", "oui"])
def test_an_opt_out_is_known_in_every_spelling(company: Company, word: str) -> None:
    """Accident: a spreadsheet saved TRUE as WAHR, and who had opted out is written to."""
    company.write(
        "Contact.csv", CONTACTS + f"003A,0,Muster,Ida,ida@x.org,,{word},0,Bonn\n003B,0,Mohn,Udo,udo@x.org,,0,0,Bonn\n"
    )
    (row,) = company.ingest().rows
    assert company.query("contacts", "email, consent_email") == [("ida@x.org", False), ("udo@x.org", None)]
    assert "does not know" not in row.message


def test_a_yes_or_no_in_other_words_is_told_also_where_the_layout_maps_none(company: Company) -> None:
    company.write(
        "liste.csv", "Vorname;Nachname;E-Mail;Newsletter\nIda;Muster;ida@x.org;angemeldet\nUdo;Mohn;udo@x.org;ja\n"
    )
    (row,) = company.ingest().rows
    assert company.query("contacts", "last_name, consent_email") == [("Muster", None), ("Mohn", True)]
    assert '1 cell of "Newsletter" holds a word' in row.message
    add_mapping(company, 'extends: generic_contacts\nwords: {Newsletter: {angemeldet: "ja"}}\n')
    (row,) = company.ingest().rows
    assert company.query("contacts", "last_name, consent_email") == [("Muster", True), ("Mohn", True)]
    assert row.message == ""


def test_a_stage_that_nobody_knows_is_told_before_its_deals_count_as_open(company: Company) -> None:
    """Accident: a pipeline's own word for a won deal, and the revenue of all won deals is missing."""
    company.write("deals.csv", DEALS + "1,A,Auftrag erhalten,100\n2,B,Closed won,50\n3,C,Contract Sent,10\n")
    (row,) = company.ingest().rows
    assert '1 cell of "Deal Stage"' in row.message
    add_mapping(company, "extends: hubspot_deals\nwords: {Deal Stage: {Auftrag erhalten: closed won}}\n")
    assert company.ingest().rows[0].message == ""
    assert company.query("deals", "name, is_won") == [("A", True), ("B", True), ("C", None)]


def test_rows_left_out_by_a_word_that_nobody_knows_are_told(company: Company) -> None:
    rows = "00T1,003A,Anruf,2025-01-01,Fertig,0,Call\n00T2,003A,Anruf,2025-01-02,Completed,0,Call\n"
    company.write("Task.csv", TASKS + rows + "00T3,003A,Anruf,2025-01-03,Not Started,0,Call\n")
    row = only(company.ingest().rows)
    assert (row.rows_read, row.rows_kept, row.rows_collapsed) == (3, 1, 2)
    assert '1 cell of "Status" holds a word that the layout does not know, and its row is left out' in row.message
    add_mapping(company, "extends: salesforce_tasks\nwords: {Status: {Fertig: completed}}\n")
    row = only(company.ingest().rows)
    assert (row.rows_kept, row.message) == (2, "")


def test_an_unknown_state_of_an_order_is_quarantined_and_not_told_twice(company: Company) -> None:
    company.write(
        "orders.csv", "Bestellnummer;Bestelldatum;Summe;Status\n1;2025-01-31;5,00;bezahlt\n2;2025-01-31;7,00;hm\n"
    )
    row = only(company.ingest().rows)
    assert row.rows_quarantined == 1
    assert "does not know" not in row.message
    add_mapping(company, "extends: generic_orders\nwords: {Order status: {hm: paid}}\n")
    assert only(company.ingest().rows).rows_quarantined == 0


def test_an_addition_takes_the_place_of_what_it_extends(company: Company) -> None:
    add_mapping(company, "extends: hubspot_contacts\naliases: {Last Name: Zuname}\n")
    mine = [preset for preset in presets_with(company.root / "mappings") if preset.slug == "hubspot_contacts"]
    assert len(mine) == 1
    assert {"Nachname", "Zuname"} <= set(mine[0].aliases["Last Name"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "extends: hubspott_contacts\n",
            r"'hubspott_contacts' is no shipped preset; allowed are activecampaign_contacts",
        ),
        ("extends: kit_contacts\nvendor: other\n", "vendor cannot stand beside extends; allowed are aliases and words"),
        (
            "extends: kit_contacts\nwords: {status: {aktiv: aktive}}\n",
            r"words\.status: 'aktive' is not known there; allowed are",
        ),
        (
            "extends: kit_contacts\nwords: {statuss: {aktiv: active}}\n",
            "'statuss' is no header of which this layout knows words",
        ),
        (
            "extends: kit_contacts\naliases: {statuss: Zustand}\n",
            "'statuss' is a header that nothing in this file asks for",
        ),
    ],
)
def test_a_wrong_addition_is_told_file_key_and_what_is_allowed(company: Company, text: str, told: str) -> None:
    add_mapping(company, text)
    with pytest.raises(DefinitionError, match=told) as failure:
        company.settings().presets()
    assert "addition.yml" in str(failure.value)
