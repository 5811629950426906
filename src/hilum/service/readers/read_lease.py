"""One leased job, read and ended: its reading and what is drawn of it, or the reason why there is none."""

from __future__ import annotations

import logging
import time

from hilum.errors import HilumError, InternalError, LimitError
from hilum.output.pictures import draw_pictures
from hilum.reading.reader import Reader
from hilum.reading_result import Examination, FailedReading
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.report.urgency import Urgency
from hilum.service.readers.plan import Also
from hilum.service.readers.reading_objects import ReadingObjects, reading_objects, refuse_own, without_quotes
from hilum.service.store.job import Lease, Origin, Outcome, Place
from hilum.service.store.store import Store
from hilum.version import __version__

_LOG = logging.getLogger("hilum.service")

PAGE, OVERLAY, THUMBNAIL = "page.html", "overlay.jpg", "thumbnail.png"
"""The names of what is drawn."""

_FROM_ARCHIVES: tuple[Origin, ...] = ("dicom", "stow")

_MEMORY = "reading it needs more memory than a reader process may use"


def read_lease(lease: Lease, *, store: Store, reader: Reader, also: Also | None = None) -> bool:
    """Read a leased job and end it; False where another has it by now, or it was deleted.

    A file that cannot be read is a failed job with the reason, whatever went wrong. What `also` makes of the reading's
    objects is written in the transaction that stores it. Raises `OutputError` where the store cannot be written: the
    job stays leased then, to be given back.
    """
    began_s = time.monotonic()
    data = store.files.read_bytes(lease.job.sha256)
    if data is None:
        return store.queue.fail(lease, kind="lost", message="the image is no longer kept; send it again")
    try:
        examination = reader.examine(data, name=lease.job.name, stated=lease.job.stated)
        if lease.job.origin in _FROM_ARCHIVES:
            refuse_own(data)  # what it says of its maker is asked once it is known to keep to the limits
        objects = reading_objects(examination, data, limits=reader.settings.limits)
        outcome = _outcome(examination, objects=objects, reader=reader)
        within = None if also is None else also(lease.job, objects)
    except HilumError as error:
        told = LimitError(_MEMORY) if isinstance(error.__cause__, MemoryError) else error
        return _failed(lease, told, store=store, reader=reader)
    except MemoryError:
        return _failed(lease, LimitError(_MEMORY), store=store, reader=reader)
    except Exception as error:  # noqa: BLE001 - a defect met in one file must not stop the service; it is reported
        said = InternalError(f"met a defect of hilum ({type(error).__name__}); please report it")
        return _failed(lease, said, store=store, reader=reader)
    done = store.queue.finish(lease, outcome, within=within)
    if done:
        _LOG.debug("reading %s: read in %.1f s", lease.job.id, time.monotonic() - began_s)
    return done


def _outcome(examination: Examination, *, objects: ReadingObjects, reader: Reader) -> Outcome:
    drawn = draw_pictures(examination, cards=reader.cards, every_heatmap=reader.settings.heatmaps == "all")
    return Outcome(
        reading=reading_to_json(examination.reading),
        place=Place.of(Urgency.of(examination.reading)),
        drawn={PAGE: drawn.page, OVERLAY: drawn.overlay, THUMBNAIL: drawn.thumbnail, **objects.files()},
    )


def _failed(lease: Lease, error: HilumError, *, store: Store, reader: Reader) -> bool:
    message = without_quotes(error).removeprefix(f"{lease.job.name}: ")
    failed = FailedReading(
        lease.job.name, error.kind, message, __version__, reader.settings_sha256, sha256=lease.job.sha256
    )
    _LOG.debug("reading %s: could not be read (%s)", lease.job.id, error.kind)
    return store.queue.fail(lease, kind=error.kind, message=message, reading=failure_to_json(failed))
