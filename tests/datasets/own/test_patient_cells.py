"""Ages, sexes and views in cells of somebody's table."""

import pytest

from hilum.datasets.own.patient_cells import age_in, not_understood, sex_in, view_in


def test_they_are_understood_as_where_a_user_states_them():
    assert [age_in(text) for text in ("40", " 045Y ", "6m", "58.5")] == [40.0, 45.0, 0.5, 58.5]
    assert [sex_in(text) for text in ("f", "Male", "O")] == ["F", "M", "O"]
    assert [view_in(text) for text in ("pa", "AP", "Lat", "lateral", "RL")] == ["PA", "AP", "LL", "LL", "LL"]


@pytest.mark.parametrize("text", ["", "?", "N/A", "nan", "unknown", "forty", "414", "-1"])
def test_the_rest_is_unknown(text):
    assert (age_in(text), sex_in(text), view_in(text)) == (None, "unknown", "unknown")


def test_what_is_not_understood_is_counted_and_nothing_said_is_not():
    assert not_understood("view", ["PA", "", "?", "lat"], where="view of t.csv") is None
    said = not_understood("view", ["PA", "tilted", "skewed", "NA"], where="view of t.csv")
    assert said is not None
    assert said.startswith(
        "caution: write PA, AP, LL (any lateral), oblique, decubitus or other in view of t.csv: 2 cells are not"
    )
    assert said.endswith("such as 'tilted'")
