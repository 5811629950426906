"""The application: made of what is handed in, with nothing at import."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from hilum.service.store.queue import Within
from hilum.service.store.store import Store
from hilum.service.web import feedback, health, objects, pages, rest, stow
from hilum.service.web.body_limits import BodyLimits
from hilum.service.web.guard import Guard
from hilum.service.web.metrics import Metrics
from hilum.service.web.pages import STATIC
from hilum.service.web.problems import install_problems
from hilum.service.web.schemas import API
from hilum.service.web.service import ReadBy, Readers, Service
from hilum.service.web.sessions import Attempts, Sessions
from hilum.service.web.settings import ServiceSettings
from hilum.version import __version__


def create_app(
    reader: ReadBy,
    store: Store,
    settings: ServiceSettings,
    *,
    readers: Readers | None = None,
    again: Within | None = None,
) -> FastAPI:
    """The service over `store`, for readings by `reader` (a `Reader`, or what is known of one elsewhere).

    It accepts, shows and deletes; who reads are other processes (`ReaderPool`), which `readers` tells of. Without
    `readers`, `/readyz` says that nobody reads. `again` writes more in the transaction that accepts a file.
    """
    service = Service(
        store=store,
        reader=reader,
        readers=readers or Readers(ready=lambda: 0, deaths=lambda: 0),
        settings=settings,
        sessions=Sessions(lasts_s=settings.session_s),
        attempts=Attempts(),
        metrics=Metrics(),
        again=again,
    )
    app = FastAPI(
        title="hilum",
        version=__version__,
        summary="Reads radiographs. Research use; not a medical device.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    install_problems(app, retry_after_s=settings.retry_after_s)
    for router in (rest.router, objects.router, feedback.router, stow.router, health.router, pages.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(BodyLimits, max_bytes=settings.max_bytes)
    app.add_middleware(Guard, service=service)
    return app
