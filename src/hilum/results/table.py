"""Readings as a table: one row a finding, and one for every image without any, so that none gets lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from hilum.errors import UsageError
from hilum.reading_result import FailedReading, Finding, Reading
from hilum.results.optional import import_first

TableLibrary = Literal["pandas", "polars"]
"""The libraries whose tables can be had."""

Row = Mapping[str, Any]

COLUMNS: Mapping[str, str] = {
    "image": "text",
    "gate": "text",
    "type": "text",
    "model": "text",
    "finding": "text",
    "probability": "number",
    "operating_point": "number",
    "positive": "truth",
    "not_decided": "text",
    "in_scope": "truth",
    "inside_lungs": "number",
    "warnings": "count",
    "error": "text",
}
"""The columns, each with the kind of its values; every one may be missing."""

_PANDAS = {"text": "object", "number": "float64", "truth": "boolean", "count": "Int64"}
_POLARS = {"text": "String", "number": "Float64", "truth": "Boolean", "count": "Int64"}


def to_table(results: Iterable[Reading | FailedReading], *, library: TableLibrary | None = None) -> Any:
    """A DataFrame of pandas, else of polars, whichever is installed, or of the library that is named.

    Raises `MissingPartError` where it is not installed, and `UsageError` for another name.
    """
    if library not in (None, "pandas", "polars"):
        raise UsageError(f"The library must be pandas or polars, not {library!r}")
    module = import_first(*((library,) if library else ("pandas", "polars")), purpose="a table")
    rows = [row for result in results for row in rows_of(result)]
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    if module.__name__ == "polars":
        return module.DataFrame(
            columns, schema={name: getattr(module, _POLARS[kind]) for name, kind in COLUMNS.items()}
        )
    return module.DataFrame({name: module.Series(columns[name], dtype=_PANDAS[kind]) for name, kind in COLUMNS.items()})


def rows_of(result: Reading | FailedReading) -> list[Row]:
    """One row a finding; one without a finding where there is none, or where the file could not be read."""
    if isinstance(result, FailedReading):
        return [_row(image=result.name, error=result.message)]
    about = {
        "image": result.source.name,
        "gate": result.gate.status,
        "type": result.gate.seen_type,
        "warnings": len(result.warnings),
    }
    return [_row(**about, **_of_finding(one)) for one in result.findings] or [_row(**about)]


def _of_finding(finding: Finding) -> dict[str, Any]:
    return {
        "model": finding.model,
        "finding": finding.name,
        "probability": finding.probability,
        "operating_point": finding.operating_point,
        "positive": finding.positive,
        "not_decided": None if finding.not_decided is None else finding.not_decided.code,
        "in_scope": finding.in_scope,
        "inside_lungs": finding.inside_lungs,
    }


def _row(**known: Any) -> Row:
    return {name: known.get(name) for name in COLUMNS}
