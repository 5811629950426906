"""The application over a store, and what reads for it in the test's own process."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hilum.reading.reader import Reader
from hilum.service.readers.read_lease import read_lease
from hilum.service.store.store import Store
from hilum.service.web.app import create_app
from hilum.service.web.service import Readers
from hilum.service.web.settings import ServiceSettings

Client = Callable[..., TestClient]


@pytest.fixture
def make_client(sqlite_store: Store, reader: Reader) -> Client:
    """A client of a service with these settings, as a browser or program on this machine."""

    def make(**settings: Any) -> TestClient:
        chosen = ServiceSettings(**{"min_free_bytes": 0, **settings})
        app = create_app(reader, sqlite_store, chosen, readers=Readers(ready=lambda: 1, deaths=lambda: 0))
        return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)

    return make


@pytest.fixture
def client(make_client: Client) -> TestClient:
    return make_client()


@pytest.fixture
def read_all(sqlite_store: Store, reader: Reader) -> Callable[[], None]:
    """Read what waits, as a reader process does."""

    def read() -> None:
        while (lease := sqlite_store.queue.claim("test")) is not None:
            read_lease(lease, store=sqlite_store, reader=reader)

    return read
