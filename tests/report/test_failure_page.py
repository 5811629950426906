"""The page of a file that could not be read."""

import html

from hilum.report.failure_page import render_failure_page
from hilum.report.page import PageWays


def test_it_says_what_failed_and_leads_on(failed):
    text = render_failure_page(failed, ways=PageWays("../index.html", "a.html", None))
    assert "<h1>broken.png</h1>" in text
    assert "This file could not be read, so nothing is said about it." in text
    assert "the PNG ends after 100 bytes" in text
    assert "scans/broken.png" in text
    assert 'href="a.html" rel="prev"' in text
    assert 'rel="next"' not in text
    assert "script-src 'sha256-" in html.unescape(text)
    assert "<script" not in text
