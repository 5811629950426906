"""What every object has in common, and what highdicom writes anew at every run, set to what never changes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids, derived_uid, models_sha256
from hilum.reading_result import Reading
from hilum.version import __version__

HILUM = "hilum"

IMPLEMENTATION_CLASS_UID = UID(derived_uid(HILUM, "implementation"))
IMPLEMENTATION_VERSION = f"HILUM_{__version__}"[:16]

_DATES = ("ContentDate", "PresentationCreationDate")
_TIMES = ("ContentTime", "PresentationCreationTime")
_LEFT_OUT = (
    "InstanceCreationDate", "InstanceCreationTime", "DateOfSecondaryCapture", "TimeOfSecondaryCapture",
    "ContributingEquipmentSequence",
)  # fmt: skip
"""Of type 3, and different at every run."""


def equipment(reading: Reading) -> dict[str, Any]:
    """What made the objects, as highdicom's arguments; the serial number is the hash of all bundles that read."""
    return {
        "manufacturer": HILUM,
        "manufacturer_model_name": HILUM,
        "software_versions": reading.hilum_version,
        "device_serial_number": models_sha256(reading),
    }


def finished(made: Dataset, *, image: SourceImage, uids: Uids) -> bytes:
    """The file of an object: patient and study as in the image, the image's date, UIDs of its own and no clock.

    The same image and reading give the same bytes.
    """
    for keyword in _LEFT_OUT:
        if keyword in made:
            delattr(made, keyword)
    for keywords, value in ((_DATES, image.date), (_TIMES, image.time)):
        for keyword in keywords:
            if keyword in made:
                setattr(made, keyword, value)
    for item in _items_of_dimensions(made):
        item.DimensionOrganizationUID = uids.uid("dimensions")
    if "SpecificCharacterSet" in made:
        del made.SpecificCharacterSet
    for element in image.copied:
        if isinstance(element, RawDataElement):
            made._dict[element.tag] = element  # texts as they stand, in the image's own character set
        else:
            made.add(element)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    made.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    buffer = io.BytesIO()
    with without_pydicom_warnings():
        dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def read_back(data: bytes) -> Dataset:
    """The data set of an object's file."""
    with without_pydicom_warnings():
        return dcmread(io.BytesIO(data))


def _items_of_dimensions(made: Dataset) -> Iterator[Dataset]:
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        yield from made.get(keyword) or ()
