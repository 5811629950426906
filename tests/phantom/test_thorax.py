"""The thorax: lesions change their box and nothing else, masks lie on the right sides, tissues have their greys."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.geometry import Box
from hilum.phantom.lesions import LesionSpec
from hilum.phantom.phantom import Phantom
from hilum.phantom.thorax import CHEST_DETECTOR, render_thorax
from perfect_detector import PERFECT

SIZE = {"rows": 256, "columns": 256}
QUIET = replace(PERFECT, window=CHEST_DETECTOR.window)
NODULE = LesionSpec("Nodule", centre=(0.725, 0.42), radii=(0.04, 0.03))


@pytest.fixture(scope="module")
def healthy() -> Phantom:
    return render_thorax(**SIZE, detector=QUIET, label=False)


@pytest.mark.parametrize(
    "spec",
    [
        NODULE,
        LesionSpec("Consolidation", centre=(0.29, 0.62), radii=(0.1, 0.09), density=0.8, patchy=True),
        LesionSpec("Consolidation", centre=(0.28, 0.72), radii=(0.12, 0.12)),  # cut by the diaphragm
    ],
)
def test_a_lesion_brightens_its_box_and_nothing_else(healthy: Phantom, spec: LesionSpec) -> None:
    ill = render_thorax(**SIZE, detector=QUIET, label=False, lesions=(spec,))
    (lesion,) = ill.lesions
    difference = ill.pixels - healthy.pixels
    x, y, width, height = (int(value) for value in lesion.box.as_list())
    inside = np.zeros_like(difference, bool)
    inside[y : y + height, x : x + width] = True
    assert np.abs(difference[~inside]).max() <= 1e-6
    assert difference.min() >= -1e-6
    assert difference[inside].max() > 0.05
    rows, columns = np.flatnonzero((difference > 1e-6).any(axis=1)), np.flatnonzero((difference > 1e-6).any(axis=0))
    assert (columns[0] - x, rows[0] - y) <= (1, 1)
    assert (x + width - 1 - columns[-1], y + height - 1 - rows[-1]) <= (1, 1)


def test_the_box_of_a_lesion_within_the_lung_is_that_of_its_ellipsoid() -> None:
    (lesion,) = render_thorax(**SIZE, lesions=(NODULE,)).lesions
    known = Box((0.725 - 0.04) * 256, (0.42 - 0.03) * 256, 0.08 * 256, 0.06 * 256)
    np.testing.assert_allclose(lesion.box.as_list(), known.as_list(), atol=1.5)
    assert lesion.name == "Nodule"


def test_the_diaphragm_cuts_a_lesion_and_its_box() -> None:
    (lesion,) = render_thorax(**SIZE, lesions=(LesionSpec("Consolidation", (0.31, 0.72), (0.05, 0.12)),)).lesions
    assert lesion.box.y + lesion.box.height < (0.72 + 0.12) * 256 - 5


def test_a_lesion_outside_the_lungs_is_refused() -> None:
    with pytest.raises(UsageError, match="touches no lung"):
        render_thorax(rows=64, columns=64, lesions=(LesionSpec("Nodule", centre=(0.05, 0.05), radii=(0.02, 0.02)),))


def test_the_right_lung_lies_on_the_left_of_the_picture(healthy: Phantom) -> None:
    right, left = (np.flatnonzero(mask.any(axis=0)) for mask in (healthy.right_lung, healthy.left_lung))
    assert right.max() < 128 < left.min()
    assert not (healthy.right_lung & healthy.left_lung).any()
    shares = [mask.mean() for mask in (healthy.right_lung, healthy.left_lung)]
    assert 0.1 < shares[1] < shares[0] < 0.2  # the heart takes from the left


def test_lungs_are_dark_and_the_heart_stands_to_the_right_of_the_picture(healthy: Phantom) -> None:
    pixels = healthy.pixels
    lungs = pixels[healthy.right_lung | healthy.left_lung]
    abdomen, centre = pixels[235:250, 60:196], pixels[150:200, 120:136]
    assert np.median(lungs) < 0.35
    assert np.median(abdomen) > 0.6
    assert np.median(centre) > 0.6
    row = pixels[180]
    assert row[155:175].mean() > row[81:101].mean() + 0.15  # the same distance from the midline
    assert pixels[2:14, 30:50].max() < 0.02  # air above the shoulder


def test_pixels_follow_the_seed_and_nothing_else() -> None:
    first, second, other = (render_thorax(rows=96, columns=80, seed=seed) for seed in (4, 4, 5))
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.pixels.tobytes() != other.pixels.tobytes()
    assert first.pixels.dtype == np.float32
    assert (first.pixels.min(), first.pixels.max()) == (0, 1)


def test_rendering_leaves_the_global_random_state_alone() -> None:
    state = np.random.get_state()[1].copy()
    render_thorax(rows=64, columns=64)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_a_child_is_smaller_and_says_its_age() -> None:
    child, adult = render_thorax(rows=64, columns=64, child=True), render_thorax(rows=64, columns=64)
    assert child.age_years == 5
    assert adult.age_years == 40
    assert child.spacing_mm < 0.6 * adult.spacing_mm


@pytest.mark.parametrize(("rows", "columns"), [(128, 96), (96, 128)])
def test_pixels_are_square_in_any_format(rows: int, columns: int) -> None:
    phantom = render_thorax(rows=rows, columns=columns, child=True)
    assert phantom.pixels.shape == (rows, columns) == phantom.right_lung.shape
    height, width = (np.ptp(np.flatnonzero(phantom.right_lung.any(axis=axis))) for axis in (1, 0))
    assert 1.5 < height / width < 2.6


def test_a_size_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 64 x 64"):
        render_thorax(rows=40, columns=200)
