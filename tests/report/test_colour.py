"""The colour scale: fixed, ordered by lightness, and exact."""

import numpy as np
import pytest

from hilum.report.colour import COLOURS, OPACITY, TOP_LOGITS, ContributionScale, paint


def _lightness(rgb):
    """CIE L* of sRGB colours (n, 3) in 0 to 255, after IEC 61966-2-1 and CIE 15."""
    c = np.asarray(rgb, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def test_lightness_rises_all_along_so_that_no_hue_is_needed():
    lightness = _lightness(COLOURS)
    assert np.diff(lightness[::8]).min() > 0
    assert lightness[-1] - lightness[0] > 70


def test_the_colours_are_the_upper_part_of_inferno():
    colormaps = pytest.importorskip("matplotlib").colormaps
    inferno = colormaps["inferno"](np.linspace(0.25, 1, 256))[:, :3] * 255
    assert np.abs(inferno - COLOURS).max() < 8


def test_nobody_can_change_the_table():
    with pytest.raises(ValueError, match="read-only"):
        COLOURS[0] = 0


def test_the_scale_ends_at_a_fixed_contribution_whatever_the_map_holds():
    scale = ContributionScale(7, 7)
    assert scale.top == TOP_LOGITS / 49
    weak = np.full((7, 7), scale.top / 10, np.float32)
    assert scale.share(weak).max() == pytest.approx(0.1)
    beside_a_peak = weak.copy()
    beside_a_peak[0, 0] = 100
    np.testing.assert_array_equal(scale.share(beside_a_peak)[1:], scale.share(weak)[1:])


def test_a_finer_grid_of_the_same_map_has_the_same_colours():
    coarse = np.full((7, 7), 0.2, np.float32)
    fine = np.full((14, 14), 0.2 / 4, np.float32)
    np.testing.assert_allclose(ContributionScale(7, 7).share(coarse)[0, 0], ContributionScale(14, 14).share(fine)[0, 0])


def test_negative_contributions_and_zero_are_clear():
    grey = np.array([[10, 200, 255]], np.uint8)
    share = ContributionScale(2, 2).share(np.array([[-5.0, 0.0, -0.001]], np.float32))
    np.testing.assert_array_equal(np.asarray(paint(grey, share=share)), grey[..., None].repeat(3, axis=2))


def test_colours_are_exact():
    share = np.array([[0.5, 1.0, 3.0]], np.float32).clip(0, 1)
    painted = np.asarray(paint(np.full((1, 3), 100, np.uint8), share=share))
    for index, part in enumerate((0.5, 1.0, 1.0)):
        colour = COLOURS[round(255 * part)].astype(float)
        expected = 100 + (colour - 100) * OPACITY * part
        np.testing.assert_allclose(painted[0, index], expected, atol=0.5001)


def test_the_ticks_name_the_numbers_of_the_scale():
    assert ContributionScale(8, 8).ticks == ((0.0, "0"), (0.5, "0.125"), (1.0, ">=0.25"))
    assert ContributionScale(7, 8).unit == "logit contribution per cell (8 x 7 cells)"
