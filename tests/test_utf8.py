"""The one message on text in another encoding."""

from pathlib import Path

from hilum.utf8 import not_utf8


def test_the_way_out_comes_first() -> None:
    said = not_utf8(Path("a.csv"), what="the table of patients")
    assert said == "Save the table of patients as CSV in UTF-8: a.csv is not UTF-8 text"
