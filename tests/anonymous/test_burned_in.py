"""Text that this test writes into phantoms is found and goes; side markers and the phantoms themselves are no text."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from hilum.anonymous.burned_in import blacked_out, text_lines
from hilum.geometry import Box
from hilum.phantom.thorax import render_thorax


@pytest.fixture(scope="module")
def chest() -> np.ndarray:
    return render_thorax(rows=1024, columns=1024, label=False).pixels


def written(pixels, text, *, at, px=24, grey=255, turned=False):
    """The picture with `text`, and the box (x, y, width, height) of its ink."""
    font = ImageFont.load_default(px)
    left, top, right, bottom = font.getbbox(text)
    ink = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(ink).text((1 - left, 1 - top), text, fill=255, font=font)
    if turned:
        ink = ink.rotate(90, expand=True)
    picture = Image.fromarray((pixels * 255).astype(np.uint8))
    picture.paste(Image.new("L", ink.size, grey), at, ink)
    return np.asarray(picture, np.float32) / 255, Box(*at, *ink.size)


def overlap(found, truth):
    width = min(found.x + found.width, truth.x + truth.width) - max(found.x, truth.x)
    height = min(found.y + found.height, truth.y + truth.height) - max(found.y, truth.y)
    return max(0, width) * max(0, height) / (truth.width * truth.height)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("px", [16, 24, 40])
def test_a_line_of_text_is_found_where_it_stands_and_nothing_else(chest, px, turned):
    picture, truth = written(chest, "CLEMENTS 12.03.1961", at=(40, 30), px=px, turned=turned)
    lines = text_lines(picture)
    assert lines
    assert max(overlap(line.box, truth) for line in lines) > 0.8
    assert all(overlap(line.box, Box(30, 20, truth.width + 20, truth.height + 20)) > 0 for line in lines)


def test_what_is_blacked_out_holds_no_ink_any_more_and_the_rest_stays(chest):
    picture, truth = written(chest, "MUELLER ANNA", at=(600, 40), px=28)
    out = blacked_out(picture, text_lines(picture))
    inside = (slice(int(truth.y), int(truth.y + truth.height)), slice(int(truth.x), int(truth.x + truth.width)))
    assert picture[inside].max() > 0.99
    assert out[inside].max() < 0.5
    assert (out != picture).mean() < 0.03
    assert text_lines(out) == ()
    assert picture[inside].max() > 0.99, "the picture that came is left as it is"


def test_black_letters_on_a_white_label_are_found(chest):
    labelled = chest.copy()
    labelled[20:80, 20:400] = 1
    picture, truth = written(labelled, "ID 4711023", at=(40, 35), px=28, grey=0)
    assert max(overlap(line.box, truth) for line in text_lines(picture)) > 0.8


@pytest.mark.parametrize("marker", ["R", "L", "AP"])
def test_a_side_marker_is_no_line_of_text(chest, marker):
    assert text_lines(written(chest, marker, at=(60, 60), px=40)[0]) == ()


def test_a_chest_without_text_has_none(chest):
    assert text_lines(chest) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (40, 40)])
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_small_and_even_pictures_have_none(shape, grey):
    assert text_lines(np.full(shape, grey, np.float32)) == ()


def test_boxes_are_in_native_pixels_of_a_picture_larger_than_what_is_looked_at(chest):
    large = np.asarray(Image.fromarray(chest).resize((3072, 3072), Image.Resampling.BILINEAR)).clip(0, 1)
    picture, truth = written(large, "ST. MARY HOSPITAL", at=(1800, 2700), px=64)
    assert max(overlap(line.box, truth) for line in text_lines(picture)) > 0.8
