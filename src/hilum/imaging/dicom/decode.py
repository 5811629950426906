"""A DICOM file to everything that a radiograph needs of it."""

from __future__ import annotations

from hilum.errors import DecodeError
from hilum.imaging.dicom.file import DicomFile, read_dicom_file
from hilum.imaging.dicom.frame import read_frame
from hilum.imaging.dicom.grey import to_grey
from hilum.imaging.dicom.kind import object_name
from hilum.imaging.dicom.pixel_format import read_pixel_format
from hilum.imaging.dicom.tags import DicomTags, read_tags
from hilum.imaging.dicom.values import raw_element
from hilum.imaging.pixels.grey import DecodedPicture
from hilum.imaging.pixels.limits import Limits
from hilum.radiograph import TrailStep


def decode_dicom(data: bytes, *, frame: int | None, limits: Limits) -> tuple[DecodedPicture, DicomTags]:
    """Decode the frame that is named, or the only one; any modality decodes, the gate judges it later.

    Raises `DecodeError`, `RefusedImageError` or `LimitError`.
    """
    file = read_dicom_file(data, limits=limits)
    _refuse_without_image(file)
    form = read_pixel_format(file.elements, limits=limits)
    tags = read_tags(file.elements, frame=frame or 1)
    stored = read_frame(file, form, frame=frame, limits=limits)
    grey = to_grey(file.elements, form, stored)
    which = f", frame {stored.frame} of {form.frames}" if form.frames > 1 else ""
    picture = DecodedPicture(
        grey.pixels,
        (TrailStep("decode", f"DICOM, {stored.how}{which}"), *grey.trail),
        (*form.warnings, *stored.warnings, *grey.warnings, *tags.warnings),
        orientation=tags.film.number,
        oriented_by=tags.film.said or "",
        aspect=tags.aspect,
    )
    return picture, tags


def _refuse_without_image(file: DicomFile) -> None:
    """A sound object of another kind is called by its name."""
    name = object_name(file.sop_class)
    if name is not None and raw_element(file.elements, "PixelData") is None:
        raise DecodeError(f"the DICOM file holds no image but another object, {name}. Give the images of the study")
