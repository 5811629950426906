"""The image that objects belong to: its header, and what of it every object needs."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any

from pydicom import dcmread
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from hilum.errors import RefusedImageError, UsageError
from hilum.imaging.decode import errors_named
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.objects.patient_study import copied_elements, without_copied
from hilum.reading_result import Reading

NO_DATE = ("19700101", "000000")
"""The date and time of an object whose image tells none."""

_DATES = ("Content", "Acquisition", "Series", "Study")
_NEEDED = {
    "StudyInstanceUID": "Study Instance UID",
    "SeriesInstanceUID": "Series Instance UID",
    "SOPInstanceUID": "SOP Instance UID",
    "SOPClassUID": "SOP Class UID",
}
_UID = re.compile(r"[0-9.]{1,64}")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?")


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """One image of a study.

    `header` are its elements without pixels, and without patient and study but the study's UID; `copied` are those. The
    objects carry `date` and `time`, which are the image's own: they must not change when it is read again. `is_test` is
    true where the tags say that it shows no patient but a phantom or a test. `pixel_bytes` of the file hold its pixels.
    """

    header: Dataset
    copied: tuple[DataElement | RawDataElement, ...]
    date: str
    time: str
    is_test: bool
    pixel_bytes: int

    @property
    def instance_uid(self) -> str:
        """Its SOP Instance UID."""
        return str(self.header.SOPInstanceUID)

    @property
    def class_uid(self) -> str:
        """Its SOP Class UID."""
        return str(self.header.SOPClassUID)

    def text(self, keyword: str) -> str:
        """One text of the header; empty where it is absent."""
        return str(self.header.get(keyword) or "").strip()

    def orientation(self) -> tuple[str, str] | None:
        """Patient Orientation as it stands, or None where it does not say two directions."""
        said = self.header.get("PatientOrientation")
        parts = [] if said is None or isinstance(said, str) else [str(part).upper() for part in said]
        good = len(parts) == 2 and all(re.fullmatch(r"[LRAPHF]{1,3}", part) for part in parts)
        return (parts[0], parts[1]) if good else None


def source_image(data: bytes, *, reading: Reading) -> SourceImage:
    """The image behind a reading, from the bytes of its file.

    Raises `RefusedImageError` where it is no DICOM file, names no study or series, or holds several frames, and
    `UsageError` where the bytes are not those that were read.
    """
    name = reading.source.name
    if reading.source.format != "DICOM":
        raise RefusedImageError(
            f"{name}: no DICOM objects: they belong to a study, and {_a(reading.source.format)} names none; give the "
            "DICOM file"
        )
    if hashlib.sha256(data).hexdigest() != reading.source.sha256:
        raise UsageError(f"{name}: no DICOM objects: the file changed since it was read; read it again")
    with errors_named(name), without_pydicom_warnings():
        stream = io.BytesIO(data)
        header = dcmread(stream, force=True, stop_before_pixels=True)
        copied = tuple(copied_elements(header))
        if "SOPClassUID" not in header and "MediaStorageSOPClassUID" in header.file_meta:
            header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID
        for keyword, called in _NEEDED.items():
            if not _UID.fullmatch(str(header.get(keyword) or "")):
                raise RefusedImageError(
                    f"no DICOM objects: the file names no {called}, which they refer to; send it through an archive "
                    "first"
                )
        if int(header.get("NumberOfFrames") or 1) > 1:
            raise RefusedImageError(
                "no DICOM objects: they are made of images of one frame, and this file holds more; give each "
                "frame as a file of its own"
            )
        date, time = _date_and_time(header)
        is_test = any(
            str(header.get(keyword) or "").strip().upper() == "YES"
            for keyword in ("QualityControlImage", "QualityControlSubject")
        )
        without_copied(header)
    return SourceImage(header, copied, date, time, is_test, len(data) - stream.tell())


def _a(format_: str) -> str:
    names = {"ARRAY": "an array", "PILLOW": "an image in memory", "WEBP": "a WebP file"}
    return names.get(format_, f"a {format_} file")


def _date_and_time(header: Any) -> tuple[str, str]:
    """Those of the content, the acquisition, the series or the study, whichever is told first."""
    for part in _DATES:
        date = str(header.get(f"{part}Date") or "").strip()
        if _DATE.fullmatch(date):
            time = str(header.get(f"{part}Time") or "").strip()
            return date, time if _TIME.fullmatch(time) else NO_DATE[1]
    return NO_DATE
