"""What a spreadsheet would run stays text."""

import pytest

from hilum.report.spreadsheet import safe_cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1+1", "\r=1+1", "\n=1+1", "\u00a0=1+1", "\uff1d1+1", "\uff20SUM(A1)",
     "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil")'],
)  # fmt: skip
def test_a_formula_stands_behind_an_apostrophe_on_one_line(text: str) -> None:
    cell = safe_cell(text)
    assert cell.startswith("'")
    assert cell.isprintable()
    assert cell.endswith(text[-4:])


@pytest.mark.parametrize("text", ["", "rib", "a=b", "3-4", "Müßig, 幻", "0.87"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text
