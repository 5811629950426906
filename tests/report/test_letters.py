"""The letters of pictures."""

import numpy as np

from hilum.report.letters import font_of_size, length, letters


def test_a_text_is_as_wide_as_it_is_said_to_be():
    font = font_of_size(20.0)
    assert font_of_size(20.0) is font
    mask = np.asarray(letters("Pneumonia", font))
    assert abs(np.flatnonzero(mask.any(axis=0)).max() + 1 - length("Pneumonia", font)) <= 2
    assert letters("Pneumonia", font) is letters("Pneumonia", font)


def test_more_texts_than_are_kept_are_drawn_all_the_same():
    font = font_of_size(11.0)
    for number in range(300):
        assert np.asarray(letters(str(number), font)).any()
