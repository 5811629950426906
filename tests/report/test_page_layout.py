"""The page as a whole: what is seen without scrolling, one sheet of paper, and what axe-core finds in every state."""

import re
from dataclasses import replace

import numpy as np
import pytest

from axe_rules import axe_script, violations
from hilum.radiograph import Radiograph
from hilum.reading_result import NotDecided
from hilum.report.failure_page import render_failure_page
from hilum.report.index_page import IndexEntry, render_index
from hilum.report.page import PageWays, render_page

pytestmark = pytest.mark.slow

WAYS = PageWays("index.html", "before.html", "after.html")
STATES = (
    "flagged", "not flagged", "age unknown", "outside", "refused", "unsure", "other body part", "lungs", "heart",
    "lungs not trusted", "fourteen findings",
)  # fmt: skip


@pytest.fixture
def states(request, examination, reading, finding, negative):
    def other(which):
        gate = reading.gate
        if which == "unsure":
            return replace(reading, findings=(), gate=replace(gate, status="unsure", candidates=("chest", "spine")))
        if which == "other body part":
            hand = replace(gate.type, name="hand", all={"hand": 0.97, "foot": 0.03})
            return replace(reading, findings=(), gate=replace(gate, type=hand))
        why = NotDecided("not reliable", "not reliable here: 22 images with it to judge by, 40 are needed")
        rest = [replace(negative, name=f"Finding number {n}") for n in range(7)]
        rest += [
            replace(negative, name=f"Label {n}", positive=None, operating_point=None, not_decided=why) for n in range(6)
        ]
        return replace(
            reading, findings=(finding, *rest), warnings=tuple(f"Warning {n}: " + "word " * 20 for n in range(4))
        )

    def state(which):
        known = {"lungs": "lung_examination", "heart": "heart_examination", "lungs not trusted": "untrusted"}
        readings = {"age unknown": "no_age", "outside": "outside", "refused": "refused"}
        if which in known:
            return request.getfixturevalue(known[which])
        if which in readings:
            return replace(examination, reading=request.getfixturevalue(readings[which]), heatmaps=())
        if which == "flagged":
            return examination
        if which == "not flagged":
            return replace(
                examination, reading=replace(reading, findings=(negative,)), heatmaps=examination.heatmaps[1:]
            )
        return replace(
            examination, reading=other(which), heatmaps=examination.heatmaps[:1] if "fourteen" in which else ()
        )

    return state


@pytest.mark.parametrize("which", STATES)
def test_image_controls_and_result_are_seen_together_on_a_laptop(show, states, card, which):
    page = show(render_page(states(which), cards=[card], ways=WAYS), width=1366, height=768)
    seen = {"#view": 380, ".outcome": 20, "#window": 10, "#ruler": 20, "#reset": 20, "#full": 20}
    seen |= {".findings tbody tr:first-child": 20} if states(which).reading.findings else {}
    seen |= {"#opacity": 10} if page.locator("#opacity").count() else {}
    for name, at_least in seen.items():
        box = page.locator(name).bounding_box()
        assert box["height"] >= at_least, name
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 768, name
    assert page.evaluate("document.documentElement.scrollHeight") <= 768
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_a_tall_and_a_wide_radiograph_fit_as_well(show, examination, card):
    for shape in ((900, 300), (200, 900)):
        source = replace(examination.reading.source, rows=shape[0], columns=shape[1])
        radiograph = Radiograph(np.full(shape, 0.4, np.float32), source)
        page = show(render_page(replace(examination, radiograph=radiograph), cards=[card]), width=1366, height=768)
        box = page.locator("#reset").bounding_box()
        assert box["y"] + box["height"] <= 768


def test_what_is_for_those_who_ask_is_closed(show, heart_examination, card):
    page = show(render_page(heart_examination, cards=[card], ways=WAYS))
    for words in ("logit -3.50", "SHA-256 of the file", "Time: decode", "Kermany et al."):
        assert page.get_by_text(words).first.is_hidden(), words
    page.get_by_text("What was done, source and timing").click()
    assert page.get_by_text("SHA-256 of the file").is_visible()


