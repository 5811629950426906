import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from hilum.errors import UsageError
from hilum.systems.pneumonia.recipe import AUGMENTATION
from hilum.training.recipe.augment import (
    Augmentation,
    augment,
    augment_with_plane,
    change_grey_scale,
    drawn_frame,
    equalise_adaptively,
    even_out_contrast,
    gaussian_blur,
    reframe,
    shrink_and_enlarge,
)


def picture(seed=0, size=48):
    return torch.from_numpy(np.random.default_rng(seed).random((size, size)).astype(np.float32))


def test_the_default_changes_nothing():
    assert torch.allclose(augment(picture(), settings=Augmentation(), seed=3), picture(), atol=1e-5)


@pytest.mark.parametrize("size", [(224, 224), (37, 50)])
def test_reframing_is_torchs_affine_grid_to_the_last_bit(size):
    image = torch.rand(size, generator=torch.Generator().manual_seed(0))
    for seed in range(20):
        settings = Augmentation(crop_area=(0.64, 0.64), rotation_deg=10.0)
        draw = torch.Generator().manual_seed(seed)
        _, _, turn, shift_x, shift_y = (float(torch.rand((), generator=draw)) for _ in range(5))
        angle = math.radians(-10.0 + 20.0 * turn)
        scale = math.sqrt(0.64)
        shifts = [-(1 - scale) + 2 * (1 - scale) * value for value in (shift_x, shift_y)]
        cos, sin = math.cos(angle), math.sin(angle)
        rows, columns = size
        along_x = [scale * cos, -scale * sin * (rows / columns), shifts[0]]
        along_y = [scale * sin * (columns / rows), scale * cos, shifts[1]]
        theta = torch.tensor([[along_x, along_y]])
        grid = functional.affine_grid(theta, [1, 1, *size], align_corners=False)
        expected = functional.grid_sample(image[None, None], grid, padding_mode="border", align_corners=False)[0, 0]
        found = reframe(image, settings=settings, draw=torch.Generator().manual_seed(seed))
        assert torch.equal(found, expected)


def marked(size=(48, 40)):
    """A picture that is black but for a few smooth marks away from its border."""
    marks = np.zeros(size, np.float32)
    marks[10:20, 8:12] = marks[30:34, 20:33] = 1.0
    return torch.from_numpy(gaussian_filter(marks, 1.0).clip(0, 1))


def test_a_plane_is_framed_as_its_picture_is():
    framed = replace(AUGMENTATION, crop_area=(0.4, 1.0), rotation_deg=30.0, gain=0.0, offset=0.0, log_gamma=0.0)
    plain = replace(
        framed, blur_probability=0, shrink_probability=0, sharpen_probability=0, equalise_probability=0, noise=0
    )
    for seed in range(40):
        picture, plane = augment_with_plane(marked(), marked(), settings=plain, seed=seed)
        assert torch.allclose(picture, plane, atol=1e-6)
        assert seed > 3 or not torch.allclose(plane, marked(), atol=0.1)


def test_a_picture_with_a_plane_is_changed_as_one_without():
    for seed in range(20):
        picture, _ = augment_with_plane(marked(), torch.ones(48, 40), settings=AUGMENTATION, seed=seed)
        assert torch.equal(picture, augment(marked(), settings=AUGMENTATION, seed=seed))


def test_a_plane_is_empty_outside_the_picture_and_its_values_are_not_changed():
    turned = Augmentation(crop_area=(1.0, 1.0), rotation_deg=45.0, gain=0.9, noise=0.5)
    planes = [augment_with_plane(marked(), torch.ones(48, 40), settings=turned, seed=seed)[1] for seed in range(20)]
    assert max(float(plane.max()) for plane in planes) == pytest.approx(1.0)
    assert all(float(plane[24, 20]) == pytest.approx(1.0) for plane in planes)
    assert min(float(plane[0, 0]) for plane in planes) == 0.0, "a corner comes from outside"


def test_a_seed_decides_the_copy():
    one, again, other = (augment(picture(), settings=AUGMENTATION, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_no_seed_leaves_the_range_or_the_size():
    for seed in range(60):
        changed = augment(picture(seed), settings=AUGMENTATION, seed=seed)
        assert changed.shape == (48, 48)
        assert changed.dtype == torch.float32
        assert float(changed.min()) >= 0.0
        assert float(changed.max()) <= 1.0


def test_the_global_random_state_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    augment(picture(), settings=AUGMENTATION, seed=5)
    assert torch.equal(torch.rand(3), expected)


def test_the_heart_never_changes_sides():
    image = torch.zeros(64, 64)
    image[24:40, 38:50] = 1.0  # a patch right of the centre
    settings = Augmentation(crop_area=(0.65, 1.0), aspect=0.2, rotation_deg=10.0)
    across = torch.arange(64.0)
    for seed in range(40):
        changed = reframe(image, settings=settings, draw=torch.Generator().manual_seed(seed))
        columns, rows = changed.sum(dim=0), changed.sum(dim=1)
        left_to_right = float((columns * across).sum() / columns.sum())
        assert left_to_right > 24, "a mirrored patch would lie far left"
        assert 8 < float((rows * across).sum() / rows.sum()) < 56


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.3, 2.0, 12.0])
def test_the_blur_is_scipys(sigma):
    image = picture()[:, :40]
    radius = int(np.ceil(3 * sigma))
    expected = gaussian_filter(image.numpy(), sigma, mode="mirror", radius=radius)
    assert np.allclose(gaussian_blur(image, sigma_px=sigma).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(20, 31), (48, 40), (8, 8)])
