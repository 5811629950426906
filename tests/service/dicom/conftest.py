"""Objects and an outbox for the tests of the network."""

import time
from collections.abc import Callable

import pytest

import hilum
from fabricate_study_image import read_image, study_image
from hilum.objects.make import DicomObject
from hilum.service.dicom.outbox import Outbox, put
from hilum.service.dicom.peers import Destination
from hilum.service.store.store import Store


@pytest.fixture(scope="session")
def objects() -> tuple[DicomObject, ...]:
    """Report, presentation state, picture and segmentation of one image."""
    data = study_image()
    return hilum.dicom_objects(read_image(data), source=data)


@pytest.fixture
def outbox(sqlite_store: Store) -> Outbox:
    """An outbox whose clock is the test's."""
    return Outbox(database=sqlite_store.database, clock=sqlite_store.queue.clock)


@pytest.fixture
def post(outbox: Outbox, objects: tuple[DicomObject, ...]) -> Callable[..., None]:
    """Puts the objects of a job into the outbox."""

    def put_in(*to: Destination, job_id: str = "0" * 32) -> None:
        with outbox.database.write() as connection:
            put(connection, job_id=job_id, objects=objects, to=to, now=outbox.clock())

    return put_in


def until(done: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait until something is so; fail where it is not in time."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(name="until")
def _until() -> Callable[..., None]:
    return until
