"""REST: files in, readings out, the worklist, deletion."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile

from hilum.report.schema import reading_schema
from hilum.service.readers.read_lease import OVERLAY, PAGE, THUMBNAIL
from hilum.service.store.audit import Action
from hilum.service.store.job import Job, Rank, State
from hilum.service.store.readings import Order, Wanted
from hilum.service.web.access import CSRF_HEADER, FOR_USERS, TheUser, User
from hilum.service.web.problems import ProblemError, declared
from hilum.service.web.schemas import API, ReadingOut, WorklistOut, reading_out
from hilum.service.web.service import Service, TheService
from hilum.service.web.uploads import accept
from hilum.stated import VIEW_HELP, Stated, parse_age, parse_sex, parse_view

router = APIRouter(prefix=API, tags=["readings"])

JobId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{32}$",
        description="The id that the upload was answered with.",
        examples=["3f1c9a52b7d84e60a1f2c3d4e5f60718"],
    ),
]

_READING_POLICY = "sandbox allow-scripts allow-downloads; frame-ancestors 'self'"
"""The reading's page brings a stricter policy of its own; sandboxed, it could do nothing here even if it broke out."""


@router.post(
    "/readings",
    status_code=202,
    summary="Send a radiograph to be read",
    responses={
        200: {"model": ReadingOut, "description": "It was sent before, and is read already."},
        202: {"description": "It is on disk and will be read; ask for it by its id."},
        **declared(400, 401, 403, 413, 415, 422, 429, 500, 503),
    },
)
def send(
    *,
    service: TheService,
    user: TheUser,
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="PNG, JPEG, TIFF, BMP, WebP or DICOM; its content decides which.")],
    age: Annotated[str, Form(description="The patient's age: 40, 45Y, 6M, 3W or 10D.", examples=["3"])] = "",
    sex: Annotated[str, Form(description="F, M or O.", examples=["F"])] = "",
    view: Annotated[str, Form(description=f"{VIEW_HELP}.", examples=["AP"])] = "",
) -> ReadingOut:
    """Accept one file. What is said of the patient stands in the place of what the file says."""
    data = file.file.read(service.settings.max_bytes + 1)
    accepted = accept(
        data,
        name=file.filename or "",
        stated=stated_of(age=age, sex=sex, view=view),
        origin="page" if CSRF_HEADER in request.headers else "rest",
        user=user,
        service=service,
    )
    job = accepted.job
    if job.state in ("done", "failed"):
        response.status_code = 200
    response.headers["Location"] = f"{API}/readings/{job.id}"
    return reading_out(job, files=service.store.files, whole=True)


@router.get(
    "/readings",
    summary="The worklist",
    dependencies=FOR_USERS,
    responses=declared(400, 401, 422, 429, 500, 503),
)
def worklist(
    *,
    service: TheService,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    rank: Annotated[Rank | None, Query(description="Only those of this group.")] = None,
    finding: Annotated[
        str | None, Query(max_length=128, pattern=r"^[^\x00]*$", description="Only where this was flagged.")
    ] = None,
    order: Annotated[Order, Query(description="The most urgent first, or the newest.")] = "urgent",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="`after` of the page before.")] = None,
) -> WorklistOut:
    """Readings in pages, the most urgent first."""
    wanted = Wanted(state=state, rank=rank, finding=finding, order=order, limit=limit, after=after)
    page = service.store.readings.page(wanted)
    files = service.store.files
    return WorklistOut(
        readings=[reading_out(job, files=files, whole=False) for job in page.jobs], total=page.total, after=page.after
    )


@router.get("/readings/{job_id}", summary="One reading", responses=declared(400, 401, 404, 422, 429, 500, 503))
def one(service: TheService, user: TheUser, job_id: JobId) -> ReadingOut:
    """The state of a file that was accepted, with its reading once it is done."""
    job = job_or_404(service, job_id)
    if job.reading is not None:
        note("view", job, user=user, service=service)
    return reading_out(job, files=service.store.files, whole=True)


