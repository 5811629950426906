"""Files in, readings out: what a program meets that uses the interface."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from fabricate_service import grey_png
from fabricate_study_image import study_image
from hilum.report.schema import reading_schema
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.store.store import Store, StoreOptions, open_store
from hilum.service.web.app import create_app
from hilum.service.web.settings import ServiceSettings

Client = Callable[..., TestClient]
READINGS = "/api/v1/readings"


def send(client: TestClient, data: bytes, *, name: str = "a.png", **fields: str):
    return client.post(READINGS, files={"file": (name, data, "application/octet-stream")}, data=fields)


def test_a_file_is_accepted_read_and_shown(client: TestClient, read_all: Callable[[], None]) -> None:
    sent = send(client, grey_png(), age="3", sex="f", view="AP")
    assert sent.status_code == 202
    own = sent.headers["Location"]
    assert own == sent.json()["links"]["self"]
    assert client.get(f"{own}/page").json()["detail"] == "It is not read yet; ask again in a while."
    read_all()
    done = client.get(own).json()
    assert (done["state"], done["rank"], done["flagged"]) == ("done", "flagged", ["Pneumonia"])
    assert done["why"].startswith("Pneumonia flagged: 94% (threshold 50%)")
    assert done["reading"]["stated"] == {
        "age_years": 3.0, "sex": "F", "view": "AP", "type": None, "assume_scope": False,
    }  # fmt: skip
    jsonschema.validate(done["reading"], client.get("/api/v1/reading.schema.json").json())
    page = client.get(done["links"]["page"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts")
    for part, begins in (("overlay", b"\xff\xd8\xff"), ("thumbnail", b"\x89PNG")):
        assert client.get(done["links"][part]).content.startswith(begins)
    again = send(client, grey_png(), age="3", sex="f", view="AP", name="b.png")
    assert (again.status_code, again.json()["id"]) == (200, done["id"])


def test_a_damaged_file_is_a_failed_reading(client: TestClient, read_all: Callable[[], None]) -> None:
    sent = send(client, grey_png()[:60])
    read_all()
    failed = client.get(sent.headers["Location"]).json()
    assert (failed["state"], failed["rank"], failed["failure"]["kind"]) == ("failed", "could not be read", "decode")
    jsonschema.validate(failed["reading"], reading_schema())
    assert client.get(f"{sent.headers['Location']}/page").status_code == 404


@pytest.mark.parametrize(
    ("data", "fields", "status", "said"),
    [
        (b"%PDF-1.7 and more", {}, 415, "a PDF document"),
        (b"", {}, 415, "empty"),
        (b"<html><script>alert(1)</script>", {}, 415, ""),
        (b"PK\x03\x04" + b"0" * 100, {}, 415, "ZIP archive"),
        (grey_png(), {"age": "soon"}, 422, "soon"),
        (grey_png(), {"age": "999"}, 422, "120"),
        (grey_png(), {"view": "upside"}, 422, "upside"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 5000, {}, 413, "at most 4,000"),
    ],
)
def test_what_is_refused_is_told_in_plain_english(
    make_client: Client, sqlite_store: Store, data: bytes, fields: dict[str, str], status: int, said: str
) -> None:
    refused = send(make_client(max_bytes=4000), data, **fields)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == status
    assert said in refused.json()["detail"]
    assert sqlite_store.queue.waiting() == 0
    assert not sqlite_store.files.hashes()


def test_a_request_without_file_or_body(client: TestClient) -> None:
    assert client.post(READINGS, data={"age": "3"}).json()["detail"] == "File is missing."
    broken = client.post(
        READINGS, content=b"--x\r\nrubbish", headers={"content-type": "multipart/form-data; boundary=y"}
    )
    assert broken.status_code in (400, 422)
    assert client.get("/api/v1/nothing").json()["detail"] == "There is nothing at this address."


def test_a_full_queue_says_when_to_come_again(tmp_path, reader) -> None:
    store = open_store(tmp_path / "small", options=StoreOptions(capacity=2))
    app = create_app(reader, store, ServiceSettings(retry_after_s=7, min_free_bytes=0))
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    answers = [send(client, grey_png(mark=mark)) for mark in range(3)]
    assert [each.status_code for each in answers] == [202, 202, 503]
    assert answers[2].headers["Retry-After"] == "7"
    assert "2 files wait" in answers[2].json()["detail"]
    store.close()


def test_a_full_disk_takes_nothing(make_client: Client, sqlite_store: Store) -> None:
    full = send(make_client(min_free_bytes=2**62), grey_png())
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    assert "nearly full" in full.json()["detail"]
    assert sqlite_store.queue.waiting() == 0


def test_the_worklist_in_pages(client: TestClient, read_all: Callable[[], None]) -> None:
    for level in (0.1, 0.7, 0.5):
        send(client, grey_png(level))
    send(client, grey_png()[:60])
    read_all()
    send(client, grey_png(0.3))
    first = client.get(READINGS, params={"limit": 3}).json()
    assert [each["rank"] for each in first["readings"]] == ["flagged", "flagged", "could not be read"]
    assert first["readings"][0]["urgency"] > first["readings"][1]["urgency"]
    assert all(each["reading"] is None for each in first["readings"])
    rest = client.get(READINGS, params={"limit": 3, "after": first["after"]}).json()
    assert [each["rank"] for each in rest["readings"]] == ["not flagged", "waiting"]
    assert (first["total"], rest["after"]) == (5, None)
    assert client.get(READINGS, params={"finding": "Pneumonia"}).json()["total"] == 2
    assert client.get(READINGS, params={"rank": "not flagged"}).json()["total"] == 1
    assert client.get(READINGS, params={"state": "nonsense"}).status_code == 422


def test_deletion_leaves_nothing(client: TestClient, sqlite_store: Store, read_all: Callable[[], None]) -> None:
    own = send(client, grey_png()).headers["Location"]
    read_all()
    assert client.delete(own).status_code == 204
    assert client.get(own).status_code == client.delete(own).status_code == 404
    assert client.get(f"{own}/overlay").status_code == 404
    assert sqlite_store.files.hashes() == sqlite_store.files.drawn_jobs() == frozenset()


def test_sent_again_what_is_no_longer_kept_is_seen_again(
    client: TestClient, sqlite_store: Store, read_all: Callable[[], None], clock: Any
) -> None:
    """With the settings as shipped, an hour after it was read."""
    own = send(client, grey_png()).headers["Location"]
    read_all()
    opinion = {"model": "toy", "finding": "Pneumonia", "opinion": "agree"}
    assert client.post(f"{own}/opinions", json=opinion).status_code == 201
    assert send(client, grey_png()).status_code == 200  # its page is there
    first = client.get(own).json()["reading"]
    clock.now_s += 3700.0
    sqlite_store.readings.sweep()
    assert client.get(f"{own}/page").json()["detail"].endswith("no longer kept; send the image again.")
    again = send(client, grey_png())
    assert (again.status_code, again.headers["Location"], again.json()["state"]) == (202, own, "queued")
    assert client.get("/api/v1/opinions.csv").status_code == 200
    read_all()
    assert client.get(f"{own}/page").status_code == 200
    second = client.get(own).json()["reading"]
    assert second["findings"] == first["findings"]
    assert [each["opinion"] for each in client.get(f"{own}/opinions").json()["opinions"]] == ["agree"]


def test_an_image_that_is_uploaded_again_goes_to_an_archive_named_since(
    sqlite_store: Store, reader: Any, read_all: Callable[[], None], clock: Any
) -> None:
    again = ResultsOf((Destination("LATER", "127.0.0.1", 104),)).again(sqlite_store.files)
    app = create_app(reader, sqlite_store, ServiceSettings(min_free_bytes=0), again=again)
    client, outbox = TestClient(app, base_url="http://localhost"), Outbox(database=sqlite_store.database, clock=clock)
    for status, rows in ((202, []), (200, [3]), (200, [3])):
        assert send(client, study_image(), name="a.dcm").status_code == status
        assert [row.rows for row in outbox.counts()] == rows
        read_all()


def test_the_audit_tells_what_was_done_and_no_names(
    client: TestClient, sqlite_store: Store, read_all: Callable[[], None]
) -> None:
    """The page with the findings is looked at as the JSON is; the small pictures of the worklist are not."""
    own = send(client, grey_png(), name="MUSTERMANN.png").headers["Location"]
    html = own.removeprefix("/api/v1")
    assert client.get(html).status_code == 200  # there is nothing to see yet
    read_all()
    for path in ("/", READINGS, f"{own}/thumbnail", html, own, f"{own}/page"):
        assert client.get(path).status_code == 200
    client.get("/api/v1/opinions.csv")
    client.delete(own)
    rows = sqlite_store.audit.rows()
    assert [row.action for row in rows] == ["upload", "view", "view", "download", "export", "delete"]
    assert {row.who for row in rows} == {"local"}
    assert "MUSTERMANN" not in str(rows)
