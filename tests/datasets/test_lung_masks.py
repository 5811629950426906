import numpy as np
import pytest
from PIL import Image

from hilum.datasets.lung_masks import read_lung_masks
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    for name in ("images/a-day0.jpg", "images/a-day3.jpg", "masks/a-day0.png", "masks/a-day3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8), len(name), np.uint8)).save(tmp_path / name)
    return tmp_path


def test_each_chest_has_its_mask_and_a_series_is_one_patient(release):
    first, second = read_lung_masks(release)
    assert first.masks == {"lungs": release / "masks" / "a-day0.png"}
    assert second.masks == {"lungs": release / "masks" / "a-day3.png"}
    assert first.patient == second.patient


def test_a_chest_without_a_mask_is_refused(release):
    (release / "masks" / "a-day3.png").unlink()
    with pytest.raises(DataError, match=r"expected the mask of a-day3\.jpg at .*a-day3\.png"):
        read_lung_masks(release)


@pytest.mark.data
def test_the_real_chests_have_masks_of_their_size(shared_data):
    records = read_lung_masks(shared_data / "lungs")
    assert len(records) == 100
    for record in records[:5]:
        with Image.open(record.path) as picture, Image.open(record.masks["lungs"]) as mask:
            assert picture.size == mask.size
            assert set(np.unique(np.asarray(mask))) <= {0, 128, 255}
