"""Opinions as CSV: one row an opinion for people, one row an image in the columns of a predictions file for the lab."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hilum.report.spreadsheet import safe_cell
from hilum.service.store.job import Job
from hilum.service.store.opinions import Opinion, Verdict

_COLUMNS = (
    "image", "sha256", "model", "finding", "probability", "threshold", "decision", "opinion", "note", "who", "when"
)  # fmt: skip
DECISIONS = {True: "flagged", False: "not flagged", None: "not decided"}


def opinions_csv(opinions: Iterable[tuple[Job, Opinion]]) -> str:
    """One row an opinion that counts; `image` is the reading's id."""
    rows = []
    for job, opinion in opinions:
        finding = _finding(job, opinion)
        when = datetime.fromtimestamp(opinion.at_s, tz=UTC).isoformat(timespec="seconds")
        row = (
            job.id, job.sha256, opinion.model, opinion.finding, finding["probability"], finding["operating_point"],
            DECISIONS[finding["positive"]], opinion.verdict, opinion.note, opinion.who, when,
        )  # fmt: skip
        rows.append(row)
    return _text(_COLUMNS, rows)


def predictions_csv(opinions: Iterable[tuple[Job, Opinion]], *, model: str | None = None) -> str:
    """One row an image: `image`, `patient`, `split`, then `truth:LABEL` and `score:LABEL` for each finding.

    Who agrees with a decision makes it the truth, who disagrees its opposite; where people are unsure, contradict each
    other, or the model decided nothing, the truth is empty: nobody knows. Nothing here tells patients apart, so each
    image counts as one. A finding that several models look for is named with its model, `Pneumonia (chest-adult)`.
    """
    said: dict[tuple[str, str, str], set[bool]] = {}
    jobs: dict[str, Job] = {}
    for job, opinion in opinions:
        if model in (None, opinion.model):
            jobs[job.id] = job
            known = said.setdefault((job.id, opinion.model, opinion.finding), set())
            known |= _truths(_finding(job, opinion)["positive"], opinion.verdict)
    pairs = sorted({(key[2], key[1]) for key in said})
    times = Counter(finding for finding, _ in pairs)
    labels = {pair: pair[0] if times[pair[0]] == 1 else f"{pair[0]} ({pair[1]})" for pair in pairs}
    columns = ["image", "patient", "split"]
    columns += [f"{part}:{label}" for label in labels.values() for part in ("truth", "score")]
    rows = []
    for job_id, job in jobs.items():
        row: list[Any] = [job_id, job_id, "feedback"]
        for finding, of_model in pairs:
            truths = said.get((job_id, of_model, finding), set())
            row += [int(truths.copy().pop()) if len(truths) == 1 else "", _score(job, model=of_model, finding=finding)]
        rows.append(row)
    return _text(columns, rows)


def _truths(positive: bool | None, verdict: Verdict) -> set[bool]:
    """What an opinion says is true; both truths where it says nothing, which leaves the truth open."""
    if positive is None or verdict == "unsure":
        return {True, False}
    return {positive if verdict == "agree" else not positive}


def _finding(job: Job, opinion: Opinion) -> dict[str, Any]:
    return _found(job, model=opinion.model, finding=opinion.finding) or {
        "probability": None, "operating_point": None, "positive": None
    }  # fmt: skip


def _score(job: Job, *, model: str, finding: str) -> Any:
    found = _found(job, model=model, finding=finding)
    return "" if found is None else found["probability"]


def _found(job: Job, *, model: str, finding: str) -> dict[str, Any] | None:
    findings: list[dict[str, Any]] = [] if job.reading is None else job.reading.get("findings", [])
    return next((each for each in findings if (each["model"], each["name"]) == (model, finding)), None)


def _text(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(map(safe_cell, columns))
    table.writerows([safe_cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return written.getvalue()
