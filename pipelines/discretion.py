"""Errors without personal data: what Dagster keeps of a failure must not quote a row."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import dagster as dg

from data_quality.contracts import DefinitionError
from pipelines.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")


def discreet(function: Callable[P, R]) -> Callable[P, R]:
    """Let an asset's or check's function fail in words only.

    Messages of DuckDB, Polars and others quote values (`Could not convert string 'ann@example.com'`), and Dagster
    would write them into its event log. What remains is the kind of the error and the line of ours that met it.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: P.args, **kwargs: P.kwargs) -> Iterator[object]:
            try:
                yield from function(*args, **kwargs)
            except dg.Failure:
                raise
            except Exception as error:
                raise dg.Failure(description=_without_values(error), allow_retries=False) from None

        return generate  # type: ignore[return-value]

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except dg.Failure:
            raise
        except Exception as error:
            raise dg.Failure(description=_without_values(error), allow_retries=False) from None

    return call


def _without_values(error: Exception) -> str:
    if isinstance(error, UserError | DefinitionError):
        return str(error)
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    where = f" at {ours[-1].filename.rpartition('/')[2]}, line {ours[-1].lineno}" if ours else ""
    return (
        f"An unexpected {type(error).__name__}{where}. This is a fault of the program, not of your files; "
        "please report it with this sentence."
    )
