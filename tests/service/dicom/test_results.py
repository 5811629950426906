"""What a reader process puts into the outbox along with a reading."""

import time
from typing import Any

import pytest

from fabricate_service import grey_png
from fabricate_study_image import read_image, study_image
from hilum.errors import RefusedImageError
from hilum.reading.reader import Reader
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.readers.read_lease import read_lease
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


def test_a_read_image_that_comes_again_is_sent_where_it_was_not(
    outbox: Outbox, sqlite_store: Any, reader: Reader, clock: Any
) -> None:
    """A destination that was named later gets it, one that gave up on it too, and one that has it nothing more."""
    later, gone = Destination("LATER", "127.0.0.1", 105, ("sr",)), Destination("GONE", "127.0.0.1", 106, ("sr", "seg"))
    data = study_image()
    upload, sha256 = Upload(name="a", origin="stow"), "0" * 64
    again = ResultsOf((TO, later, gone)).again(sqlite_store.files)
    sqlite_store.queue.accept(data, upload=upload, settings_sha256=sha256, within=again)
    sqlite_store.queue.accept(data, upload=upload, settings_sha256=sha256, within=again)
    assert outbox.counts() == ()  # it waits to be read
    assert read_lease(sqlite_store.queue.claim("w"), store=sqlite_store, reader=reader, also=ResultsOf((TO, gone)))
    outbox.delivered([parcel.number for parcel in outbox.due(TO.name)], said="kept")
    clock.now_s = time.time() + 8 * 86400  # rows are made by the time of the machine
    outbox.failed([parcel.number for parcel in outbox.due(gone.name)], said="away")
    assert "dead" in {row.state for row in outbox.counts()}
    clock.now_s = time.time() + 1.0
    assert not sqlite_store.queue.accept(data, upload=upload, settings_sha256=sha256, within=again).is_new
    found = {(row.destination, row.state): row.rows for row in outbox.counts()}
    assert found == {
        (TO.name, "delivered"): 3,
        (later.name, "waiting"): 1,
        (gone.name, "waiting"): found[gone.name, "waiting"],
    }
    sent = {parcel.sop_class: parcel.data for parcel in outbox.due(gone.name)}
    assert [parcel.data for parcel in outbox.due(later.name)] == [
        sent[parcel.sop_class] for parcel in outbox.due(later.name)
    ]


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
