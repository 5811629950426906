"""The DICOM objects of a reading, or why it has none; and what hilum must not read: what it made itself."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import dcmread

from hilum.errors import HilumError, RefusedImageError
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.pixels.limits import DEFAULT_LIMITS, Limits
from hilum.objects.finish import HILUM
from hilum.objects.make import DicomObject, dicom_objects
from hilum.reading_result import Examination
from hilum.service.store.kept_objects import KeptObject, files_of_objects


@dataclass(frozen=True, slots=True)
class ReadingObjects:
    """`objects` in their order; where there are none, `refused` says why in a sentence."""

    objects: tuple[DicomObject, ...] = ()
    refused: str = ""

    def files(self) -> Mapping[str, bytes]:
        """What is kept of them, by file name."""
        return files_of_objects([(kept_of(one), one.data) for one in self.objects], refused=self.refused)


def reading_objects(examination: Examination, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> ReadingObjects:
    """The objects of a reading of the file `data`, the same bytes as `hilum read --format dicom` writes.

    A defect that is met while they are made is a reason too: the reading is worth more.
    """
    try:
        return ReadingObjects(dicom_objects(examination, source=data, limits=limits))
    except RefusedImageError as error:
        said = without_quotes(error).removeprefix(f"{examination.reading.source.name}: ")
        return ReadingObjects(refused=said[:1].upper() + said[1:])
    except Exception as error:  # noqa: BLE001 - whatever tags do to a library, the image was read
        kind = type(error).__name__
        return ReadingObjects(refused=f"No DICOM objects: making them met a defect of hilum ({kind}); please report it")


def kept_of(one: DicomObject) -> KeptObject:
    """How an object is listed where it is kept."""
    made = one.dataset
    sop_class, sop_instance = str(made.SOPClassUID), str(made.SOPInstanceUID)
    return KeptObject(kind=one.kind, sop_class=sop_class, sop_instance=sop_instance, size=len(one.data))


def refuse_own(data: bytes) -> None:
    """Raise `RefusedImageError` where hilum itself made the file.

    An archive that sends everything on would otherwise have hilum's results read, and the results of those.
    """
    with without_pydicom_warnings():
        header = dcmread(io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=["Manufacturer"])
        is_own = header.get("Manufacturer") == HILUM
    if is_own:
        raise RefusedImageError("This picture was made by hilum itself, and is not read")


def without_quotes(error: HilumError) -> str:
    """The message without what libraries said: it may quote a tag, and the type of their error tells enough."""
    message, cause = str(error), error.__cause__ or error.__context__
    while cause is not None:
        said = " ".join(str(cause).split())
        if said and not isinstance(cause, HilumError):
            message = message.replace(f": {said}", "")
        cause = cause.__cause__ or cause.__context__
    return message
