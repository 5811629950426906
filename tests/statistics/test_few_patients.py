import pytest
from scipy import stats

from hilum.errors import UsageError
from hilum.statistics.few_patients import t_quantile


@pytest.mark.parametrize("degrees", [1, 2, 3.7, 4, 9, 14, 30, 31, 59, 203, 5000, 1e6])
@pytest.mark.parametrize("probability", [0.5, 0.9, 0.975, 0.995])
def test_is_scipys(degrees: float, probability: float) -> None:
    expected = stats.t.ppf(probability, degrees)
    assert t_quantile(probability, degrees=degrees) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_many_degrees_are_normal_and_misuse_is_refused() -> None:
    assert t_quantile(0.975, degrees=1e12) == pytest.approx(stats.norm.ppf(0.975), rel=1e-5)
    with pytest.raises(UsageError, match="degrees must be at least 1"):
        t_quantile(0.975, degrees=0)
    with pytest.raises(UsageError, match="probability"):
        t_quantile(0.4, degrees=3)
