"""What is known of one file that was accepted, and of one that is being read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Row

from hilum.report import urgency
from hilum.stated import NOTHING_STATED, Stated

State = Literal["queued", "leased", "done", "failed"]
"""`leased`: a reader process has it until its lease ends, or is renewed."""

WAITING: tuple[State, ...] = ("queued", "leased")

Origin = Literal["page", "rest", "stow", "dicom"]
"""Through which port a file came."""

Rank = Literal["waiting", urgency.Rank]
"""What a worklist groups by: the groups of every list, and what waits to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What came with the bytes: what the sender calls the file, the port, what is stated, what the port must remember.

    `details` are JSON types. Names stay in the database and in the reading; no log holds them.
    """

    name: str
    origin: Origin
    stated: Stated = NOTHING_STATED
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job stands in the worklist: its group, how far up (0 to 7, higher first), and why in words."""

    rank: Rank
    value: float
    why: str
    flagged: tuple[str, ...] = ()

    @staticmethod
    def of(found: urgency.Urgency) -> Place:
        """That of a result, by the rule of every list."""
        return Place(rank=found.rank, value=found.value, why=found.why, flagged=found.flagged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted file; times in seconds since 1970. `reading` is the JSON of `hilum read`, None before it is done."""

    number: int
    id: str
    sha256: str
    size: int
    name: str
    origin: Origin
    stated: Stated
    details: Mapping[str, Any]
    state: State
    attempt: int
    created_s: float
    finished_s: float | None
    failure_kind: str | None
    failure: str | None
    reading: Mapping[str, Any] | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A job that `worker` may read; worth something only until another worker or attempt has it."""

    job: Job
    worker: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job: the JSON of its reading, what was drawn (by file name, such as `page.html`), its place."""

    reading: Mapping[str, Any]
    place: Place
    drawn: Mapping[str, bytes] = field(default_factory=dict)


def job_key(sha256: str, *, settings_sha256: str, stated: Stated) -> str:
    """What makes two uploads one job: bytes, models and settings (`Reader.settings_sha256`), and what is stated."""
    said = stated_to_row(stated)
    return hashlib.sha256(json.dumps([sha256, settings_sha256, said], sort_keys=True).encode()).hexdigest()


def stated_to_row(stated: Stated) -> dict[str, Any]:
    """What is stated as JSON types."""
    return {
        "age_years": stated.age_years,
        "sex": stated.sex,
        "view": stated.view,
        "xray_type": stated.xray_type,
        "assume_scope": stated.assumes_scope,
    }


def job_of(row: Row[Any]) -> Job:
    """The job of a row of the table."""
    return Job(
        number=row.number,
        id=row.id,
        sha256=row.sha256,
        size=row.size,
        name=row.name,
        origin=row.origin,
        stated=Stated(**{**row.stated, "assume_scope": row.stated["assume_scope"] or None}),
        details=row.details,
        state=row.state,
        attempt=row.attempt,
        created_s=row.created_s,
        finished_s=row.finished_s,
        failure_kind=row.failure_kind,
        failure=row.failure,
        reading=row.reading,
        place=Place(
            rank=row.rank,
            value=row.urgency,
            why=row.why,
            flagged=tuple(name for name in row.flagged.split("|") if name),
        ),
    )
