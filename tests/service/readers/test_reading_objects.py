"""The objects of a reading in the service: those of `hilum read`, or one reason why there are none."""

import pytest

from fabricate_service import grey_png
from fabricate_study_image import read_image, study_image
from hilum.errors import RefusedImageError
from hilum.objects.make import DicomObject, dicom_objects
from hilum.reading.reader import Reader
from hilum.service.readers.read_lease import read_lease
from hilum.service.readers.reading_objects import reading_objects, refuse_own
from hilum.service.store.job import Origin, Upload
from hilum.service.store.store import Store


def test_they_are_those_of_the_command() -> None:
    data = study_image()
    examination = read_image(data)
    made = reading_objects(examination, data)
    assert made.refused == ""
    expected = [(one.kind, one.data) for one in dicom_objects(examination, source=data)]
    assert [(one.kind, one.data) for one in made.objects] == expected


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (grey_png(), "No DICOM objects: they belong to a study, and a PNG file names none; give the DICOM file"),
        (study_image(SeriesInstanceUID=""), "No DICOM objects: the file names no Series Instance UID"),
    ],
)
def test_where_there_are_none_the_reason_is_a_sentence_without_a_name(data: bytes, said: str) -> None:
    made = reading_objects(read_image(data, name="MUSTERMANN.dcm"), data)
    assert made.objects == ()
    assert made.refused.startswith(said)
    assert "MUSTERMANN" not in made.refused
    assert "--format" not in made.refused


@pytest.mark.parametrize(("origin", "state"), [("dicom", "failed"), ("stow", "failed"), ("page", "done")])
def test_what_hilum_made_is_not_read_again_where_archives_send_it(
    sqlite_store: Store, reader: Reader, origin: Origin, state: str
) -> None:
    data = study_image()
    picture: DicomObject = next(one for one in dicom_objects(read_image(data), source=data) if one.kind == "sc")
    upload = Upload(name="a.dcm", origin=origin)
    job = sqlite_store.queue.accept(picture.data, upload=upload, settings_sha256=reader.settings_sha256).job
    lease = sqlite_store.queue.claim("w")
    assert lease is not None
    assert read_lease(lease, store=sqlite_store, reader=reader)
    ended = sqlite_store.readings.get(job.id)
    assert ended is not None
    assert ended.state == state
    assert state == "done" or "made by hilum itself" in str(ended.failure)


def test_a_defect_of_the_objects_is_a_reason_and_the_reading_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError("MUSTERMANN^ERIKA is in this message")

    monkeypatch.setattr("hilum.service.readers.reading_objects.dicom_objects", fail)
    data = study_image()
    made = reading_objects(read_image(data), data)
    assert made.refused == "No DICOM objects: making them met a defect of hilum (RecursionError); please report it"


def test_what_others_made_may_be_read() -> None:
    refuse_own(study_image())
    refuse_own(grey_png())
    with pytest.raises(RefusedImageError, match="made by hilum itself"):
        refuse_own(study_image(Manufacturer="hilum"))
