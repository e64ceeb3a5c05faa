"""The `stammkunde` command."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pipelines.errors import SettingsError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

EXIT_RUN_FAILED = 1
EXIT_USER_MISTAKE = 2
EXIT_WORKSPACE_BUSY = 3


def workspace_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option --workspace."""
    return click.option(
        "--workspace",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="The company's folder. Without it: $STAMMKUNDE_WORKSPACE, else ./workspace.",
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stammkunde")
def main() -> None:
    """Turn the exports a company already has into one trusted customer table.

    \b
    Exit status: 0 all of it succeeded, 1 the run failed, 2 something in the call or in
    settings.yml must be corrected, 3 another run holds the workspace.
    """


@main.command()
@workspace_option
@click.option("--customers", default=5_000, show_default=True, type=click.IntRange(10), help="How many people.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another company.")
def demo(folder: Path | None, customers: int, seed: int) -> None:
    """Write the exports of an invented company into landing/, and the truth about it into truth/."""
    from twin.writing import write_company

    workspace = Workspace.locate(folder)
    if workspace.landing.exists() and any(workspace.landing.iterdir()):
        _stop(f"{workspace.landing} already holds files. The demo needs an empty landing folder.")
    os.umask(0o077)
    write_company(workspace.root, customers=customers, seed=seed)
    _console().print(f"An invented company of {customers:,} people now lies in {workspace.landing}.", highlight=False)


@main.command()
@workspace_option
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="The day that the run takes for today. Without it: that of the newest order or touch.",
)
def run(folder: Path | None, as_of: datetime | None) -> None:
    """Run one whole batch: read landing/, build every table, publish exports/.

    \b
    Examples:
      stammkunde run
      stammkunde run --workspace /data/shop --as-of 2026-06-30
    """
    workspace = Workspace.locate(folder)
    _check_ready(workspace)
    from pipelines.batch import prepare_environment
    from pipelines.batch_view import follow_batch
    from pipelines.run_lock import WorkspaceBusyError

    prepare_environment(workspace)
    try:
        succeeded = follow_batch(workspace, as_of.date() if as_of else None, _console())
    except WorkspaceBusyError as busy:
        _stop(str(busy), EXIT_WORKSPACE_BUSY)
    sys.exit(0 if succeeded else EXIT_RUN_FAILED)


@main.command()
@workspace_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def inspect(folder: Path | None, files: tuple[Path, ...]) -> None:
    """Say what a file is, which columns map to what, and what would be rejected. Changes nothing."""
    workspace = Workspace.locate(folder)
    _check_settings(workspace)
    from data_quality.contracts import DefinitionError
    from pipelines.ingest.inspection import inspect as inspect_files
    from pipelines.ingest.settings import ingest_settings
    from pipelines.inspection_view import print_inspection

    if missing := [str(file) for file in files if not file.is_file()]:
        _stop(f"There is no file {', '.join(missing)}.")
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="stammkunde-") as own:
        try:
            inspections = inspect_files(files, ingest_settings(workspace, Path(own) / "scratch"))
        except DefinitionError as error:
            _stop(str(error))
    for found in inspections:
        print_inspection(found, _console())


@main.command()
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON, for machines.")
@click.option("--show-values", is_flag=True, help="Also show rows with what stands in them: personal data.")
def quarantine(folder: Path | None, *, as_json: bool, show_values: bool) -> None:
    """Say which rows were left out, why, and what to do.

    \b
    Examples:
      stammkunde quarantine
      stammkunde quarantine --json
    """
    workspace = Workspace.locate(folder)
    _check_settings(workspace)
    from pipelines.quarantine_view import print_quarantine

    print_quarantine(workspace, _console(), as_json=as_json, show_values=show_values)


@main.command()
@workspace_option
@click.argument("customer", metavar="CUSTOMER_ID_OR_EMAIL")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for machines.")
def show(folder: Path | None, customer: str, *, as_json: bool) -> None:
    """Show everything known about one customer, as of the last published run: personal data.

    \b
    Examples:
      stammkunde show anna.meier@example.org
      stammkunde show C00184a8a34bbec6e --json
    """
    workspace = Workspace.locate(folder)
    _check_settings(workspace)
    from pipelines.customer_card import base_currency, customer_card, find_customer
    from pipelines.customer_card_view import card_as_json, print_card
    from pipelines.errors import UserError

    tables = workspace.latest / "tables"
    try:
        card = customer_card(tables, find_customer(tables, customer.strip()))
        if as_json:
            click.echo(card_as_json(card))
        else:
            print_card(card, _console(), currency=base_currency(tables), language=workspace.settings.language)
    except UserError as error:
        _stop(str(error))


@main.command()
@workspace_option
@click.argument("customer_id", metavar="CUSTOMER_ID")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for machines.")
def explain(folder: Path | None, customer_id: str, *, as_json: bool) -> None:
    """Say why records are one customer, and where each of his values comes from: personal data.

    \b
    Examples:
      stammkunde explain C00184a8a34bbec6e
      stammkunde explain C00184a8a34bbec6e --json
    """
    workspace = Workspace.locate(folder)
    _check_settings(workspace)
    from pipelines.errors import UserError
    from pipelines.explanation import explain as explained
    from pipelines.explanation import in_words

    try:
        found = explained(workspace.latest / "tables", customer_id.strip())
    except UserError as error:
        _stop(str(error))
    click.echo(json.dumps(asdict(found), ensure_ascii=False, default=str) if as_json else "\n".join(in_words(found)))


@main.command()
@workspace_option
@click.option("--port", default=3000, show_default=True, help="Port on this machine.")
def ui(folder: Path | None, port: int) -> None:
    """Open the Dagster UI on 127.0.0.1, with schedule and landing sensor. It has no log-in: keep it local."""
    workspace = Workspace.locate(folder)
    _check_settings(workspace)
    from pipelines.batch import prepare_environment

    prepare_environment(workspace)
    dagster = str(Path(sys.executable).parent / "dagster")
    arguments = ["dev", "-m", "pipelines.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(dagster, [dagster, *arguments])  # noqa: S606 - a fixed program beside this Python


def _check_ready(workspace: Workspace) -> None:
    _check_settings(workspace)
    if not workspace.landing.is_dir():
        _stop(
            f"There is no folder {workspace.landing}. Make it and put your exports there, "
            "or try `stammkunde demo` first."
        )


def _check_settings(workspace: Workspace) -> None:
    try:
        _ = workspace.settings, workspace.dated_rates, workspace.decisions
    except SettingsError as error:
        _stop(str(error))


def _stop(sentence: str, status: int = EXIT_USER_MISTAKE) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)


def _console() -> Console:
    from rich.console import Console

    return Console(file=sys.stdout)
