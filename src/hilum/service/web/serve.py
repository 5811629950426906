"""The web part as it runs: its socket, its certificate, and the one process that answers."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from hilum.errors import UsageError
from hilum.service.web.settings import ServiceSettings

_MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPlan:
    """The web part by `settings`, on `port` (0: any that is free).

    `certificate` and `key` are PEM files; both or none.
    """

    settings: ServiceSettings
    port: int
    certificate: Path | None = None
    key: Path | None = None


def open_port(plan: WebPlan) -> socket.socket:
    """A socket that listens; who comes before the web part is up waits, and is not turned away.

    Raises `UsageError` where the address cannot be used.
    """
    host, port = plan.settings.host, plan.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_MOST_CONNECTIONS)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"Port {port} is taken; name another with --port (0: any that is free)") from error
        raise UsageError(f"{host}, port {port}, cannot be used ({error.strerror}); check --host and --port") from error
    return listening


def address_of(plan: WebPlan, *, listening: socket.socket) -> str:
    """What people open."""
    host = f"[{plan.settings.host}]" if ":" in plan.settings.host else plan.settings.host
    return f"{'https' if plan.settings.tls else 'http'}://{host}:{listening.getsockname()[1]}/"


def answer(app: FastAPI, plan: WebPlan, *, listening: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, and raise that signal again."""
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
    uvicorn.Server(config).run(sockets=[listening])
