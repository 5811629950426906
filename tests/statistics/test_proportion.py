import pytest
from scipy.stats import binomtest

from hilum.errors import UsageError
from hilum.statistics.proportion import wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (1, 1), (81, 263), (1, 29), (15, 148), (170, 176)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_agrees_with_scipy(successes: int, n: int, level: float) -> None:
    share = wilson(successes, n=n, level=level)
    expected = binomtest(successes, n).proportion_ci(confidence_level=level, method="wilson")
    assert share.interval == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (share.value, share.n, share.method) == (successes / n, n, "Wilson")


def test_agrees_with_a_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
    assert [round(bound, 4) for bound in wilson(81, n=263).bounds] == [0.2553, 0.3662]
    assert [round(bound, 4) for bound in wilson(0, n=20).bounds] == [0.0, 0.1611]


@pytest.mark.parametrize(("successes", "n", "level"), [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_impossible_counts_are_refused(successes: int, n: int, level: float) -> None:
    with pytest.raises(UsageError, match="successes must be 0 to n"):
        wilson(successes, n=n, level=level)
