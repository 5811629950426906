"""Lungs, crop, heart and widths in a real browser: layers of their own, switched by buttons and keys."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.report.lung_outlines import HEART_COLOUR
from hilum.report.page import render_page
from page_canvas import canvas_of

pytestmark = pytest.mark.slow

GREEN = np.array([0, 204, 153])


def _has_green(canvas):
    return int((np.abs(canvas.astype(int) - GREEN).max(axis=2) < 40).sum())


def test_lungs_and_crop_are_layers_of_their_own(show, lung_examination, card):
    page = show(render_page(lung_examination, cards=[card]))
    neither = canvas_of(page)
    assert _has_green(neither) == 0
    page.locator("#lungs").click()
    lungs = canvas_of(page)
    page.locator("#crop").click()
    both = canvas_of(page)
    assert _has_green(both) > _has_green(lungs) > 200
    rows, columns = lung_examination.radiograph.pixels.shape
    scale = min(lungs.shape[0] / rows, lungs.shape[1] / columns)
    left = (lungs.shape[1] - columns * scale) / 2
    ys, xs = np.nonzero(np.abs(lungs.astype(int) - GREEN).max(axis=2) < 40)
    assert ((xs.min() - left) / scale, (xs.max() - left) / scale) == (
        pytest.approx(40, abs=2),
        pytest.approx(200, abs=2),
    )
    assert (ys.min() / scale, ys.max() / scale) == (pytest.approx(60, abs=2), pytest.approx(240, abs=2))


def test_lungs_that_are_not_trusted_are_dashed(show, lung_examination, untrusted, card):
    whole, broken = (
        show(render_page(replace(each, reading=replace(each.reading, crops=())), cards=[card]))
        for each in (lung_examination, untrusted)
    )
    for page in (whole, broken):
        page.locator("#lungs").click()
    assert 0.3 < _has_green(canvas_of(broken)) / _has_green(canvas_of(whole)) < 0.8
    assert "not trusted" in broken.locator("#lungs").text_content()


def test_keys_switch_lungs_and_crop(show, lung_examination, card):
    page = show(render_page(lung_examination, cards=[card]))
    page.locator("#view").focus()
    first = canvas_of(page)
    for key, button in (("l", "#lungs"), ("c", "#crop")):
        page.keyboard.press(key)
        assert page.locator(button).get_attribute("aria-pressed") == "true"
        assert (canvas_of(page) != first).any()
    page.keyboard.press("r")
    np.testing.assert_array_equal(canvas_of(page), first)


def _has_pink(canvas):
    return int((np.abs(canvas.astype(int) - HEART_COLOUR).max(axis=2) < 40).sum())


def test_heart_and_widths_are_switched_apart_and_by_keys(show, heart_examination, card):
    page = show(render_page(heart_examination, cards=[card]))
    assert _has_pink(canvas_of(page)) == 0
    page.locator("#heart").click()
    heart = canvas_of(page)
    page.locator("#widths").click()
    assert _has_pink(canvas_of(page)) > _has_pink(heart) > 0
    assert _has_green(canvas_of(page)) > 0, "the width of the thorax is green"
    page.locator("#view").focus()
    for key, button in (("o", "#heart"), ("m", "#widths")):
        page.keyboard.press(key)
        assert page.locator(button).get_attribute("aria-pressed") == "false"
    assert _has_pink(canvas_of(page)) == 0
