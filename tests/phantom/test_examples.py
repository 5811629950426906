"""The example set is written whole, labelled in every file, and with the truth about its lesions."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from hilum.errors import FileAccessError
from hilum.phantom.examples import TRUTH, write_examples


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    return write_examples(tmp_path_factory.mktemp("examples") / "new" / "folder")


def test_every_file_is_written_and_named_a_phantom(written: tuple[Path, ...]) -> None:
    assert all(path.stat().st_size > 0 for path in written)
    assert sorted(path.name for path in written) == sorted(path.name for path in written[0].parent.iterdir())
    assert written[-1].name == TRUTH
    assert all(path.name.startswith("phantom-") for path in written[:-1])
    assert {path.suffix for path in written} == {".png", ".jpg", ".dcm", ".json"}


def test_the_truth_matches_the_files(written: tuple[Path, ...]) -> None:
    truth = json.loads(written[-1].read_text())["images"]
    assert set(truth) == {path.name for path in written[:-1]}
    for path in written[:-1]:
        entry = truth[path.name]
        if path.suffix == ".dcm":
            data = pydicom.dcmread(path)
            assert (data.Rows, data.Columns) == (entry["rows"], entry["columns"])
            assert data.PatientAge == f"{entry['age_years']:03d}Y"
        else:
            assert Image.open(path).size == (entry["columns"], entry["rows"])
        for lesion in entry["lesions"]:
            x, y, width, height = lesion["box"]
            assert 0 < x < x + width < entry["columns"]
            assert 0 < y < y + height < entry["rows"]
    ill = {name: [lesion["name"] for lesion in entry["lesions"]] for name, entry in truth.items()}
    assert ill["phantom-chest-child-consolidation.dcm"] == ["Consolidation"]
    assert ill["phantom-chest-nodule.jpg"] == ["Nodule"]
    assert ill["phantom-chest-healthy.png"] == []


def test_the_consolidation_lies_in_the_left_lung_on_the_right_of_the_picture(written: tuple[Path, ...]) -> None:
    truth = json.loads(written[-1].read_text())["images"]["phantom-chest-child-consolidation.dcm"]
    x, _, _, height = truth["lesions"][0]["box"]
    assert x > truth["columns"] / 2
    assert height > truth["rows"] / 4


def test_pictures_carry_the_statement(written: tuple[Path, ...]) -> None:
    for path in written[:-1]:
        if path.suffix == ".png":
            assert "no real patient" in Image.open(path).info["Description"]
        elif path.suffix == ".jpg":
            assert b"no real patient" in Image.open(path).info["comment"]
        else:
            assert "no real patient" in pydicom.dcmread(path).ImageComments


def test_the_16_bit_picture_is_the_8_bit_one_in_finer_steps(written: tuple[Path, ...]) -> None:
    folder = written[0].parent
    coarse = np.asarray(Image.open(folder / "phantom-chest-healthy.png"), np.float64) / 255
    fine = np.asarray(Image.open(folder / "phantom-chest-healthy-16bit.png"), np.float64) / 65535
    assert np.abs(coarse - fine).max() <= 0.51 / 255
    assert len(np.unique(fine)) > 2000


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here is no folder")
    with pytest.raises(FileAccessError, match="Cannot write phantoms"):
        write_examples(blocked / "inner")
