"""What a person at the terminal sees of a batch: steps as they end, and a closing summary."""

from __future__ import annotations

import logging
import os
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.batch import JOB_NAME, run_batch
from pipelines.batch_summary import BatchSummary, StepTime, landed_files, published_figures
from pipelines.definitions import definitions_of
from pipelines.plan_summary import plan_sentences
from pipelines.run_lock import WorkspaceBusyError, busy_sentence
from pipelines.workspace import Workspace

TROUBLES_SHOWN = 20
METRICS = ["metric", "value", "unit"]


def follow_batch(workspace: Workspace, as_of: date | None, console: Console) -> BatchSummary:
    """Run the batch, say what happens, and return what it came to.

    Raises WorkspaceBusyError where another run holds the workspace.
    """
    for noisy in ("dagster", "dagster-dbt", "dagster.dbt", "great_expectations", "alembic"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    with console.status("Getting ready ..."):
        definitions = definitions_of(workspace)
    if sentence := busy_sentence(workspace):
        raise WorkspaceBusyError(sentence)
    ledger = workspace.raw / "load_ledger" / "load_ledger.parquet"
    earlier = ledger.stat().st_mtime_ns if ledger.exists() else None
    progress = BatchProgress(console, step_count=len(definitions.resolve_job_def(JOB_NAME).graph.node_defs))
    # dbt's own lines would stand between ours; they are kept in its log
    with progress.bar, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        for event in run_batch(definitions, as_of):
            progress.handle(event)
    if progress.has_succeeded:
        print_summary(workspace, console)
        day, figures = published_figures(workspace)
        files = landed_files(pl.read_parquet(workspace.latest / "tables" / "load_ledger.parquet"))
        return progress.summary(files=files, as_of=day, published_in=workspace.latest, figures=figures)
    is_new = ledger.exists() and ledger.stat().st_mtime_ns != earlier
    landed = pl.read_parquet(ledger) if is_new else None
    if landed is not None:
        console.print(_ledger_table(landed))
    console.print(
        "The run did not succeed, so exports/latest stays as it was. "
        "`make ui` (or `stammkunde ui`) shows every step and check.",
        style="bold red",
        soft_wrap=True,
    )
    return progress.summary(files=[] if landed is None else landed_files(landed))


class BatchProgress:
    """Prints a line for each step that ends and a sentence for each thing that is wrong; `bar` moves on a terminal."""

    def __init__(self, console: Console, step_count: int) -> None:
        self.console = console
        self.step_count = step_count
        self.steps: list[StepTime] = []
        self.has_succeeded = False
        self.failures: list[str] = []
        self.warnings: list[str] = []
        self.bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("Starting ...", total=step_count)

    def handle(self, event: dg.DagsterEvent) -> None:
        """Take note of one event of the run."""
        if event.is_step_start:
            self.bar.update(self.task, description=f"{_plain(event.step_key)} ...")
        elif event.is_step_success:
            self._done(_plain(event.step_key), event.step_success_data.duration_ms / 1000)
        elif event.is_step_failure:
            self._failed(failure_sentence(event))
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._checked(event)
        elif event.event_type is dg.DagsterEventType.RUN_SUCCESS:
            self.has_succeeded = True
        elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
            error = event.job_failure_data.error
            if error is not None and not event.job_failure_data.first_step_failure_event:
                self._failed(_innermost(error))

    def summary(self, **published: Any) -> BatchSummary:
        """Return what was noted, with what was published."""
        return BatchSummary(self.has_succeeded, self.steps, self.failures, self.warnings, **published)

    def _done(self, step: str, seconds: float) -> None:
        self.steps.append(StepTime(step, round(seconds, 3)))
        self.bar.advance(self.task)
        self._say(f"  {len(self.steps):>2}/{self.step_count}  {step:<28} {seconds:7.1f} s")

    def _checked(self, event: dg.DagsterEvent) -> None:
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            is_error = evaluation.severity is dg.AssetCheckSeverity.ERROR
            sentence = check_sentence(evaluation)
            (self.failures if is_error else self.warnings).append(sentence)
            self._say(f"         {sentence}", style="red" if is_error else "yellow")

    def _failed(self, sentence: str) -> None:
        self.failures.append(sentence)
        self._say(f"         {sentence}", style="red")

    def _say(self, line: str, style: str | None = None) -> None:
        self.console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def check_sentence(evaluation: dg.AssetCheckEvaluation) -> str:
    """Return which check failed where, and what it found, without values from the data."""
    found = evaluation.description or "It failed."
    return f"{evaluation.asset_key.path[-1]}: the check '{_plain(evaluation.check_name)}' failed. {found}"


def failure_sentence(event: dg.DagsterEvent) -> str:
    """Return what went wrong in a step, in words and without values from the data."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return f"{_plain(event.step_key)}: {data.user_failure_data.description}"
    kind = data.error.cls_name if data.error else "error"
    return (
        f"{_plain(event.step_key)} stopped with an unexpected {kind}. This is a fault of the program, not yours; "
        "`stammkunde ui` shows where it happened."
    )


def print_summary(workspace: Workspace, console: Console) -> None:
    """Say what came in, what was left out and why, who the customers are, and where to look."""
    tables = workspace.latest / "tables"
    ledger = pl.read_parquet(tables / "load_ledger.parquet")
    kpis = {
        metric: (value, unit) for metric, value, unit in pl.read_parquet(tables / "kpis.parquet")[METRICS].iter_rows()
    }
    revenue, currency = kpis["net_revenue"]
    console.print()
    console.print(_ledger_table(ledger))
    _print_troubles(ledger, console)
    console.print(
        f"\n{kpis['customers'][0]:,.0f} customers, {kpis['buyers'][0]:,.0f} of them buyers; "
        f"{kpis['orders'][0]:,.0f} orders with a net revenue of {revenue:,.2f} {currency}.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    for sentence in (
        *plan_sentences(tables),
        f"Published in {workspace.latest}: marketing, sales, service, audiences, data_quality, tables.",
        f"Look first at {workspace.latest / 'report.html'}",
        f"What to know about the data: {workspace.latest / 'data_quality.html'}",
    ):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _print_troubles(ledger: pl.DataFrame, console: Console) -> None:
    """A line for each file that was not taken as it is, in the order of their names."""
    told = ledger.filter(pl.col("message") != "").sort("file", "entity", nulls_last=True)
    troubled = told.unique(["file", "message"], keep="first", maintain_order=True)
    for row in troubled.head(TROUBLES_SHOWN).iter_rows(named=True):
        style = "dim" if row["status"] in ("loaded", "copy", "empty") else "yellow"
        console.print(f"{row['file']}: {row['message']}", style=style, markup=False, highlight=False, soft_wrap=True)
    if troubled.height > TROUBLES_SHOWN:
        console.print(f"... and {troubled.height - TROUBLES_SHOWN} more; see the table load_ledger.", style="yellow")


def _ledger_table(ledger: pl.DataFrame) -> Table:
    summed = (
        ledger.group_by("vendor", "entity")
        .agg(
            pl.col("file").n_unique().alias("files"),
            pl.col("rows_read", "rows_kept", "rows_quarantined", "rows_collapsed").sum(),
        )
        .sort("vendor", "entity", nulls_last=True)
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("vendor")
    table.add_column("entity")
    for heading in ("files", "rows read", "kept", "quarantined", "collapsed"):
        table.add_column(heading, justify="right")
    for vendor, entity, *counts in summed.iter_rows():
        table.add_row(vendor or "not recognised", entity or "", *(f"{count or 0:,}" for count in counts))
    return table


def _plain(name: str | None) -> str:
    return (name or "").replace("_", " ")


def _innermost(error: dg.SerializableErrorInfo) -> str:
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip().split(": ", 1)[-1]
