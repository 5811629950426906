"""The page: whole in itself, escaped, and with every number of the reading in it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from hilum.geometry import Geometry
from hilum.radiograph import Radiograph, TrailStep
from hilum.reading_result import NotDecided, RatioWithheld, StoodAside
from hilum.report.page import render_page
from hilum.stated import Stated

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>.png"
VOID = {"meta", "img", "input", "br", "link", "rect"}


class Page(HTMLParser):
    """Elements, text and blocks of a page; unbalanced tags are an error."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.blocks = [], [], [], {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.blocks.setdefault(self.open[-1], []).append(data)
        else:
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def policy(self):
        return next(meta["content"] for meta in self.all("meta") if "http-equiv" in meta)


@pytest.fixture
def page(examination, card):
    return Page(render_page(examination, cards=[card]))


def test_every_number_of_the_reading_is_there(page):
    for words in (
        "probability 0.873", "probability 0.029", "87%", "threshold 42%", "threshold 31%", "operating point 0.425",
        "logit 2.12", "logit -3.50",
        "flagged", "not flagged", "in scope", "0.999", "0.971", "0.020", "0.009", "chest", "shoulder",
        "240 × 300 px", "pixel spacing 1.4 × 1.25 mm", "Pneumonia flagged: 87% (threshold 42%).",
        "4 years, female", "AP", "1.2.3.4", "12.5 ms", "33.2 ms", "0.1.0",
        "explicit little endian, 12 bits of 16", "The calibration was made on children",
        "0123456789abcdef" * 4, "looks like a chest radiograph",
        "Research use, not a medical device", "PHANTOM: shows no patient",
    ):  # fmt: skip
        assert words in page.words


def test_the_card_is_there_with_its_intervals_and_limits(page):
    for words in (
        "Research on reading children's chest radiographs.", "Any decision about a patient.", "Adults.",
        "The training images were stretched", "292", "176", "0.988 [0.977, 0.995]", "0.954 [0.917, 0.982]",
        "0.931 [0.879, 0.972]", "0.871 mean gradient", "Kermany et al. 2018, CC BY 4.0", "hilum train test",
        "chest X-rays of children of 1 to 5 years, view AP",
    ):  # fmt: skip
        assert words in page.words


def test_a_model_without_a_card_is_named(examination):
    assert "The card of this model is not at hand" in Page(render_page(examination, cards=[])).words


def test_nothing_is_loaded_from_outside(examination, card):
    text = render_page(examination, cards=[card])
    page = Page(text)
    for _, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action", "srcset", "data"):
            assert re.match(r"data:image/(png|jpeg);base64,", attributes.get(name, "data:image/png;base64,"))
    assert "http://" not in text
    assert "https://" not in text


def test_the_policy_lets_only_these_blocks_run(page):
    assert "default-src 'none'" in page.policy
    script = page.blocks["script"][-1]
    for block in (script, page.blocks["style"][0]):
        assert base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() in page.policy
    assert "unsafe" not in page.policy


def test_hostile_text_stays_text(examination, card):
    reading = examination.reading
    hostile = replace(
        reading,
        source=replace(reading.source, name=HOSTILE),
        warnings=(HOSTILE,),
        trail=(TrailStep(HOSTILE, HOSTILE),),
        gate=replace(reading.gate, reason=HOSTILE, candidates=(HOSTILE,)),
        findings=tuple(replace(finding, name=HOSTILE) for finding in reading.findings[1:]),
    )
    heatmaps = (replace(examination.heatmaps[0], finding=HOSTILE),)
    text = render_page(replace(examination, reading=hostile, heatmaps=heatmaps), cards=[card])
    page = Page(text)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert len(page.all("script")) == 2
    assert len(page.all("img")) == 1
    assert json.loads(page.blocks["script"][0])["layers"][0]["name"] == HOSTILE
    assert HOSTILE in page.words


def test_a_name_that_is_no_unicode_can_be_written(examination):
    source = replace(examination.reading.source, name="scan\udcff.png")
    text = render_page(replace(examination, reading=replace(examination.reading, source=source)), cards=[])
    assert "scan�.png".encode() in text.encode("utf-8")


def test_a_refusal_is_explained_before_anything_else(examination, refused):
    page = Page(render_page(replace(examination, reading=refused, heatmaps=()), cards=[]))
    assert "Why was this image refused?" in page.words
    for words in ("the picture looks like a photograph", "Nearest: hand, foot", "0.012", "hand", "0.410", "0.330"):
        assert words in page.words
    assert "Calibrated probability" not in page.words
    assert "makes no statement about the patient" in page.words


@pytest.mark.parametrize(
    ("status", "words"),
    [("not judged", "Nothing checked whether this is a radiograph"), ("unsure", "Why is the gate unsure?")],
)
def test_a_gate_without_a_verdict_says_so(examination, status, words):
    gate = replace(examination.reading.gate, status=status)
    assert (
        words
        in Page(render_page(replace(examination, reading=replace(examination.reading, gate=gate)), cards=[])).words
    )


