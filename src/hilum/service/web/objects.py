"""The DICOM objects of a reading: their list, each one, and all of them as a ZIP file."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from hilum.output.layout import ObjectKind
from hilum.service.store.job import Job
from hilum.service.store.kept_objects import KeptObjects, kept_object, kept_objects
from hilum.service.web.access import FOR_USERS, TheUser, User
from hilum.service.web.problems import ProblemError, declared
from hilum.service.web.rest import JobId, job_or_404
from hilum.service.web.schemas import API, ObjectsOut, objects_out
from hilum.service.web.service import Service, TheService

router = APIRouter(prefix=API, tags=["DICOM objects"])

_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP file knows: the same objects give the same file, whenever they are packed."""

_GONE = "Its DICOM objects are no longer kept; send the image again."


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"content": content}, **declared(400, 401, 404, 422, 429, 500, 503)}


@router.get(
    "/readings/{job_id}/objects",
    summary="The DICOM objects of a reading",
    dependencies=FOR_USERS,
    responses=declared(400, 401, 404, 422, 429, 500, 503),
)
def listed(service: TheService, job_id: JobId) -> ObjectsOut:
    """What `hilum read --format dicom` writes of a DICOM image; 404 with the reason for any other."""
    job = job_or_404(service, job_id)
    return objects_out(job, kept=_kept_or_404(job, service=service))


@router.get(
    "/readings/{job_id}/objects.zip",
    summary="All DICOM objects of a reading, as a ZIP file",
    response_class=Response,
    responses=_file("application/zip"),
)
def packed(service: TheService, user: TheUser, job_id: JobId) -> Response:
    """Each object as a file that is called by the reading's id and its kind; the same reading gives the same bytes."""
    job = job_or_404(service, job_id)
    kept = _kept_or_404(job, service=service)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in kept.objects:
            data = _data_or_404(job, kind=one.kind, service=service)
            member = zipfile.ZipInfo(_name(job, one.kind), date_time=_FIRST_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return _download(stream.getvalue(), "application/zip", name=f"{job.id}.zip", job=job, user=user, service=service)


@router.get(
    "/readings/{job_id}/objects/{kind}",
    summary="One DICOM object of a reading",
    response_class=Response,
    responses=_file("application/dicom"),
)
def one(
    service: TheService,
    user: TheUser,
    job_id: JobId,
    kind: Annotated[
        ObjectKind,
        Path(description="sr: structured report, pr: presentation state, sc: picture, seg: lungs.", examples=["sr"]),
    ],
) -> Response:
    """The object's file, the same bytes as `hilum read --format dicom` writes."""
    job = job_or_404(service, job_id)
    there = [each.kind for each in _kept_or_404(job, service=service).objects]
    if kind not in there:
        raise ProblemError(404, f"This reading has no object {kind}; it has: {', '.join(there)}.")
    data = _data_or_404(job, kind=kind, service=service)
    return _download(data, "application/dicom", name=_name(job, kind), job=job, user=user, service=service)


def _kept_or_404(job: Job, *, service: Service) -> KeptObjects:
    if job.state in ("queued", "leased"):
        raise ProblemError(404, "It is not read yet; ask again in a while.")
    if job.state == "failed":
        raise ProblemError(404, f"It could not be read, so there are no DICOM objects: {job.failure}.")
    kept = kept_objects(service.store.files, job.id)
    if kept is None:
        raise ProblemError(404, _GONE)
    if not kept.objects:
        raise ProblemError(404, f"{kept.refused}.")
    return kept


def _data_or_404(job: Job, *, kind: ObjectKind, service: Service) -> bytes:
    data = kept_object(service.store.files, job.id, kind=kind)
    if data is None:
        raise ProblemError(404, _GONE)
    return data


def _name(job: Job, kind: ObjectKind) -> str:
    return f"{job.id}.{kind}.dcm"


def _download(data: bytes, media_type: str, *, name: str, job: Job, user: User, service: Service) -> Response:
    """A file to save, called by ids alone: what the sender called the image may say who is ill."""
    service.store.audit.add("download", who=user.name, address=user.address, job_id=job.id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
