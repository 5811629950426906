"""The application: made of what is handed in, with nothing at import."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.staticfiles import StaticFiles

from hilum.service.store.store import Store
from hilum.service.web import feedback, health, objects, pages, rest, stow
from hilum.service.web.guard import Guard
from hilum.service.web.metrics import Metrics
from hilum.service.web.pages import STATIC
from hilum.service.web.problems import install_problems
from hilum.service.web.schemas import API
from hilum.service.web.service import ReadBy, Readers, Service
from hilum.service.web.sessions import Attempts, Sessions
from hilum.service.web.settings import MIB, ServiceSettings
from hilum.version import __version__

_AROUND_A_FILE = MIB
"""What a request may hold beside the file: the other fields, boundaries and headers of parts."""


def create_app(reader: ReadBy, store: Store, settings: ServiceSettings, *, readers: Readers | None = None) -> FastAPI:
    """The service over `store`, for readings by `reader` (a `Reader`, or what is known of one elsewhere).

    It accepts, shows and deletes; who reads are other processes (`ReaderPool`), which `readers` tells of. Without
    `readers`, `/readyz` says that nobody reads.
    """
    service = Service(
        store=store,
        reader=reader,
        readers=readers or Readers(ready=lambda: 0, deaths=lambda: 0),
        settings=settings,
        sessions=Sessions(lasts_s=settings.session_s),
        attempts=Attempts(),
        metrics=Metrics(),
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
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_bytes + _AROUND_A_FILE)
    app.add_middleware(Guard, service=service)
    return app
