"""What the REST interface answers with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from hilum.output.layout import ObjectKind
from hilum.service.readers.read_lease import OVERLAY, PAGE, THUMBNAIL
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import Job, Origin, Rank, State
from hilum.service.store.kept_objects import KeptObjects, has_objects
from hilum.service.store.opinions import Opinion, Verdict

API = "/api/v1"

OBJECT_TITLES: dict[ObjectKind, str] = {
    "sr": "Structured report",
    "pr": "Presentation state",
    "sc": "Picture (secondary capture)",
    "seg": "Segmentation",
}

_ID = "3f1c9a52b7d84e60a1f2c3d4e5f60718"


class FailureOut(BaseModel):
    """Why a file could not be read."""

    kind: str = Field(description="A stable name: decode, refused, limit, died, ...", examples=["decode"])
    message: str = Field(examples=["the file is truncated or corrupt"])


class LinksOut(BaseModel):
    """Where the parts of a reading are; null where a part is not there (yet, or any more)."""

    self: str = Field(examples=[f"{API}/readings/{_ID}"])
    page: str | None = Field(description="The reading as one HTML page.", examples=[f"{API}/readings/{_ID}/page"])
    overlay: str | None = Field(description="The picture with heatmap and boxes, JPEG.", examples=[None])
    thumbnail: str | None = Field(description="The picture small, PNG.", examples=[None])
    objects: str | None = Field(description="The DICOM objects, of a DICOM image.", examples=[None])


class ReadingOut(BaseModel):
    """A file that was accepted, and its reading once there is one."""

    id: str = Field(examples=[_ID])
    name: str = Field(description="What the sender calls the file.", examples=["phantom-thorax.dcm"])
    origin: Origin = Field(description="Through which port it came.", examples=["rest"])
    state: State = Field(description="queued, leased (being read), done or failed.", examples=["done"])
    created: datetime = Field(description="When it was accepted.")
    finished: datetime | None = Field(description="When it was read, or failed.")
    rank: Rank = Field(description="The group in the worklist.", examples=["flagged"])
    urgency: float = Field(description="The place in the worklist, 0 to 7; higher comes first.", examples=[6.885])
    why: str = Field(description="Why it stands there.", examples=["Pneumonia flagged: 94% (threshold 50%)"])
    flagged: list[str] = Field(description="The findings that were flagged.", examples=[["Pneumonia"]])
    failure: FailureOut | None
    links: LinksOut
    reading: dict[str, Any] | None = Field(
        description=f"The JSON of `hilum read`, by the schema at {API}/reading.schema.json; null before it is done."
    )


class ObjectOut(BaseModel):
    """One DICOM object of a reading."""

    kind: ObjectKind = Field(description="sr, pr, sc or seg.", examples=["sr"])
    title: str = Field(description="The same in words.", examples=["Structured report"])
    sop_class: str = Field(description="The SOP Class UID.", examples=["1.2.840.10008.5.1.4.1.1.88.34"])
    sop_instance: str = Field(
        description="The SOP Instance UID.", examples=["2.25.307559101457769476039995554020114663832"]
    )
    size: int = Field(description="Bytes of the file.", examples=[18454])
    file: str = Field(description="Where the file is.", examples=[f"{API}/readings/{_ID}/objects/sr"])


class ObjectsOut(BaseModel):
    """The DICOM objects of a reading."""

    objects: list[ObjectOut]
    zip: str = Field(description="All of them as a ZIP file.", examples=[f"{API}/readings/{_ID}/objects.zip"])


class WorklistOut(BaseModel):
    """A page of the worklist."""

    readings: list[ReadingOut] = Field(description="Each without `reading`; ask for it by its id.")
    total: int = Field(description="How many there are in all pages.", examples=[1])
    after: int | None = Field(description="Give it as `after` for the next page; null on the last.", examples=[None])


class OpinionIn(BaseModel):
    """What a person thinks of a finding."""

    model: str = Field(max_length=128, examples=["pneumonia-paediatric"])
    finding: str = Field(max_length=128, examples=["Pneumonia"])
    opinion: Verdict = Field(description="About the model's decision.", examples=["agree"])
    note: str = Field(default="", max_length=2000, examples=["retrocardiac"])


class OpinionOut(OpinionIn):
    """The same, with whose it is."""

    who: str = Field(examples=["local"])
    at: datetime


class OpinionsOut(BaseModel):
    """The opinions on a reading that count: the latest of each person on each finding."""

    opinions: list[OpinionOut]


class HealthOut(BaseModel):
    """That the service runs, or is ready to read."""

    status: Literal["ok"] = "ok"


def reading_out(job: Job, *, files: StoredFiles, whole: bool) -> ReadingOut:
    """A job as the interface shows it; `whole` with the reading."""
    failure = None
    if job.failure is not None:
        failure = FailureOut(kind=job.failure_kind or "internal", message=job.failure)
    return ReadingOut(
        id=job.id,
        name=job.name,
        origin=job.origin,
        state=job.state,
        created=_time(job.created_s),
        finished=None if job.finished_s is None else _time(job.finished_s),
        rank=job.place.rank,
        urgency=round(job.place.value, 4),
        why=job.place.why,
        flagged=list(job.place.flagged),
        failure=failure,
        links=_links(job, files=files),
        reading=dict(job.reading) if whole and job.reading is not None else None,
    )


def objects_out(job: Job, *, kept: KeptObjects) -> ObjectsOut:
    """The objects of a reading as the interface shows them."""
    own = f"{API}/readings/{job.id}/objects"
    return ObjectsOut(
        objects=[
            ObjectOut(
                kind=one.kind,
                title=OBJECT_TITLES[one.kind],
                sop_class=one.sop_class,
                sop_instance=one.sop_instance,
                size=one.size,
                file=f"{own}/{one.kind}",
            )
            for one in kept.objects
        ],
        zip=f"{own}.zip",
    )


def opinion_out(opinion: Opinion) -> OpinionOut:
    """An opinion as the interface shows it."""
    return OpinionOut(
        model=opinion.model,
        finding=opinion.finding,
        opinion=opinion.verdict,
        note=opinion.note,
        who=opinion.who,
        at=_time(opinion.at_s),
    )


def _links(job: Job, *, files: StoredFiles) -> LinksOut:
    own = f"{API}/readings/{job.id}"
    there = {name: job.state == "done" and files.drawn_path(job.id, name).exists() for name in _DRAWN}
    objects = f"{own}/objects" if job.state == "done" and has_objects(files, job.id) else None
    drawn = {part: f"{own}/{part}" if there[name] else None for name, part in _DRAWN.items()}
    return LinksOut(self=own, objects=objects, **drawn)


_DRAWN = {PAGE: "page", OVERLAY: "overlay", THUMBNAIL: "thumbnail"}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
