"""The DICOM objects of a reading, as they are downloaded: those of the command, or the reason why there are none."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydicom import dcmread

from fabricate_service import grey_png
from fabricate_study_image import study_image
from hilum.imaging.pixels.limits import DEFAULT_LIMITS
from hilum.objects.make import object_files
from hilum.reading.reader import Reader
from hilum.service.store.store import Store
from hilum.service.web.passwords import hash_token

READINGS = "/api/v1/readings"


@pytest.fixture
def send(client: TestClient, read_all: Callable[[], None]) -> Callable[..., str]:
    """Sends a file, has it read, and gives the address of its reading."""

    def sent(data: bytes, *, name: str = "MUSTERMANN.dcm") -> str:
        answer = client.post(READINGS, files={"file": (name, data)})
        read_all()
        return answer.headers["Location"]

    return sent


def test_they_are_the_bytes_of_the_command(
    client: TestClient, send: Callable[..., str], reader: Reader, tmp_path: Path
) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(study_image())
    expected = object_files(reader.examine(path), limits=DEFAULT_LIMITS)
    own = send(study_image())
    assert client.get(own).json()["links"]["objects"] == f"{own}/objects"
    listed = client.get(f"{own}/objects").json()
    assert [each["kind"] for each in listed["objects"]] == list(expected)
    for each in listed["objects"]:
        got = client.get(each["file"])
        assert got.headers["content-type"] == "application/dicom"
        assert got.content == expected[each["kind"]]
        assert each["size"] == len(got.content)
        made = dcmread(io.BytesIO(got.content))
        assert (each["sop_class"], each["sop_instance"]) == (made.SOPClassUID, made.SOPInstanceUID)
        assert got.headers["content-disposition"].startswith("attachment; filename=")
        assert "MUSTERMANN" not in got.headers["content-disposition"]
    pack = client.get(listed["zip"])
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        job_id = own.rpartition("/")[2]
        assert archive.namelist() == [f"{job_id}.{kind}.dcm" for kind in expected]
        assert [archive.read(name) for name in archive.namelist()] == list(expected.values())
    assert pack.headers["content-disposition"] == f'attachment; filename="{job_id}.zip"'
    again = client.get(listed["zip"]).content
    assert hashlib.sha256(again).digest() == hashlib.sha256(pack.content).digest()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (grey_png(), "No DICOM objects: they belong to a study, and a PNG file names none; give the DICOM file."),
        (study_image(StudyInstanceUID=""), "No DICOM objects: the file names no Study Instance UID, which they refer"),
        (grey_png()[:60], "It could not be read, so there are no DICOM objects: the PNG file is truncated"),
    ],
)
def test_where_there_are_none_the_reason_is_told(
    client: TestClient, send: Callable[..., str], data: bytes, said: str
) -> None:
    own = send(data)
    assert client.get(own).json()["links"]["objects"] is None
    for part in ("objects", "objects.zip", "objects/sr"):
        refused = client.get(f"{own}/{part}")
        assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
        assert refused.json()["detail"].startswith(said)
        assert "MUSTERMANN" not in refused.text


def test_one_that_was_not_made_and_one_that_does_not_exist(client: TestClient, send: Callable[..., str]) -> None:
    own = send(study_image())  # the model draws no lungs, so there is no segmentation
    assert client.get(f"{own}/objects/seg").json()["detail"] == "This reading has no object seg; it has: sr, pr, sc."
    assert client.get(f"{own}/objects/ko").status_code == 422
    assert client.get(f"{READINGS}/{'0' * 32}/objects").status_code == 404


def test_what_is_not_read_yet_or_not_kept_any_more(
    client: TestClient, sqlite_store: Store, read_all: Callable[[], None]
) -> None:
    own = client.post(READINGS, files={"file": ("a.dcm", study_image())}).headers["Location"]
    assert client.get(f"{own}/objects").json()["detail"] == "It is not read yet; ask again in a while."
    read_all()
    sqlite_store.files.drop_drawn(own.rpartition("/")[2])
    for part in ("objects", "objects.zip", "objects/sr"):
        assert client.get(f"{own}/{part}").json()["detail"].endswith("no longer kept; send the image again.")


def test_deletion_takes_them_and_the_audit_tells_of_each(
    client: TestClient, send: Callable[..., str], sqlite_store: Store
) -> None:
    own = send(study_image())
    client.get(f"{own}/objects/sr")
    client.get(f"{own}/objects.zip")
    assert [row.action for row in sqlite_store.audit.rows()] == ["upload", "download", "download"]
    assert client.delete(own).status_code == 204
    assert client.get(f"{own}/objects/sr").status_code == 404
    assert sqlite_store.files.drawn_jobs() == frozenset()


def test_nobody_gets_them_without_a_login(make_client: Callable[..., TestClient], send: Callable[..., str]) -> None:
    own = send(study_image())
    locked = make_client(tokens={"pacs": hash_token("t" * 32)})
    for part in ("objects", "objects.zip", "objects/sr"):
        assert locked.get(f"{own}/{part}").status_code == 401
        assert locked.get(f"{own}/{part}", headers={"Authorization": f"Bearer {'t' * 32}"}).status_code == 200
