"""A data set in memory is read as its file is, and stays as it was."""

import copy
import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from fabricate_dicom import dicom_bytes, elements, without_meta
from fabricate_pictures import marked
from hilum.errors import DecodeError
from hilum.imaging.decode import decode
from hilum.imaging.dicom.in_memory import dataset_bytes


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless])
def test_it_reads_as_its_file_does(syntax: pydicom.uid.UID) -> None:
    data = dicom_bytes(marked(top=4095), bits=12, syntax=syntax, PatientAge="003Y", ViewPosition="AP")
    dataset = pydicom.dcmread(io.BytesIO(data))
    before = copy.deepcopy(dataset)
    found, filed = decode(dataset_bytes(dataset), name="a"), decode(data, name="a")
    np.testing.assert_array_equal(found.pixels, filed.pixels)
    assert (found.patient, found.view, found.trail) == (filed.patient, filed.view, filed.trail)
    assert dataset == before
    assert dataset.file_meta == before.file_meta


def test_one_read_from_a_file_without_header() -> None:
    pixels = marked()
    dataset = elements(pixels)
    dataset.PixelData = pixels.tobytes()
    bare = pydicom.dcmread(io.BytesIO(without_meta(dataset, syntax=ImplicitVRLittleEndian)), force=True)
    np.testing.assert_allclose(decode(dataset_bytes(bare), name="a").pixels, pixels / 255, atol=1e-7)


def test_one_that_names_no_transfer_syntax_is_not_guessed_at() -> None:
    with pytest.raises(DecodeError, match=r"names no transfer syntax\. Set dataset\.file_meta\.TransferSyntaxUID"):
        dataset_bytes(elements(marked()))
    with pytest.raises(DecodeError, match="names no transfer syntax"):
        dataset_bytes(Dataset())
