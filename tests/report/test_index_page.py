"""The index: every file once, with counts and ways that stay in the folder."""

import html
from dataclasses import replace
from html.parser import HTMLParser

from hilum.report.index_page import IndexEntry, render_index
from hilum.report.windowing import thumbnail_png
from hilum.stated import Stated


class Links(HTMLParser):
    """The rows and links of an index."""

    def __init__(self, text):
        super().__init__()
        self.links, self.rows, self.images = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "tr" and "data-name" in attributes:
            self.rows.append(attributes)
        if tag == "img":
            self.images.append(attributes["src"])


def _entry(name, result, **changes):
    return IndexEntry(**{
        "name": name, "page_href": f"{name}.html", "json_href": f"{name}.json", "thumbnail_png": None,
        "result": result, **changes,
    })  # fmt: skip


def test_every_file_has_a_row_with_its_status(reading, refused, outside, failed, negative, gradient):
    entries = [
        _entry("a.dcm", reading, thumbnail_png=thumbnail_png(gradient)),
        _entry("b.png", refused),
        _entry("c.png", outside),
        _entry("d.png", replace(reading, findings=(negative,))),
        _entry("e.png", failed, page_href=None),
    ]
    text = render_index(iter(entries))
    index = Links(text)
    assert [(row["data-name"], row["data-status"]) for row in index.rows] == [
        ("a.dcm", "positive"), ("b.png", "refused"), ("c.png", "not decided"), ("d.png", "negative"),
        ("e.png", "failed"),
    ]  # fmt: skip
    assert [row["data-probability"] for row in index.rows] == ["0.8731234", "-1.0", "-1.0", "0.0293", "-1.0"]
    assert "./a.dcm.html" in index.links
    assert "./e.png.json" in index.links
    assert "./e.png.html" not in index.links
    assert len(index.images) == 1
    assert "decode: the PNG ends after 100 bytes" in text
    for words in (
        '4</strong> read', '1</strong> with a positive finding', '1</strong> refused at the gate',
        '1</strong> not decided', '1</strong> failed',
    ):  # fmt: skip
        assert words in text
    assert "unsure at the gate" not in text


def test_what_is_not_decided_has_no_colour_and_no_number(no_age):
    text = render_index([_entry("a.png", no_age)])
    assert '<span class="chip undecided">not decided</span>' in text
    assert "Not decided: the file gives no age, and this model is for children of 1 to 5 years" in text
    assert "0.873" not in text
    assert "with a positive finding" not in text


def test_what_the_user_says_stands_in_its_row(reading):
    told = replace(reading, stated=Stated(age_years=40.0, view="PA"))
    assert "stated by the user: age 40 years, view PA" in render_index([_entry("a.png", told)])
    assert "stated by the user" not in render_index([_entry("a.png", reading)])


def test_hostile_names_stay_text_and_links_stay_in_the_folder(reading):
    names = ["javascript:alert(1)", "//evil.example/x", "a b#c?d%.png", "<script>alert(1)</script>", "n\udcff.png"]
    text = render_index([_entry(name, reading) for name in names])
    index = Links(text)
    assert [link for link in index.links if link.endswith(".html")] == [
        "./javascript%3Aalert%281%29.html",
        ".///evil.example/x.html",
        "./a%20b%23c%3Fd%25.png.html",
        "./%3Cscript%3Ealert%281%29%3C/script%3E.html",
        "./n%FF.png.html",
    ]
    assert "<script>alert" not in text
    text.encode("utf-8")


def test_an_empty_folder_has_an_index_too():
    text = render_index([])
    assert "No file was read." in text
    assert "0</strong> read" in text


def test_nothing_is_loaded_from_outside(reading):
    text = render_index([_entry("a.png", reading)])
    assert "default-src 'none'" in html.unescape(text)
    assert "http://" not in text
    assert "https://" not in text
