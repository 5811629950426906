"""A patient's name, in tags and in a file's name, is only where it must be: not in a log, a figure or an error."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, _config
from sqlalchemy import create_engine, inspect, text

from fabricate_named_image import BROKEN, NAME, named_image
from fabricate_service import grey_png
from hilum.reading.reader import Reader
from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import OUTBOX, Outbox
from hilum.service.dicom.peers import Caller, Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.readers.read_lease import read_lease
from hilum.service.store.database import SQLITE_FILE
from hilum.service.store.store import Store
from hilum.service.web.app import create_app
from hilum.service.web.passwords import hash_token
from hilum.service.web.service import Readers
from hilum.service.web.settings import ServiceSettings

pytestmark = pytest.mark.slow

MUST_HOLD = {("job", "name"), ("job", "reading"), (OUTBOX.name, "data")}
"""What a file is called, the reading that names it, and objects that wait for their archive."""

TOKEN = "t" * 32
READINGS = "/api/v1/readings"


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Everything that any library or hilum logs, at every level, and every warning of Python, while the test runs."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name}: {self.format(record)} {record.args}")

    root, handler = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield lines
        lines += [f"warning: {each.message} ({each.filename}:{each.lineno})" for each in warned]
    root.removeHandler(handler)
    root.setLevel(level)
    lines += [f"printed: {line}" for part in capfd.readouterr() for line in part.splitlines()]
    leaks = [line for line in lines if NAME in line]
    assert lines
    assert not leaks, "\n".join(leaks[:10])


def where_it_stands(store: Store) -> set[tuple[str, str]]:
    """Every table and column of the database that holds the name."""
    engine = create_engine(f"sqlite:///{store.folder / SQLITE_FILE}")
    found = set()
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                found |= {(table, column) for column, value in row.items() if NAME in as_text(value)}
    engine.dispose()
    return found


def as_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def files_that_hold_it(folder: Path) -> list[str]:
    """Files beside the database whose bytes or path hold the name."""
    rest = [path for path in folder.rglob("*") if not path.name.startswith(SQLITE_FILE)]
    return [str(path) for path in rest if NAME in str(path) or (path.is_file() and NAME.encode() in path.read_bytes())]


def all_images() -> list[bytes]:
    """Whole, broken in every way, and damaged."""
    whole = [named_image(), *(named_image(each, number=number) for number, each in enumerate(BROKEN, start=2))]
    return [*whole, named_image(number=50, cut=600), named_image(number=51, cut=3000), named_image(number=52, cut=-700)]


def read_all(store: Store, *, reader: Reader, also: Any = None) -> None:
    while (lease := store.queue.claim("test")) is not None:
        read_lease(lease, store=store, reader=reader, also=also)


def test_the_web_tells_nobody(sqlite_store: Store, reader: Reader, said: list[str]) -> None:
    settings = ServiceSettings(min_free_bytes=0, max_bytes=200_000, tokens={"pacs": hash_token(TOKEN)})
    app = create_app(reader, sqlite_store, settings, readers=Readers(ready=lambda: 1, deaths=lambda: 0))
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    answers = []

    def send(data: bytes, *, name: str = f"{NAME}^ERIKA.dcm", **fields: str) -> Any:
        answers.append(client.post(READINGS, files={"file": (name, data)}, data=fields))
        return answers[-1]

    ids = [send(data).json()["id"] for data in all_images()]
    wrong = [b"", b"%PDF-1.7 " + NAME.encode(), b"\x89PNG\r\n\x1a\n" + b"0" * 300_000, grey_png()[:40]]
    refused = [send(data, name=f"{NAME}.png") for data in wrong]
    assert [each.status_code for each in refused] == [415, 415, 413, 202]
    refused += [send(grey_png(), name=f"{NAME}.png", age="soon"), client.post(READINGS, data={"age": "3"})]
    refused += [stow(client, data) for data in (*all_images(), b"no DICOM " + NAME.encode())]
    read_all(sqlite_store, reader=reader)
    for job_id in ids:
        answers += [client.get(f"{READINGS}/{job_id}{path}") for path in ("", "/page", "/overlay", "/thumbnail", "/no")]
    failures = [each.json()["failure"]["message"] for each in answers if _failed(each)]
    assert failures
    metrics = client.get("/metrics").text
    told = [*failures, metrics, *(each.text for each in refused if each.status_code >= 400)]
    assert "hilum_jobs" in metrics
    assert not [each for each in told if NAME in each]
    assert NAME in client.get(READINGS).text  # the worklist says whose each is
    assert where_it_stands(sqlite_store) <= MUST_HOLD
    for job_id in (row["id"] for row in client.get(READINGS, params={"limit": 200}).json()["readings"]):
        assert client.delete(f"{READINGS}/{job_id}").status_code == 204
    assert where_it_stands(sqlite_store) == set()
    assert not files_that_hold_it(sqlite_store.folder)


def _failed(answer: Any) -> bool:
    kind = answer.headers.get("content-type", "")
    return kind == "application/json" and bool(answer.json().get("failure"))


def stow(client: TestClient, data: bytes) -> Any:
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n--b--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=b'
    return client.post("/dicom-web/studies", content=body, headers={"content-type": kind})


def test_the_network_tells_nobody(
    sqlite_store: Store, reader: Reader, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)  # the sender, here too, decodes nothing
    outbox = Outbox(database=sqlite_store.database, clock=sqlite_store.queue.clock)
    to = Destination("ARCHIVE", "127.0.0.1", 1, ("sr", "pr", "sc", "seg"))
    settings = ListenSettings(
        title="HILUM", host="127.0.0.1", port=0, callers=(Caller("XRAY"), Caller("ARCHIVE")), reserve_bytes=0
    )  # fmt: skip
    listener = Listener(settings, store=sqlite_store, outbox=outbox, settings_sha256="0" * 64)
    try:
        assert set(sent(listener.port, all_images(), folder=tmp_path / "sent")) == {0}
        read_all(sqlite_store, reader=reader, also=ResultsOf([to]))
        Deliverer(title="HILUM", destinations=[to], outbox=outbox).deliver(to)  # nobody is there
        assert sent(listener.port, [named_image(number=90)], folder=tmp_path / "sent", title="STRANGER") == []
    finally:
        listener.close()
    states = sqlite_store.readings.counts()
    assert min(states["done"], states["failed"]) > 0
    assert all(NAME not in row.said for row in outbox.counts())
    assert where_it_stands(sqlite_store) <= MUST_HOLD - {("job", "name"), ("job", "reading")}
    assert {path.rpartition(".")[2] for path in files_that_hold_it(sqlite_store.folder)} == {"dcm"}  # the objects


def sent(port: int, images: list[bytes], *, folder: Path, title: str = "XRAY") -> list[int]:
    """The statuses with which images are answered; the bytes go as they are, whatever is wrong with them."""
    entity = AE(ae_title=title)
    entity.add_requested_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port, ae_title="HILUM")
    if not association.is_established:
        return []
    folder.mkdir(exist_ok=True)
    answers = []
    for data in images:
        path = folder / "image.dcm"
        path.write_bytes(data)
        answers.append(int(association.send_c_store(path).Status))
    association.release()
    return answers
