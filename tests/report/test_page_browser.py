"""The page and the index in a real browser: nothing fails, nothing is loaded, and the controls do what they say."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hilum.radiograph import Radiograph
from hilum.report.colour import ContributionScale
from hilum.report.index_page import IndexEntry, render_index
from hilum.report.lung_outlines import HEART_COLOUR
from hilum.report.overlay import overlay_png
from hilum.report.page import PageWays, render_page
from hilum.report.templating import data_uri
from hilum.report.windowing import thumbnail_png

pytestmark = pytest.mark.slow


@pytest.fixture
def page(show, examination, card):
    return show(render_page(examination, cards=[card]))


def _canvas(page):
    """What the canvas shows, after the next frame, as uint8 (h, w, 3)."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    data = page.evaluate("() => document.getElementById('view').toDataURL().split(',')[1]")
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))


def _slide(page, name, value):
    page.locator(f"#{name}").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", value)


def _at(canvas, x, y, examination):
    """The canvas at native pixel (x, y), which the fitted picture shows at this place."""
    rows, columns = examination.radiograph.pixels.shape
    scale = min(canvas.shape[0] / rows, canvas.shape[1] / columns)
    left, top = (canvas.shape[1] - columns * scale) / 2, (canvas.shape[0] - rows * scale) / 2
    return canvas[int(top + (y + 0.5) * scale), int(left + (x + 0.5) * scale)].astype(int)


POINTS = [(90, 112), (150, 187), (110, 150), (30, 250), (200, 40), (10, 10)]


def test_it_shows_the_same_colours_at_the_same_places_as_the_overlay(page, examination):
    page.locator("#boxes").click()
    _slide(page, "opacity", 100)
    plain = replace(
        examination,
        reading=replace(
            examination.reading, findings=tuple(replace(one, boxes=()) for one in examination.reading.findings)
        ),
    )
    overlay = np.asarray(Image.open(BytesIO(overlay_png(plain))))
    canvas = _canvas(page)
    for x, y in POINTS:
        np.testing.assert_allclose(_at(canvas, x, y, examination), overlay[y, x], atol=8)


def test_window_and_level_act_on_twelve_bits(page, examination):
    _slide(page, "window", 10)
    _slide(page, "level", 30)
    canvas = _canvas(page)
    for x, y in ((60, 120), (100, 140), (20, 170), (200, 40)):
        share = np.clip((examination.radiograph.pixels[y, x] - 0.25) / 0.10, 0, 1)
        assert _at(canvas, x, y, examination)[0] == pytest.approx(255 * share, abs=6)
    assert page.locator("#window-value").text_content() == "10 %"
    page.locator("#invert").click()
    inverted = _canvas(page)
    assert _at(inverted, 60, 120, examination)[0] == pytest.approx(255 - _at(canvas, 60, 120, examination)[0], abs=2)


