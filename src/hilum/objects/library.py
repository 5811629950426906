"""highdicom, which writes DICOM objects and is an optional part of hilum."""

from __future__ import annotations

from hilum.errors import MissingPartError

try:
    import highdicom
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
except ModuleNotFoundError as error:
    raise MissingPartError(
        'DICOM objects need the package highdicom, which is not installed; run: pip install "hilum[dicom]"'
    ) from error

__all__ = ["CodingSchemeIdentificationItem", "highdicom"]
