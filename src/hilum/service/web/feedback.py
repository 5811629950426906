"""Opinions on findings, and their tables for the lab."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from hilum.service.store.names import tame_text
from hilum.service.web.access import FOR_USERS, TheUser
from hilum.service.web.opinion_tables import opinions_csv, predictions_csv
from hilum.service.web.problems import declared
from hilum.service.web.rest import JobId, job_or_404
from hilum.service.web.schemas import API, OpinionIn, OpinionsOut, opinion_out
from hilum.service.web.service import TheService

router = APIRouter(prefix=API, tags=["opinions"])

_CSV = {200: {"content": {"text/csv": {}}}, **declared(400, 401, 422, 429, 500, 503)}


@router.get(
    "/readings/{job_id}/opinions",
    summary="The opinions on a reading",
    dependencies=FOR_USERS,
    responses=declared(400, 401, 404, 422, 429, 500, 503),
)
def of_reading(service: TheService, job_id: JobId) -> OpinionsOut:
    """The latest opinion of each person on each finding."""
    job = job_or_404(service, job_id)
    return OpinionsOut(opinions=[opinion_out(each) for each in service.store.opinions.of(job.id)])


@router.post(
    "/readings/{job_id}/opinions",
    status_code=201,
    summary="Say whether a finding is right",
    responses=declared(400, 401, 403, 404, 413, 422, 429, 500, 503),
)
def add(service: TheService, user: TheUser, job_id: JobId, opinion: OpinionIn) -> OpinionsOut:
    """Agree or disagree with the model's decision on a finding, or be unsure; a later opinion replaces an earlier."""
    job, note = job_or_404(service, job_id), tame_text(opinion.note)
    service.store.opinions.add(
        job, model=opinion.model, finding=opinion.finding, verdict=opinion.opinion, note=note, who=user.name
    )
    service.store.audit.add("opinion", who=user.name, address=user.address, job_id=job_id)
    return OpinionsOut(opinions=[opinion_out(each) for each in service.store.opinions.of(job.id)])


@router.get("/opinions.csv", summary="Every opinion, with its note", response_class=Response, responses=_CSV)
def table(service: TheService, user: TheUser) -> Response:
    """One row an opinion: reading, model, finding, probability, decision, opinion, note, who, when."""
    service.store.audit.add("export", who=user.name, address=user.address)
    return _csv(opinions_csv(service.store.opinions.all()), name="opinions.csv")


@router.get("/predictions.csv", summary="Opinions as a table to judge", response_class=Response, responses=_CSV)
def predictions(
    service: TheService,
    user: TheUser,
    model: Annotated[str | None, Query(max_length=128, description="Only what this model found.")] = None,
) -> Response:
    """One row an image in the columns of a predictions file: who agrees makes the model's decision the truth."""
    service.store.audit.add("export", who=user.name, address=user.address)
    return _csv(predictions_csv(service.store.opinions.all(), model=model), name="predictions.csv")


def _csv(text: str, *, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)
