"""The side that is called: it keeps the bytes that arrive and says so, and hears what archives report."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from socketserver import BaseServer
from typing import Any

from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer
from sqlalchemy import Connection

from hilum.errors import BusyError, OutputError, UsageError
from hilum.service.dicom.commitment import hear_report
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import Caller, may_call, may_send
from hilum.service.store.job import Job, Upload
from hilum.service.store.names import tame_name
from hilum.service.store.queue import Within
from hilum.service.store.store import Store

_LOG = logging.getLogger("hilum.service")

SILENT_S = 30.0
"""How long a connection may say nothing, before its association or in the middle of a message; then it is ended."""

MOST_BYTES = 64 << 20
"""The largest image that is taken, unless it is said otherwise."""

LARGEST_PDU = 1 << 20
"""What a sender may put into one piece of a message: while an object comes, it is measured piece by piece."""

_MOST_REFUSED = 1000
"""Of how many senders that were turned away the log tells."""

SUCCESS, OUT_OF_RESOURCES, TOO_LARGE, REFUSED = 0x0000, 0xA700, 0xC000, 0x0124

ANSWERS = {
    SUCCESS: "the image and its row in the table of jobs are on disk",
    OUT_OF_RESOURCES: "the disk is nearly full, or too many images wait; the sender keeps the image and sends it again",
    TOO_LARGE: "the image is larger than `--max-mb` allows; it is refused each time",
    REFUSED: "this AE title may not send from this address",
}
"""What C-STORE is answered with; C-ECHO with the first or the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenSettings:
    """How to listen.

    `title` is hilum's AE title. `callers` alone may send. `reserve_bytes`: how much of the disk stays free; an image
    that would use it is turned away with 0xA700, and the sender keeps it. One of more than `max_bytes` is refused with
    0xC000, and no more of it than that is ever held. `associations`: how many at once.
    """

    title: str
    host: str
    port: int
    callers: tuple[Caller, ...]
    reserve_bytes: int = 1 << 30
    max_bytes: int = MOST_BYTES
    associations: int = 20


