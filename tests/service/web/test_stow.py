"""DICOM objects over the web, sent by an independent client."""

import copy
import io
from collections.abc import Callable

import pydicom
import pytest
from fastapi.testclient import TestClient
from pydicom.uid import generate_uid

from fabricate_service import grey_png
from hilum.phantom.examples import write_examples
from hilum.service.store.readings import Wanted
from hilum.service.store.store import Store

web = pytest.importorskip("dicomweb_client.web", reason="dicomweb-client is not installed")


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> pydicom.Dataset:
    paths = write_examples(tmp_path_factory.mktemp("phantoms"))
    return pydicom.dcmread(next(path for path in paths if path.suffix == ".dcm"))


def related(*parts: tuple[str, bytes], type_: str = "application/dicom") -> dict:
    body = b"".join(
        b"--frontier\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + data + b"\r\n" for kind, data in parts
    )
    headers = {"Content-Type": f'multipart/related; type="{type_}"; boundary=frontier'}
    return {"content": body + b"--frontier--\r\n", "headers": headers}


def written(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def reason(number: int) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.FailureReason = number
    return item


def test_dicomweb_client_stores(
    client: TestClient, dicom: pydicom.Dataset, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, read_all: Callable
) -> None:
    """Its session is answered by the application; everything else is the client's own."""
    sender = web.DICOMwebClient("http://127.0.0.1/dicom-web")

    def post(url: str, data: object, headers: dict[str, str] | None = None, **_: object):
        content = data if isinstance(data, bytes) else b"".join(data)  # type: ignore[call-overload]
        answer = client.post(url, content=content, headers={**sender._session.headers, **(headers or {})})
        answer.ok = answer.is_success  # what the client's own library calls it
        return answer

    monkeypatch.setattr(sender._session, "post", post)
    answer = sender.store_instances([dicom], study_instance_uid=dicom.StudyInstanceUID)
    (item,) = answer.ReferencedSOPSequence
    assert item.ReferencedSOPInstanceUID == dicom.SOPInstanceUID
    read_all()
    (job,) = sqlite_store.readings.page(Wanted()).jobs
    assert (job.origin, job.state, job.name) == ("stow", "done", f"{dicom.SOPInstanceUID}.dcm")
    assert job.reading is not None
    assert job.reading["source"]["instance_uid"] == dicom.SOPInstanceUID


def test_each_object_is_told_by_itself(client: TestClient, dicom: pydicom.Dataset, sqlite_store: Store) -> None:
    other = copy.deepcopy(dicom)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    other.StudyInstanceUID = generate_uid()
    parts = [
        ("application/dicom", written(dicom)),
        ("application/dicom", written(other)),
        ("application/dicom", grey_png()),
    ]
    answer = client.post(f"/dicom-web/studies/{dicom.StudyInstanceUID}", **related(*parts))
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/dicom+json"
    said = pydicom.Dataset.from_json(answer.json())
    assert [each.ReferencedSOPInstanceUID for each in said.ReferencedSOPSequence] == [dicom.SOPInstanceUID]
    assert [each.ReferencedSOPInstanceUID for each in said.FailedSOPSequence] == [other.SOPInstanceUID]
    assert [each.FailureReason for each in said.FailedSOPSequence] == [0x0110]
    assert said.OtherFailuresSequence == [reason(0xC000)]  # it has no name to refer to it by
    assert [said.RetrieveURL, said.ReferencedSOPSequence[0].RetrieveURL] == ["", ""]  # present, and empty: type 2
    assert "RetrieveURL" not in said.FailedSOPSequence[0]
    assert sqlite_store.queue.waiting() == 1


@pytest.mark.parametrize("missing", ["SOPClassUID", "SOPInstanceUID"])
def test_an_object_without_a_name_is_another_failure(client: TestClient, dicom: pydicom.Dataset, missing: str) -> None:
    nameless = copy.deepcopy(dicom)
    del nameless[missing], nameless.file_meta[f"MediaStorage{missing}"]
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, nameless, enforce_file_format=False)
    answer = client.post("/dicom-web/studies", **related(("application/dicom", buffer.getvalue())))
    assert answer.status_code == 409
    said = pydicom.Dataset.from_json(answer.json())
    assert said.OtherFailuresSequence == [reason(0xC000)]
    assert "FailedSOPSequence" not in said


def test_what_is_no_image_is_refused(client: TestClient, dicom: pydicom.Dataset) -> None:
    report = pydicom.Dataset()
    report.file_meta = dicom.file_meta
    report.SOPClassUID, report.SOPInstanceUID = dicom.SOPClassUID, dicom.SOPInstanceUID
    report.StudyInstanceUID = dicom.StudyInstanceUID
    answer = client.post("/dicom-web/studies", **related(("application/dicom", written(report))))
    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0122]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (related(("image/png", grey_png())), 409),
        (related(("application/dicom", b"x"), type_="image/png"), 415),
        ({"content": b"x", "headers": {"Content-Type": "application/json"}}, 415),
        ({"content": b"x", "headers": {"Content-Type": "multipart/related"}}, 400),
        ({"content": b"--f\r\n\r\nx", "headers": {"Content-Type": "multipart/related; boundary=f"}}, 400),
        ({"content": b"", "headers": {"Content-Type": "multipart/related; boundary=f"}}, 400),
    ],
)
def test_what_is_no_dicomweb_message_is_refused(client: TestClient, sent: dict, status: int) -> None:
    assert client.post("/dicom-web/studies", **sent).status_code == status
