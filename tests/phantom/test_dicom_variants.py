"""Every DICOM variant shows the phantom's picture when plain pydicom walks its display chain."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from hilum.errors import FileAccessError, UsageError
from hilum.phantom.dicom_variants import VARIANTS, write_dicom
from hilum.phantom.labels import corner_mark
from hilum.phantom.phantom import Phantom
from hilum.phantom.thorax import render_thorax

LOSSY = "jpeg"


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render_thorax(rows=96, columns=112, child=True, sex="F")


def _read(path: Path) -> pydicom.Dataset:
    data = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return data


def _shown(data: pydicom.Dataset) -> np.ndarray:
    """The picture by pydicom's LUT functions; windows by the formulas of PS3.3, C.11.2.1.2 and C.11.2.1.3.2.

    (pydicom's own window turns a picture of negative slope over.) The picture holds black and white, so without a
    window the values' own range scales it to [0, 1].
    """
    stored = data.pixel_array if data.get("NumberOfFrames", 1) == 1 else data.pixel_array[0]
    value = apply_modality_lut(stored, data).astype(np.float64)
    if "WindowCenter" in data:
        centre, width = (float(np.atleast_1d(data[tag].value)[0]) for tag in ("WindowCenter", "WindowWidth"))
        if data.get("VOILUTFunction", "LINEAR") == "LINEAR":
            centre, width = centre - 0.5, width - 1
        grey = np.clip((value - centre) / width + 0.5, 0, 1)
    else:
        value = apply_voi_lut(value.astype(np.int64), data).astype(np.float64)
        grey = (value - value.min()) / (value.max() - value.min())
    return 1 - grey if data.PhotometricInterpretation == "MONOCHROME1" else grey


@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {LOSSY}))
def test_a_variant_shows_the_picture(phantom: Phantom, tmp_path: Path, variant: str) -> None:
    data = _read(write_dicom(phantom, tmp_path / "phantom.dcm", variant=variant))
    step = max(1 / (2**data.BitsStored - 1), 1 / 2500)
    np.testing.assert_allclose(_shown(data), phantom.pixels, atol=step)


def test_the_lossy_variant_shows_nearly_the_picture(phantom: Phantom, tmp_path: Path) -> None:
    shown = _read(write_dicom(phantom, tmp_path / "phantom.dcm", variant=LOSSY)).pixel_array / 255
    assert np.abs(shown - phantom.pixels).mean() < 0.01


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_the_corner_mark_is_upright_in_the_top_left(phantom: Phantom, tmp_path: Path, variant: str) -> None:
    shown = _shown(_read(write_dicom(phantom, tmp_path / "phantom.dcm", variant=variant)))
    mask, box = corner_mark(rows=96, columns=112)
    part = np.s_[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)]
    assert shown[part][mask[part]].min() > 0.7
    assert shown[part][~mask[part]].max() < 0.3


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_every_file_says_that_there_is_no_patient(phantom: Phantom, tmp_path: Path, variant: str) -> None:
    data = _read(write_dicom(phantom, tmp_path / "phantom.dcm", variant=variant))
    assert data.PatientName == "PHANTOM^HILUM"
    assert data.PatientID == "PHANTOM"
    for text in (data.SeriesDescription, data.ImageComments, data.PatientComments):
        assert "no real patient" in text
    assert (data.PatientAge, data.PatientSex, data.ViewPosition) == ("005Y", "F", "AP")
    assert data.PatientBirthDate == ""
    assert data.BurnedInAnnotation == "YES"
    assert max(len(data[keyword].value) for keyword in ("SeriesDescription", "StudyDescription")) <= 64
    assert float(data.ImagerPixelSpacing[0]) == pytest.approx(phantom.spacing_mm, abs=1e-5)


def test_the_variants_are_what_their_names_say(phantom: Phantom, tmp_path: Path) -> None:
    files = {name: _read(write_dicom(phantom, tmp_path / f"{name}.dcm", variant=name)) for name in VARIANTS}
    assert files["monochrome1-inverse"].PresentationLUTShape == "INVERSE"
    assert "PresentationLUTShape" not in files["monochrome1"]
    assert files["signed-12"].pixel_array.min() < 0
    assert files["negative-slope"].RescaleSlope == -1
    assert len(files["two-windows"].WindowCenter) == 2
    assert files["voi-lut"].VOILUTSequence[0].LUTDescriptor == [4096, 0, 16]
    assert files["modality-lut"].ModalityLUTSequence[0].ModalityLUTType == "US"
    assert files["for-processing"].PresentationIntentType == "FOR PROCESSING"
    assert "WindowCenter" not in files["full-range-14"]
    assert [files[f"full-range-{bits}"].BitsStored for bits in (8, 10, 12, 14, 16)] == [8, 10, 12, 14, 16]
    assert (tmp_path / "no-preamble.dcm").read_bytes()[128:132] != b"DICM"
    assert (tmp_path / "plain.dcm").read_bytes()[128:132] == b"DICM"
    frames = files["multi-frame"].pixel_array
    np.testing.assert_array_equal(frames[1], frames[0][:, ::-1])
    for name in ("rle", "jpeg-ls", "jpeg-2000", "jpeg", "big-endian", "deflated", "implicit"):
        assert files[name].file_meta.TransferSyntaxUID == VARIANTS[name].syntax


def test_the_same_phantom_gives_the_same_bytes(phantom: Phantom, tmp_path: Path) -> None:
    for variant in ("plain", "rle", "jpeg-ls", "jpeg-2000", "jpeg"):
        first, second = (write_dicom(phantom, tmp_path / name, variant=variant).read_bytes() for name in "ab")
        assert first == second
    assert _read(tmp_path / "a").SOPInstanceUID != _read(write_dicom(phantom, tmp_path / "c")).SOPInstanceUID


def test_an_unknown_variant_is_refused(phantom: Phantom, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="monochrome1"):
        write_dicom(phantom, tmp_path / "phantom.dcm", variant="monochrome3")


def test_a_folder_that_is_not_there_is_an_error(phantom: Phantom, tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="Cannot write the phantom"):
        write_dicom(phantom, tmp_path / "nowhere" / "phantom.dcm")
