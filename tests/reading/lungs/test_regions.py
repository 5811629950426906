"""Paper 3's rules on masks made by hand: each has one that needs it and one that must not trigger it."""

import numpy as np
import pytest
from scipy import ndimage

from hilum.errors import UsageError
from hilum.explain.components import labelled_components
from hilum.geometry import Box
from hilum.reading.lungs.regions import lung_regions, widened_box

RIGHT = (slice(60, 200), slice(40, 110))
LEFT = (slice(60, 200), slice(146, 216))


def drawn(*places: tuple[slice, slice], side: int = 256) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    for place in places:
        mask[place] = True
    return mask


def test_two_lungs_are_kept_and_the_box_is_widened_as_the_paper_says():
    found = lung_regions(drawn(RIGHT, LEFT))
    assert found.flags == ()
    assert found.count == 2
    assert np.array_equal(found.kept, drawn(RIGHT, LEFT))
    assert np.array_equal(found.boxed, found.kept)
    assert found.box == Box(40 - 15, 60 - 15, (216 - 40) + 30, (200 - 60) + 15 + 20)


def test_rule_a_drops_the_region_farthest_from_the_centre():
    gas = (slice(235, 252), slice(100, 140))
    found = lung_regions(drawn(RIGHT, LEFT, gas))
    assert np.array_equal(found.kept, drawn(RIGHT, LEFT))
    assert found.flags == ("more than two regions",)
    assert found.count == 3


def test_rule_a_drops_two_of_four_and_measures_from_the_image_centre_not_by_size():
    large_corner, small_near = (slice(0, 70), slice(0, 70)), (slice(115, 145), slice(110, 140))
    mask = drawn(large_corner, small_near, (slice(100, 160), slice(160, 200)), (slice(220, 255), slice(220, 255)))
    found = lung_regions(mask)
    assert np.array_equal(found.kept, drawn(small_near, (slice(100, 160), slice(160, 200))))


def test_rule_b_drops_and_mirrors_where_the_smaller_is_less_than_a_third():
    rest = (slice(60, 106), slice(146, 216))  # 46 of 140 rows: just below a third
    found = lung_regions(drawn(RIGHT, rest))
    assert found.flags == ("mirrored",)
    assert np.array_equal(found.boxed, drawn(RIGHT) | drawn(RIGHT)[:, ::-1])
    assert np.array_equal(found.kept, drawn(RIGHT, rest)), "the mask itself is never mirrored"
    assert found.box == Box(25, 45, 256 - 50, 175)


def test_rule_b_keeps_a_smaller_region_of_a_third():
    third = (slice(60, 200), slice(146, 170))  # 24 of 70 columns: above a third
    found = lung_regions(drawn(RIGHT, third))
    assert found.flags == ()
    assert np.array_equal(found.boxed, drawn(RIGHT, third))


def test_rule_b_mirrors_about_the_image_and_not_about_the_lung():
    off = (slice(60, 200), slice(20, 80))
    found = lung_regions(drawn(off, (slice(60, 80), slice(150, 180))))
    columns = np.flatnonzero(found.boxed.any(axis=0))
    assert columns[0] == 20
    assert columns[-1] == 255 - 20


def test_one_region_across_the_centre_line_is_kept_and_one_beside_it_mirrored():
    across = lung_regions(drawn((slice(60, 200), slice(60, 190))))
    assert across.flags == ("one region",)
    assert np.array_equal(across.boxed, across.kept)
    beside = lung_regions(drawn(LEFT))
    assert beside.flags == ("one region", "mirrored")
    assert np.array_equal(beside.kept, drawn(LEFT))
    assert np.array_equal(beside.boxed, drawn(LEFT) | drawn(LEFT)[:, ::-1])


def test_without_a_lung_the_box_is_the_whole_grid():
    found = lung_regions(drawn())
    assert found.flags == ("no lung",)
    assert found.box == Box(0, 0, 256, 256)
    assert not found.kept.any()


@pytest.mark.parametrize("side", [4, 25])
def test_a_speck_is_no_region_and_cannot_displace_a_lung(side):
    speck = (slice(120, 120 + side), slice(116, 116 + side))
    found = lung_regions(drawn(RIGHT, LEFT, speck))
    assert found.count == 2
    assert np.array_equal(found.kept, drawn(RIGHT, LEFT))
    strict = lung_regions(drawn(RIGHT, LEFT, speck), speck_share=0.0)
    assert strict.count == 3
    assert strict.kept[121, 117], "without it, the paper's rule keeps what is nearest the centre"


def test_a_mask_at_the_border_is_flagged_and_its_box_cut():
    found = lung_regions(drawn((slice(0, 200), slice(40, 110)), LEFT))
    assert "touches the border" in found.flags
    assert found.box.y == 0


@pytest.mark.parametrize("side", [64, 128, 512])
def test_margins_scale_with_the_grid(side):
    scale = side / 256
    mask = drawn((slice(side // 4, side // 2), slice(side // 4, side // 2)), side=side)
    box = widened_box(mask)
    assert (box.x, box.y) == (side / 4 - 15 * scale, side / 4 - 15 * scale)
    assert (box.x + box.width, box.y + box.height) == (side / 2 + 15 * scale, side / 2 + 20 * scale)


def test_what_is_no_mask_is_refused():
    with pytest.raises(UsageError, match="a mask must be bool"):
        lung_regions(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize(("connectivity", "structure"), [(8, np.ones((3, 3))), (4, None)])
def test_components_are_scipys(connectivity, structure):
    mask = np.random.default_rng(0).random((40, 53)) < 0.5
    numbers, count = labelled_components(mask, connectivity=connectivity)
    expected, expected_count = ndimage.label(mask, structure=structure)
    assert count == expected_count
    assert len(set(zip(numbers.ravel(), expected.ravel(), strict=True))) == count + 1


def test_an_empty_mask_has_no_components():
    numbers, count = labelled_components(np.zeros((3, 5), bool))
    assert count == 0
    assert numbers.shape == (3, 5)
    assert not numbers.any()
