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


CASES = (
    Case("11_nframes0.dcm", warning="Number of Frames is 0", check=_as_pydicom),
    Case("20_age_05_45Y.dcm", check=_is_45_years),
    Case("53_jpeg_no_eoi.dcm", warning="lacks its end-of-image marker", check=_has_levels),
    Case("64_rle_pad20.dcm", check=_as_pydicom),
    Case("BMI_table.csv", error="the bytes are text"),
    Case("Tests__images__junk_jpeg_header.jpg", warning="5 stray bytes", check=_as_pillow),
    Case("cs3d_jpeg_process10_12.dcm", check=_has_levels),
    Case("jpeg_stray_bytes.jpg", warning="3 stray bytes", check=_as_pillow),
    Case("tiff_cmyk16.tiff", error="not supported: a TIFF of this kind, 16-bit inks"),
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
