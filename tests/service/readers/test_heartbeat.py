"""A lease is renewed while its file is read, and ended where that takes too long."""

import threading

import pytest

from hilum.errors import OutputError
from hilum.service.readers import heartbeat
from hilum.service.readers.heartbeat import Heartbeat
from hilum.service.store.job import Lease, Upload
from hilum.service.store.queue import Queue
from hilum.service.store.store import Store


@pytest.fixture
def lease(sqlite_store: Store) -> Lease:
    sqlite_store.queue.accept(b"x", upload=Upload(name="a", origin="rest"), settings_sha256="s")
    found = sqlite_store.queue.claim("w")
    assert found is not None
    return found


def test_a_lease_is_renewed(sqlite_store: Store, lease: Lease, clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LEASE_S", 0.03)
    late = threading.Event()
    with Heartbeat(lease, queue=sqlite_store.queue, seconds=60.0, on_late=late.set):
        clock.now_s += 29.0
        threading.Event().wait(0.3)
        clock.now_s += 29.0
        assert sqlite_store.queue.claim("other") is None
    clock.now_s += 31.0
    assert sqlite_store.queue.claim("other") is not None
    assert not late.is_set()


def test_what_takes_too_long_ends_also_where_the_store_cannot_be_written(
    sqlite_store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OutputError("the database of jobs cannot be used")

    monkeypatch.setattr(Queue, "fail", away)
    late = threading.Event()
    with Heartbeat(lease, queue=sqlite_store.queue, seconds=0.05, on_late=late.set):
        assert late.wait(20.0)


def test_what_takes_too_long_is_failed(sqlite_store: Store, lease: Lease) -> None:
    late = threading.Event()
    with Heartbeat(lease, queue=sqlite_store.queue, seconds=0.05, on_late=late.set):
        assert late.wait(20.0)
    job = sqlite_store.readings.get(lease.job.id)
    assert job is not None
    assert (job.state, job.failure_kind, job.failure) == ("failed", "limit", "reading it took longer than 0.05 seconds")
