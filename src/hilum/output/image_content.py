"""Whether a file found in a folder is worth reading: content decides; a suffix only says what would be a surprise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from hilum.errors import HilumError
from hilum.imaging.dicom.kind import read_kind
from hilum.imaging.files.sniff import sniff
from hilum.reading.gate.tags import RADIOGRAPH_MODALITIES, UNTOLD_MODALITIES

PATIENTS = "patients.csv"
"""The table of what the user says of the images beside it; whatever its content, it is never read as an image."""

_HEAD_BYTES = 4096
_DICOM_HEAD_BYTES = 1 << 18
"""Within so many bytes the elements before the pixels are looked for."""

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".dcm", ".dicom", ".dic", ".ima"}
)
"""The suffixes of names that claim to be images."""
_NO_RADIOGRAPH = "DICOM, not a radiograph"

Head = Callable[[int], bytes]
"""The first so many bytes of a file. Raises `OSError` or a `HilumError` where they cannot be had."""


def why_not_image(path: PurePath, *, head: Head, frame: int | None, table: str) -> str | None:
    """Why the file is passed over in a folder, or None where it is to be read.

    A file of no known format is passed over, unless its suffix says that it is an image: then it is read, and fails
    where everyone sees it. So is a file that cannot be opened. `frame` is the frame that the user named, `table` how a
    table of patients is named.
    """
    if path.name.lower() == PATIENTS:
        return f"a table of patients that is not used; {table}"
    try:
        first = head(_HEAD_BYTES)
    except (OSError, HilumError):
        return None
    try:
        if sniff(first) == "DICOM":
            return _why_no_radiograph(first if len(first) < _HEAD_BYTES else head(_DICOM_HEAD_BYTES), frame=frame)
    except HilumError:
        return None if path.suffix.lower() in IMAGE_SUFFIXES else "not an image"
    except OSError:
        return None
    return None


def _why_no_radiograph(head: bytes, *, frame: int | None) -> str | None:
    """Sound objects that are no radiograph: reports, presentation states, waveforms, plans, cine of other modalities.

    A single picture of another modality is read, and the gate refuses it. A film that lacks its pixels is read too, and
    fails.
    """
    kind = read_kind(head, is_whole=len(head) < _DICOM_HEAD_BYTES)
    if kind is None:
        return None
    if kind.object_name == "Media Storage Directory":
        return "a DICOM directory (DICOMDIR), which holds no pixels"
    if kind.object_name is not None:
        return f"{kind.object_name} ({_NO_RADIOGRAPH})"
    if kind.has_rows is False and not kind.may_be_image:
        return f"an object without pixels of a class that is no image's ({_NO_RADIOGRAPH})"
    told = kind.modality is not None and kind.modality not in RADIOGRAPH_MODALITIES | UNTOLD_MODALITIES
    if (told or not kind.is_radiograph) and frame is None and (kind.frames or 1) > 1:
        return f"several frames of modality {kind.modality or 'unknown'} ({_NO_RADIOGRAPH}; --frame N reads one)"
    return None