@pytest.mark.parametrize("steps", [255, 4095])
def test_a_large_radiograph_is_read_as_python_wrote_it(show, examination, card, steps):
    y, x = np.mgrid[0:700, 0:601].astype(np.float32)
    film = (np.rint((0.5 + 0.4 * np.sin(x / 90) * np.cos(y / 70)) * steps) / steps).astype(np.float32)
    source = replace(examination.reading.source, rows=700, columns=601)
    text = render_page(replace(examination, radiograph=Radiograph(film, source)), cards=[card])
    assert "data:image/jpeg;base64," in text
    page = show(text)
    page.locator("#actual").click()
    canvas = _canvas(page)
    height, width = canvas.shape[:2]
    seen = canvas[(height - min(height, 700)) // 2 :, (width - 601) // 2 :, 0][:200, :300].astype(float)
    top = (700 - height) // 2 if height < 700 else 0
    wanted = 255 * film[top : top + 200, :300]
    assert np.abs(seen - wanted).mean() < 1.5


def test_auto_window_and_reset(page):
    first = _canvas(page)
    page.locator("#auto").click()
    assert (_canvas(page) != first).any()
    assert page.locator("#window-value").text_content() != "100 %"
    page.locator("#reset").click()
    np.testing.assert_array_equal(_canvas(page), first)


def test_the_plain_radiograph_comes_first_and_the_map_is_one_key_or_slider_away(page, examination):
    clear = _canvas(page)
    assert np.ptp(clear.astype(int), axis=2).max() == 0
    for x, y in ((60, 120), (200, 40), (20, 270)):
        assert _at(clear, x, y, examination)[0] == pytest.approx(255 * examination.radiograph.pixels[y, x], abs=3)
    page.keyboard.press("h")
    mapped = _canvas(page)
    assert np.ptp(mapped.astype(int), axis=2).max() > 60
    assert page.locator("#opacity").input_value() == "100"
    page.locator("#boxes").click()
    assert (_canvas(page) != mapped).any()
    page.keyboard.press("h")
    np.testing.assert_array_equal(_canvas(page), clear)
    _slide(page, "opacity", 40)
    assert np.ptp(_canvas(page).astype(int), axis=2).max() > 20


def test_a_finding_s_button_shows_its_map_and_takes_it_back(page, examination):
    clear = _canvas(page)
    assert page.locator("#scale").is_hidden()
    button = page.get_by_role("button", name="Map of Effusion on the image")
    button.click()
    assert page.locator("#layer").input_value() == "1"
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#scale-name").text_content() == "Effusion"
    x, y = 200, 250  # far from the other finding's map
    assert np.ptp(_at(_canvas(page), x, y, examination)) > 0
    button.click()
    np.testing.assert_array_equal(_canvas(page), clear)
    assert page.locator("#scale").is_hidden()


def test_the_numbers_of_the_fixed_scale_stand_among_the_details(page):
    note = page.locator("#scale-note").text_content()
    assert note.startswith("Colours of the map: from 0 by 0.5 by ≥1, logit contribution per cell (4 × 4 cells).")
    assert ContributionScale(4, 4).top == 1


def test_side_by_side_shows_the_plain_image_and_the_map(page, examination):
    page.locator("#beside").click()
    canvas = _canvas(page)
    half = canvas.shape[1] // 2
    assert np.ptp(canvas[:, : half - 2].astype(int), axis=2).max() == 0
    right = canvas[:, half:]
    assert np.ptp(right.astype(int), axis=2).max() > 60
    assert _at(canvas[:, :half], 20, 270, examination)[0] == pytest.approx(_at(right, 20, 270, examination)[0], abs=2)
    page.keyboard.press("v")
    assert np.ptp(_canvas(page).astype(int), axis=2).max() == 0


def test_one_to_one_shows_a_pixel_of_the_image_on_a_pixel_of_the_screen(page, examination):
    page.locator("#actual").click()
    canvas = _canvas(page)
    rows, columns = examination.radiograph.pixels.shape
    top, left = (canvas.shape[0] - rows) // 2, (canvas.shape[1] - columns) // 2
    mark = canvas[..., 0] == 255
    ys, xs = np.nonzero(mark)
    assert (ys.min(), xs.min()) == (pytest.approx(top, abs=1), pytest.approx(left, abs=1))
    assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == (pytest.approx(20, abs=1), pytest.approx(30, abs=1))


def _drag(page, examination, start, end):
    """Drag between two points of the picture, in its pixels."""
    frame = page.locator("#view").bounding_box()
    rows, columns = examination.radiograph.pixels.shape
    scale = min(frame["width"] / columns, frame["height"] / rows)
    left, top = (frame["width"] - columns * scale) / 2, (frame["height"] - rows * scale) / 2
    page.mouse.move(frame["x"] + left + start[0] * scale, frame["y"] + top + start[1] * scale)
    page.mouse.down()
    page.mouse.move(frame["x"] + left + end[0] * scale, frame["y"] + top + end[1] * scale, steps=3)
    page.mouse.up()


def test_the_ruler_measures_in_mm_by_the_spacing_of_rows_and_columns(page, examination):
    """By hand: 80 columns of 1.25 mm and 60 rows of 1.4 mm apart make the hypotenuse of 100 and 84 mm."""
    page.locator("#ruler").click()
    assert page.locator("#measured").text_content() == "Drag on the image to measure"
    _drag(page, examination, (40, 100), (120, 160))
    said = page.locator("#measured").text_content()
    assert float(said.split()[0]) == pytest.approx(np.hypot(100, 84), abs=1)
    assert said.split()[1] == "mm"
    assert "(100 px; " in said
    page.locator("#view").press("ArrowRight")
    longer = page.locator("#measured").text_content()
    assert float(longer.split()[0]) > float(said.split()[0])
    page.locator("#view").press("Shift+ArrowRight")
    assert float(page.locator("#measured").text_content().split()[0]) < float(longer.split()[0])


def test_without_a_spacing_the_ruler_measures_in_pixels_and_says_so(show, examination, card):
    source = replace(examination.reading.source, spacing_mm=None)
    page = show(render_page(replace(examination, reading=replace(examination.reading, source=source)), cards=[card]))
    page.locator("#view").focus()
    page.keyboard.press("u")
    page.keyboard.press("ArrowRight")
    assert page.locator("#measured").text_content().endswith(" px (the file gives no pixel spacing, so no mm)")
    assert float(page.locator("#measured").text_content().split()[0]) == pytest.approx(0.41 * 240, abs=1)


def test_a_double_click_takes_everything_back(page):
    first = _canvas(page)
    page.locator("#view").focus()
    for key in ("+", "w", "e", "i", "h"):
        page.keyboard.press(key)
    assert (_canvas(page) != first).any()
    page.locator("#view").dblclick()
    np.testing.assert_array_equal(_canvas(page), first)


def test_the_viewer_fills_the_screen_and_comes_back(page):
    before = page.locator("#view").bounding_box()
    page.locator("#full").click()
    page.wait_for_selector("#full[aria-pressed=true]")
    assert page.locator("#view").bounding_box()["width"] > before["width"]
    assert page.locator("#window").is_visible()
    page.locator("#full").click()
    page.wait_for_selector("#full[aria-pressed=false]")


def test_keys_lead_to_the_pages_before_and_after(show, tmp_path, examination, card):
    ways = PageWays("index.html", previous=None, next="next.html")
    (tmp_path / "next.html").write_text("<title>the next</title>", encoding="utf-8")
    page = show(render_page(examination, cards=[card], ways=ways))
    assert page.locator("#previous").count() == 0
    assert page.get_by_role("link", name="All readings").get_attribute("href") == "index.html"
    page.keyboard.press("p")
    page.keyboard.press("n")
    page.wait_for_url("**/next.html")


def test_keys_zoom_move_and_switch(page):
    first = _canvas(page)
    page.locator("#view").focus()
    seen = [first]
    for key in ("+", "+", "ArrowRight", "ArrowDown", "w", "e", "h", "b", "i", "1"):
        page.keyboard.press(key)
        seen.append(_canvas(page))
        assert (seen[-1] != seen[-2]).any(), key
    page.keyboard.press("r")
    page.keyboard.press("0")
    np.testing.assert_array_equal(_canvas(page), first)


def test_wheel_zooms_drag_moves_and_the_page_still_scrolls(page):
    first = _canvas(page)
    frame = page.locator("#view").bounding_box()
    x, y = frame["x"] + frame["width"] / 3, frame["y"] + frame["height"] / 3
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -240)
        _canvas(page)
    zoomed = _canvas(page)
    assert (zoomed != first).any()
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=4)
    page.mouse.up()
    moved = _canvas(page)
    np.testing.assert_array_equal(moved[:-45, :-65], zoomed[40:-5, 60:-5])
    page.locator("#fit").click()
    np.testing.assert_array_equal(_canvas(page), first)
    page.set_viewport_size({"width": 600, "height": 500})
    _canvas(page)
    frame = page.locator("#view").bounding_box()
    page.mouse.move(frame["x"] + 60, frame["y"] + 20)
    page.mouse.wheel(0, 400)
    for _ in range(30):
        _canvas(page)
    assert page.evaluate("window.scrollY") > 100


