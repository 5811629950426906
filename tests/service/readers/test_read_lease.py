"""One job, read as `hilum read` reads it, or failed with the reason."""

import json

import jsonschema
import pytest

from fabricate_service import grey_png
from hilum.reading.reader import Reader
from hilum.report.reading_json import reading_to_json
from hilum.report.schema import reading_schema
from hilum.report.urgency import Urgency
from hilum.service.readers.read_lease import OVERLAY, PAGE, THUMBNAIL, read_lease
from hilum.service.store.job import Job, Place, Upload
from hilum.service.store.store import Store
from hilum.stated import Stated


def read(store: Store, reader: Reader, data: bytes, *, name: str = "a.png", stated: Stated | None = None) -> Job:
    upload = Upload(name=name, origin="rest", stated=stated or Stated())
    job = store.queue.accept(data, upload=upload, settings_sha256=reader.settings_sha256).job
    lease = store.queue.claim("w")
    assert lease is not None
    assert read_lease(lease, store=store, reader=reader)
    ended = store.readings.get(job.id)
    assert ended is not None
    return ended


def test_a_reading_is_that_of_the_reader(sqlite_store: Store, reader: Reader) -> None:
    stated = Stated(age_years=3.0, view="AP")
    job = read(sqlite_store, reader, grey_png(), stated=stated)
    assert job.state == "done"
    expected = reading_to_json(reader.read(grey_png(), name="a.png", stated=stated))
    assert job.reading is not None
    assert job.place == Place.of(Urgency.of(reader.read(grey_png(), name="a.png", stated=stated)))
    untimed = {key: value for key, value in job.reading.items() if key != "timings_ms"}
    assert untimed == {key: value for key, value in expected.items() if key != "timings_ms"}
    jsonschema.validate(job.reading, reading_schema())
    page = sqlite_store.files.drawn(job.id, PAGE)
    assert page is not None
    assert b"Pneumonia" in page
    for name, begins in ((OVERLAY, b"\xff\xd8\xff"), (THUMBNAIL, b"\x89PNG")):
        drawn = sqlite_store.files.drawn(job.id, name)
        assert drawn is not None
        assert drawn.startswith(begins)


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [(grey_png()[:60], "decode", "truncated"), (b"%PDF-1.7", "decode", "a PDF document")],
)
def test_what_cannot_be_read_fails_with_the_reason_and_no_name(
    sqlite_store: Store, reader: Reader, data: bytes, kind: str, said: str
) -> None:
    job = read(sqlite_store, reader, data, name="MUSTERMANN.png")
    assert (job.state, job.failure_kind, job.place.rank) == ("failed", kind, "could not be read")
    assert said in str(job.failure)
    assert "MUSTERMANN" not in str(job.failure)
    assert job.reading is not None
    jsonschema.validate(json.loads(json.dumps(job.reading)), reading_schema())


def test_bytes_that_are_gone_are_told(sqlite_store: Store, reader: Reader) -> None:
    job = sqlite_store.queue.accept(b"x", upload=Upload(name="a", origin="rest"), settings_sha256="s").job
    sqlite_store.files.drop_bytes(job.sha256)
    lease = sqlite_store.queue.claim("w")
    assert lease is not None
    assert read_lease(lease, store=sqlite_store, reader=reader)
    ended = sqlite_store.readings.get(job.id)
    assert ended is not None
    assert ended.failure == "the image is no longer kept; send it again"
