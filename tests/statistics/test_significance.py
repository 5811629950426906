import pytest

from hilum.statistics.estimate import LEVEL
from hilum.statistics.significance import ALPHA, is_significant


@pytest.mark.parametrize(("p", "shown"), [(0.0, True), (0.0499, True), (ALPHA, False), (1.0, False), (None, False)])
def test_what_is_below_the_level_is_shown(p: float | None, shown: bool) -> None:
    assert is_significant(p) == shown


def test_the_level_is_that_of_the_intervals() -> None:
    assert pytest.approx(1 - LEVEL) == ALPHA
