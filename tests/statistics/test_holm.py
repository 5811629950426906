import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import DataError
from hilum.statistics.estimate import LEVEL
from hilum.statistics.holm import ALPHA, holm, is_significant


def test_a_well_known_example() -> None:
    # the four p-values of Wikipedia's "Holm-Bonferroni method"; adjusted as R's p.adjust(p, "holm") prints them
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_the_five_of_rs_manual_style_by_hand() -> None:
    # sorted .01 .02 .03 .04 .05 times 5 4 3 2 1 = .05 .08 .09 .08 .05, then never falling
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))


def test_a_test_without_a_p_value_does_not_count() -> None:
    assert holm([0.02, None, 0.01]) == pytest.approx((0.02, None, 0.02))
    assert holm([None]) == (None,)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.sampled_from([0.01, 0.05, 0.2]))
def test_rejects_what_the_step_down_procedure_rejects(p_values: list[float], level: float) -> None:
    """Holm's own description: walk up the sorted p-values and stop at the first above level / (m - i)."""
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] * (len(p_values) - rank) > level:
            break
        rejected.add(place)
    adjusted = holm(p_values)
    assert {place for place, p in enumerate(adjusted) if p is not None and p <= level} == rejected


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_no_p_value(p: float) -> None:
    with pytest.raises(DataError, match="p-values must lie in"):
        holm([0.5, p])


@pytest.mark.parametrize(("p", "shown"), [(0.0, True), (0.0499, True), (ALPHA, False), (1.0, False), (None, False)])
def test_what_is_below_the_level_is_shown(p: float | None, shown: bool) -> None:
    assert is_significant(p) == shown


def test_the_level_is_that_of_the_intervals() -> None:
    assert pytest.approx(1 - LEVEL) == ALPHA
