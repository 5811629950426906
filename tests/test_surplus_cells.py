"""What stands to the right of a table's last named column."""

import pytest

from hilum.surplus_cells import surplus_text, without_nameless_end


@pytest.mark.parametrize("cells", [None, (), ("", " "), ("a note", "")])
def test_nothing_is_wrong_with_empty_cells_and_a_note_under_a_column_without_a_name(
    cells: tuple[str, ...] | None,
) -> None:
    assert surplus_text(cells, nameless=1) is None


@pytest.mark.parametrize("cells", [("990",), ("990", ""), ("5%",), ("9e-05",), ("", "note")])
def test_digits_are_surplus_also_under_a_column_without_a_name_and_anything_is_beyond(cells: tuple[str, ...]) -> None:
    said = surplus_text(cells, nameless=1)
    assert said is not None
    assert said.startswith("more cells than columns (")
    assert said.endswith("Write decimals with a point, or put the cell into quotes")


def test_only_the_end_of_a_header_is_cut() -> None:
    assert without_nameless_end(["", "image", " ", "score", "", " "]) == ["", "image", " ", "score"]
    assert without_nameless_end(None) == without_nameless_end(["", ""]) == []
