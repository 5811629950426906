"""The burned-in marks: readable, and different from each of their mirror images and rotations."""

import numpy as np
import pytest

from hilum.phantom.labels import corner_mark, glyphs, stamped, word_mark


def test_the_letters_are_drawn_cell_by_cell() -> None:
    letter = glyphs("T", scale=2)
    assert letter.shape == (14, 10)
    assert letter[:2].all()
    assert letter[2:, 4:6].all()
    assert not letter[2:, :4].any()


def test_the_corner_mark_tells_all_eight_orientations_apart() -> None:
    mask, _ = corner_mark(rows=200, columns=200)
    assert mask[:40, :40].sum() == mask.sum()
    ways = [np.rot90(flipped, k) for flipped in (mask, mask[:, ::-1]) for k in range(4)]
    crops = {np.ascontiguousarray(way[np.ix_(way.any(axis=1), way.any(axis=0))]).tobytes() for way in ways}
    assert len(crops) == 8


@pytest.mark.parametrize("shape", [(64, 64), (300, 90), (1024, 1024), (640, 1280)])
def test_stamping_shows_both_marks_and_leaves_the_rest(shape: tuple[int, int]) -> None:
    pixels = np.full(shape, 0.5, np.float32)
    out = stamped(pixels)
    touched = np.zeros(shape, bool)
    for mask, box in (corner_mark(rows=shape[0], columns=shape[1]), word_mark(rows=shape[0], columns=shape[1])):
        assert (out[mask] == 1).all()
        part = np.s_[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)]
        assert (out[part][~mask[part]] == 0).all()
        touched[part] = True
    assert (out[~touched] == 0.5).all()
    assert (pixels == 0.5).all()


def test_a_picture_too_small_for_the_label_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64 x 64"):
        stamped(np.zeros((20, 20), np.float32))
