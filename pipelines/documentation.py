"""The pages of docs/ that are written from contracts, presets, settings and commands: `make docs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from data_quality.contracts import Column, Contract, contracts
from pipelines.cli import main
from pipelines.ingest.preset_files import shipped_presets
from pipelines.ingest.presets import Preset
from pipelines.project import REPO_ROOT
from pipelines.settings_guide import settings_table

_GENERATED = "Written by `make docs`; change the files it is written from instead.\n"

_PAGE_WIDTH = 100

_ADD_A_VENDOR = """\
## How to add a vendor

A vendor is one YAML file in `pipelines/ingest/presets` (or, for one company only, in the workspace's `mappings/`):

```yaml
name: Example contacts
vendor: example
recognise:
  required: [Contact Id, E-mail]
records:
  - entity: contacts
    columns:
      source_id: Contact Id
      email: {from: E-mail, case: lower}
      consent_email: {from: Newsletter, map: {ja: "true", nein: "false"}}
```

Words that a layout does not know (`Newsletter: angemeldet`) count as unknown; the ledger tells how many they are, and
`stammkunde inspect FILE` prints what to put into `mappings/`. It takes the place of the layout that it extends:

```yaml
extends: hubspot_deals
aliases:
  Deal Stage: [Vertriebsphase]
words:
  Deal Stage: {Auftrag erhalten: closed won, Angebot verschickt: ""}
```

Columns are those of [entities.md](entities.md). `stammkunde inspect FILE` prints such a file for an unknown export.
Put a small sample in its true layout into `tests/samples/<name>/landing`, and the rows it must give, written by hand,
into `expected.yml` beside it. A wrong file is told with its name, the key and what is allowed.
"""


def entities_page() -> str:
    """Return docs/entities.md: every canonical entity with its columns and what may stand in them."""
    introduction = (
        "# Canonical entities\n\nEvery export is brought into these tables, one file of `data_quality/entities` each. "
        "A row that breaks a rule goes to quarantine. A cell that is not required and cannot be read as yes or no, as "
        f"a date, as a whole number or digit by digit counts as empty, and the ledger says so. {_GENERATED}"
    )
    return "\n".join([introduction, *(_entity(contract) for contract in contracts().values())])


def exports_page() -> str:
    """Return docs/exports_we_read.md: every shipped layout, and how to add one."""
    presets = sorted(shipped_presets(), key=lambda preset: (preset.vendor, preset.name))
    introduction = (
        "# Exports that are understood\n\nA file is known by its headers, in any order and with any further ones. "
        f"{_GENERATED}\n"
        "| Vendor | Export | Gives | Recognised by |\n|---|---|---|---|"
    )
    return "\n".join([introduction, *map(_preset, presets), "", _ADD_A_VENDOR])


def settings_page() -> str:
    """Return docs/settings.md: every key of settings.yml."""
    return (
        "# settings.yml\n\nOptional, in the workspace; every key has a default. `stammkunde init` writes the file with "
        "every key explained, `stammkunde settings` checks it and shows what is in force, and a mistake is told with "
        f"its line and what is allowed. {_GENERATED}\n{settings_table()}"
    )


def commands_page() -> str:
    """Return docs/commands.md: what every command says of itself."""
    introduction = f"# Commands\n\nAs `stammkunde COMMAND --help` says it. {_GENERATED}"
    group = click.Context(main, info_name="stammkunde", terminal_width=_PAGE_WIDTH, help_option_names=["-h", "--help"])
    commands = (
        (command, click.Context(command, group, info_name=name, terminal_width=_PAGE_WIDTH))
        for name, command in sorted(main.commands.items())
    )
    return "\n".join([introduction, _help(main, group), *(_help(*one) for one in commands)])


PAGES: Mapping[str, Callable[[], str]] = {
    "entities.md": entities_page,
    "exports_we_read.md": exports_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
}


def write_pages(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


def _help(command: click.Command, context: click.Context) -> str:
    return f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"


def _entity(contract: Contract) -> str:
    newest = f", the newest by {', '.join(f'`{name}`' for name in contract.newest_by)}" if contract.newest_by else ""
    lines = [
        f"## {contract.entity}\n",
        f"{contract.description} One row per {', '.join(f'`{name}`' for name in contract.key)}{newest}.\n",
        "| Column | Type | Rules | Meaning |\n|---|---|---|---|",
        *(
            f"| `{column.name}` | {column.type} | {', '.join(_rules(column))} | {_cell(column.description)} |"
            for column in contract.columns
        ),
    ]
    return "\n".join(lines) + "\n"


def _rules(column: Column) -> Iterator[str]:
    if column.required:
        yield "required"
    if column.allowed:
        yield f"one of {', '.join(f'`{value}`' for value in column.allowed)}"
    if column.minimum is not None:
        yield f"at least {column.minimum:g}"
    if column.maximum is not None:
        yield f"at most {column.maximum:g}"
    if column.pattern:
        yield f"form `{_cell(column.pattern)}`"
    if column.is_exact:
        yield "no number that a spreadsheet has rounded"
    if column.is_address:
        yield "not without @ where another cell of the row has one"


def _preset(preset: Preset) -> str:
    headers = ", ".join(f"`{_cell(header)}`" for header in preset.recognise.required)
    entities = ", ".join(f"[{entity}](entities.md#{entity})" for entity in preset.entities)
    return f"| {preset.vendor} | {_cell(preset.name)} | {entities} | {headers} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    write_pages(REPO_ROOT / "docs")
