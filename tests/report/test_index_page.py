"""The index: every file once, with counts and ways that stay in the folder."""

import html
import json
from dataclasses import replace
from html.parser import HTMLParser

from hilum.report.index_page import IndexEntry, render_index
from hilum.stated import Stated


class Index(HTMLParser):
    """The rows of an index by name, with their texts, and the filters."""

    def __init__(self, text):
        super().__init__()
        self.raw, self.inside = text, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = dict(attrs).get("id") == "content"

    def handle_data(self, data):
        if self.inside:
            content, self.inside = json.loads(data), False
            texts = content["texts"]
            keys = (
                "name",
                "page",
                "json",
                "picture",
                "result",
                "tone",
                "bits",
                "probability",
                "words",
                "small",
                "percent",
            )
            self.rows = [dict(zip(keys, row, strict=True)) for row in content["rows"]]
            for row in self.rows:
                row.update({key: texts[row[key]] for key in ("result", "tone", "words", "small", "percent")})


def _entry(name, result, **changes):
    return IndexEntry(**{
        "name": name, "page_href": f"{name}.html", "json_href": f"{name}.json", "thumbnail": None,
        "result": result, **changes,
    })  # fmt: skip


def test_every_file_has_a_row_and_the_most_urgent_comes_first(reading, refused, outside, failed, negative, finding):
    weaker = replace(reading, findings=(replace(finding, probability=0.5),))
    entries = [
        _entry("d.png", replace(reading, findings=(negative,))),
        _entry("weak.png", weaker),
        _entry("b.png", refused),
        _entry("c.png", outside),
        _entry("e.png", failed, json_href=None),
        _entry("a.dcm", reading, thumbnail="data:image/png;base64,AA=="),
    ]
    text = render_index(iter(entries), csv="readings.csv")
    index = Index(text)
    assert [(row["name"], row["result"]) for row in index.rows] == [
        ("a.dcm", "flagged"), ("weak.png", "flagged"), ("e.png", "could not be read"), ("c.png", "not decided"),
        ("b.png", "refused"), ("d.png", "not flagged"),
    ]  # fmt: skip
    assert [row["probability"] for row in index.rows] == [0.8731, 0.5, -1.0, -1.0, -1.0, 0.0293]
    assert [row["percent"] for row in index.rows] == ["87%", "50%", "", "", "", "3%"]
    assert (index.rows[0]["page"], index.rows[0]["json"]) == ("./a.dcm.html", "./a.dcm.json")
    assert (index.rows[2]["page"], index.rows[2]["json"]) == ("./e.png.html", 0)
    assert index.rows[0]["picture"] == "data:image/png;base64,AA=="
    assert index.rows[2]["words"] == "the PNG ends after 100 bytes"
    assert index.rows[0]["words"] == "Pneumonia flagged: 87% (threshold 42%)"
    for words in (
        "Most urgent first: flagged (the further over its threshold the higher), could not be read",
        "5 read, 1 could not be read",
        "<span>flagged 2</span>", "<span>refused 1</span>", "<span>with warnings 4</span>", 'href="readings.csv"',
    ):  # fmt: skip
        assert words in text
    assert "<span>unsure" not in text


def test_what_is_not_decided_has_no_colour_and_no_number(no_age):
    (row,) = Index(render_index([_entry("a.png", no_age)])).rows
    assert (row["result"], row["tone"], row["probability"]) == ("not decided", "undecided", -1.0)
    assert row["words"] == "Not decided: the file gives no age, and this model is for children of 1 to 5 years"
    assert "<span>scope unknown 1</span>" in render_index([_entry("a.png", no_age)])


def test_what_the_user_says_stands_in_its_row(reading):
    told = replace(reading, stated=Stated(age_years=40.0, view="PA"))
    said = Index(render_index([_entry("a.png", told)])).rows[0]["small"]
    assert said == "Accepted as a radiograph: chest · 1 warning · stated by the user: age 40 years, view PA"
    assert "stated by the user" not in render_index([_entry("a.png", reading)])


def test_five_thousand_files_stay_small(reading, refused):
    """A row of them costs its name, its two addresses and few numbers; what rows share stands there once."""
    entries = [
        _entry(f"ward/2026-11-{n % 28:02}/study-{n:05}/image.dcm", reading if n % 2 else refused) for n in range(5000)
    ]
    assert len(render_index(entries).encode()) < 3_000_000


def test_hostile_names_stay_text_and_links_stay_in_the_folder(reading):
    names = ["javascript:alert(1)", "//evil.example/x", "a b#c?d%.png", "<script>alert(1)</script>", "n\udcff.png"]
    text = render_index([_entry(name, reading) for name in names])
    assert [row["page"] for row in Index(text).rows] == [
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
    assert "0 read" in text


def test_nothing_is_loaded_from_outside(reading):
    text = render_index([_entry("a.png", reading)])
    assert "default-src 'none'" in html.unescape(text)
    assert "http://" not in text
    assert "https://" not in text