def test_dragging_can_set_the_window(page):
    page.locator("#drag").click()
    frame = page.locator("#view").bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 80, y + 40, steps=2)
    page.mouse.up()
    assert page.locator("#window").input_value() == "80"
    assert page.locator("#level").input_value() == "40"


def test_two_fingers_zoom(show, examination, card):
    page = show(render_page(examination, cards=[card]), width=390, height=844, has_touch=True)
    first = _canvas(page)
    frame = page.locator("#view").bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind, gap):
        points = [] if gap is None else [{"x": x - gap, "y": y, "id": 0}, {"x": x + gap, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for gap in (40, 60, 90):
        touch("touchMove", gap)
    touch("touchEnd", None)
    assert page.locator("#view").evaluate("(e) => e.classList.contains('zoomed')")
    assert (_canvas(page) != first).any()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["examination", "refused", "index"])
def test_nothing_stands_over_the_edge(show, examination, refused, card, failed, width, scheme, which):
    if which == "index":
        entry = IndexEntry(
            "a" * 90, "a.html", "a.json", data_uri(thumbnail_png(examination.radiograph.pixels)), examination.reading
        )
        text = render_index([entry, IndexEntry(failed.name, None, None, None, failed)])
    else:
        one = examination if which == "examination" else replace(examination, reading=refused, heatmaps=())
        long_name = replace(one.reading, source=replace(one.reading.source, name="folder/" * 20 + "x" * 80))
        text = render_page(replace(one, reading=long_name), cards=[card])
    page = show(text, width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_plain_radiograph_is_there(show, examination, card):
    page = show(render_page(examination, cards=[card]), java_script_enabled=False)
    image = page.locator("#pixels")
    assert image.is_visible()
    frame = image.bounding_box()
    assert frame["width"] / frame["height"] == pytest.approx(240 / 300, rel=0.02)
    shot = np.asarray(Image.open(BytesIO(image.screenshot())).convert("L"))
    assert shot[8, 8] > 240  # the mark at the top left
    assert shot[-8, -8] == pytest.approx(255 * examination.radiograph.pixels[-1, -1], abs=12)


def test_a_reading_without_findings_has_a_working_viewer(show, examination, refused):
    page = show(render_page(replace(examination, reading=refused, heatmaps=()), cards=[]))
    assert page.locator("#layer").count() == 0
    assert page.locator("#beside").count() == 0
    first = _canvas(page)
    _slide(page, "window", 20)
    assert (_canvas(page) != first).any()
    assert page.locator("#no-layer").text_content() == "No findings were computed, so there is no heatmap."


def test_the_index_filters_and_sorts(show, reading, refused, failed, negative):
    results = {"b.png": reading, "a10.png": refused, "a9.png": replace(reading, findings=(negative,)), "c.png": failed}
    page = show(render_index([IndexEntry(name, f"{name}.html", None, None, one) for name, one in results.items()]))

    def shown():
        return page.locator("#files tbody tr:visible th a").all_text_contents()

    assert shown() == ["b.png", "c.png", "a10.png", "a9.png"]
    assert page.locator("th[aria-sort=ascending]").text_content() == "Result"
    assert page.locator("#order").is_visible()
    page.get_by_role("button", name="File").click()
    assert shown() == ["a9.png", "a10.png", "b.png", "c.png"]
    assert page.locator("#order").is_hidden()
    page.get_by_role("button", name="Probability").click()
    assert shown()[:2] == ["b.png", "a9.png"]
    assert page.locator("th[aria-sort=descending]").text_content() == "Probability"
    page.get_by_role("button", name="Probability").click()
    assert shown()[-1] == "b.png"
    page.get_by_role("radio", name="could not be read 1").check()
    assert shown() == ["c.png"]
    page.get_by_role("radio", name="everything 4").check()
    page.locator("#search").fill("PHOTOGRAPH")
    assert shown() == ["a10.png"]
    assert page.locator("#shown").text_content() == "1 of 4"


def test_a_long_index_is_drawn_as_it_comes_into_view(show, reading):
    entries = [IndexEntry(f"{n:04}.png", f"{n:04}.png.html", None, None, reading) for n in range(3000)]
    page = show(render_index(entries))
    rows = page.locator("#files tbody tr")
    few = rows.count()
    assert 0 < few < 1000
    page.mouse.wheel(0, 6000)
    page.wait_for_timeout(300)
    assert rows.count() > few
    page.locator("#search").fill("2999")
    assert rows.all_text_contents()[0].startswith("2999.png")


GREEN = np.array([0, 204, 153])


def _has_green(canvas):
    return int((np.abs(canvas.astype(int) - GREEN).max(axis=2) < 40).sum())


def test_lungs_and_crop_are_layers_of_their_own(show, lung_examination, card):
    page = show(render_page(lung_examination, cards=[card]))
    neither = _canvas(page)
    assert _has_green(neither) == 0
    page.locator("#lungs").click()
    lungs = _canvas(page)
    page.locator("#crop").click()
    both = _canvas(page)
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
    assert 0.3 < _has_green(_canvas(broken)) / _has_green(_canvas(whole)) < 0.8
    assert "not trusted" in broken.locator("#lungs").text_content()


def test_keys_switch_lungs_and_crop(show, lung_examination, card):
    page = show(render_page(lung_examination, cards=[card]))
    page.locator("#view").focus()
    first = _canvas(page)
    for key, button in (("l", "#lungs"), ("c", "#crop")):
        page.keyboard.press(key)
        assert page.locator(button).get_attribute("aria-pressed") == "true"
        assert (_canvas(page) != first).any()
    page.keyboard.press("r")
    np.testing.assert_array_equal(_canvas(page), first)


def _has_pink(canvas):
    return int((np.abs(canvas.astype(int) - HEART_COLOUR).max(axis=2) < 40).sum())


def test_heart_and_widths_are_switched_apart_and_by_keys(show, heart_examination, card):
    page = show(render_page(heart_examination, cards=[card]))
    assert _has_pink(_canvas(page)) == 0
    page.locator("#heart").click()
    heart = _canvas(page)
    page.locator("#widths").click()
    assert _has_pink(_canvas(page)) > _has_pink(heart) > 0
    assert _has_green(_canvas(page)) > 0, "the width of the thorax is green"
    page.locator("#view").focus()
    for key, button in (("o", "#heart"), ("m", "#widths")):
        page.keyboard.press(key)
        assert page.locator(button).get_attribute("aria-pressed") == "false"
    assert _has_pink(_canvas(page)) == 0


@pytest.mark.parametrize("width", [390, 1366])
def test_a_page_without_a_decision_has_no_colour_and_fits(show, examination, no_age, card, width):
    undecided = replace(examination, reading=no_age, heatmaps=())
    page = show(render_page(undecided, cards=[card]), width=width, height=800)
    chip = page.locator(".findings span.chip.undecided")
    assert chip.text_content() == "not decided"
    for name in ("color", "backgroundColor"):
        shade = chip.evaluate(f"(e) => getComputedStyle(e).{name}").removeprefix("rgb(").removesuffix(")")
        red, green, blue = map(int, shade.split(","))
        assert max(red, green, blue) - min(red, green, blue) <= 24, "grey, neither red nor green nor amber"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.locator(".outcome").bounding_box()["y"] < 300
