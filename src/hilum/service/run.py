"""The whole service in one place: store, reader processes, web, and the sweep of what is too old."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from hilum.errors import UsageError
from hilum.reading.reader import Reader
from hilum.reading_result import ModelRef
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.pool import ReaderPool
from hilum.service.store.store import open_store
from hilum.service.store.sweep import swept
from hilum.service.web.app import create_app
from hilum.service.web.service import Readers
from hilum.service.web.settings import ServiceSettings

_MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReader:
    """What the web part must know of the reader that other processes have open."""

    settings_sha256: str
    models: Sequence[ModelRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """`readers` processes by the plan `reading`, the web part by `web` on `port` (0: any that is free).

    `certificate` and `key` are PEM files; both or none.
    """

    reading: ReaderPlan
    reader: KnownReader
    readers: int
    web: ServiceSettings
    port: int
    certificate: Path | None = None
    key: Path | None = None


def known_reader(reader: Reader) -> KnownReader:
    """What of a reader stays known when it is closed."""
    return KnownReader(settings_sha256=reader.settings_sha256, models=reader.models)


def run_service(plan: ServicePlan, *, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; what is being read is finished then. `say` is told the address.

    Raises `UsageError` where the address cannot be used, and `OutputError` where the store cannot.
    """
    listening = _listen(plan.web.host, plan.port)
    store = open_store(plan.reading.store, options=plan.reading.options)
    with (
        closing(listening),
        closing(store),
        ReaderPool(plan.reading, count=plan.readers, queue=store.queue) as pool,
        swept(store),
    ):
        readers = Readers(ready=lambda: pool.ready, deaths=lambda: pool.deaths)
        app = create_app(plan.reader, store, plan.web, readers=readers)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # an address may tell who is ill; the audit tells who did what
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=10,
            ssl_certfile=plan.certificate,
            ssl_keyfile=plan.key,
        )
        store.audit.add("start", who="", address="")
        say(f"serving at {_address(plan, port=listening.getsockname()[1])} (Ctrl-C ends)")
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            store.audit.add("stop", who="", address="")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_MOST_CONNECTIONS)  # who comes before the web part is up waits, and is not turned away
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"Port {port} is taken; name another with --port (0: any that is free)") from error
        raise UsageError(f"{host}, port {port}, cannot be used ({error.strerror}); check --host and --port") from error
    return listening


def _address(plan: ServicePlan, *, port: int) -> str:
    host = f"[{plan.web.host}]" if ":" in plan.web.host else plan.web.host
    return f"{'https' if plan.web.tls else 'http'}://{host}:{port}/"
