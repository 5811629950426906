"""The ways between the pages of a folder: relative, quoted, and none where there is no page."""

from hilum.output.ways import ALONE, PageOrder
from hilum.report.page import PageWays


def test_a_page_leads_to_the_index_and_to_its_neighbours() -> None:
    order = PageOrder.of(["a.png", "sub/b c.dcm", "sub/deep/d#1.png"])
    assert order.ways("a.png") == PageWays("./index.html", None, "./sub/b%20c.dcm.html")
    assert order.ways("sub/b c.dcm") == PageWays("../index.html", "../a.png.html", "./deep/d%231.png.html")
    assert order.ways("sub/deep/d#1.png") == PageWays("../../index.html", "../b%20c.dcm.html", None)


def test_a_page_of_no_order_leads_to_the_index_alone() -> None:
    assert ALONE.ways("sub/x.png") == PageWays("../index.html")
    assert PageOrder.of(["a.png"]).ways("b.png") == PageWays("./index.html")


def test_names_stay_names() -> None:
    ways = PageOrder.of(["javascript:alert(1)", "n\udcff.png"]).ways("javascript:alert(1)")
    assert ways.next == "./n%FF.png.html"
    assert PageOrder.of(["x", "javascript:alert(1)"]).ways("x").next == "./javascript%3Aalert%281%29.html"
