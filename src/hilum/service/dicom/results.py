"""From a reading's objects to rows of the outbox: what a reader process writes along with every reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from hilum.errors import RefusedImageError
from hilum.service.dicom.outbox import put
from hilum.service.dicom.peers import AnyDestination
from hilum.service.readers.reading_objects import ReadingObjects
from hilum.service.store.job import Job
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
