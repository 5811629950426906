import numpy as np
import pytest
import torch
from PIL import Image

from hilum.errors import UsageError
from hilum.networks.cut import at_once, cut, in_turn, whole_boxes


def marked(rows: int, columns: int) -> np.ndarray:
    """A picture that looks the same nowhere twice: a ramp along both sides, noise, and a mark in each corner."""
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    picture = (0.3 * x / columns + 0.3 * y / rows).astype(np.float32)
    picture += np.random.default_rng(0).random((rows, columns), np.float32) * np.float32(0.3)
    for place, (row, column) in enumerate([(0, 0), (0, -4), (-4, 0), (-4, -4)], start=1):
        picture[row : row + 4 or None, column : column + 4 or None] = place / 4
    return picture


def sliced(picture: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """NumPy's slice of the box, and Pillow's resizing of it."""
    left, top, right, bottom = box
    part = Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right]))
    return np.asarray(part.resize((size[1], size[0]), Image.Resampling.BILINEAR))


BOXES = [
    (0, 0, 300, 200),
    (0, 0, 40, 30),
    (260, 170, 300, 200),
    (37, 11, 38, 199),
    (5, 90, 261, 91),
    (10, 20, 122, 116),
]


@pytest.mark.parametrize("way", [cut, at_once, in_turn])
@pytest.mark.parametrize("size", [(32, 48), (96, 112), (224, 224)])
def test_the_crop_is_numpys_slice_resized_pixel_by_pixel(size, way):
    pictures = np.stack([marked(200, 300), marked(200, 300)[::-1].copy()])
    boxes = torch.tensor([BOXES, BOXES[::-1]])
    found = way(torch.from_numpy(pictures)[:, None], boxes, size)
    assert found.shape == (2, len(BOXES), 1, *size)
    for picture, own, crops in zip(pictures, boxes.tolist(), found.numpy(), strict=True):
        for box, crop in zip(own, crops, strict=True):
            assert np.abs(crop[0] - sliced(picture, tuple(box), size)).max() < 2e-5


def test_a_box_in_its_own_size_is_the_slice_itself():
    picture = torch.from_numpy(marked(64, 80))
    (((crop,),),) = cut(picture[None, None], torch.tensor([[[16, 8, 48, 40]]]), (32, 32))
    assert torch.equal(crop, picture[8:40, 16:48])


def test_channels_are_cut_alike_and_autocast_changes_nothing():
    picture = torch.from_numpy(marked(60, 60))
    pictures = torch.stack([picture, 1 - picture])[None]
    plain = cut(pictures, whole_boxes(pictures), (20, 30))
    assert torch.allclose(plain[:, :, 0], 1 - plain[:, :, 1], atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cut(pictures, whole_boxes(pictures), (20, 30)), plain)


def test_boxes_of_another_batch_are_refused():
    with pytest.raises(UsageError, match="Images need shape"):
        cut(torch.zeros(2, 1, 8, 8), torch.zeros(3, 1, 4, dtype=torch.int64), (4, 4))