def test_the_view_that_the_picture_tells_stands_on_the_page(examination, card):
    looks = {"PA": 0.02, "AP": 0.03, "lateral": 0.95}
    gate = replace(examination.reading.gate, view="lateral", view_probabilities=looks)
    reading = replace(examination.reading, view="unknown", gate=gate)
    words = Page(render_page(replace(examination, reading=reading), cards=[card])).words
    assert "Lateral view (from the picture)" in words
    assert "view lateral (from the picture)" in words
    assert "(from the picture)" not in Page(render_page(examination, cards=[card])).words


def test_what_the_networks_of_a_mean_say_stands_in_the_row(examination, disputed, card):
    def words_of(finding):
        reading = replace(examination.reading, findings=(finding,))
        return Page(render_page(replace(examination, reading=reading), cards=[card])).words

    said = words_of(disputed)
    assert "The 3 networks say 0.378 to 0.957" in said
    assert "networks disagree 2 of 3 alone would say positive" in said
    assert "its networks: first 0.957, second 0.378, third 0.731" in said
    agreed = words_of(replace(disputed, members=disputed.members[::2]))
    assert "The 2 networks say 0.731 to 0.957" in agreed
    assert "disagree" not in agreed


def test_a_finding_out_of_scope_shows_no_decision(examination, outside, card):
    page = Page(render_page(replace(examination, reading=outside, heatmaps=()), cards=[card]))
    assert "Not decided: the patient is 43 years old, and this model is for children of 1 to 5 years." in page.words
    assert "Not decided: no heatmap is shown" in page.words
    chips = [attributes["class"] for attributes in page.all("span") if "chip" in attributes.get("class", "")]
    assert "chip positive" not in chips
    assert "chip negative" not in chips
    assert "chip undecided" in chips


def test_without_an_age_the_page_shows_a_score_and_no_probability(examination, no_age, card):
    page = Page(render_page(replace(examination, reading=no_age, heatmaps=()), cards=[card]))
    assert "Not decided: the file gives no age, and this model is for children of 1 to 5 years." in page.words
    assert "Finding Result Score" in page.words
    assert "Pneumonia not decided 87%" in page.words
    assert page.words.count("no probability for this patient") == 1
    findings = page.words[: page.words.index("Details")]
    assert "alibrated" not in findings
    assert [one for one in page.all("rect") if "tick" in one.get("class", "")] == []
    assert json.loads(page.blocks["script"][0])["initial"] is None


def test_what_the_user_says_and_who_stood_aside_stand_on_the_page(examination, card):
    why = NotDecided("age outside", "the patient is 3 years old, and this model is for adults from 18 years")
    reading = replace(
        examination.reading,
        stated=Stated(age_years=3.0, view="AP"),
        stood_aside=(StoodAside("chest-adult", why),),
        read_inverted=True,
    )
    words = Page(render_page(replace(examination, reading=reading), cards=[card])).words
    assert "Stated by the user, not by the file: age 3 years, view AP." in words
    assert "3 years (stated), female · view AP (stated)" in words
    assert "Patient, by the file 4 years, female" in words
    assert "Not used: chest-adult (the patient is 3 years old, and this model is for adults from 18 years)." in words
    assert "what is shown and read here is its other polarity, as the user asked" in words
    assert "; read with its greys reversed." in words


def test_it_is_made_for_readers_of_screens_and_for_keys(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.all("img")[0]["alt"] == "Radiograph phantom_thorax.dcm, 240 × 300 px, pixel spacing 1.4 × 1.25 mm"
    canvas = next(one for one in page.all("canvas") if one["id"] == "view")
    assert canvas["tabindex"] == "0"
    assert canvas["aria-label"] == "Radiograph phantom_thorax.dcm"
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name, next(iter(ids))) in ids
    depth = [tag for tag, _ in page.elements if tag in ("h1", "h2", "h3")]
    assert depth[:2] == ["h1", "h2"]
    assert depth.count("h1") == 1


def test_the_page_stays_small_and_the_same(examination, card):
    text = render_page(examination, cards=[card])
    assert text == render_page(examination, cards=[card])
    assert len(text) < 400_000


def test_a_large_radiograph_is_shrunk_and_the_page_says_so(examination):
    pixels = np.full((4096, 3000), 0.3, np.float32)
    large = replace(
        examination,
        radiograph=Radiograph(pixels, examination.radiograph.source),
        heatmaps=(replace(examination.heatmaps[0], geometry=Geometry(750, 1024, 0, 0)),),
    )
    page = Page(render_page(large, cards=[]))
    assert "the picture is shrunk to 1500 × 2048 pixels" in page.words
    data = json.loads(page.blocks["script"][0])
    assert (data["columns"], data["rows"]) == (1500, 2048)
    assert data["layers"][0]["heatmap"]["geometry"] == [375.0, 512.0, 0.0, 0.0]


