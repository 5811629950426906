"""Preprocessing steps against independent implementations and hand-computed values."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from skimage.exposure import equalize_hist

from fabricate_pictures import marked
from hilum.imaging.preprocess import (
    Equalise,
    PreprocessSpec,
    Resize,
    apply_steps,
    equalise,
    normalise,
    preprocess,
    resize,
)

GREY = (marked(96, 120) / 255).astype(np.float32)


def spec(*steps: Equalise | Resize) -> PreprocessSpec:
    return PreprocessSpec(steps=steps, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@pytest.mark.parametrize(("filter_name", "mode"), [("bilinear", "bilinear"), ("bicubic", "bicubic")])
@pytest.mark.parametrize(("height", "width"), [(32, 40), (50, 31), (96, 60), (200, 130)])
def test_stretching_agrees_with_torchs_area_aware_filters(filter_name: str, mode: str, height: int, width: int) -> None:
    ours, _ = resize(GREY, step=Resize(height=height, width=width, rule="stretch", filter=filter_name))
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(GREY)[None, None], size=(height, width), mode=mode, antialias=True, align_corners=False
    )
    np.testing.assert_allclose(ours, theirs[0, 0].clamp(0, 1).numpy(), atol=2e-4)


def test_the_box_filter_is_the_mean_of_blocks() -> None:
    ours, _ = resize(GREY, step=Resize(height=24, width=30, rule="stretch", filter="box"))
    np.testing.assert_allclose(ours, GREY.reshape(24, 4, 30, 4).mean(axis=(1, 3)), atol=1e-6)


def test_cover_is_the_middle_of_the_whole_resized() -> None:
    ours, _ = resize(GREY, step=Resize(height=48, width=48, rule="cover"))
    whole, _ = resize(GREY, step=Resize(height=48, width=60, rule="stretch"))
    np.testing.assert_allclose(ours, whole[:, 6:54], atol=1e-5)


def test_letterbox_pads_evenly_with_the_value_that_is_named() -> None:
    ours, _ = resize(GREY, step=Resize(height=60, width=60, rule="letterbox", pad_value=0.5))
    whole, _ = resize(GREY, step=Resize(height=48, width=60, rule="stretch"))
    np.testing.assert_array_equal(ours[6:54], whole)
    assert (ours[:6] == 0.5).all()
    assert (ours[54:] == 0.5).all()


def test_the_same_size_changes_nothing() -> None:
    for rule in ("stretch", "letterbox", "cover"):
        ours, geometry = resize(GREY, step=Resize(height=96, width=120, rule=rule))
        np.testing.assert_array_equal(ours, GREY)
        assert geometry.point(7, 9) == (7, 9)


def test_overshoot_is_cut_to_the_range() -> None:
    edge = np.zeros((40, 40), np.float32)
    edge[:, 20:] = 1.0
    ours, _ = resize(edge, step=Resize(height=57, width=57, rule="stretch", filter="lanczos"))
    assert ours.min() == 0.0
    assert ours.max() == 1.0


@pytest.mark.parametrize("levels", [16, 256, 4096])
def test_equalisation_is_the_share_of_pixels_at_or_below_each_level(levels: int) -> None:
    pixels = np.random.default_rng(1).beta(2, 5, (64, 64)).astype(np.float32)
    level = np.minimum((pixels * levels).astype(int), levels - 1)
    share = np.array([(level <= one).sum() for one in range(levels)])
    lowest = share[level.min()]
    expected = (share[level] - lowest) / (pixels.size - lowest)
    np.testing.assert_allclose(equalise(pixels, levels=levels), expected, atol=1e-6)


def test_equalisation_agrees_with_skimage_up_to_its_offset() -> None:
    pixels = np.random.default_rng(1).beta(2, 5, (200, 200)).astype(np.float32)
    pixels.flat[:2] = 0.0, 1.0  # skimage bins the range that is filled
    np.testing.assert_allclose(equalise(pixels, levels=256), equalize_hist(pixels, nbins=256), atol=0.02)


def test_equalisation_leaves_a_constant_image() -> None:
    flat = np.full((8, 8), 0.3, np.float32)
    np.testing.assert_array_equal(equalise(flat, levels=256), flat)


def test_normalisation_of_each_channel() -> None:
    made = preprocess(GREY, spec=spec(Resize(height=32, width=32, rule="stretch")))
    grey, _ = resize(GREY, step=Resize(height=32, width=32, rule="stretch"))
    assert made.array.shape == (3, 32, 32)
    assert made.array.dtype == np.float32
    for channel, (mean, std) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)):
        np.testing.assert_allclose(made.array[channel], (grey - mean) / std, atol=1e-5)


def test_preprocess_is_its_two_halves_to_the_last_bit() -> None:
    plan = spec(Equalise(), Resize(height=32, width=40, rule="cover"))
    grey, geometry = apply_steps(GREY, spec=plan)
    whole = preprocess(GREY, spec=plan)
    np.testing.assert_array_equal(whole.array, normalise(grey, spec=plan))
    assert whole.geometry == geometry


def test_a_spec_survives_json() -> None:
    plan = spec(Equalise(levels=64), Resize(height=32, width=40, rule="letterbox", filter="lanczos", pad_value=0.1))
    assert PreprocessSpec.model_validate_json(plan.model_dump_json()) == plan
    assert (plan.channels, plan.output_size) == (3, (32, 40))
    assert spec(Equalise()).output_size is None


@pytest.mark.parametrize(
    "change",
    [{"mean": (0.5,)}, {"mean": (), "std": ()}, {"mean": (0.5,), "std": (0.0,)}, {"gamma": 2},
     {"steps": ({"step": "sharpen"},)}, {"steps": ({"step": "resize", "height": 0, "width": 5, "rule": "cover"},)},
     {"steps": ({"step": "resize", "height": 5, "width": 5, "rule": "squash"},)}],
)  # fmt: skip
def test_a_spec_that_cannot_be_reproduced_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PreprocessSpec.model_validate({"steps": (), "mean": (0.5,) * 3, "std": (0.5,) * 3, **change})
