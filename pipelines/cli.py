"""The `stammkunde` command."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from pipelines.cli_settings import completion, init, settings
from pipelines.command_line import (
    EXIT_RUN_FAILED,
    EXIT_STATUS,
    EXIT_WORKSPACE_BUSY,
    SpokenGroup,
    console,
    json_option,
    print_json,
    stop,
    usable,
    workspace_option,
)
from pipelines.workspace import Workspace


@click.group(cls=SpokenGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog="\b\n" + EXIT_STATUS)
@click.version_option(package_name="stammkunde")
def main() -> None:
    """Turn the exports a company already has into one trusted customer table.

    \b
    Examples:
      stammkunde init --workspace acme      make a workspace, with its settings explained
      stammkunde inspect orders.csv         what is this file, and is it understood?
      stammkunde run --workspace acme       the whole batch
      stammkunde show anna@example.org      everything known about one customer
    """


main.add_command(init)
main.add_command(settings)
main.add_command(completion)


@main.command()
@workspace_option
@click.option("--customers", default=5_000, show_default=True, type=click.IntRange(10), help="How many people.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another company.")
@click.option(
    "--next-month", is_flag=True, help="Play the demo on: the published contact plan is carried out, four weeks go by."
)
def demo(folder: Path | None, customers: int, seed: int, *, next_month: bool) -> None:
    """Write the exports of an invented company into landing/, and the truth about it into truth/.

    \b
    Examples:
      stammkunde demo
      stammkunde demo --workspace /tmp/small --customers 500 --seed 7
      stammkunde run && stammkunde demo --next-month && stammkunde run
    """
    from twin.writing import write_company

    workspace = Workspace.locate(folder)
    if next_month:
        _play_demo_on(workspace)
        return
    if workspace.landing.exists() and any(workspace.landing.iterdir()):
        stop(f"{workspace.landing} already holds files. The demo needs an empty landing folder.")
    os.umask(0o077)
    screen = console()
    with screen.status(f"Inventing {customers:,} people, what they buy and what is written to them ..."):
        write_company(workspace.root, customers=customers, seed=seed)
    click.echo(f"An invented company of {customers:,} people now lies in {workspace.landing}.")


def _play_demo_on(workspace: Workspace) -> None:
    from pipelines.plan_summary import contacted_records
    from pipelines.published import PublishedTables
    from twin.next_month import write_next_month

    os.umask(0o077)
    contacts = contacted_records(PublishedTables(workspace.latest))
    try:
        with console().status("Carrying out the contact plan; four weeks go by ..."):
            write_next_month(workspace.root, contacts)
    except (FileNotFoundError, FileExistsError, ValueError) as error:
        stop(str(error))
    click.echo(
        f"The contact plan has been carried out, and four weeks have gone by. {workspace.landing} holds the exports of "
        "that day; `stammkunde run` says what has come of it."
    )


@main.command()
@workspace_option
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="The day that the run takes for today. Without it: that of the newest order or touch.",
)
@json_option
def run(folder: Path | None, as_of: datetime | None, *, as_json: bool) -> None:
    """Run one whole batch: read landing/, build every table, publish exports/.

    \b
    Examples:
      stammkunde run
      stammkunde run --workspace /data/shop --as-of 2026-06-30
      stammkunde run --json > run.json
    """
    workspace = usable(folder)
    if not workspace.landing.is_dir():
        stop(
            f"There is no folder {workspace.landing}. Make it and put your exports there (`stammkunde init` makes it), "
            "or try `stammkunde demo` first."
        )
    from pipelines.batch import prepare_environment
    from pipelines.batch_view import follow_batch
    from pipelines.run_lock import WorkspaceBusyError

    prepare_environment(workspace)
    screen = console(for_machines=as_json)
    try:
        found = follow_batch(workspace, as_of.date() if as_of else None, screen)
    except WorkspaceBusyError as busy:
        stop(str(busy), EXIT_WORKSPACE_BUSY)
    if as_json:
        print_json(asdict(found))
    sys.exit(0 if found.has_succeeded else EXIT_RUN_FAILED)


@main.command()
@workspace_option
@json_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def inspect(folder: Path | None, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Say what a file is, which columns map to what, and what would be rejected. Changes nothing.

    The settings and mappings are those of the workspace in whose landing/ the first file lies, where it does.

    \b
    Examples:
      stammkunde inspect ~/Downloads/orders_export.csv
      stammkunde inspect --json acme/landing/*.csv
    """
    around = Workspace.around(files[0])
    workspace = usable(folder or (around.root if around else None))
    from pipelines.ingest.inspection import inspect as inspect_files
    from pipelines.ingest.settings import ingest_settings
    from pipelines.inspection_view import print_inspection

    if missing := [str(file) for file in files if not file.is_file()]:
        stop(f"There is no file {', '.join(missing)}.")
    os.umask(0o077)
    screen = console(for_machines=as_json)
    with tempfile.TemporaryDirectory(prefix="stammkunde-") as own, screen.status("Reading ..."):
        inspections = inspect_files(files, ingest_settings(workspace, Path(own) / "scratch", files))
    if as_json:
        print_json([asdict(found) for found in inspections])
        return
    for found in inspections:
        print_inspection(found, screen)


