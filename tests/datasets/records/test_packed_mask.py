import numpy as np
import pytest

from hilum.datasets.records.packed_mask import PackedMask


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (224, 224), (7, 64)])
def test_a_mask_comes_back_as_it_was(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.5
    packed = PackedMask.of(mask)
    assert (packed.rows, packed.columns) == shape
    assert packed.mask.dtype == np.bool_
    assert np.array_equal(packed.mask, mask)


def test_two_of_the_same_mask_are_equal_and_lungs_are_small() -> None:
    y, x = np.mgrid[:224, :224]
    lung = (x - 70) ** 2 / 40**2 + (y - 110) ** 2 / 80**2 < 1
    assert PackedMask.of(lung) == PackedMask.of(lung.copy())
    assert PackedMask.of(lung) != PackedMask.of(~lung)
    assert len(PackedMask.of(lung).data) < 1000
