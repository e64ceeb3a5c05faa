"""What fails in an asset must not carry values of the data into Dagster's event log."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import duckdb
import pytest

from pipelines.discretion import discreet
from pipelines.errors import UserError


@discreet
def cast_an_address() -> None:
    duckdb.connect().execute("select cast('ann@example.com' as integer)")


@discreet
def cast_in_a_generator() -> Iterator[int]:
    yield 1
    cast_an_address()


@discreet
def tell_the_user() -> None:
    raise UserError("landing/ is empty. Put your exports there.")


def test_a_database_error_loses_its_values() -> None:
    with pytest.raises(dg.Failure) as caught:
        cast_an_address()
    assert "ann@example.com" not in str(caught.value.description)
    assert "ConversionException" in str(caught.value.description)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_generator_is_guarded_too() -> None:
    with pytest.raises(dg.Failure) as caught:
        list(cast_in_a_generator())
    assert "ann@example.com" not in str(caught.value.description)


def test_a_sentence_for_the_user_passes_unchanged() -> None:
    with pytest.raises(dg.Failure) as caught:
        tell_the_user()
    assert caught.value.description == "landing/ is empty. Put your exports there."
