"""Delivery to a real archive, there and away."""

import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from hilum.objects.kinds import KINDS
from hilum.objects.make import DicomObject
from hilum.service.dicom import deliver
from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Caller, Destination
from hilum.service.store.store import Store
from run_orthanc import free_port, orthanc


def states(outbox: Outbox) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in outbox.counts():
        found[row.state] = found.get(row.state, 0) + row.rows
    return found


def said(outbox: Outbox) -> dict[str, str]:
    return {row.destination: row.said for row in outbox.counts()}


def test_an_archive_that_is_away_is_tried_again_later(outbox: Outbox, post: Any, clock: Any) -> None:
    to = Destination("ARCHIVE", "127.0.0.1", free_port())
    post(to)
    deliverer = Deliverer(title="HILUM", destinations=(to,), outbox=outbox)
    assert deliverer.deliver(to) == 0
    assert states(outbox) == {"waiting": 3}
    assert outbox.due(to.name) == ()
    clock.now_s += 10
    assert len(outbox.due(to.name)) == 3


@pytest.mark.parametrize("syntax", deliver.OFFERED, ids=lambda uid: uid.name)
def test_an_archive_may_take_either_little_endian(
    outbox: Outbox, post: Any, objects: tuple[DicomObject, ...], syntax: Any
) -> None:
    """The default transfer syntax must be offered; a few archives take nothing else."""
    taken = []

    def take(event: evt.Event) -> int:
        taken.append((event.context.transfer_syntax, event.dataset))
        return 0x0000

    entity = AE("ARCHIVE")
    for kind in KINDS.values():
        entity.add_supported_context(kind.sop_class, syntax)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    to = Destination("ARCHIVE", "127.0.0.1", server.socket.getsockname()[1], ("sr", "pr", "sc", "seg"))
    post(to)
    assert Deliverer(title="HILUM", destinations=(to,), outbox=outbox).deliver(to) == 4
    server.shutdown()
    assert [each for each, _ in taken] == [syntax] * 4
    assert [_content(dataset) for _, dataset in taken] == [_content(one.dataset) for one in objects]


def _content(dataset: Dataset) -> dict[str, Any]:
    """All there is, but for the VR of pixels: implicit, it is always OW (PS3.5, annex A.1)."""
    content: dict[str, Any] = dataset.to_json_dict()
    content.get("7FE00010", {}).pop("vr", None)
    return content


def test_an_archive_that_says_nothing_delays_no_other(outbox: Outbox, post: Any, until: Any) -> None:
    """The first takes a connection and never answers; of the second it is known that it is away meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        first = Destination("SILENT", "127.0.0.1", silent.getsockname()[1])
        second = Destination("AWAY", "127.0.0.1", free_port())
        post(first, second)
        stopping = threading.Event()
        deliverer = Deliverer(title="HILUM", destinations=(first, second), outbox=outbox)
        running = threading.Thread(target=deliverer.run, args=(stopping,), daemon=True)
        running.start()
        taken, _ = silent.accept()
        until(lambda: said(outbox)[second.name] == "the archive cannot be reached or refused")
        assert said(outbox)[first.name] == ""
        stopping.set()
        taken.close()
        running.join()
    assert said(outbox)[first.name] == "the archive cannot be reached or refused"


@pytest.mark.slow
def test_delivered_is_what_the_archive_reports_to_keep(
    outbox: Outbox, post: Any, sqlite_store: Store, tmp_path: Path, until: Any
) -> None:
    settings = ListenSettings(title="HILUM", host="127.0.0.1", port=0, callers=(Caller("ARCHIVE", "127.0.0.1"),))
    listener = Listener(settings, store=sqlite_store, outbox=outbox, settings_sha256="0" * 64)
    with orthanc(tmp_path / "archive", callers={"HILUM": listener.port}) as archive:
        to = Destination(archive.title, "127.0.0.1", archive.dicom_port, ("sr", "pr", "sc", "seg"))
        post(to)
        deliverer = Deliverer(title="HILUM", destinations=(to,), outbox=outbox)
        assert deliverer.deliver(to) == 4
        until(lambda: states(outbox) == {"delivered": 4})
        assert [row.said for row in outbox.counts()] == ["kept, as the archive reports"]
        assert len(archive.get("/instances")) == 4
        assert deliverer.deliver(to) == 0
    listener.close()


@pytest.mark.slow
def test_without_commitment_taken_is_delivered(outbox: Outbox, post: Any, tmp_path: Path) -> None:
    with orthanc(tmp_path / "archive", callers={"HILUM": free_port()}) as archive:
        to = Destination(archive.title, "127.0.0.1", archive.dicom_port)
        post(to)
        assert Deliverer(title="HILUM", destinations=(to,), outbox=outbox, commitment=False).deliver(to) == 3
        assert states(outbox) == {"delivered": 3}