@main.command()
@workspace_option
@json_option
@click.option("--show-values", is_flag=True, help="Also show rows with what stands in them: personal data.")
def quarantine(folder: Path | None, *, as_json: bool, show_values: bool) -> None:
    """Say which rows were left out, why, and what to do.

    \b
    Examples:
      stammkunde quarantine
      stammkunde quarantine --json
    """
    workspace = usable(folder)
    from pipelines.quarantine_view import print_quarantine

    print_quarantine(workspace, console(), as_json=as_json, show_values=show_values)


@main.command()
@workspace_option
@click.argument("customer", metavar="CUSTOMER_ID_EMAIL_OR_COMPANY")
@json_option
def show(folder: Path | None, customer: str, *, as_json: bool) -> None:
    """Show everything known about one customer or company, as of the last published run: personal data.

    A company is found by its number, web domain or name.

    \b
    Examples:
      stammkunde show anna.meier@example.org
      stammkunde show C00184a8a34bbec6e --json
      stammkunde show "Vogt Software e. K."
    """
    workspace = usable(folder)
    from pipelines.customer_card import base_currency, company_card, customer_card, find, segment_history
    from pipelines.customer_card_view import print_card, print_company

    tables = workspace.latest / "tables"
    customer_id, account_id = find(tables, customer.strip())
    view = print_card if customer_id else print_company
    if customer_id:
        card = customer_card(tables, customer_id) | {"segment_history": segment_history(workspace.exports, customer_id)}
    else:
        card = company_card(tables, account_id or "")
    if as_json:
        print_json(card)
    else:
        view(card, console(), currency=base_currency(tables), language=workspace.settings.language)


@main.command()
@workspace_option
@click.argument("customer_id", metavar="CUSTOMER_ID")
@json_option
def explain(folder: Path | None, customer_id: str, *, as_json: bool) -> None:
    """Say why records are one customer, and where each of his values comes from: personal data.

    \b
    Examples:
      stammkunde explain C00184a8a34bbec6e
      stammkunde explain C00184a8a34bbec6e --json
    """
    workspace = usable(folder)
    from pipelines.explanation import explain as explained
    from pipelines.explanation import in_words

    found = explained(workspace.latest / "tables", customer_id.strip())
    if as_json:
        print_json(asdict(found))
    else:
        click.echo("\n".join(in_words(found)))


def _amount(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """The value; "nan" is a number for Python, and within every range."""
    if value is not None and math.isnan(value):
        raise click.BadParameter(f"{value} is no amount of money.")
    return value


@main.command()
@workspace_option
@click.option(
    "--budget", type=click.FloatRange(0), callback=_amount, help="What the contacts of the plan may cost in all."
)
@click.option("--calls", "phone", type=click.IntRange(0), help="Sales calls in the plan's period.")
@click.option("--emails", "email", type=click.IntRange(0), help="E-mails in the plan's period.")
@click.option("--letters", "post", type=click.IntRange(0), help="Letters in the plan's period.")
@click.option("--texts", "sms", type=click.IntRange(0), help="Text messages in the plan's period.")
@json_option
def simulate(folder: Path | None, *, budget: float | None, as_json: bool, **capacities: int | None) -> None:
    """Say what the contact plan would add with another budget or other capacities. Changes nothing.

    The published plan is solved anew; whatever is not given stays as it is there.

    \b
    Examples:
      stammkunde simulate --budget 500 --calls 200
      stammkunde simulate --letters 0 --json
    """
    workspace = usable(folder)
    from pipelines.customer_card import base_currency
    from pipelines.simulation import print_simulation
    from pipelines.simulation import simulate as simulated

    given = {name: count for name, count in capacities.items() if count is not None}
    found = simulated(workspace, budget=budget, capacities=given)
    if as_json:
        print_json(found.as_json())
    else:
        currency = base_currency(workspace.latest / "tables") or ""
        print_simulation(found, console(), currency=currency, language=workspace.settings.language)


@main.command()
@workspace_option
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port on this machine.")
def ui(folder: Path | None, port: int) -> None:
    """Open the Dagster UI on 127.0.0.1, with schedule and landing sensor. It has no log-in: keep it local.

    \b
    Examples:
      stammkunde ui
      stammkunde ui --workspace /data/acme --port 3001
    """
    workspace = usable(folder)
    from pipelines.batch import prepare_environment

    prepare_environment(workspace)
    dagster = str(Path(sys.executable).parent / "dagster")
    arguments = ["dev", "-m", "pipelines.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(dagster, [dagster, *arguments])  # noqa: S606 - a fixed program beside this Python