@pytest.mark.parametrize("which", STATES)
def test_a_reading_prints_on_one_page(show, states, card, which):
    page = show(render_page(states(which), cards=[card], ways=WAYS))
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
    page.emulate_media(media="print")
    assert page.locator("#paper").bounding_box()["height"] > 100
    for words in ("#tools", ".more", ".ways"):
        assert page.locator(words).is_hidden() or page.locator(words).count() == 0
    printed = " ".join(page.locator("body").inner_text().split())
    reading = states(which).reading
    for words in (
        *(" ".join(warning.split()) for warning in reading.warnings),
        *(one.name for one in reading.findings),
    ):
        assert words in printed
    if reading.models:
        assert "Pneumonia in children's chest radiographs" in printed


def _printed(page):
    """What stands below the printed picture, after the browser was asked to print."""
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    words, scale = page.locator("#paper-words"), page.locator("#paper-scale")
    return words.inner_text() if words.is_visible() else "", scale.is_visible()


def test_paper_says_whose_map_it_shows_and_by_which_colours(show, examination, finding, negative, card):
    findings = (finding, replace(negative, name="Mass", positive=True, probability=0.9), negative)
    maps = (*examination.heatmaps, replace(examination.heatmaps[1], finding="Mass"))
    several = replace(examination, reading=replace(examination.reading, findings=findings), heatmaps=maps)
    page = show(render_page(several, cards=[card]))
    words, has_scale = _printed(page)
    assert has_scale
    assert words.startswith("On the right: map of Mass (flagged). Not on this sheet: the map of 1 more flagged finding")
    assert "Colours from 0 to ≥1, logit contribution per cell (4 × 4 cells)." in words
    page.emulate_media(media="screen")
    page.locator("#layer").select_option(index=2)
    words, _ = _printed(page)
    assert words.startswith(
        "On the right: map of Effusion (not flagged). Not on this sheet: the maps of 2 more flagged"
    )
    page.emulate_media(media="screen")
    page.locator("#view").press("h")  # hides it: what is flagged is printed again
    assert _printed(page)[0].startswith("On the right: map of Mass (flagged).")


def test_paper_says_what_its_lines_are(show, heart_examination, untrusted, negative, card):
    words, _ = _printed(show(render_page(heart_examination, cards=[card])))
    assert words.endswith(
        "Blue: its box. Green: lungs. Pink: heart. Level lines: widest heart (pink) and widest inner thorax (green)."
    )
    plain = replace(untrusted.reading, findings=(negative,))
    page = show(render_page(replace(untrusted, reading=plain, heatmaps=()), cards=[card]))
    assert _printed(page) == ("", False)
    page.emulate_media(media="screen")
    page.locator("#lungs").click()
    assert _printed(page) == ("Green: lungs, in broken lines: not to be relied on.", False)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1366, "dark")])
@pytest.mark.parametrize("which", STATES)
def test_axe_finds_nothing_of_any_weight(show, states, card, which, width, scheme):
    axe_script()
    text = render_page(states(which), cards=[card], ways=WAYS)
    page = show(text, width=width, height=768, color_scheme=scheme, bypass_csp=True)
    assert violations(page) == []
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    for button in ("#beside", "#ruler", "#lungs"):
        if page.locator(button).count():
            page.locator(button).click()
    assert violations(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1366, "dark")])
def test_axe_finds_nothing_in_the_index_and_the_page_of_a_failure(show, reading, refused, failed, width, scheme):
    axe_script()
    entries = [
        IndexEntry(f"{n}.png", f"{n}.html", f"{n}.json", None, one) for n, one in enumerate((reading, refused, failed))
    ]
    for text in (render_index(entries, csv="readings.csv"), render_failure_page(failed, ways=WAYS)):
        page = show(text, width=width, height=768, color_scheme=scheme, bypass_csp=True)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
