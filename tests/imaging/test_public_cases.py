"""Small public files that were once misread, beside the repository: each is read, or refused, as it should be."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from hilum.errors import HilumError
from hilum.imaging.decode import decode
from hilum.radiograph import Radiograph

pytestmark = pytest.mark.data


def _nothing_more(_radiograph: Radiograph, _path: Path) -> None:
    """No further check."""


@dataclass(frozen=True)
class Case:
    """A file, a part of the warning or of the error that it must give, and what else holds of its reading."""

    file: str
    warning: str = ""
    error: str = ""
    check: Callable[[Radiograph, Path], None] = _nothing_more


def _as_pillow(radiograph: Radiograph, path: Path) -> None:
    grey = np.asarray(Image.open(path).convert("L")) / 255
    np.testing.assert_allclose(radiograph.pixels, grey, atol=9 / 255)  # Pillow cuts RGB to its range before the luma
    assert np.abs(radiograph.pixels - grey).mean() < 1 / 255


def _as_pydicom(radiograph: Radiograph, path: Path) -> None:
    words = dcmread(path).pixel_array.astype(float)
    assert np.corrcoef(radiograph.pixels.ravel(), words.ravel())[0, 1] > 0.99


def _is_45_years(radiograph: Radiograph, _path: Path) -> None:
    assert radiograph.patient.age_years == 45.0
    assert not any("Age" in warning for warning in radiograph.warnings)


def _has_levels(radiograph: Radiograph, path: Path) -> None:
    header = dcmread(path)
    assert radiograph.pixels.shape == (header.Rows, header.Columns)
    assert radiograph.pixels.std() > 0.1


def _words(path: Path) -> np.ndarray:
    """The words of a file as they stand, with all the bits that are allocated."""
    header = dcmread(path)
    return np.frombuffer(header.PixelData, "<u2").reshape(header.Rows, header.Columns).astype(float)


def _windowed(words: np.ndarray, path: Path) -> np.ndarray:
    """The first window, linear (PS3.3 C.11.2.1.2), of the words themselves."""
    header = dcmread(path)
    centre, width = float(header.WindowCenter), float(header.WindowWidth)
    return np.clip((words - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _is_windowed(radiograph: Radiograph, path: Path) -> None:
    np.testing.assert_allclose(radiograph.pixels, _windowed(_words(path), path), atol=1e-5)


def _is_windowed_and_mirrored_back(radiograph: Radiograph, path: Path) -> None:
    np.testing.assert_allclose(radiograph.pixels, _windowed(_words(path), path)[:, ::-1], atol=1e-5)
    assert radiograph.sides_known


def _has_square_pixels(radiograph: Radiograph, path: Path) -> None:
    stored = _windowed(_words(path), path)
    assert radiograph.pixels.shape == (2 * stored.shape[0], stored.shape[1])
    np.testing.assert_allclose(radiograph.pixels.reshape(*stored.shape[:1], 2, -1).mean(axis=1), stored, atol=0.3)
    assert np.corrcoef(radiograph.pixels.ravel(), np.repeat(stored, 2, axis=0).ravel())[0, 1] > 0.99


def _is_looked_up(radiograph: Radiograph, path: Path) -> None:
    table = np.frombuffer(dcmread(path).VOILUTSequence[0]["LUTData"].value, "<u2").astype(float)
    expected = table[_words(path).astype(int)]
    assert np.corrcoef(radiograph.pixels.ravel(), expected.ravel())[0, 1] > 0.999
    assert radiograph.pixels.max() > 0.95


def _is_the_words_stretched(radiograph: Radiograph, path: Path) -> None:
    assert np.corrcoef(radiograph.pixels.ravel(), _words(path).ravel())[0, 1] > 0.999
    assert (radiograph.pixels.min(), radiograph.pixels.max()) == (0, 1)


def _is_the_stored_values(radiograph: Radiograph, path: Path) -> None:
    np.testing.assert_allclose(radiograph.pixels, _words(path) / 4095, atol=1e-6)


CASES = (
    Case("02_voilut_agfa_desc16_data12.dcm", warning="VOI LUT, 4096 entries of 16 bits", check=_is_looked_up),
    Case("03_voilut_desc10_data12.dcm", warning="more than the 10 bits of LUTDescriptor", check=_is_looked_up),
    Case("06_empty_lut_items.dcm", warning="the modality LUT is not used", check=_is_windowed),
    Case("08_xa_modality_lut.dcm", check=_is_the_stored_values),
    Case("11_nframes0.dcm", warning="Number of Frames is 0", check=_as_pydicom),
    Case("13_bits16_data12_nowindow.dcm", warning="full range 0 to 65535", check=_is_the_words_stretched),
    Case("14_aspect_2_1.dcm", warning="2 times as high as wide", check=_has_square_pixels),
    Case("18_bitsstored_too_small.dcm", warning="more than the 10 of Bits Stored", check=_is_windowed),
    Case("20_age_05_45Y.dcm", check=_is_45_years),
    Case("25_patient_orientation_RF_flipped.dcm", warning="turned back", check=_is_windowed_and_mirrored_back),
    Case("34_voifunc_unknown.dcm", warning="'LINEAR_FOO' is not defined", check=_is_windowed),
    Case("37_slope0.dcm", warning="a slope of 0", check=_is_windowed),
    Case("53_jpeg_no_eoi.dcm", warning="lacks its end-of-image marker", check=_has_levels),
    Case("64_rle_pad20.dcm", check=_as_pydicom),
    Case("BMI_table.csv", error="but text"),
    Case("Tests__images__junk_jpeg_header.jpg", warning="5 stray bytes", check=_as_pillow),
    Case("cs3d_jpeg_process10_12.dcm", check=_has_levels),
    Case("jpeg_stray_bytes.jpg", warning="3 stray bytes", check=_as_pillow),
    Case("tiff_cmyk16.tiff", error="this kind of TIFF is not supported: 16-bit inks"),
)
"""Sorted by file name."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_public_case(case: Case, shared_data: Path) -> None:
    path = shared_data / "cases" / case.file
    if case.error:
        with pytest.raises(HilumError, match=case.error):
            decode(path.read_bytes(), name=case.file)
        return
    radiograph = decode(path.read_bytes(), name=case.file)
    case.check(radiograph, path)
    assert any(case.warning in warning for warning in radiograph.warnings) or not case.warning
