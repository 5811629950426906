"""What an archive reports of objects that it was asked to keep (storage commitment, PS3.4 annex J)."""

from __future__ import annotations

import logging
from typing import Any

from pynetdicom import evt

from hilum.errors import OutputError
from hilum.service.dicom.outbox import Outbox

_LOG = logging.getLogger("hilum.service")
_SUCCESS, _FAILURE = 0x0000, 0x0110


def hear_report(event: evt.Event, *, by: str, outbox: Outbox) -> int:
    """Write a report of the archive `by`, an AE title, into the outbox; the status for the answer.

    A report that was not written comes again.
    """
    told: Any = event.event_information
    kept = [str(item.ReferencedSOPInstanceUID) for item in told.get("ReferencedSOPSequence") or ()]
    failed = {
        str(item.ReferencedSOPInstanceUID): int(item.get("FailureReason") or 0)
        for item in told.get("FailedSOPSequence") or ()
    }
    try:
        outbox.kept(str(told.get("TransactionUID") or ""), by=by, instances=kept, failed=failed)
    except OutputError as error:
        _LOG.error("a report of an archive was not kept: %s", error)
        return _FAILURE
    return _SUCCESS
