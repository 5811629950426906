"""The side that calls: objects go to archives, which are asked to say that they keep them."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from hilum.errors import OutputError
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.objects.uids import derived_uid
from hilum.service.dicom.commitment import hear_report
from hilum.service.dicom.outbox import Outbox, Parcel
from hilum.service.dicom.peers import AnyDestination, Destination, WebDestination
from hilum.service.dicom.web_archive import WebArchives

_LOG = logging.getLogger("hilum.service")
_LOOK_EVERY_S = 1.0
_TIMEOUT_S = 30.0
_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
_TAKEN = (0x0000, 0xB000, 0xB006, 0xB007)

OFFERED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
"""The objects' own transfer syntax, and the default one, which must be offered too (PS3.5, 10.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Sends what is due as `title`, to the destinations; with `commitment` archives are asked whether they keep it.

    `web` is how archives on the web are sent to: their answer says itself what they keep.
    """

    title: str
    destinations: Sequence[AnyDestination]
    outbox: Outbox
    commitment: bool = True
    web: WebArchives = field(default_factory=WebArchives)

    def run(self, stopping: threading.Event) -> None:
        """Deliver until told to stop; each destination has a thread, so that one that is silent delays no other."""
        threads = [
            threading.Thread(
                target=self._serve, args=(each, stopping), name=f"hilum-deliverer-{each.name}", daemon=True
            )
            for each in self.destinations
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _serve(self, destination: AnyDestination, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                self.deliver(destination)
            except OutputError as error:
                _LOG.error("%s", error)
            except Exception as error:  # noqa: BLE001 - a defect with one object must not stop delivery
                _LOG.error("delivery met a defect of hilum (%s); please report it", type(error).__name__)
            stopping.wait(_LOOK_EVERY_S)

    def deliver(self, destination: AnyDestination) -> int:
        """Send what is due there over one connection; returns how many objects the archive took."""
        parcels = self.outbox.due(destination.name)
        if not parcels:
            return 0
        if isinstance(destination, WebDestination):
            return self.web.deliver(destination, parcels=parcels, outbox=self.outbox)
        return self._associate(destination, parcels=parcels)

    def _associate(self, destination: Destination, *, parcels: Sequence[Parcel]) -> int:
        entity = AE(ae_title=self.title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = _TIMEOUT_S
        for sop_class in dict.fromkeys(parcel.sop_class for parcel in parcels):
            entity.add_requested_context(sop_class, list(OFFERED))
        if self.commitment:
            entity.add_requested_context(StorageCommitmentPushModel)
        association = entity.associate(
            destination.host,
            destination.port,
            ae_title=destination.title,
            evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._hear, [destination.title])],
        )
        if not association.is_established:
            self.outbox.failed([each.number for each in parcels], said="the archive cannot be reached or refused")
            return 0
        try:
            taken = [parcel for parcel in parcels if self._send(parcel, association=association)]
            self._ask(taken, association=association)
        finally:
            if association.is_established:
                association.release()
        return len(taken)

    def _send(self, parcel: Parcel, *, association: Association) -> bool:
        """Whether the archive took the object; if not, the outbox knows why."""
        try:
            with without_pydicom_warnings():
                answer = association.send_c_store(dcmread(io.BytesIO(parcel.data)))
        except (RuntimeError, ValueError) as error:  # the association ended, or the archive takes no such objects
            self.outbox.failed([parcel.number], said=str(error))
            return False
        status = answer.get("Status")
        if status in _TAKEN:
            if status:
                _LOG.warning("an archive took an object with a warning (0x%04X)", status)
            return True
        said = "the archive gave no answer" if status is None else f"the archive refused it (0x{status:04X})"
        self.outbox.failed([parcel.number], said=said)
        return False

    def _ask(self, taken: Sequence[Parcel], *, association: Association) -> None:
        """Ask whether what was taken is kept; where the archive does not answer that, that it took it must do."""
        if not taken:
            return
        numbers = [each.number for each in taken]
        if not self.commitment:
            self.outbox.delivered(numbers, said="taken; the archive was not asked whether it keeps it")
            return
        offered = any(
            context.abstract_syntax == StorageCommitmentPushModel for context in association.accepted_contexts
        )
        if not offered:
            self.outbox.delivered(numbers, said="taken; the archive does not say whether it keeps what it took")
            return
        made_of = (taken[0].destination, str(self.outbox.clock()), *(each.sop_instance for each in taken))
        transaction = derived_uid("commitment", *made_of)
        self.outbox.promised(numbers, transaction=transaction)  # before asking: the report may come at once
        asked = Dataset()
        asked.TransactionUID = transaction
        asked.ReferencedSOPSequence = []
        for parcel in taken:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = parcel.sop_class, parcel.sop_instance
            asked.ReferencedSOPSequence.append(item)
        try:
            status, _ = association.send_n_action(asked, 1, StorageCommitmentPushModel, _COMMITMENT_INSTANCE)
        except (RuntimeError, ValueError) as error:  # the association ended meanwhile
            self.outbox.failed(numbers, said=str(error))
            return
        answer = status.get("Status")
        if answer is None:
            self.outbox.failed(numbers, said="the archive was gone when it was asked whether it keeps what it took")
        elif answer != 0x0000:
            self.outbox.delivered(numbers, said="taken; the archive would not say whether it keeps it")

    def _hear(self, event: evt.Event, title: str) -> tuple[int, None]:
        """A report on the association that asked for it."""
        return hear_report(event, by=title, outbox=self.outbox), None
