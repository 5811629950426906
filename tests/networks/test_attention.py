import numpy as np
import pytest
import torch
from scipy import ndimage

from hilum.errors import UsageError
from hilum.explain.boxes import box_from_map
from hilum.geometry import Geometry
from hilum.networks.attention import (
    Attention,
    attended_boxes,
    attended_maps,
    attended_masks,
    boxes_of,
    labelled_components,
    largest_components,
)

EVERYWHERE = np.ones((3, 3))


def spiral(side: int) -> np.ndarray:
    """A path of one pixel that winds inwards: no part of this size has a longer way through it."""
    path = np.zeros((side, side), np.bool_)
    y, x, dy, dx, turns = 0, 0, 0, 1, 0
    path[0, 0] = True

    def taken(row: int, column: int) -> bool:
        return 0 <= row < side and 0 <= column < side and bool(path[row, column])

    while turns < 3:
        row, column = y + dy, x + dx
        inside = 0 <= row < side and 0 <= column < side
        if inside and not path[row, column] and not taken(row + dy, column + dx):
            y, x, turns = row, column, 0
            path[y, x] = True
        else:
            dy, dx, turns = dx, -dy, turns + 1
    return path


def serpent(side: int) -> np.ndarray:
    path = np.zeros((side, side), np.bool_)
    path[::2] = True
    for row in range(1, side - 1, 2):
        path[row, 0 if row // 2 % 2 else -1] = True
    return path


def masks(side: int) -> np.ndarray:
    draw = np.random.default_rng(0)
    # 0.41 is where parts of a plane with eight neighbours begin to reach from edge to edge
    noise = [draw.random((side, side)) < share for share in (0.1, 0.3, 0.38, 0.41, 0.44, 0.5, 0.9) for _ in range(8)]
    paths = [turned for path in (spiral(side), serpent(side)) for turn in range(4) for turned in [np.rot90(path, turn)]]
    mirrored = [path[:, ::-1] for path in paths]
    return np.stack([*noise, *paths, *mirrored, np.zeros((side, side), np.bool_), np.ones((side, side), np.bool_)])


def by_scipy(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each part by the raster index of its first pixel, and the largest part, by SciPy's labelling."""
    labels, count = ndimage.label(mask, EVERYWHERE)
    first = np.full(mask.shape, mask.size)
    places = np.arange(mask.size).reshape(mask.shape)
    first[mask] = np.array(ndimage.minimum(places, labels, range(1, count + 1)))[labels[mask] - 1]
    if count == 0:
        return first, np.zeros(mask.shape, np.bool_)
    sizes = np.bincount(labels.ravel())[1:]
    return first, labels == sizes.argmax() + 1


@pytest.mark.parametrize("side", [7, 63, 126])
def test_a_batch_of_masks_is_labelled_as_scipy_labels_each(side):
    batch = masks(side)
    expected = [by_scipy(mask) for mask in batch]
    found = labelled_components(torch.from_numpy(batch)).numpy()
    largest = largest_components(torch.from_numpy(batch)).numpy()
    assert np.array_equal(found, np.stack([first for first, _ in expected]))
    assert np.array_equal(largest, np.stack([part for _, part in expected]))


def test_masks_need_not_be_square_and_one_pixel_is_a_part():
    batch = np.random.default_rng(3).random((20, 5, 17)) < 0.4
    expected = np.stack([by_scipy(mask)[1] for mask in batch])
    assert np.array_equal(largest_components(torch.from_numpy(batch)).numpy(), expected)
    assert largest_components(torch.ones(2, 1, 1, dtype=torch.bool)).all()


def test_the_box_is_that_of_the_map_less_its_minimum_as_reports_draw_boxes():
    maps = torch.randn(12, 1, 7, 9, generator=torch.Generator().manual_seed(4))
    attention = Attention(threshold=0.7, subdivisions=9)
    found = boxes_of(attended_masks(maps, attention), picture=(7 * 18, 9 * 18), cells=(63, 81))
    for grid, box in zip(maps[:, 0].numpy(), found[:, 0].tolist(), strict=True):
        drawn = box_from_map(grid - grid.min(), threshold=0.7, geometry=Geometry(18, 18, 0, 0), subdivisions=9)
        assert drawn is not None
        assert box == [drawn.x, drawn.y, drawn.x + drawn.width, drawn.y + drawn.height]


def test_the_channels_maximum_is_of_magnitudes():
    features = torch.tensor([[[[1.0, -5.0]], [[2.0, 3.0]]]])
    assert attended_maps(features, torch.ones(1, 2), torch.zeros(1, 1), "channel maximum").tolist() == [[[[2.0, 5.0]]]]


def test_class_maps_are_closed_form_and_the_most_probable_label_s_is_one_of_them():
    draw = torch.Generator().manual_seed(5)
    features, weight = torch.rand(3, 6, 4, 4, generator=draw), torch.randn(5, 6, generator=draw)
    logits = torch.tensor([[0.0, 9, 0, 0, 0], [0, 0, 0, 0, 1], [-1, -2, -3, -4, -5]])
    each = attended_maps(features, weight, logits, "each label")
    assert torch.allclose(each, torch.einsum("nkhw,lk->nlhw", features, weight) / 16, atol=1e-6)
    top = attended_maps(features, weight, logits, "most probable label")
    assert torch.equal(top, torch.stack([each[0, 1:2], each[1, 4:5], each[2, 0:1]]))
    boxes = attended_boxes(features, weight, logits, Attention(map="each label"), (64, 64))
    assert boxes.shape == (3, 5, 4)


@pytest.mark.parametrize(
    "features", [torch.full((1, 3, 7, 7), 2.0), torch.rand(1, 3, 1, 1), torch.full((1, 3, 7, 7), torch.nan)]
)
def test_a_map_that_says_nothing_gives_the_whole_picture(features):
    boxes = attended_boxes(features, torch.ones(2, 3), torch.zeros(1, 2), Attention(), (96, 128))
    assert boxes.tolist() == [[[0, 0, 128, 96]]]


def test_a_box_at_the_border_is_as_large_as_a_cell_and_inside():
    features = torch.zeros(2, 1, 7, 7)
    features[0, 0, 6, 6] = features[1, 0, 0, 3] = 1.0
    (corner,), (edge,) = attended_boxes(
        features, torch.ones(1, 1), torch.zeros(2, 1), Attention(), (700, 1400)
    ).tolist()
    # the last cell covers pixels 1200 to 1400 and 600 to 700; above 0.7 of it lies less than a cell
    assert corner == [1200, 600, 1400, 700]
    assert edge == [600, 0, 800, 100]


def test_autocast_changes_no_box():
    draw = torch.Generator().manual_seed(6)
    features, weight = torch.rand(4, 8, 7, 7, generator=draw), torch.randn(3, 8, generator=draw)
    given = features, weight, features.mean(dim=(2, 3)) @ weight.T, Attention(map="most probable label"), (224, 224)
    plain = attended_boxes(*given)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(attended_boxes(*given), plain)


@pytest.mark.parametrize(("threshold", "subdivisions"), [(0.0, 9), (1.1, 9), (0.7, 0), (0.7, 8), (0.7, 33)])
def test_an_attention_that_cannot_be_is_refused(threshold, subdivisions):
    with pytest.raises(UsageError, match="The attention threshold must"):
        Attention(threshold=threshold, subdivisions=subdivisions)
