"""The table of readings: every image has a row, every column its type."""

import pytest

from hilum.errors import UsageError
from hilum.reading_result import FailedReading
from hilum.results.table import COLUMNS, rows_of, to_table

FAILED = FailedReading("broken.png", "decode", "broken.png: no picture", "0", "0" * 64)


def test_a_failure_has_a_row() -> None:
    (row,) = rows_of(FAILED)
    assert (row["image"], row["error"], row["finding"]) == ("broken.png", "broken.png: no picture", None)
    assert list(row) == list(COLUMNS)


def test_pandas_types_hold_also_without_a_row() -> None:
    for table in (to_table([], library="pandas"), to_table([FAILED], library="pandas")):
        assert list(table.columns) == list(COLUMNS)
        types = {name: str(table[name].dtype) for name in ("probability", "positive", "warnings")}
        assert types == {"probability": "float64", "positive": "boolean", "warnings": "Int64"}


def test_polars_where_it_is_installed() -> None:
    polars = pytest.importorskip("polars")
    table = to_table([FAILED], library="polars")
    assert isinstance(table, polars.DataFrame)
    assert table.columns == list(COLUMNS)
    assert table.schema["positive"] == polars.Boolean


def test_another_library_is_refused() -> None:
    with pytest.raises(UsageError, match="pandas or polars, not 'excel'"):
        to_table([], library="excel")
