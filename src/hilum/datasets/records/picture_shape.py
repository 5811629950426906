"""How large a record's picture is, without decoding it where its header tells."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from hilum.datasets.records.record import Record
from hilum.imaging.decode import decode, read_file

_ORIENTATION = 0x0112
_PLAIN = ("JPEG", "PNG")
"""What decoding turns only where EXIF says so."""


def shape_of(record: Record) -> tuple[int, int]:
    """Rows and columns of a record's picture; as `picture_shape`."""
    return picture_shape(record.path, name=record.image)


def picture_shape(path: Path, *, name: str) -> tuple[int, int]:
    """Rows and columns of a picture as it is decoded; from a plain file's header, where that suffices.

    `name` is what an error calls it. Raises what decoding raises.
    """
    try:
        with Image.open(path) as image:
            if not image.getexif().get(_ORIENTATION) and image.format in _PLAIN:
                return image.height, image.width
    except OSError:
        pass  # decoding says what is wrong
    pixels = decode(read_file(path), name=name).pixels
    return pixels.shape[0], pixels.shape[1]
