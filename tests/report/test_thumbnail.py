"""Thumbnails keep aspect and orientation."""

from io import BytesIO

import numpy as np
from PIL import Image

from hilum.report.thumbnail import thumbnail_png


def test_it_is_small_grey_and_upright(gradient):
    thumbnail = np.asarray(Image.open(BytesIO(thumbnail_png(gradient))))
    assert thumbnail.dtype == np.uint8
    assert thumbnail.shape == (96, 77)
    assert thumbnail[1, 1] > 250
    assert thumbnail[-2, 1] < 140
    assert thumbnail[1, -2] < 70
