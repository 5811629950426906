"""Whether it runs, whether it can read, and what it counts."""

from fastapi.testclient import TestClient

from fabricate_service import grey_png
from hilum.reading.reader import Reader
from hilum.service.store.store import Store
from hilum.service.web.app import create_app
from hilum.service.web.settings import ServiceSettings


def test_it_is_ready_only_with_a_reader(client: TestClient, sqlite_store: Store, reader: Reader) -> None:
    assert client.get("/healthz").json() == client.get("/readyz").json() == {"status": "ok"}
    app = create_app(reader, sqlite_store, ServiceSettings(min_free_bytes=0))
    alone = TestClient(app, base_url="http://localhost")
    assert alone.get("/healthz").status_code == 200
    assert alone.get("/readyz").json()["detail"] == "No reader process is ready yet."


def test_it_counts_what_was_sent(client: TestClient) -> None:
    for data in (grey_png(), grey_png(), b"no radiograph at all"):
        client.post("/api/v1/readings", files={"file": ("MUSTERMANN.png", data)})
    text = client.get("/metrics").text
    for line in (
        'hilum_jobs{state="queued"} 1.0', 'hilum_uploads_total{result="accepted"} 1.0',
        'hilum_uploads_total{result="known"} 1.0', 'hilum_uploads_total{result="refused"} 1.0',
        "hilum_readers_ready 1.0",
    ):  # fmt: skip
        assert line in text
    assert "MUSTERMANN" not in text
