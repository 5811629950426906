"""What a part says of one film: columns that tables are made of, and the whole reading as JSON."""

from __future__ import annotations

import json
from typing import Any

from hilum.errors import EngineError
from hilum.reading_result import FailedReading, Finding, Reading
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.version import __version__

Row = dict[str, Any]
"""One film's row, by the columns of `part.SCHEMA`."""


def row_of_reading(reading: Reading) -> Row:
    """The row of a film that was read; how long it took is left out, so that the same film gives the same row.

    Raises `EngineError` as `reading_to_json` does.
    """
    found = {**reading_to_json(reading), "timings_ms": {}}
    return {
        "name": reading.source.name,
        "sha256": reading.source.sha256,
        "status": "read",
        "error_kind": None,
        "error": None,
        "gate": reading.gate.status,
        "xray_type": reading.gate.seen_type,
        "view": reading.view,
        "findings": [_finding(finding) for finding in reading.findings],
        "warnings": list(reading.warnings),
        "reading": json.dumps(found, allow_nan=False, separators=(",", ":")),
    }


def row_of_result(result: Reading | FailedReading, *, name: str) -> Row:
    """The row of what came of a film."""
    if isinstance(result, FailedReading):
        return row_of_failure(result)
    try:
        return row_of_reading(result)
    except EngineError as error:
        failed = FailedReading(
            name=name,
            kind=error.kind,
            message=str(error),
            hilum_version=__version__,
            settings_sha256=result.settings_sha256,
            sha256=result.source.sha256,
        )
        return row_of_failure(failed)


def row_of_failure(failed: FailedReading) -> Row:
    """The row of a film that could not be read."""
    return {
        "name": failed.name,
        "sha256": failed.sha256,
        "status": "failed",
        "error_kind": failed.kind,
        "error": failed.message,
        "gate": None,
        "xray_type": None,
        "view": None,
        "findings": [],
        "warnings": [],
        "reading": json.dumps(failure_to_json(failed), separators=(",", ":")),
    }


def row_of_killer(name: str, *, deaths: int, settings_sha256: str) -> Row:
    """The row of a film on which so many readers died."""
    return row_of_failure(
        FailedReading(
            name=name,
            kind="killed",
            message=f"{name}: {deaths} readers died on this film, by a crash or for want of memory",
            hilum_version=__version__,
            settings_sha256=settings_sha256,
        )
    )


def _finding(finding: Finding) -> Row:
    return {
        "model": finding.model,
        "name": finding.name,
        "logit": finding.logit,
        "probability": finding.probability,
        "operating_point": finding.operating_point,
        "positive": finding.positive,
        "in_scope": finding.in_scope,
    }
