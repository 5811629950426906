"""Whether a file found in a folder is worth reading: content decides; a suffix only says what would be a surprise."""

from __future__ import annotations

from pathlib import Path

from hilum.errors import DecodeError
from hilum.imaging.sniff import sniff

_HEAD_BYTES = 4096
_IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".dcm", ".dicom", ".dic", ".ima"}
)
_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10\x00"  # Media Storage Directory Storage (PS3.4, annex B), padded to even


def why_not_image(path: Path) -> str | None:
    """Why the file is passed over in a folder, or None where it is to be read.

    A file of no known format is passed over, unless its suffix says that it is an image: then it is read, and fails
    where everyone sees it. So is a file that cannot be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    try:
        kind = sniff(head)
    except DecodeError:
        return None if path.suffix.lower() in _IMAGE_SUFFIXES else "not an image"
    if kind == "DICOM" and _DIRECTORY_CLASS in head:
        return "a DICOM directory (DICOMDIR), which holds no pixels"
    return None
