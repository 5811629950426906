"""From a reading's objects to rows of the outbox: what a reader process writes along with every reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from hilum.errors import RefusedImageError
from hilum.service.dicom.outbox import put, put_kept
from hilum.service.dicom.peers import AnyDestination
from hilum.service.readers.reading_objects import ReadingObjects
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import Job
from hilum.service.store.kept_objects import kept_object, kept_objects
from hilum.service.store.queue import Within


@dataclass(frozen=True, slots=True)
class ResultsOf:
    """Called with a job and the objects of its reading, it gives what puts them into the outbox.

    Raises `RefusedImageError` where an image that came over the network has none: its archive waits for them. What
    people upload is read all the same, and nothing of it is sent.
    """

    destinations: Sequence[AnyDestination]

    def __call__(self, job: Job, made: ReadingObjects) -> Within:
        """What writes the rows."""
        if made.refused and job.origin == "dicom":
            raise RefusedImageError(made.refused)

        def within(connection: Connection, ended: Job) -> None:
            put(connection, job_id=ended.id, objects=made.objects, to=self.destinations, now=time.time())

        return within

    def again(self, files: StoredFiles) -> Within:
        """What is written when an image comes: one that is read already is put into the outbox where it is not there.

        It may have come before a destination was named, or have been given up. One that waits to be read does nothing
        here, and neither does one whose objects are no longer kept: it is read anew.
        """

        def within(connection: Connection, job: Job) -> None:
            kept = kept_objects(files, job.id) if self.destinations and job.state == "done" else None
            put_kept(
                connection,
                job_id=job.id,
                objects=() if kept is None else kept.objects,
                data_of=lambda one: kept_object(files, job.id, kind=one.kind),
                to=self.destinations,
                now=time.time(),
            )

        return within
