"""Templates escape, refuse unknown names, and name their own blocks by hash."""

import base64
import hashlib

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


@pytest.mark.parametrize("name", ["base.css", "page.css", "index.css", "picture.js", "viewer.js", "index.js"])
def test_our_styles_and_scripts_load_nothing_and_cannot_end_their_block(name):
    text = str(asset(name))
    for word in ("http:", "https:", "//", "@import", "url(", "fetch", "XMLHttpRequest", "</", "innerHTML", "eval("):
        assert word not in text


def test_png_becomes_an_address():
    assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="
