"""Renderings: each family, its sizes, and that seeds decide everything."""

import numpy as np
import pytest

from hilum.datasets.renderings.renderings import FAMILIES, JUDGING_SEEDS, TRAINING_SEEDS, render
from hilum.errors import UsageError


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_gives_one_picture_and_another_seed_another(family: str) -> None:
    first, again, other = render(family, seed=3), render(family, seed=3), render(family, seed=4)
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_grey_of_the_said_sizes(family: str) -> None:
    for seed in range(12):
        picture = render(family, seed=seed)
        assert picture.dtype == np.uint8
        assert picture.ndim == 2
        assert all(160 <= side <= 640 for side in picture.shape)


@pytest.mark.parametrize("family", ["document", "table", "plot", "screenshot", "drawing"])
def test_drawn_families_have_edges(family: str) -> None:
    steps = [np.abs(np.diff(render(family, seed=seed).astype(int), axis=1)).max() for seed in range(6)]
    assert min(steps) > 40


def test_blanks_are_flat_inside_and_noise_is_not() -> None:
    for seed in range(8):
        blank = render("blank", seed=seed)
        rows, columns = (side // 2 for side in blank.shape)
        assert blank[rows - 20 : rows + 20, columns - 20 : columns + 20].std() < 8
        assert render("noise", seed=seed).std() > 5


def test_training_and_judging_share_no_seed() -> None:
    assert TRAINING_SEEDS.stop <= JUDGING_SEEDS.start


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(UsageError, match="Known: document"):
        render("cat", seed=0)
