"""What a reader process puts into the outbox along with a reading."""

from typing import Any

import pytest

from fabricate_service import grey_png
from fabricate_study_image import read_image, study_image
from hilum.errors import RefusedImageError
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.readers.reading_objects import reading_objects
from hilum.service.store.job import Job, Origin, Outcome, Place, Upload

TO = Destination("ARCHIVE", "127.0.0.1", 104)


def job_of(store: Any, data: bytes, *, origin: Origin) -> Job:
    job: Job = store.queue.accept(data, upload=Upload(name="a", origin=origin), settings_sha256="0" * 64).job
    return job


@pytest.mark.parametrize("origin", ["dicom", "page", "rest", "stow"])
def test_objects_go_into_the_outbox_with_the_reading(outbox: Outbox, sqlite_store: Any, origin: Origin) -> None:
    data = study_image()
    job = job_of(sqlite_store, data, origin=origin)
    within = ResultsOf((TO,))(job, reading_objects(read_image(data), data))
    with sqlite_store.database.write() as connection:
        within(connection, job)
    assert [(row.destination, row.state, row.rows) for row in outbox.counts()] == [(TO.name, "waiting", 3)]


def test_an_image_that_is_read_again_is_not_sent_again(outbox: Outbox, sqlite_store: Any, clock: Any) -> None:
    data = study_image()
    read = Outcome(reading={}, place=Place(rank="not flagged", value=0.0, why="-"), drawn={"page.html": b"p"})
    for _ in range(2):
        job_of(sqlite_store, data, origin="dicom")
        lease = sqlite_store.queue.claim("w")
        within = ResultsOf((TO,))(lease.job, reading_objects(read_image(data), data))
        assert sqlite_store.queue.finish(lease, read, within=within)
        outbox.delivered([parcel.number for parcel in outbox.due(TO.name)], said="kept")
        clock.now_s += 3700.0
        sqlite_store.readings.sweep()
    assert [(row.state, row.rows) for row in outbox.counts()] == [("delivered", 3)]


def test_a_picture_of_no_study_is_read_and_not_sent(outbox: Outbox, sqlite_store: Any) -> None:
    data = grey_png(rows=120, columns=100)
    job = job_of(sqlite_store, data, origin="page")
    within = ResultsOf((TO,))(job, reading_objects(read_image(data), data))
    with sqlite_store.database.write() as connection:
        within(connection, job)
    assert outbox.counts() == ()


def test_an_image_of_an_archive_that_waits_in_vain_is_told(sqlite_store: Any) -> None:
    data = study_image(StudyInstanceUID="")
    job = job_of(sqlite_store, data, origin="dicom")
    with pytest.raises(RefusedImageError, match="names no Study Instance UID"):
        ResultsOf((TO,))(job, reading_objects(read_image(data), data))


def test_what_was_not_sent_goes_with_its_reading(outbox: Outbox, post: Any, sqlite_store: Any) -> None:
    job = job_of(sqlite_store, study_image(), origin="dicom")
    post(TO, job_id=job.id)
    (first, *_) = outbox.due(TO.name)
    assert sqlite_store.readings.delete(job.id)
    assert outbox.counts() == ()
    outbox.failed([first.number], said="it was being sent when it was deleted")
    outbox.delivered([first.number], said="or delivered")
    assert outbox.counts() == ()
