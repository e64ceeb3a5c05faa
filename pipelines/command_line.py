"""What all commands share: the workspace they are about, how they stop, and what their exit status says."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from data_quality.contracts import DefinitionError
from pipelines.errors import UserError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

EXIT_RUN_FAILED = 1
EXIT_USER_MISTAKE = 2
EXIT_WORKSPACE_BUSY = 3
EXIT_STATUS = """\
Exit status: 0 all of it succeeded, 1 the run failed and exports/latest stays as it was,
2 something in the call, in settings.yml or in a folder must be corrected, 3 another run
holds the workspace."""


class SpokenGroup(click.Group):
    """Commands that answer a mistake of the user with a sentence and exit status 2, never with a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (UserError, DefinitionError) as mistake:
            stop(str(mistake))
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever reads our output has seen enough
                raise
            where = f" with {error.filename}" if error.filename else ""
            stop(
                f"The system refuses to work{where}: {error.strerror or error}. Check that it is there and may be used."
            )


def workspace_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option --workspace."""
    return click.option(
        "-w",
        "--workspace",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="The company's folder. Without it: $STAMMKUNDE_WORKSPACE, else ./workspace.",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="As JSON on standard output, for machines.")(command)


def usable(folder: Path | None) -> Workspace:
    """Return the workspace with settings that can be used; raises SettingsError where one of its files is wrong."""
    workspace = Workspace.locate(folder)
    _ = workspace.settings, workspace.dated_rates, workspace.decisions
    return workspace


def stop(sentence: str, status: int = EXIT_USER_MISTAKE) -> NoReturn:
    """Say on standard error what is wrong and what to do, and end with the exit status."""
    click.echo(sentence, err=True)
    sys.exit(status)


def console(*, for_machines: bool = False) -> Console:
    """Return where to print for people: colours and moving lines only on a terminal; beside JSON, standard error."""
    from rich.console import Console

    return Console(file=sys.stderr if for_machines else sys.stdout)


def print_json(content: object) -> None:
    """Print as JSON: amounts as numbers, days and times in ISO 8601 (UTC)."""
    click.echo(json.dumps(content, ensure_ascii=False, default=_for_machines))


def _for_machines(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case date():
            return value.isoformat()
        case Path():
            return str(value)
        case _:
            raise TypeError(f"A {type(value).__name__} cannot be written as JSON.")
