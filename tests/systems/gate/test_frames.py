"""Frames: what is trimmed, cropped and padded, and that the frame is drawn alike for all pictures."""

import numpy as np
import pytest
from PIL import Image

from hilum.systems.gate.frames import RULES, Framing, crop_to_aspect, draw_frame, mask_frame, place, trim_bars

FRAMING = Framing(side_px=64)


def picture(rows: int, columns: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 236, (rows, columns), np.uint8)


def test_bars_are_cut_off_and_the_picture_stays() -> None:
    inner = picture(30, 40)
    for value in (0, 128, 255):
        padded = np.pad(inner, ((7, 3), (0, 11)), constant_values=value)
        assert np.array_equal(trim_bars(padded), inner)


def test_a_uniform_picture_stays_as_it_is() -> None:
    flat = np.full((20, 30), 9, np.uint8)
    assert trim_bars(flat) is flat


@pytest.mark.parametrize("aspect", [0.3, 0.8, 1.0, 1.7, 3.0])
def test_a_crop_has_the_aspect_that_was_asked_for(aspect: float) -> None:
    cropped = crop_to_aspect(picture(200, 300), aspect=aspect, rng=np.random.default_rng(1))
    assert cropped.shape[1] / cropped.shape[0] == pytest.approx(aspect, rel=0.02)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(80, 30), (30, 80), (50, 50)])
def test_every_rule_gives_the_square(rule: str, shape: tuple[int, int]) -> None:
    framed, frame = draw_frame(picture(*shape), framing=FRAMING, rng=np.random.default_rng(2), rule=rule)
    assert framed.shape == (64, 64)
    assert framed.dtype == np.uint8
    assert frame.rule == rule
    assert frame.aspect == pytest.approx(shape[1] / shape[0])


def test_letterboxes_hold_the_picture_between_bars_of_the_said_grey() -> None:
    tall = Image.fromarray(np.full((100, 50), 90, np.uint8))
    for rule, value in (("black", 0), ("white", 255), ("mean", 90), ("edge", 90)):
        placed = place(tall, rule=rule, side_px=64, fill=1.0)
        assert (placed[:, :16] == value).all()
        assert (placed[:, 16:48] == 90).all()
    assert place(tall, rule="cover", side_px=64, fill=1.0).shape == (64, 64)


def test_a_seed_decides_the_frame() -> None:
    grey = picture(60, 90)
    first, again = (draw_frame(grey, framing=FRAMING, rng=np.random.default_rng(7)) for _ in range(2))
    assert first[1] == again[1]
    assert np.array_equal(first[0], again[0])


def test_fixing_the_rule_changes_nothing_else_of_the_draw() -> None:
    grey = picture(60, 90)
    free = draw_frame(grey, framing=FRAMING, rng=np.random.default_rng(7))[1]
    fixed = draw_frame(grey, framing=FRAMING, rng=np.random.default_rng(7), rule="white")[1]
    assert (free.quality, free.size_px, free.fill) == (fixed.quality, fixed.size_px, fixed.fill)


def test_the_mask_covers_five_per_cent_of_each_side() -> None:
    grey = np.zeros((100, 100), np.uint8)
    masked = mask_frame(grey)
    assert (masked[:5] == 128).all()
    assert (masked[:, -5:] == 128).all()
    assert (masked[5:95, 5:95] == 0).all()
