"""What the routes share: made once by `create_app`, found by them through the request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from hilum.reading_result import ModelRef
from hilum.service.store.queue import Within
from hilum.service.store.store import Store
from hilum.service.web.metrics import Metrics
from hilum.service.web.sessions import Attempts, Sessions
from hilum.service.web.settings import ServiceSettings


class ReadBy(Protocol):
    """Who reads: a `Reader`, or what is known of the reader in other processes."""

    @property
    def settings_sha256(self) -> str:
        """A SHA-256 over what decides a reading."""

    @property
    def models(self) -> Sequence[ModelRef]:
        """The models that read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The reader processes as the web part sees them: how many are ready, and how many died so far."""

    ready: Callable[[], int]
    deaths: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The store, who reads, the settings, and what is known of the people who use it.

    `again` writes more in the transaction that accepts a file.
    """

    store: Store
    reader: ReadBy
    readers: Readers
    settings: ServiceSettings
    sessions: Sessions
    attempts: Attempts
    metrics: Metrics
    again: Within | None = None


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(_service)]
"""The service, in a route."""