def test_a_finding_without_an_operating_point_and_its_card_say_so(examination, card):
    why = NotDecided("no operating point", "this model has no threshold")
    findings = tuple(
        replace(one, operating_point=None, positive=None, not_decided=why) for one in examination.reading.findings
    )
    labels = tuple(label.model_copy(update={"operating_point": None}) for label in card.labels)
    training = card.training.model_copy(update={"split_sha256": None})
    text = render_page(
        replace(examination, reading=replace(examination.reading, findings=findings)),
        cards=[card.model_copy(update={"labels": labels, "training": training})],
    )
    words = Page(text).words
    assert "(no threshold)" in words
    assert "Not decided: this model has no threshold." in words
    assert "SHA-256 of the split not known" in words
    assert 'class="tick"' not in text


def test_the_lungs_have_their_section_and_the_share_its_line(lung_examination, card):
    text = render_page(lung_examination, cards=[card])
    assert "Lungs outlined:</strong> both lungs were drawn; this is a child&#39;s chest." in text
    assert "25.0% of the picture" in text
    assert "12.5% of the picture" in text
    assert "81% of its heatmap inside the lungs" in text
    assert "Crop that chest-test read</dt><dd>200 × 241 px from column 20, row 30" in text
    assert 'id="lungs"' in text
    assert 'id="crop"' in text


def test_sides_that_are_not_named_stand_nowhere_on_the_page(lung_examination, card):
    verdict = replace(lung_examination.reading.lungs, right_share=None, left_share=None)
    unnamed = replace(lung_examination, reading=replace(lung_examination.reading, lungs=verdict))
    text = render_page(unnamed, cards=[card])
    assert "<dt>Both lungs</dt><dd>37.5% of the picture; the sides are not named</dd>" in text
    assert "Right lung" not in text
    assert "Left lung" not in text
    assert "Right lung</dt><dd>25.0% of the picture" in render_page(lung_examination, cards=[card])


def test_lungs_that_are_not_trusted_are_said_so(untrusted, card):
    text = render_page(untrusted, cards=[card])
    assert "Lung outlines uncertain:</strong> the outlines are uncertain" in text
    assert "broken lines" in text
    assert "inside the lungs" not in text
    assert 'id="crop"' not in text


def test_without_lungs_the_page_has_none(examination, card):
    text = render_page(examination, cards=[card])
    assert 'id="lungs"' not in text
    assert "lungs-title" not in text


def test_the_ratio_is_on_the_page_with_its_error_and_no_diagnosis(heart_examination, card):
    text = render_page(heart_examination, cards=[card])
    words = Page(text).words
    assert "Cardiothoracic ratio 0.50 ± 0.02 : a measurement, not a diagnosis." in words
    assert "Widest heart 100 mm (80 px)" in words
    assert "Widest inner thorax 200 mm (160 px)" in words
    assert "0.02 on average; nine of ten within 0.04" in words
    assert "Caution" not in words
    assert "Green: the lungs beside the heart. Pink: the heart." in words
    assert "counted with the whole lungs, behind the heart too" in words
    assert "Heart 10.0% of the picture" in words
    for control in ("heart", "widths"):
        assert f'id="{control}"' in text


def test_what_makes_the_ratio_mean_less_stands_beside_it(heart_examination, ratio, card):
    doubtful = replace(ratio, cautions=("the age is not known",), mean_error=None, error_of_nine_in_ten=None)
    reading = replace(heart_examination.reading, cardiothoracic_ratio=doubtful)
    words = Page(render_page(replace(heart_examination, reading=reading), cards=[card])).words
    assert "Cardiothoracic ratio 0.50 : a measurement, not a diagnosis." in words
    assert "Caution: the age is not known." in words
    assert "Expected error" not in words


def test_a_ratio_that_is_withheld_says_why_and_draws_no_width(heart_examination, card):
    why = RatioWithheld("child", "the patient is 5 years old, and it is measured from 16 years on")
    reading = replace(heart_examination.reading, cardiothoracic_ratio=why)
    text = render_page(replace(heart_examination, reading=reading), cards=[card])
    assert "Cardiothoracic ratio not measured: the patient is 5 years old" in Page(text).words
    assert 'id="widths"' not in text
    none = replace(reading, cardiothoracic_ratio=RatioWithheld("no heart drawn", "lungs-test draws no heart"))
    assert (
        "ratio" not in Page(render_page(replace(heart_examination, reading=none), cards=[card])).words.lower().split()
    )


def test_a_finding_that_is_not_reliable_says_why_in_its_row_and_on_the_card(examination, card):
    why = NotDecided("not reliable", "not reliable here: 22 images with it to judge by, 40 are needed")
    findings = tuple(
        replace(one, operating_point=None, positive=None, not_decided=why) for one in examination.reading.findings
    )
    lacks = {"operating_point": None, "not_reliable": "22 images with it to judge by, 40 are needed", "results": ()}
    labels = tuple(label.changed(lacks) for label in card.labels)
    words = Page(
        render_page(
            replace(examination, reading=replace(examination.reading, findings=findings)),
            cards=[card.model_copy(update={"labels": labels})],
        )
    ).words
    assert "Not decided: not reliable here." in words
    assert words.count(why.reason) == len(findings) + len(labels)
    assert "not measured" not in words
