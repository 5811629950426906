"""The one way from bytes to a `Radiograph`."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from hilum.errors import DecodeError, FileAccessError, HilumError
from hilum.imaging.dicom.decode import decode_dicom
from hilum.imaging.dicom.tags import DicomTags
from hilum.imaging.files.archive import read_member
from hilum.imaging.files.png import decode_png
from hilum.imaging.files.raster import decode_bmp, decode_jpeg, decode_webp
from hilum.imaging.files.sniff import FileFormat, sniff
from hilum.imaging.files.tiff import decode_tiff
from hilum.imaging.pixels.grey import DecodedPicture
from hilum.imaging.pixels.limits import DEFAULT_LIMITS, Limits, check_bytes
from hilum.imaging.pixels.orientation import shown_spacing
from hilum.imaging.pixels.shown import as_shown
from hilum.radiograph import Radiograph, Source, TrailStep

_PICTURES: dict[FileFormat, Callable[..., DecodedPicture]] = {
    "PNG": decode_png,
    "JPEG": decode_jpeg,
    "TIFF": decode_tiff,
    "BMP": decode_bmp,
    "WEBP": decode_webp,
}

LONGEST_MESSAGE = 1000
"""Characters of an error's message; what is longer is cut off at the end."""

_CORRUPT = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow, pydicom, imagecodecs and numpy raise when bytes are not what their header promises."""


def decode(data: bytes, *, name: str, frame: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Radiograph:
    """Decode the bytes of a PNG, JPEG, TIFF, BMP, WebP or DICOM file, known by content.

    `name` is what the caller calls the file; it stands in the source and before every error message. `frame` counts
    from 1 and must be named where the file holds several. Limits are checked before anything is decoded. The result
    has pixels float32 (H, W) in [0, 1], bright is dense, upright and square, and a trail of what was done. Raises
    `DecodeError`, `RefusedImageError` or `LimitError`, each with a message of one line.
    """
    with errors_named(name):
        check_bytes(len(data), limits=limits)
        return _decode(data, name=name, format_=sniff(data), frame=frame, limits=limits)


@contextmanager
def errors_named(name: str) -> Iterator[None]:
    """Every error that decoding meets, told in one line that begins with the name; what libraries raise, too."""
    try:
        yield
    except HilumError as error:
        raise type(error)(_one_line(f"{name}: {error}")) from None
    except _CORRUPT as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise DecodeError(_one_line(f"{name}: the file is truncated or corrupt ({what})")) from error


def read_file(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The bytes of a file, or of one in a ZIP archive (`study.zip/inner/path`), only where it is within the limits.

    Raises `FileAccessError` where it is missing, a folder or not readable, `LimitError` where it is too large, and
    `DecodeError` where it is damaged or encrypted in its archive.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limits.max_bytes + 1)
    except (NotADirectoryError, FileNotFoundError):  # what stands in an archive has no file of its own
        return read_member(path, limits=limits)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise FileAccessError(f"{path}: cannot be read ({reason}). Check the path and its permissions") from None
    try:
        check_bytes(max(len(data), path.stat().st_size), limits=limits)
    except HilumError as error:
        raise type(error)(f"{path}: {error}") from None
    return data


def _decode(data: bytes, *, name: str, format_: FileFormat, frame: int | None, limits: Limits) -> Radiograph:
    tags: DicomTags | None = None
    if format_ == "DICOM":
        picture, tags = decode_dicom(data, frame=frame, limits=limits)
    else:
        picture = _PICTURES[format_](data, frame=frame, limits=limits)
    shown = as_shown(picture, limits=limits)
    rows, columns = shown.pixels.shape
    source = Source(name, hashlib.sha256(data).hexdigest(), format_, rows, columns, frame=frame, stored=shown.stored)
    pixels = np.ascontiguousarray(shown.pixels)
    if tags is None:
        return Radiograph(pixels, source, trail=shown.trail, warnings=shown.warnings)
    spacing_mm = shown_spacing(tags.spacing_mm, source=source)
    return Radiograph(
        pixels=pixels,
        source=replace(source, spacing_mm=spacing_mm, study_uid=tags.study_uid, instance_uid=tags.instance_uid),
        patient=tags.patient,
        view=tags.view,
        laterality=tags.laterality,
        modality=tags.modality,
        body_part=tags.body_part,
        sides_known=tags.film.sides_known,
        is_animal=tags.is_animal,
        is_lying=tags.is_lying,
        trail=(*shown.trail, *_spacing_step(spacing_mm, tags=tags)),
        warnings=shown.warnings,
    )


def _spacing_step(spacing_mm: tuple[float, float] | None, *, tags: DicomTags) -> tuple[TrailStep, ...]:
    if spacing_mm is None:
        return ()
    return (TrailStep("spacing", f"{spacing_mm[0]:g} x {spacing_mm[1]:g} mm from {tags.spacing_from}"),)


def _one_line(message: str) -> str:
    return " ".join(message.split())[:LONGEST_MESSAGE]
