import shutil

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.general_blockchain import read_general_blockchain, series_of
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    for name in ("images/a-day0.jpg", "images/a-day3.jpg", "masks/a-day0.png", "masks/a-day3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8), len(name), np.uint8)).save(tmp_path / name)
    return tmp_path


def test_each_chest_has_its_mask_and_a_series_is_one_patient(release):
    first, second = read_general_blockchain(release)
    assert first.masks == {"lungs": release / "masks" / "a-day0.png"}
    assert second.masks == {"lungs": release / "masks" / "a-day3.png"}
    assert first.patient == second.patient
    assert first.lung_definition == "whole"


def test_a_chest_without_a_mask_is_refused(release):
    (release / "masks" / "a-day3.png").unlink()
    with pytest.raises(DataError, match=r"The mask of a-day3\.jpg is missing: .*a-day3\.png"):
        read_general_blockchain(release)


def test_without_the_folder_of_masks_no_chest_has_one(release):
    shutil.rmtree(release / "masks")
    records = read_general_blockchain(release)
    assert [(record.masks, record.lung_definition) for record in records] == [({}, None)] * 2


@pytest.mark.parametrize(
    ("stem", "series"),
    [
        ("SARS-10.1148rg.242035193-g04mr34g0-Fig8a-day0", "SARS-10.1148rg.242035193-g04mr34g0"),
        ("covid-19-pneumonia-15-PA", "covid-19-pneumonia"),
        ("80446565-E090-4187-A031-9D3CEAA586C8", "80446565-E090-4187-A031-9D3CEAA586C8"),
    ],
)
def test_names_of_a_series(stem, series):
    assert series_of(stem) == series


@pytest.mark.data
def test_the_real_chests_have_masks_of_their_size(shared_data):
    records = read_general_blockchain(shared_data / "lungs")
    assert len(records) == 100
    for record in records[:5]:
        with Image.open(record.path) as picture, Image.open(record.masks["lungs"]) as mask:
            assert picture.size == mask.size
            assert set(np.unique(np.asarray(mask))) <= {0, 128, 255}
