"""Archives are asked what they keep only where somebody hears their report, and who runs hilum is told."""

import io
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel

from fabricate_study_image import study_image
from hilum.objects.kinds import KINDS
from hilum.reading.reader import Reader
from hilum.service.dicom import network
from hilum.service.dicom.listener import ListenSettings
from hilum.service.dicom.network import NetworkPlan, connected, warn_of_unnamed
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Caller, Destination, WebDestination
from hilum.service.readers.read_lease import read_lease
from hilum.service.store.readings import Wanted
from hilum.service.store.store import Store


@dataclass
class Archive:
    """An archive that takes everything, says that it will report, and never does."""

    port: int = 0
    stored: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    @property
    def to(self) -> Destination:
        return Destination("ARCHIVE", "127.0.0.1", self.port)

    def store(self, _event: evt.Event) -> int:
        self.stored.append(1)
        return 0x0000

    def ask(self, _event: evt.Event) -> tuple[int, None]:
        self.asked.append(1)
        return 0x0000, None


@pytest.fixture
def archive() -> Iterator[Archive]:
    entity, made = AE("ARCHIVE"), Archive()
    for kind in KINDS.values():
        entity.add_supported_context(kind.sop_class)
    entity.add_supported_context(StorageCommitmentPushModel)
    handlers = [(evt.EVT_C_STORE, made.store), (evt.EVT_N_ACTION, made.ask)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    made.port = server.socket.getsockname()[1]
    yield made
    server.shutdown()


def listening(*titles: str) -> ListenSettings:
    return ListenSettings(title="HILUM", host="127.0.0.1", port=0, callers=tuple(map(Caller, titles)), reserve_bytes=0)


@pytest.mark.parametrize("listens", [True, False])
def test_an_archive_is_asked_only_where_its_report_is_heard(
    sqlite_store: Store,
    outbox: Outbox,
    post: Any,
    clock: Any,
    until: Any,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    listens: bool,
) -> None:
    said: list[str] = []  # of the logger itself: what earlier tests did to its handlers does not matter
    monkeypatch.setattr(network, "_LOG", SimpleNamespace(warning=lambda form, line: said.append(form % line)))
    clock.now_s = time.time() - 1.0
    post(archive.to)
    plan = NetworkPlan(
        title="HILUM", listening=listening("ARCHIVE") if listens else None, destinations=(archive.to,), commitment=True
    )
    state = "promised" if listens else "delivered"
    with connected(plan, store=sqlite_store, settings_sha256="0" * 64, say=lambda _: None):
        until(lambda: [(row.state, row.rows) for row in outbox.counts()] == [(state, 3)])
    assert (len(archive.stored), len(archive.asked)) == (3, int(listens))
    assert len([line for line in said if "confirm" in line]) == int(not listens)


TO = Destination("ARCHIVE", "10.0.0.5", 104)


def test_results_for_an_archive_that_is_named_no_more_are_told(
    sqlite_store: Store, outbox: Outbox, post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    renamed = Destination("ARCHIVE", "archive.local", 104)
    post(TO, renamed)
    outbox.delivered([outbox.due(TO.name)[0].number], said="kept")
    with caplog.at_level(logging.WARNING, logger="hilum.service"):
        warn_of_unnamed(sqlite_store, destinations=(TO, renamed))
        assert caplog.records == []
        warn_of_unnamed(sqlite_store, destinations=(renamed,))
        warn_of_unnamed(sqlite_store, destinations=())
    said = [record.getMessage().partition(",")[0] for record in caplog.records]
    assert said == [
        f"2 results wait for {TO.name}",
        f"2 results wait for {TO.name}",
        f"3 results wait for {renamed.name}",
    ]


def test_a_read_image_that_is_sent_again_goes_to_an_archive_named_since(
    sqlite_store: Store, outbox: Outbox, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    """And with --verbose the log tells of each step of an image, by the random id of its reading."""
    caplog.set_level(logging.DEBUG, logger="hilum.service")
    data = study_image()
    to = Destination("LATER", "127.0.0.1", 9, ("sr",))
    ports: list[int] = []
    plan = NetworkPlan(title="HILUM", listening=listening("XRAY"), destinations=(to,), commitment=False)
    with connected(
        plan, store=sqlite_store, settings_sha256="0" * 64, say=lambda line: ports.append(int(line.split()[6]))
    ):
        for rows in ([], [(to.name, 1)]):
            entity = AE("XRAY")
            entity.add_requested_context(dcmread(io.BytesIO(data)).SOPClassUID)
            association = entity.associate("127.0.0.1", ports[0], ae_title="HILUM")
            assert association.send_c_store(dcmread(io.BytesIO(data))).Status == 0x0000
            association.release()
            assert [(row.destination, row.rows) for row in outbox.counts()] == rows
            while (lease := sqlite_store.queue.claim("test")) is not None:
                read_lease(lease, store=sqlite_store, reader=reader)
    assert [row.action for row in sqlite_store.audit.rows()] == ["upload", "upload"]
    outbox.delivered([1], said="kept")
    (job,) = sqlite_store.readings.page(Wanted()).jobs
    lines = [line for line in caplog.messages if line.startswith(f"reading {job.id}: ")]
    assert [line.partition(": ")[2].split(" ")[0] for line in lines] == ["an", "read", "an", "sr"]
    assert lines[0].endswith("from XRAY came, and waits to be read")
    assert lines[2].endswith("from XRAY came again, and is known")
    assert lines[3].endswith(f"sr delivered to {to.name}")


@pytest.mark.parametrize(
    ("listens", "to", "commitment", "said"),
    [
        (None, TO, True, ["Use --from ARCHIVE@10.0.0.5 if archives are to confirm"]),
        (None, TO, False, []),
        (None, WebDestination("https://archive.example"), True, []),
        (["XRAY1"], TO, True, ["Use --from ARCHIVE@10.0.0.5 too, or --no-commitment: "]),
        (["XRAY1"], TO, False, []),
        (["XRAY1", "ARCHIVE"], TO, True, []),
    ],
)
def test_who_runs_it_is_told_of_a_report_that_nobody_would_hear(
    listens: list[str] | None, to: Any, commitment: bool, said: list[str]
) -> None:
    plan = NetworkPlan(
        title="HILUM",
        listening=None if listens is None else listening(*listens),
        destinations=(to,),
        commitment=commitment,
    )
    assert [line[: len(begin)] for line, begin in zip(plan.unheard, said, strict=True)] == said
