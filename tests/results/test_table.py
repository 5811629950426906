"""The table of readings: every image has a row, every column its type."""

import pytest

from fabricate_study_image import read_image, refused, study_image
from hilum.errors import UsageError
from hilum.reading_result import FailedReading
from hilum.results.table import COLUMNS, rows_of, to_table
from hilum.screening.part_row import row_of_reading

FAILED = FailedReading("broken.png", "decode", "broken.png: no picture", "0", "0" * 64)


def test_a_failure_has_a_row() -> None:
    (row,) = rows_of(FAILED)
    assert (row["image"], row["error"], row["finding"]) == ("broken.png", "broken.png: no picture", None)
    assert list(row) == list(COLUMNS)


def test_a_picture_that_was_refused_is_of_no_type() -> None:
    """Neither here nor in a screening's table, which have one column for it."""
    examination = read_image(study_image())
    kept, sent_back = examination.reading, refused(examination).reading
    assert sent_back.gate.type is not None
    for reading, kind in ((kept, "chest"), (sent_back, None)):
        assert rows_of(reading)[0]["type"] == kind
        assert row_of_reading(reading)["xray_type"] == kind


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