@router.delete(
    "/readings/{job_id}",
    status_code=204,
    summary="Delete a reading and all that is kept of its image",
    responses=declared(400, 401, 403, 404, 422, 429, 500, 503),
)
def delete(service: TheService, user: TheUser, job_id: JobId) -> None:
    """Remove the reading, the image, everything drawn of it and every opinion on it; nothing can bring them back."""
    if not service.store.readings.delete(job_id):
        raise _unknown()
    service.store.audit.add("delete", who=user.name, address=user.address, job_id=job_id)


@router.get(
    "/readings/{job_id}/page",
    summary="The reading as one HTML page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **declared(400, 401, 404, 422, 429, 500, 503)},
)
def page(service: TheService, user: TheUser, job_id: JobId) -> Response:
    """The page that `hilum read --out` writes: it needs no network and may be saved."""
    data = _downloaded(PAGE, job_id, user=user, service=service)
    headers = {"Content-Security-Policy": _READING_POLICY}
    return Response(data, media_type="text/html; charset=utf-8", headers=headers)


@router.get(
    "/readings/{job_id}/overlay",
    summary="The picture with heatmap and boxes",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **declared(400, 401, 404, 422, 429, 500, 503)},
)
def overlay(service: TheService, user: TheUser, job_id: JobId) -> Response:
    """The overlay that `hilum read --out` writes, as JPEG."""
    return Response(_downloaded(OVERLAY, job_id, user=user, service=service), media_type="image/jpeg")


@router.get(
    "/readings/{job_id}/thumbnail",
    summary="The picture, small",
    response_class=Response,
    dependencies=FOR_USERS,
    responses={200: {"content": {"image/png": {}}}, **declared(400, 401, 404, 422, 429, 500, 503)},
)
def thumbnail(service: TheService, job_id: JobId) -> Response:
    """The picture at the size of a worklist's row, as PNG; part of the worklist, and noted in the audit as little."""
    return Response(_drawn(THUMBNAIL, job_or_404(service, job_id), service=service), media_type="image/png")


@router.get(
    "/reading.schema.json",
    summary="The JSON Schema of a reading",
    dependencies=FOR_USERS,
    responses=declared(400, 401, 429, 500),
)
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the field `reading`."""
    return reading_schema()


def job_or_404(service: Service, job_id: str) -> Job:
    """The job of an id. Raises a problem (404) where there is none."""
    job = service.store.readings.get(job_id)
    if job is None:
        raise _unknown()
    return job


def stated_of(*, age: str, sex: str, view: str) -> Stated:
    """What the sender says of the patient; an empty text says nothing. Raises `UsageError` for what it cannot be."""
    return Stated(
        age_years=parse_age(age) if age.strip() else None,
        sex=parse_sex(sex) if sex.strip() else "unknown",
        view=parse_view(view) if view.strip() else "unknown",
    )


def note(action: Action, job: Job, *, user: User, service: Service) -> None:
    """Add to the audit what a user does with a reading."""
    service.store.audit.add(action, who=user.name, address=user.address, job_id=job.id)


def _downloaded(name: str, job_id: str, *, user: User, service: Service) -> bytes:
    job = job_or_404(service, job_id)
    data = _drawn(name, job, service=service)
    note("download", job, user=user, service=service)
    return data


def _drawn(name: str, job: Job, *, service: Service) -> bytes:
    data = service.store.files.drawn(job.id, name) if job.state == "done" else None
    if data is None:
        if job.state in ("queued", "leased"):
            raise ProblemError(404, "It is not read yet; ask again in a while.")
        raise ProblemError(404, "There is no picture of it, or it is no longer kept; send the image again.")
    return data


def _unknown() -> ProblemError:
    return ProblemError(404, "There is no such reading; it may have been deleted.")
