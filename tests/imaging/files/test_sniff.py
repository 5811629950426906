"""Formats are known by their bytes."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from fabricate_dicom import dicom_bytes, elements, without_meta
from fabricate_pictures import marked, picture_bytes, tiff_bytes
from hilum.errors import DecodeError
from hilum.imaging.files.sniff import sniff


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "BMP", "WEBP", "TIFF"])
def test_pictures_are_known_by_content(suffix: str) -> None:
    assert sniff(picture_bytes(marked(), suffix)) == suffix


@pytest.mark.parametrize("options", [{"byteorder": ">"}, {"bigtiff": True}, {"bigtiff": True, "byteorder": ">"}])
def test_every_kind_of_tiff_is_known(options: dict[str, object]) -> None:
    assert sniff(tiff_bytes(marked(), **options)) == "TIFF"


def test_dicom_goes_before_a_tiff_preamble() -> None:
    data = bytearray(dicom_bytes(marked()))
    data[:8] = b"II*\x00\x10\x00\x00\x00"
    assert sniff(bytes(data)) == "DICOM"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_dicom_without_preamble_is_known_by_its_first_element(syntax: str) -> None:
    ds = elements(marked())
    ds.PixelData = marked().tobytes()
    ds["PixelData"].VR = "OB"
    assert sniff(without_meta(ds, syntax=syntax)) == "DICOM"


def test_dicom_whose_preamble_was_cut_off_is_known() -> None:
    data = dicom_bytes(marked())
    assert sniff(data[132:]) == "DICOM"


def test_dicom_after_a_preamble_that_was_cut_off_up_to_its_mark_is_known() -> None:
    assert sniff(dicom_bytes(marked())[128:]) == "DICOM"


@pytest.mark.parametrize("data", [b"BM", b"BMI,age\n21,40\n", b"BMI and age of each patient, and much else besides\n"])
def test_two_letters_make_no_bmp(data: bytes) -> None:
    with pytest.raises(DecodeError, match="but text"):
        sniff(data)


def test_every_header_of_bmp_is_known() -> None:
    for header in (12, 40, 108, 124):
        assert sniff(b"BM" + bytes(8) + (14 + header).to_bytes(4, "little") + header.to_bytes(4, "little")) == "BMP"


def gif() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(stream, "GIF")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "likeness"),
    [
        (b"hello, this is no picture\n", "text"),
        (gif(), "a GIF picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x28\xb5\x2f\xfd rest", "a Zstandard-compressed stream; decompress it first"),
        (b"\x1f\x8b\x08 rest", "a gzip-compressed stream; decompress it first"),
        (b"PK\x03\x04 rest", "a ZIP archive; give its name to read it as a folder"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture outside DICOM"),
        (b"\x00\x00\x00\x18ftypheic", "a HEIF or AVIF picture or a video"),
        (bytes(200), "an unknown format"),
    ],
)
def test_everything_else_is_refused_and_named(data: bytes, likeness: str) -> None:
    with pytest.raises(DecodeError, match=rf"hilum reads \(PNG, JPEG, TIFF, BMP, WebP or DICOM\) but {likeness}"):
        sniff(data)


def test_an_empty_file_is_refused_and_named() -> None:
    with pytest.raises(DecodeError, match="the file is empty; hilum reads PNG, JPEG, TIFF, BMP, WebP or DICOM"):
        sniff(b"")


def test_importing_the_decoders_changes_no_global_setting() -> None:
    script = (
        "import warnings, PIL.Image as i, PIL.ImageFile as f, pydicom; before = (list(warnings.filters), "
        "i.MAX_IMAGE_PIXELS, f.LOAD_TRUNCATED_IMAGES, vars(pydicom.config.settings).copy()); "
        "import hilum.imaging.decode; after = (list(warnings.filters), i.MAX_IMAGE_PIXELS, f.LOAD_TRUNCATED_IMAGES, "
        "vars(pydicom.config.settings).copy()); assert before == after, (before, after)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
