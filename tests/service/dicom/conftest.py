"""Objects and an outbox for the tests of the network."""

from collections.abc import Callable
from functools import partial

import pytest

import hilum
from fabricate_study_image import read_image, study_image
from hilum.objects.make import DicomObject
from hilum.service.dicom.outbox import Outbox, put
from hilum.service.dicom.peers import Destination
from hilum.service.store.store import Store
from wait_for import wait_for


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


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits until something is so."""
    return partial(wait_for, seconds=60.0)
