"""Readings as a table for a spreadsheet: one row a file, the most urgent first, and columns for each finding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from hilum.reading_result import FailedReading, Finding, Reading
from hilum.report import wording
from hilum.report.spreadsheet import safe_cell
from hilum.report.urgency import Urgency

COLUMNS = ("file", "result", "in words", "age and sex", "view", "X-ray type", "warnings", "page")


def readings_csv(results: Iterable[tuple[Reading | FailedReading, str | None]]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read it; each result comes with the path of its page, or None.

    Each finding has three columns: its probability (a score, where it is not decided), threshold and decision. Its name
    has the model's beside it where several models look for the same. Text that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    listed = sorted(results, key=lambda one: -Urgency.of(one[0]).value)
    keys = list(dict.fromkeys((f.model, f.name) for one, _ in listed for f in _findings(one)))
    names = [name for _, name in keys]
    titles = [name if names.count(name) == 1 else f"{name} ({model})" for model, name in keys]
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\r\n")
    heads = [f"{title}, {what}" for title in titles for what in ("probability", "threshold", "decision")]
    table.writerow([safe_cell(cell) for cell in (*COLUMNS, *heads)])
    for result, page in listed:
        cells = [*_cells(result), page or ""]
        found = {(finding.model, finding.name): finding for finding in _findings(result)}
        for key in keys:
            cells += _finding_cells(found.get(key))
        table.writerow([safe_cell(cell) for cell in cells])
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8", "replace")


def _findings(result: Reading | FailedReading) -> Sequence[Finding]:
    return () if isinstance(result, FailedReading) else result.findings


def _cells(result: Reading | FailedReading) -> list[str]:
    urgency = Urgency.of(result)
    if isinstance(result, FailedReading):
        return [result.name, urgency.rank, urgency.why, "", "", "", ""]
    patient, view = wording.patient_text(result), wording.view_text(result)
    return [
        result.source.name,
        urgency.rank,
        urgency.why,
        patient,
        view,
        result.gate.seen_type or "",
        "; ".join(result.warnings),
    ]


def _finding_cells(finding: Finding | None) -> list[str]:
    if finding is None:
        return ["", "", ""]
    label = wording.decision_label(wording.decision(finding))
    if finding.operating_point is None:
        return [_decimal(finding.probability, 4), "", label]
    numbers = wording.apart_texts(finding.probability, finding.operating_point, text=_decimal, decimals=range(4, 8))
    return [*numbers, label]


def _decimal(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}"