def test_shrinking_and_enlarging_is_torchs(height, width):
    image = picture()[:, :40]
    small = functional.interpolate(image[None, None], (height, width), mode="bilinear", antialias=True)
    expected = functional.interpolate(small, image.shape, mode="bilinear")[0, 0]
    assert torch.allclose(shrink_and_enlarge(image, height=height, width=width), expected, atol=1e-5)


def test_the_grey_scale_changes_by_gamma_then_contrast_and_brightness_then_noise():
    settings = Augmentation(gain=0.3, offset=0.1, log_gamma=0.4, noise=0.05)
    image = picture(3)
    for seed in range(10):
        draw = torch.Generator().manual_seed(seed)
        log_gamma, gain, offset, deviation = (float(torch.rand((), generator=draw)) for _ in range(4))
        bent = image ** math.exp(-0.4 + 0.8 * log_gamma)
        scaled = bent.mean() + (0.7 + 0.6 * gain) * (bent - bent.mean()) - 0.1 + 0.2 * offset
        expected = (scaled + 0.05 * deviation * torch.randn(image.shape, generator=draw)).clamp(0.0, 1.0)
        found = change_grey_scale(image, settings=settings, draw=torch.Generator().manual_seed(seed))
        assert torch.allclose(found, expected, atol=1e-5)


def test_the_image_that_is_changed_stays_as_it_is():
    image, strong = picture(), Augmentation(blur_probability=1.0, shrink_probability=1.0, gain=0.3, noise=0.1)
    augment(image, settings=strong, seed=4)
    change_grey_scale(image, settings=strong, draw=torch.Generator().manual_seed(0))
    gaussian_blur(image, sigma_px=2.0)
    assert torch.equal(image, picture())


def test_evened_out_contrast_forgets_slow_changes_and_keeps_edges() -> None:
    ramp = torch.linspace(0.0, 1.0, 96).repeat(96, 1)
    edge = ramp.clone()
    edge[:, 48:] = (edge[:, 48:] + 0.2).clamp(max=1.0)
    flat, kept = (even_out_contrast(image, sigma_px=6.0) for image in (ramp, edge))
    assert float((flat[30:60, 30:60] - 0.5).abs().max()) < 0.1
    assert float(kept[48, 49] - kept[48, 46]) > 0.2
    assert float(kept.min()) >= 0.0
    assert float(kept.max()) <= 1.0


def test_a_recipe_without_local_contrast_draws_what_it_drew() -> None:
    image = torch.rand(96, 96, generator=torch.Generator().manual_seed(1))
    settings = Augmentation(blur_probability=0.5, noise=0.05, gain=0.2)
    first = augment(image, settings=settings, seed=3)
    assert torch.equal(first, augment(image, settings=replace(settings, local_contrast_sigma_px=(1.0, 2.0)), seed=3))
    changed = augment(image, settings=replace(settings, local_contrast_probability=1.0), seed=3)
    assert not torch.equal(first, changed)


def test_adaptive_equalisation_brings_up_a_faint_detail() -> None:
    ramp = torch.linspace(0.0, 0.8, 96).repeat(96, 1)
    detailed = ramp.clone()
    detailed[40:56:2] += 0.02
    changed = equalise_adaptively(detailed, clip=6.0, tiles=6)
    stripes = (changed[40:56:2] - changed[41:57:2])[:, 16:80].mean()
    assert float(stripes) > 2 * 0.02
    assert 0.0 <= float(changed.min()) < float(changed.max()) <= 1.0
    stronger = equalise_adaptively(detailed, clip=12.0, tiles=6)
    assert float((stronger[40:56:2] - stronger[41:57:2])[:, 16:80].mean()) > float(stripes)


def test_adaptive_equalisation_leaves_a_blank_page_blank() -> None:
    blank = torch.full((64, 64), 0.4)
    assert torch.equal(equalise_adaptively(blank, clip=4.0, tiles=4), blank)


def test_a_recipe_without_adaptive_equalisation_draws_what_it_drew() -> None:
    image = torch.rand(96, 96, generator=torch.Generator().manual_seed(1))
    settings = Augmentation(blur_probability=0.5, noise=0.05, gain=0.2)
    first = augment(image, settings=settings, seed=3)
    assert torch.equal(first, augment(image, settings=replace(settings, adaptive_tiles=(3, 4)), seed=3))
    assert not torch.equal(first, augment(image, settings=replace(settings, adaptive_probability=1.0), seed=3))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crop_area": (-1.0, 1.0)}, "crop_area from a lower to a higher number"),
        ({"crop_area": (1.0, 0.5)}, "crop_area from a lower to a higher number"),
        ({"shrink": (0.0, 0.0)}, "shrink from"),
        ({"blur_sigma_px": (0.0, 0.0)}, "blur_sigma_px from"),
        ({"adaptive_tiles": (0, 0)}, "adaptive_tiles from"),
        ({"blur_probability": 7.0}, "blur_probability in"),
        ({"aspect": -3.0}, "aspect of at least 0"),
        ({"noise": math.nan}, "noise of at least 0"),
    ],
)
def test_ranges_and_probabilities_that_cannot_be_are_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        Augmentation(**changes)


@pytest.mark.parametrize("shape", [(64, 256), (300, 100)])
def test_a_turn_of_a_picture_that_is_not_square_keeps_right_angles_and_lengths(shape):
    rows, columns = shape
    draw = torch.Generator().manual_seed(0)
    grid = drawn_frame(shape, settings=Augmentation(rotation_deg=15.0), draw=draw)[0].double().numpy()
    at = (grid + 1) / 2 * (columns, rows)
    right, down = at[30, 31] - at[30, 30], at[31, 30] - at[30, 30]
    assert float(right @ down) == pytest.approx(0.0, abs=1e-3)
    assert [float(np.linalg.norm(step)) for step in (right, down)] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert abs(right[1]) > 0.05, "it was turned"
