"""What senders meet: their image is kept or they are told that it is not."""

import gc
import io
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydicom import DataElement, config, dcmread
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from fabricate_study_image import study_image
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Caller
from hilum.service.store.readings import Wanted
from hilum.service.store.store import Store, StoreOptions, open_store

SHA = "0" * 64


@pytest.fixture
def listening(sqlite_store: Store, outbox: Outbox) -> Iterator[Callable[..., Listener]]:
    """Listens on this machine, with settings by name."""
    opened = []

    def begin(*callers: Caller, store: Store = sqlite_store, reserve_bytes: int = 0, **limits: int) -> Listener:
        allowed = callers or (Caller("XRAY", "127.0.0.1"),)
        settings = ListenSettings(
            title="HILUM", host="127.0.0.1", port=0, callers=allowed, reserve_bytes=reserve_bytes, **limits
        )
        opened.append(Listener(settings, store=store, outbox=outbox, settings_sha256=SHA))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def associate(listener: Listener, *, title: str = "XRAY", called: str = "HILUM", data: bytes = b"") -> Any:
    entity = AE(ae_title=title)
    entity.add_requested_context(Verification)
    if data:
        made = dcmread(io.BytesIO(data))
        entity.add_requested_context(made.SOPClassUID, made.file_meta.TransferSyntaxUID)
    return entity.associate("127.0.0.1", listener.port, ae_title=called)


def send(listener: Listener, data: bytes) -> int:
    association = associate(listener, data=data)
    assert association.is_established
    status = association.send_c_store(dcmread(io.BytesIO(data))).Status
    association.release()
    return int(status)


@pytest.mark.parametrize("variant", ["cr", "jpeg 2000", "japanese"])
def test_an_image_is_on_disk_when_its_sender_is_told_so(listening: Any, sqlite_store: Store, variant: str) -> None:
    data = study_image(variant)
    assert send(listening(), data) == 0x0000
    lease = sqlite_store.queue.claim("test")
    assert lease is not None
    kept = sqlite_store.files.read_bytes(lease.job.sha256)
    assert kept is not None
    assert dcmread(io.BytesIO(kept)) == dcmread(io.BytesIO(data))
    assert lease.job.details == {"from": "XRAY"}
    assert "HILUM" not in lease.job.name  # the phantom's name; only a UID names the file
    (row,) = sqlite_store.audit.rows()
    assert (row.action, row.who, row.address, row.job_id) == ("upload", "XRAY", "127.0.0.1", lease.job.id)


def test_an_image_that_comes_twice_is_one_job(listening: Any, sqlite_store: Store) -> None:
    listener = listening()
    assert [send(listener, study_image()) for _ in range(2)] == [0, 0]
    assert sqlite_store.queue.waiting() == 1


@pytest.mark.parametrize(
    "uid", ["../../../../tmp/x", "1.2\r\nFORGED: line", "<script>alert(1)</script>", "'; DROP TABLE job;--", "%s{0}"]
)
def test_an_instance_uid_that_is_none_is_no_name_and_no_line(
    listening: Any, sqlite_store: Store, caplog: pytest.LogCaptureFixture, uid: str
) -> None:
    """What the message says, not the object; a sender may say anything there."""
    caplog.set_level(logging.DEBUG, logger="hilum")
    listener = listening()
    data = study_image()
    association = associate(listener, data=data)
    sent = dcmread(io.BytesIO(data))
    sent.add(DataElement(0x00080018, "UI", uid, validation_mode=config.IGNORE))
    status = association.send_c_store(sent).get("Status")
    association.abort()
    assert status in (0x0000, None) or status >= 0xA700
    jobs = sqlite_store.readings.page(Wanted()).jobs
    assert len(jobs) == (status == 0x0000)
    for job in jobs:
        assert job.name.isprintable()
        assert "/" not in job.name
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("hilum")]
    assert not [line for line in lines if "FORGED" in line or "\n" in line or uid in line]


def test_an_echo_is_answered(listening: Any) -> None:
    association = associate(listening())
    assert association.send_c_echo().Status == 0x0000
    association.release()


def test_strangers_are_turned_away(listening: Any) -> None:
    listener = listening(Caller("XRAY", "127.0.0.1"))
    assert associate(listener, title="STRANGER").is_rejected
    assert associate(listener, called="OTHER").is_rejected
    elsewhere = listening(Caller("XRAY", "10.9.9.9"))
    assert not associate(elsewhere).is_established


def test_a_title_may_send_from_its_own_address_alone(listening: Any, sqlite_store: Store) -> None:
    listener = listening(Caller("XRAY", "10.9.9.9"), Caller("ARCHIVE", "127.0.0.1"))
    assert send(listener, study_image()) == 0x0124  # XRAY, but from here
    assert sqlite_store.queue.waiting() == 0


