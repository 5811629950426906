"""Templates escape, refuse unknown names, and name their own blocks by hash."""

import base64
import hashlib
import re

import jinja2
import pytest

from hilum.report.templating import asset, content_security_policy, data_uri, environment


def test_values_are_escaped_and_cleaned():
    template = environment().from_string("{{ name }}")
    assert template.render(name="<b>\x1b\udc80") == "&lt;b&gt;��"


def test_an_unknown_name_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_the_policy_names_the_blocks_by_their_hash():
    policy = content_security_policy(style="a{}", script="f()")
    digest = base64.b64encode(hashlib.sha256(b"f()").digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name", ["base.css", "page.css", "index.css", "picture.js", "marks.js", "pointing.js", "viewer.js", "index.js"]
)
def test_our_styles_and_scripts_load_nothing_and_cannot_end_their_block(name):
    text = str(asset(name))
    for word in ("http:", "https:", "//", "@import", "url(", "fetch", "XMLHttpRequest", "</", "innerHTML", "eval("):
        assert word not in text


def test_png_becomes_an_address():
    assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="


def _luminance(colour):
    """Relative luminance after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"), ("ink", "card"), ("quiet", "paper"), ("quiet", "card"), ("accent", "card"),
        ("positive", "positive-paper"), ("negative", "negative-paper"), ("none", "none-paper"),
    ],
)  # fmt: skip
def test_words_stand_out_in_light_and_dark(scheme, ink, paper):
    block = re.findall(r":root \{(.*?)\}", str(asset("base.css")), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    dark, bright = sorted((_luminance(colours[ink]), _luminance(colours[paper])))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2, level AA
