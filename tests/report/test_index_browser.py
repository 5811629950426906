"""The index in a real browser: it filters, sorts, and draws its rows as they come into view."""

from dataclasses import replace

import pytest

from hilum.report.index_page import IndexEntry, render_index

pytestmark = pytest.mark.slow


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


def test_a_tall_screen_is_filled_again_after_a_search(show, reading):
    entries = [IndexEntry(f"{n:04}.png", f"{n:04}.png.html", None, None, reading) for n in range(1000)]
    page = show(render_index(entries), width=2160, height=3840)
    rows = page.locator("#files tbody tr")
    page.wait_for_timeout(500)
    at_first = rows.count()
    assert at_first > 60
    page.locator("#search").fill("no such file")
    page.wait_for_timeout(200)
    assert rows.count() == 0
    page.locator("#search").fill("")
    page.wait_for_timeout(500)
    assert rows.count() >= at_first
    assert page.evaluate("document.querySelector('#files').getBoundingClientRect().bottom") > 3840


def test_no_probability_looks_like_certainty(show, reading, finding):
    results = {
        name: replace(reading, findings=(replace(finding, probability=value, operating_point=0.0001),))
        for name, value in (("sure", 0.9999), ("never", 0.0002), ("even", 0.5))
    }
    page = show(render_index([IndexEntry(name, None, None, None, one) for name, one in results.items()]))
    assert page.locator("#files td.number").all_text_contents() == [">99%", "50%", "<1%"]


@pytest.mark.parametrize("width", [320, 390])
def test_rows_fit_the_narrowest_telephone(show, reading, width):
    named = replace(reading, source=replace(reading.source, name="folder/" + "x" * 60 + ".png"))
    page = show(render_index([IndexEntry(named.source.name, "a.html", "a.json", None, named)]), width=width, height=640)
    for cell in page.locator("#files tbody th, #files tbody td").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= width