def test_the_log_tells_once_who_is_turned_away(listening: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="hilum.service")
    elsewhere, other = listening(Caller("XRAY", "10.9.9.9")), listening(Caller("XRAY", "10.9.9.9"), Caller("ARCHIVE"))
    for _ in range(3):
        assert not associate(elsewhere).is_established
        assert send(other, study_image()) == 0x0124
    assert [record.getMessage() for record in caplog.records if record.name == "hilum.service"] == [
        "a connection from 127.0.0.1 was refused: no --from names this address",
        "XRAY from 127.0.0.1 may not send: no --from names this title with this address",
    ]


def test_a_disk_that_is_nearly_full_takes_no_image(listening: Any, sqlite_store: Store) -> None:
    assert send(listening(reserve_bytes=1 << 60), study_image()) == 0xA700
    assert sqlite_store.queue.waiting() == 0


def test_a_queue_that_is_full_takes_no_image(listening: Any, tmp_path: Any) -> None:
    store = open_store(tmp_path / "small", options=StoreOptions(capacity=1))
    listener = listening(store=store)
    assert [send(listener, study_image(variant)) for variant in ("cr", "dx")] == [0x0000, 0xA700]
    store.close()


def test_an_image_of_the_limit_is_taken_and_a_larger_one_refused(listening: Any, sqlite_store: Store) -> None:
    data = study_image()
    listener = listening()
    assert send(listener, data) == 0x0000
    size = sqlite_store.queue.claim("test").job.size  # as it arrives: the meta information is the listener's
    assert send(listening(max_bytes=size - 1), data) == 0xC000
    assert send(listening(max_bytes=size), data) == 0x0000
    assert len(sqlite_store.readings.page(Wanted()).jobs) == 1


SENDER = """
import sys
from pydicom.dataset import Dataset, FileMetaDataset
from pynetdicom import AE
made = Dataset()
made.SOPClassUID, made.SOPInstanceUID, made.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3", "1.2"
made.BitsAllocated, made.Rows, made.Columns = 8, 1000, 1000
made.add_new(0x7FE00010, "OB", bytes(int(sys.argv[2]) << 20))
made.file_meta = FileMetaDataset()
made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
entity = AE("XRAY")
entity.add_requested_context(made.SOPClassUID, made.file_meta.TransferSyntaxUID)
association = entity.associate("127.0.0.1", int(sys.argv[1]), ae_title="HILUM")
print(f"{association.send_c_store(made).Status:04X}")
association.release()
"""


def test_no_more_of_an_object_is_held_than_an_image_may_have(listening: Any, sqlite_store: Store, until: Any) -> None:
    psutil = pytest.importorskip("psutil")
    process, most = psutil.Process(), 0
    listener = listening(max_bytes=1 << 20)
    assert send(listener, study_image()) == 0
    before = process.memory_info().rss
    words = [sys.executable, "-c", SENDER, str(listener.port), "150"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as sender:
        while sender.poll() is None:
            most = max(most, process.memory_info().rss)
            time.sleep(0.01)
        assert sender.stdout is not None
        assert sender.stdout.read().strip() == "C000"
    assert most - before < 40 << 20
    assert sqlite_store.queue.waiting() == 1
    assert send(listener, study_image("dx")) == 0


HALF = bytes.fromhex("0100000000d00001000048494c554d")
"""The first bytes of a request for an association; 208 were announced."""


@pytest.mark.parametrize("said", [b"", HALF], ids=["bare", "half an association"])
@pytest.mark.parametrize("probes", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_probes_leave_nothing_behind(listening: Any, until: Any, probes: int, said: bytes) -> None:
    """Connections that say nothing, as load balancers and monitors make them, and some that break off."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    listener = listening()

    def probe(times: int) -> None:
        for _ in range(times):
            with socket.create_connection(("127.0.0.1", listener.port)) as connection:
                connection.sendall(said)
        associate(listener).abort()  # whatever it is told: all that called before it were heard by then
        until(lambda: not [each for each in threading.enumerate() if "AcceptorThread" in each.name])

    assert send(listener, study_image()) == 0
    probe(probes // 5)
    gc.collect()
    threads, held, memory = threading.active_count(), process.num_fds(), process.memory_info().rss
    probe(probes)
    until(lambda: threading.active_count() <= threads and process.num_fds() <= held)
    gc.collect()
    assert process.memory_info().rss - memory < 32 << 20  # an association holds over a megabyte while it lives
    assert send(listener, study_image("dx")) == 0


@pytest.mark.parametrize("said", [b"", HALF], ids=["bare", "half an association"])
def test_a_connection_that_falls_silent_is_ended(
    listening: Any, until: Any, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr("hilum.service.dicom.listener.SILENT_S", 0.5)
    listener = listening()
    before = threading.active_count()
    with ExitStack() as open_:
        for _ in range(25):  # more than associations are taken at once
            connection = open_.enter_context(socket.create_connection(("127.0.0.1", listener.port)))
            connection.sendall(said)
        until(lambda: threading.active_count() > before)
        until(lambda: threading.active_count() <= before)
        assert send(listener, study_image()) == 0
