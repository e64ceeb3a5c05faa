"""dbt, as a child that does not outlive the run that started it.

A run that is killed cannot stop its children. A dbt that went on alone would keep the warehouse file locked,
and would write to it beside the next run.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib.metadata import version

SECONDS_BETWEEN_LOOKS = 0.2


def main() -> None:
    """Run dbt with this process's arguments until it ends, or until the parent process is gone."""
    if sys.argv[1:] == ["--version"]:  # Dagster asks in every run, and dbt takes seconds to say it
        sys.stdout.write(f"dbt-core {version('dbt-core')}\n")
        return
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from dbt.cli.main import cli  # dbt takes seconds to import: the watch must stand before it

    cli()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)  # no clean-up: DuckDB rolls an unfinished transaction back


if __name__ == "__main__":
    main()
