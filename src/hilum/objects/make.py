"""From an examination and the file behind it to its DICOM objects."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from hilum.errors import FileAccessError, RefusedImageError
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.pixels.limits import DEFAULT_LIMITS, Limits
from hilum.objects.finish import finished, read_back
from hilum.objects.kinds import KINDS
from hilum.objects.presentation_state import presentation_state
from hilum.objects.secondary_capture import secondary_capture
from hilum.objects.segmentation import segmentation
from hilum.objects.source import SourceImage, source_image
from hilum.objects.structured_report import structured_report
from hilum.objects.uids import Uids
from hilum.output.layout import ObjectKind, object_path
from hilum.reading.input.sources import ImageSource, source_bytes
from hilum.reading_result import Examination
from hilum.results.save import name_in_folder
from hilum.whole_files import write_whole

_MAKERS: dict[ObjectKind, Callable[[Examination, SourceImage, Uids], Dataset | None]] = {
    "sr": lambda examination, image, uids: structured_report(examination.reading, image=image, uids=uids),
    "pr": lambda examination, image, uids: presentation_state(examination, image=image, uids=uids),
    "sc": lambda examination, image, uids: secondary_capture(examination, image=image, uids=uids),
    "seg": lambda examination, image, uids: segmentation(examination, image=image, uids=uids),
}

_UNFIT = (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError, struct.error)
"""What highdicom and pydicom raise where an image's tags cannot stand in an object."""


@dataclass(frozen=True, slots=True, eq=False)
class DicomObject:
    """One object: `kind` is `sr`, `pr`, `sc` or `seg`, and `data` are the bytes of its file."""

    kind: ObjectKind
    data: bytes

    @property
    def dataset(self) -> Dataset:
        """The object as pydicom reads it."""
        return read_back(self.data)


def dicom_objects(
    examination: Examination, *, source: ImageSource | None = None, limits: Limits = DEFAULT_LIMITS
) -> tuple[DicomObject, ...]:
    """The objects of a reading: structured report, presentation state, picture, and segmentation of trusted lungs.

    `source` is what was read, where that was not a path. The same reading gives the same bytes. Raises
    `RefusedImageError` where the source is no DICOM image of a study or its tags cannot stand in an object,
    `UsageError` where it is not what was read, and `FileAccessError` where it cannot be read again.
    """
    reading = examination.reading
    name = reading.source.name
    data = b"" if reading.source.format != "DICOM" else _bytes(source, name=name, limits=limits)
    image = source_image(data, reading=reading)
    uids = Uids.of(reading, instance_uid=image.instance_uid)
    made = []
    for kind in KINDS:
        try:
            with without_pydicom_warnings():
                found = _MAKERS[kind](examination, image, uids)
            if found is not None:
                made.append(DicomObject(kind, finished(found, image=image, uids=uids)))
        except _UNFIT as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise RefusedImageError(
                f"{name}: no DICOM objects: the image's tags do not allow the {KINDS[kind].modality} ({said}); correct "
                "them"
            ) from error
    return tuple(made)


def object_files(examination: Examination, *, limits: Limits) -> dict[ObjectKind, bytes]:
    """The bytes of each object of a reading whose source is a path, by kind; for `--format dicom`.

    Raises as `dicom_objects`; what is refused is told how to be read without objects.
    """
    try:
        return {one.kind: one.data for one in dicom_objects(examination, limits=limits)}
    except RefusedImageError as error:
        raise RefusedImageError(f"{error}, or leave --format dicom out") from error


def save_dicom_objects(
    examination: Examination, folder: str | Path, *, source: ImageSource | None = None, name: str | None = None
) -> tuple[Path, ...]:
    """Write the objects into `folder` as `NAME.sr.dcm`, `NAME.pr.dcm`, `NAME.sc.dcm` and `NAME.seg.dcm`.

    NAME is what the source is called, or `name`. Their paths come back. Raises as `dicom_objects` does, and
    `OutputError` where the folder cannot be written.
    """
    called = name_in_folder(name or examination.reading.source.name)
    objects = dicom_objects(examination, source=source)
    paths = tuple(Path(folder) / object_path(called, one.kind) for one in objects)
    for path, one in zip(paths, objects, strict=True):
        write_whole(path, one.data)
    return paths


def _bytes(source: ImageSource | None, *, name: str, limits: Limits) -> bytes:
    if source is None and name.startswith(("<", "-")):
        raise FileAccessError(f"{name}: no DICOM objects: its file is not known; give it as source=")
    data = source_bytes(name if source is None else source, name=name, limits=limits)
    return b"" if data is None else data
