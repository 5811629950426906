"""The page and the index in a real browser: nothing fails, nothing is loaded, and the controls do what they say."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hilum.radiograph import Radiograph
from hilum.report.colour import ContributionScale
from hilum.report.index_page import IndexEntry, render_index
from hilum.report.overlay import overlay_png
from hilum.report.page import PageWays, render_page
from hilum.report.templating import data_uri
from hilum.report.windowing import thumbnail_png
from page_canvas import canvas_of, slide

pytestmark = pytest.mark.slow


@pytest.fixture
def page(show, examination, card):
    return show(render_page(examination, cards=[card]))


def _at(canvas, x, y, examination):
    """The canvas at native pixel (x, y), which the fitted picture shows at this place."""
    rows, columns = examination.radiograph.pixels.shape
    scale = min(canvas.shape[0] / rows, canvas.shape[1] / columns)
    left, top = (canvas.shape[1] - columns * scale) / 2, (canvas.shape[0] - rows * scale) / 2
    return canvas[int(top + (y + 0.5) * scale), int(left + (x + 0.5) * scale)].astype(int)


POINTS = [(90, 112), (150, 187), (110, 150), (30, 250), (200, 40), (10, 10)]


def test_it_shows_the_same_colours_at_the_same_places_as_the_overlay(page, examination):
    page.locator("#boxes").click()
    slide(page, "opacity", 100)
    plain = replace(
        examination,
        reading=replace(
            examination.reading, findings=tuple(replace(one, boxes=()) for one in examination.reading.findings)
        ),
    )
    overlay = np.asarray(Image.open(BytesIO(overlay_png(plain))))
    canvas = canvas_of(page)
    for x, y in POINTS:
        np.testing.assert_allclose(_at(canvas, x, y, examination), overlay[y, x], atol=8)


def test_window_and_level_act_on_twelve_bits(page, examination):
    slide(page, "window", 10)
    slide(page, "level", 30)
    canvas = canvas_of(page)
    for x, y in ((60, 120), (100, 140), (20, 170), (200, 40)):
        share = np.clip((examination.radiograph.pixels[y, x] - 0.25) / 0.10, 0, 1)
        assert _at(canvas, x, y, examination)[0] == pytest.approx(255 * share, abs=6)
    assert page.locator("#window-value").text_content() == "10 %"
    page.locator("#invert").click()
    inverted = canvas_of(page)
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
    canvas = canvas_of(page)
    height, width = canvas.shape[:2]
    seen = canvas[(height - min(height, 700)) // 2 :, (width - 601) // 2 :, 0][:200, :300].astype(float)
    top = (700 - height) // 2 if height < 700 else 0
    wanted = 255 * film[top : top + 200, :300]
    assert np.abs(seen - wanted).mean() < 1.5


def test_auto_window_and_reset(page):
    first = canvas_of(page)
    page.locator("#auto").click()
    assert (canvas_of(page) != first).any()
    assert page.locator("#window-value").text_content() != "100 %"
    page.locator("#reset").click()
    np.testing.assert_array_equal(canvas_of(page), first)


def test_the_plain_radiograph_comes_first_and_the_map_is_one_key_or_slider_away(page, examination):
    clear = canvas_of(page)
    assert np.ptp(clear.astype(int), axis=2).max() == 0
    for x, y in ((60, 120), (200, 40), (20, 270)):
        assert _at(clear, x, y, examination)[0] == pytest.approx(255 * examination.radiograph.pixels[y, x], abs=3)
    page.keyboard.press("h")
    mapped = canvas_of(page)
    assert np.ptp(mapped.astype(int), axis=2).max() > 60
    assert page.locator("#opacity").input_value() == "100"
    page.locator("#boxes").click()
    assert (canvas_of(page) != mapped).any()
    page.keyboard.press("h")
    np.testing.assert_array_equal(canvas_of(page), clear)
    slide(page, "opacity", 40)
    assert np.ptp(canvas_of(page).astype(int), axis=2).max() > 20


def test_the_button_of_the_boxes_is_pressed_where_they_are_seen_and_brings_the_map(page, examination):
    clear, button = canvas_of(page), page.locator("#boxes")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    boxed = canvas_of(page)
    assert (boxed != clear).any()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#opacity").input_value() == "100"
    page.keyboard.press("b")
    assert button.get_attribute("aria-pressed") == "false"
    assert (canvas_of(page) != boxed).any()
    assert (canvas_of(page) != clear).any(), "the map stays"
    page.keyboard.press("h")
    page.locator("#reset").click()
    np.testing.assert_array_equal(canvas_of(page), clear)


def test_a_finding_s_button_shows_its_map_and_takes_it_back(page, examination):
    clear = canvas_of(page)
    assert page.locator("#scale").is_hidden()
    button = page.get_by_role("button", name="Map of Effusion on the image")
    button.click()
    assert page.locator("#layer").input_value() == "1"
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#scale-name").text_content() == "Effusion"
    x, y = 200, 250  # far from the other finding's map
    assert np.ptp(_at(canvas_of(page), x, y, examination)) > 0
    button.click()
    np.testing.assert_array_equal(canvas_of(page), clear)
    assert page.locator("#scale").is_hidden()


def test_the_numbers_of_the_fixed_scale_stand_among_the_details(page):
    note = page.locator("#scale-note").text_content()
    assert note.startswith("Colours of the map: from 0 by 0.5 by ≥1, logit contribution per cell (4 × 4 cells).")
    assert ContributionScale(4, 4).top == 1


def test_side_by_side_shows_the_plain_image_and_the_map(page, examination):
    page.locator("#beside").click()
    canvas = canvas_of(page)
    half = canvas.shape[1] // 2
    assert np.ptp(canvas[:, : half - 2].astype(int), axis=2).max() == 0
    right = canvas[:, half:]
    assert np.ptp(right.astype(int), axis=2).max() > 60
    assert _at(canvas[:, :half], 20, 270, examination)[0] == pytest.approx(_at(right, 20, 270, examination)[0], abs=2)
    page.keyboard.press("v")
    assert np.ptp(canvas_of(page).astype(int), axis=2).max() == 0


def test_one_to_one_shows_a_pixel_of_the_image_on_a_pixel_of_the_screen(page, examination):
    page.locator("#actual").click()
    canvas = canvas_of(page)
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
    first = canvas_of(page)
    page.locator("#view").focus()
    for key in ("+", "w", "e", "i", "h"):
        page.keyboard.press(key)
    assert (canvas_of(page) != first).any()
    page.locator("#view").dblclick()
    np.testing.assert_array_equal(canvas_of(page), first)


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
    first = canvas_of(page)
    page.locator("#view").focus()
    seen = [first]
    for key in ("+", "+", "ArrowRight", "ArrowDown", "w", "e", "h", "b", "i", "1"):
        page.keyboard.press(key)
        seen.append(canvas_of(page))
        assert (seen[-1] != seen[-2]).any(), key
    page.keyboard.press("r")
    page.keyboard.press("0")
    np.testing.assert_array_equal(canvas_of(page), first)


def test_wheel_zooms_drag_moves_and_the_page_still_scrolls(page):
    first = canvas_of(page)
    frame = page.locator("#view").bounding_box()
    x, y = frame["x"] + frame["width"] / 3, frame["y"] + frame["height"] / 3
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -240)
        canvas_of(page)
    zoomed = canvas_of(page)
    assert (zoomed != first).any()
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=4)
    page.mouse.up()
    moved = canvas_of(page)
    np.testing.assert_array_equal(moved[:-45, :-65], zoomed[40:-5, 60:-5])
    page.locator("#fit").click()
    np.testing.assert_array_equal(canvas_of(page), first)
    page.set_viewport_size({"width": 600, "height": 500})
    canvas_of(page)
    frame = page.locator("#view").bounding_box()
    page.mouse.move(frame["x"] + 60, frame["y"] + 20)
    page.mouse.wheel(0, 400)
    for _ in range(30):
        canvas_of(page)
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
    first = canvas_of(page)
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
    assert (canvas_of(page) != first).any()


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


@pytest.mark.parametrize("width", [320, 356])
def test_findings_fit_the_narrowest_telephone(show, examination, finding, disputed, negative, no_age, card, width):
    findings = (
        replace(disputed, name="Enlarged cardiomediastinum", inside_lungs=0.4),
        replace(negative, name="Pleural Thickening"),
        replace(no_age.findings[0], name="Mass", model="another-model-with-a-long-name"),
    )
    page = show(
        render_page(replace(examination, reading=replace(examination.reading, findings=findings)), cards=[card]),
        width=width,
        height=640,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for cell in page.locator(".findings tbody th, .findings tbody td").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.get_by_role("table").get_by_role("rowheader").count() == 3


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
    first = canvas_of(page)
    slide(page, "window", 20)
    assert (canvas_of(page) != first).any()
    assert page.locator("#no-layer").text_content() == "No findings were computed, so there is no heatmap."


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