class Listener:
    """Listens from construction until `close`; `port` is the one that was taken.

    Every storage class is taken in every transfer syntax: what is no radiograph fails when it is read, with the reason,
    while a sender whose object is refused would fail as a whole. Nothing is decoded here. Raises `UsageError` where the
    port cannot be used. `again` writes more in the transaction that takes an image in (`results.ResultsOf.again`).
    """

    def __init__(
        self,
        settings: ListenSettings,
        *,
        store: Store,
        outbox: Outbox,
        settings_sha256: str,
        again: Within | None = None,
    ) -> None:
        self._settings, self._store, self._outbox, self._sha256 = settings, store, outbox, settings_sha256
        self._again, self._refused = again, _Refused()
        entity = AE(ae_title=settings.title)
        entity.maximum_pdu_size = LARGEST_PDU
        entity.acse_timeout = SILENT_S
        entity.maximum_associations = settings.associations
        entity.require_called_aet = True
        entity.require_calling_aet = sorted({caller.title for caller in settings.callers})
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(Verification)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        try:
            self._server = entity.make_server(
                (settings.host, settings.port),
                evt_handlers=[(evt.EVT_C_STORE, self._store_image), (evt.EVT_C_ECHO, self._echo),
                              (evt.EVT_N_EVENT_REPORT, self._hear), (evt.EVT_CONN_CLOSE, _hung_up),
                              (evt.EVT_PDU_RECV, self._measure)],
                server_class=_server_for(settings.callers, refused=self._refused),
            )  # fmt: skip
        except OSError as error:
            raise UsageError(
                f"{settings.host}, port {settings.port}, cannot be used ({error.strerror}); check --host and --port"
            ) from error
        self._server.contexts = _Contexts(self._server.contexts)
        self.port = int(self._server.socket.getsockname()[1]) if self._server.socket is not None else settings.port
        self._thread = threading.Thread(target=self._server.serve_forever, name="hilum-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more; associations that are open are ended."""
        self._server.shutdown()
        self._thread.join()

    def _may_send(self, event: evt.Event) -> bool:
        title, address = str(event.assoc.requestor.ae_title).strip(), str(event.assoc.requestor.address)
        known = may_send(title, address=address, callers=self._settings.callers)
        if not known:
            self._refused.tell(f"{title} from {address} may not send: no --from names this title with this address")
        return known

    def _echo(self, event: evt.Event) -> int:
        return SUCCESS if self._may_send(event) else REFUSED

    def _store_image(self, event: evt.Event) -> int:
        """Bytes and row on disk, then the answer."""
        if not self._may_send(event):
            return REFUSED
        request: Any = event.request
        data = event.encoded_dataset()
        if isinstance(request.DataSet, _Nowhere) or len(data) > self._settings.max_bytes:
            _LOG.warning("use a larger --max-mb to take larger images: one was refused")
            return TOO_LARGE
        if self._store.files.free_bytes() - len(data) < self._settings.reserve_bytes:
            _LOG.error("the disk is nearly full: an image was turned away, and its sender keeps it")
            return OUT_OF_RESOURCES
        upload = Upload(
            name=tame_name(f"{request.AffectedSOPInstanceUID}.dcm"),
            origin="dicom",
            details={"from": str(event.assoc.requestor.ae_title).strip()},
        )
        who, address = upload.details["from"], str(event.assoc.requestor.address)

        def within(connection: Connection, job: Job) -> None:
            self._store.audit.add_within(connection, "upload", who=who, address=address, job_id=job.id)
            if self._again is not None:
                self._again(connection, job)

        try:
            accepted = self._store.queue.accept(data, upload=upload, settings_sha256=self._sha256, within=within)
        except (BusyError, OutputError) as error:
            _LOG.error("an image was turned away, and its sender keeps it: %s", error)
            return OUT_OF_RESOURCES
        came = "came, and waits to be read" if accepted.is_new else "came again, and is known"
        _LOG.debug("reading %s: an image of %d bytes from %s %s", accepted.job.id, len(data), who, came)
        return SUCCESS

    def _measure(self, event: evt.Event) -> None:
        """Before the next piece of a message is added: let go of what is too large, and of all that follows."""
        message = event.assoc.dimse.message
        if message is None or message.data_set is None:
            return
        if message.data_set.tell() > self._settings.max_bytes:
            message.data_set = _Nowhere()

    def _hear(self, event: evt.Event) -> tuple[int, None]:
        """What an archive reports of objects that it was asked to keep."""
        if not self._may_send(event):
            return REFUSED, None
        return hear_report(event, by=str(event.assoc.requestor.ae_title).strip(), outbox=self._outbox), None


class _Nowhere(io.BytesIO):
    """Where the rest of an object goes that is too large: the sender is answered when it has sent all of it."""

    def write(self, data: Any, /) -> int:
        return len(data)


class _Contexts(list[PresentationContext]):
    """What is offered, cheap to copy for each connection.

    pynetdicom copies all of it deeply, every syntax of every class: a megabyte, and most of what a connection costs.
    Nothing of it is changed by a negotiation.
    """

    def __deepcopy__(self, memo: object) -> list[PresentationContext]:
        return [copy(context) for context in self]


def _hung_up(event: evt.Event) -> None:
    """Let go of a connection that was closed before it asked for anything: a load balancer's, a monitor's.

    pynetdicom would wait for its request as long as for one that is still open, and count it among the associations.
    """
    if event.assoc.requestor.primitive is None:
        event.assoc.dul.to_user_queue.put(None)  # type: ignore[arg-type]  # what waiting in vain gives


class _Refused:
    """Says in the log who was turned away, each once: a sender that is not let in tries again all day."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, line: str) -> None:
        if line not in self._told and len(self._told) < _MOST_REFUSED:
            self._told.add(line)
            _LOG.warning("%s", line)


def _server_for(callers: Sequence[Caller], *, refused: _Refused) -> type[ThreadedAssociationServer]:
    class _Server(ThreadedAssociationServer):
        """Hangs up on whoever calls from an address that nobody who may send has, or falls silent."""

        request_queue_size = 128  # with five, as the library has it, a sixth caller at once waits a second or three

        def get_request(self) -> tuple[Any, Any]:
            request, address = super().get_request()
            request.settimeout(SILENT_S)  # pynetdicom waits for the rest of a message for ever
            return request, address

        def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's
            address = str(client_address[0])
            known = may_call(address, callers=callers)
            if not known:
                refused.tell(f"a connection from {address} was refused: no --from names this address")
            return known

        def shutdown(self) -> None:
            BaseServer.shutdown(self)  # pynetdicom's own asks its list of servers that it started itself
            self.server_close()

    return _Server
