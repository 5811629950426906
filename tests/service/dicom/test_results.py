"""What a reader process makes of an image from the network."""

from typing import Any

import pytest

from fabricate_study_image import read_image, study_image
from hilum.errors import RefusedImageError
from hilum.objects.make import DicomObject
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.store.job import Upload

TO = Destination("ARCHIVE", "127.0.0.1", 104)


def test_objects_go_into_the_outbox_with_the_reading(outbox: Outbox, sqlite_store: Any) -> None:
    data = study_image()
    upload = Upload(name="a.dcm", origin="dicom")
    job = sqlite_store.queue.accept(data, upload=upload, settings_sha256="0" * 64).job
    within = ResultsOf((TO,))(read_image(data), data)
    with sqlite_store.database.write() as connection:
        within(connection, job)
    assert [(row.destination, row.state, row.rows) for row in outbox.counts()] == [(TO.name, "waiting", 3)]


def test_own_pictures_are_not_read_again(objects: tuple[DicomObject, ...]) -> None:
    picture = next(one.data for one in objects if one.kind == "sc")
    with pytest.raises(RefusedImageError, match="made by hilum itself"):
        ResultsOf((TO,))(read_image(picture), picture)
