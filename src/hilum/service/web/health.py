"""Whether the service runs, whether it can read, and what a monitor counts."""

from __future__ import annotations

from fastapi import APIRouter, Response

from hilum.service.web.access import FOR_USERS
from hilum.service.web.problems import ProblemError, declared
from hilum.service.web.schemas import HealthOut
from hilum.service.web.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the service runs", responses=declared(400))
def healthy() -> HealthOut:
    """It answers: it runs."""
    return HealthOut()


@router.get("/readyz", summary="Whether the service can take and read files", responses=declared(400, 503))
def ready(service: TheService) -> HealthOut:
    """The database answers, the disk has room, and at least one reader process has its models open."""
    service.store.queue.waiting()
    if service.store.files.free_bytes() < service.settings.min_free_bytes:
        raise ProblemError(503, "The disk is nearly full.")
    if service.readers.ready() < 1:
        raise ProblemError(503, "No reader process is ready yet.")
    return HealthOut()


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    dependencies=FOR_USERS,
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **declared(400, 401, 429, 503)},
)
def metrics(service: TheService) -> Response:
    """Jobs by state, uploads, requests, readers and disk, in the text format of Prometheus."""
    text = service.metrics.text(store=service.store, ready=service.readers.ready(), deaths=service.readers.deaths())
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
