"""What a radiograph may be given as: a file, its bytes, or what other libraries hold in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset

from hilum.errors import FileAccessError, UsageError
from hilum.imaging.decode import decode, errors_named, read_file
from hilum.imaging.dicom.in_memory import dataset_bytes
from hilum.imaging.in_memory import ValueRange, decode_array, decode_pillow
from hilum.imaging.pixels.limits import Limits, check_bytes
from hilum.radiograph import Radiograph


@runtime_checkable
class BinaryFile(Protocol):
    """An open file, read from where it stands."""

    def read(self, size: int = ..., /) -> bytes:
        """At most so many bytes."""


ImageSource = str | os.PathLike[str] | bytes | BinaryFile | npt.NDArray[Any] | Image.Image | Dataset
"""One radiograph: the path or bytes of a file, an open file, a numpy array, Pillow's image, or pydicom's data set."""

TAKEN = "a path, the bytes of a file, an open file, a numpy array, a PIL image or a pydicom Dataset"
"""The same in words."""

BYTES_NAME = "<bytes>"
"""The source's name where the caller gave bytes and no name."""

_IN_MEMORY = ((np.ndarray, "<array>"), (Image.Image, "<image>"), (Dataset, "<dataset>"))


def is_source(value: object) -> TypeGuard[ImageSource]:
    """Whether a value is of a type that one radiograph may be given as."""
    return isinstance(value, str | os.PathLike | bytes | np.ndarray | Image.Image | Dataset | BinaryFile)


def source_name(source: ImageSource, *, name: str | None = None) -> str:
    """What the reading calls the source: the given name, else the path, else what it came as, such as `<array>`."""
    if name is not None:
        return name
    if isinstance(source, bytes):
        return BYTES_NAME
    if isinstance(source, str | os.PathLike):
        return str(Path(source)) if isinstance(source, os.PathLike) else source
    known = getattr(source, "filename", None) or getattr(source, "name", None)
    if isinstance(known, str | os.PathLike) and str(known):
        return str(known)
    return next((said for kind, said in _IN_MEMORY if isinstance(source, kind)), "<file>")


def source_bytes(source: ImageSource, *, name: str, limits: Limits) -> bytes | None:
    """The bytes of the source as a file; None where its pixels are in memory already.

    Raises what `read_file` raises, `UsageError` for a file that is open as text, and `DecodeError` for a data set that
    cannot be written.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | os.PathLike):
        return read_file(Path(source), limits=limits)
    if isinstance(source, np.ndarray | Image.Image):
        return None
    with errors_named(name):
        return dataset_bytes(source) if isinstance(source, Dataset) else _rest_of(source, limits=limits)


def decode_source(
    source: ImageSource, *, name: str, frame: int | None, limits: Limits, value_range: ValueRange | None
) -> Radiograph:
    """The radiograph of the bytes of a file, or of pixels in memory. Raises what decoding raises."""
    if isinstance(source, np.ndarray):
        return decode_array(source, name=name, value_range=value_range, frame=frame, limits=limits)
    if isinstance(source, Image.Image):
        return decode_pillow(source, name=name, value_range=value_range, frame=frame, limits=limits)
    if not isinstance(source, bytes):
        raise UsageError(f"{name}: bytes or pixels are needed, not {type(source).__name__}")
    if value_range is not None:
        raise UsageError(f"{name}: value_range is for arrays; a file says itself which values are black and white")
    return decode(source, name=name, frame=frame, limits=limits)


def _rest_of(file: BinaryFile, *, limits: Limits) -> bytes:
    try:
        data = file.read(limits.max_bytes + 1)
    except ValueError as error:  # a closed file
        raise FileAccessError(f"the file cannot be read ({error}). Open it again") from None
    if not isinstance(data, bytes):
        raise UsageError(f"the open file gives {type(data).__name__}, not bytes. Open it with mode 'rb'")
    check_bytes(len(data), limits=limits)
    return data
