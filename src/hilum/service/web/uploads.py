"""A file that somebody sends: looked at, and accepted or refused; the same for every port of the web."""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from hilum.errors import BusyError, DecodeError, LimitError, OutputError
from hilum.imaging.files.sniff import FileFormat, sniff
from hilum.service.store.job import Job, Origin, Upload
from hilum.service.store.names import tame_name
from hilum.service.store.queue import Accepted
from hilum.service.web.access import User
from hilum.service.web.service import Service
from hilum.stated import Stated

_LOG = logging.getLogger("hilum.service")


def accept(data: bytes, *, name: str, stated: Stated, origin: Origin, user: User, service: Service) -> Accepted:
    """Accept the bytes of one file; on return they are on disk.

    What the sender says of its type is not believed: the bytes tell. Raises `LimitError` where it is too large,
    `DecodeError` where it is no format that hilum reads, `BusyError` where the queue is full, and `OutputError` where
    the disk is.
    """
    counted, audit = service.metrics.uploads, service.store.audit

    def note(connection: Connection, job: Job) -> None:
        audit.add_within(connection, "upload", who=user.name, address=user.address, job_id=job.id)
        if service.again is not None:
            service.again(connection, job)

    try:
        _check(data, service=service)
        accepted = service.store.queue.accept(
            data,
            upload=Upload(name=tame_name(name), origin=origin, stated=stated),
            settings_sha256=service.reader.settings_sha256,
            within=note,
        )
    except (BusyError, OutputError):
        counted.labels("busy").inc()
        raise
    except (DecodeError, LimitError):
        counted.labels("refused").inc()
        raise
    counted.labels("accepted" if accepted.is_new else "known").inc()
    came = "was sent, and waits to be read" if accepted.is_new else "was sent again, and is known"
    _LOG.debug("reading %s: a file of %d bytes %s", accepted.job.id, len(data), came)
    return accepted


def _check(data: bytes, *, service: Service) -> FileFormat:
    most = service.settings.max_bytes
    if len(data) > most:
        raise LimitError(f"The file holds {len(data):,} bytes, and at most {most:,} are taken; send a smaller one")
    format_ = sniff(data)
    if service.store.files.free_bytes() < service.settings.min_free_bytes:
        raise OutputError("The disk of the service is nearly full; send it again when there is room")
    return format_
