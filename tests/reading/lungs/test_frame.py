"""What is told from the black around a picture, and what is left alone."""

import numpy as np

from hilum.imaging.preprocess import PreprocessSpec, normalise
from hilum.reading.lungs.frame import inside_frame, without_frame

SPEC = PreprocessSpec(steps=(), mean=(0.5, 0.5), std=(0.25, 0.25))
SIDE = 64


def inside(grey: np.ndarray) -> np.ndarray:
    return inside_frame(normalise(grey.astype(np.float32), spec=SPEC), spec=SPEC, black=0.02)


def test_slanted_black_at_the_edge_is_frame_and_dark_lungs_within_are_not() -> None:
    row, column = np.mgrid[:SIDE, :SIDE]
    frame = column < 10 + row // 4
    grey = np.where(frame, 0.005, 0.6)
    lung = (abs(row - 32) < 14) & (abs(column - 46) < 8)
    grey[lung] = 0.0
    found = inside(grey)
    assert found[lung].all()
    assert (found != frame).mean() > 0.97
    assert not found[frame & (column < 8)].any()


def test_a_black_line_at_the_edge_and_a_picture_without_a_border_are_no_frame() -> None:
    grey = np.full((SIDE, SIDE), 0.3)
    assert inside(grey).all()
    grey[:, 20] = 0.0
    assert inside(grey).all()
    assert not inside(np.zeros((SIDE, SIDE))).any()


def test_nothing_is_drawn_outside_in_any_pass_and_plane() -> None:
    passes = np.full((2, 5, 4, 4), 0.9, np.float32)
    part = np.zeros((4, 4), np.bool_)
    part[1:3] = True
    found = without_frame(passes, inside=part)
    assert (found[:, :, part] == np.float32(0.9)).all()
    assert (found[:, :, ~part] == 0).all()
