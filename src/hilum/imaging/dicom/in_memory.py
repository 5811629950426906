"""A data set that pydicom holds in memory as the bytes of a DICOM file."""

from __future__ import annotations

import copy
import io

from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings


def dataset_bytes(dataset: Dataset) -> bytes:
    """The data set as pydicom writes it, in its own transfer syntax; the data set itself stays as it is.

    Raises `DecodeError` where it names no transfer syntax, so that nobody knows what its pixel data mean, or where
    pydicom cannot write it.
    """
    stream = io.BytesIO()
    written = copy.copy(dataset)
    if hasattr(dataset, "file_meta"):
        written.file_meta = copy.deepcopy(dataset.file_meta)
    try:
        with without_pydicom_warnings():
            written.save_as(stream, enforce_file_format=False)
    except (AttributeError, LookupError, NotImplementedError, OSError, TypeError, ValueError) as error:
        if getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None) is None:
            raise DecodeError(
                "the data set names no transfer syntax. Set dataset.file_meta.TransferSyntaxUID to that of its pixels"
            ) from error
        raise DecodeError(f"pydicom cannot write the data set ({type(error).__name__}: {error})") from error
    return stream.getvalue()
