"""A DICOM file's data elements: preamble or none, any uncompressed encoding, deflated within limits."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.dicom.values import tag_of, text
from hilum.imaging.files.sniff import EXPLICIT_VRS
from hilum.imaging.pixels.limits import Limits, check_bytes

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

_WANTED: tuple[str, ...] = (
    "BitsAllocated", "BitsStored", "BluePaletteColorLookupTableData", "BluePaletteColorLookupTableDescriptor",
    "BodyPartExamined", "BurnedInAnnotation", "Columns", "DoubleFloatPixelData", "FloatPixelData",
    "GreenPaletteColorLookupTableData", "GreenPaletteColorLookupTableDescriptor", "HighBit", "ImageLaterality",
    "ImageOrientationPatient", "ImagerPixelSpacing", "Laterality", "Modality", "ModalityLUTSequence",
    "NominalScannedPixelSpacing", "NumberOfFrames", "PatientAge", "PatientBreedCodeSequence",
    "PatientBreedDescription", "PatientOrientation", "PatientOrientationCodeSequence", "PatientSex",
    "PatientSexNeutered", "PatientSpeciesCodeSequence", "PatientSpeciesDescription", "PerFrameFunctionalGroupsSequence",
    "PhotometricInterpretation", "PixelAspectRatio",
    "PixelData", "PixelPaddingRangeLimit", "PixelPaddingValue", "PixelRepresentation", "PixelSpacing",
    "PlanarConfiguration", "PresentationIntentType", "PresentationLUTShape", "QualityControlImage",
    "QualityControlSubject", "RedPaletteColorLookupTableData", "RedPaletteColorLookupTableDescriptor",
    "RescaleIntercept", "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence", "StudyInstanceUID", "VOILUTFunction", "VOILUTSequence", "ViewCodeSequence",
    "ViewPosition", "WindowCenter", "WindowWidth",
)  # fmt: skip
"""All that is ever read: no name, no patient identifier, no date."""

SOP_CLASS, TRANSFER_SYNTAX = 0x0002, 0x0010
"""Elements of the file meta information, group 0002."""

_TAGS = [int(tag_of(keyword)) for keyword in _WANTED]
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


@dataclass(frozen=True, slots=True, eq=False)
class DicomFile:
    """The elements that hilum reads; the transfer syntax and the SOP class (None where the file does not name one)."""

    elements: Dataset
    transfer_syntax: str | None
    sop_class: str | None = None


def read_dicom_file(data: bytes, *, limits: Limits) -> DicomFile:
    """Parse the bytes of a DICOM file, with or without a preamble and file meta information.

    Raises `DecodeError` where the data set is malformed, `LimitError` where a deflated one inflates over the limit.
    """
    meta, start = read_meta(data, dicom_start(data))
    syntax = uid_in(meta, TRANSFER_SYNTAX)
    body = memoryview(data)[start:]
    if syntax == DEFLATED:
        body = memoryview(_inflate(body, limits=limits))
    if len(body) < 8:
        raise DecodeError("the DICOM file is truncated: it ends after its header")
    implicit, little = encoding_of(body, syntax)
    with without_pydicom_warnings():
        elements = read_dataset(io.BytesIO(body), implicit, little, specific_tags=_TAGS)
    return DicomFile(elements, syntax, text(elements, "SOPClassUID") or uid_in(meta, SOP_CLASS))


def dicom_start(data: bytes) -> int:
    """Where the first element stands: behind the preamble and its mark, behind the mark alone, or at once."""
    return 132 if data[128:132] == b"DICM" else 4 if data[:4] == b"DICM" else 0


def uid_in(meta: Mapping[int, bytes], element: int) -> str | None:
    """A UID of the file meta information, or None where it is absent."""
    return meta.get(element, b"").strip(b" \0").decode("ascii", "replace") or None


def read_meta(data: bytes, start: int) -> tuple[Mapping[int, bytes], int]:
    """The elements of group 0002 by element number, and where they end.

    They are explicit little endian by the standard (PS3.10, 7.1); some writers leave the value representation out.
    """
    meta: dict[int, bytes] = {}
    position = start
    while int.from_bytes(data[position : position + 2], "little") == 0x0002 and position + 8 <= len(data):
        element = int.from_bytes(data[position + 2 : position + 4], "little")
        if data[position + 4 : position + 6] in _LONG_VRS:
            length, position = int.from_bytes(data[position + 8 : position + 12], "little"), position + 12
        elif data[position + 4 : position + 6] not in EXPLICIT_VRS:
            length, position = int.from_bytes(data[position + 4 : position + 8], "little"), position + 8
        else:
            length, position = int.from_bytes(data[position + 6 : position + 8], "little"), position + 8
        meta[element] = data[position : position + length]
        position += length
    return meta, position


def _inflate(body: memoryview, *, limits: Limits) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(body, limits.max_bytes + 1)
    check_bytes(len(inflated), limits=limits, what="the deflated DICOM data set")
    if not inflater.eof:
        raise DecodeError("the deflated DICOM data set is truncated")
    return inflated


def encoding_of(body: memoryview, syntax: str | None) -> tuple[bool, bool]:
    """Whether the data set is implicit, and whether it is little endian.

    Where no transfer syntax is named, the first element tells: its group number is small in the right byte order, and
    its value representation is two capital letters where it is explicit.
    """
    if syntax is not None:
        return syntax == IMPLICIT_LITTLE, syntax != EXPLICIT_BIG
    little = int.from_bytes(body[:2], "little") <= int.from_bytes(body[:2], "big")
    explicit = all(65 <= letter <= 90 for letter in body[4:6])
    return not explicit, little
