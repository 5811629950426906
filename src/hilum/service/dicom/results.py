"""From a reading to rows of the outbox: what a reader process makes of every image that came over the network."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import dcmread
from sqlalchemy import Connection

from hilum.errors import RefusedImageError
from hilum.objects.finish import HILUM
from hilum.objects.make import dicom_objects
from hilum.reading_result import Examination
from hilum.service.dicom.outbox import put
from hilum.service.dicom.peers import Destination
from hilum.service.store.job import Job
from hilum.service.store.queue import Within


@dataclass(frozen=True, slots=True)
class ResultsOf:
    """Called with a reading and its bytes, it gives what puts the objects of the reading into the outbox.

    Raises `RefusedImageError` where no objects can be made of the image, or hilum itself made it: an archive that
    sends everything on would otherwise have its own results read.
    """

    destinations: Sequence[Destination]

    def __call__(self, examination: Examination, data: bytes) -> Within:
        """The objects, made before the transaction begins."""
        header = dcmread(io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=["Manufacturer"])
        if header.get("Manufacturer") == HILUM:
            raise RefusedImageError("this picture was made by hilum itself, and is not read")
        objects = dicom_objects(examination, source=data)

        def within(connection: Connection, job: Job) -> None:
            put(connection, job_id=job.id, objects=objects, to=self.destinations, now=time.time())

        return within
