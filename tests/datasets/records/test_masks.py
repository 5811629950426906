import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records.masks import mask_named_as, read_mask
from hilum.errors import DataError


def test_one_bit_is_read_as_grey_values(tmp_path):
    Image.fromarray(np.eye(3, 4) > 0).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png", shape=(3, 4)).tolist() == (np.eye(3, 4) * 255).tolist()


def test_none_an_empty_one_and_one_of_another_size_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"Cannot open the mask .*gone\.png"):
        read_mask(tmp_path / "gone.png")
    Image.new("L", (4, 3)).save(tmp_path / "empty.png")
    with pytest.raises(DataError, match="is empty: it shows no heart"):
        read_mask(tmp_path / "empty.png", of="heart")
    with pytest.raises(DataError, match=r"has the shape \(3, 4\), but its image has 4 x 4 pixels"):
        read_mask(tmp_path / "empty.png", shape=(4, 4))


def test_a_mask_bears_the_name_of_its_picture(tmp_path):
    (tmp_path / "a.png").touch()
    assert mask_named_as(tmp_path / "pictures" / "a.jpg", folder=tmp_path) == tmp_path / "a.png"
    with pytest.raises(DataError, match=r"The mask of b\.jpg is missing: .*b\.png does not exist"):
        mask_named_as(tmp_path / "pictures" / "b.jpg", folder=tmp_path)
