import math

import numpy as np
import pytest

from hilum.datasets.records.uncertain import outcomes_of, settle_uncertain


def test_each_policy_has_its_value():
    assert math.isnan(settle_uncertain("ignore"))
    assert [settle_uncertain(policy) for policy in ("zeros", "ones", 0.0, 0.55, 1)] == [0.0, 1.0, 0.0, 0.55, 1.0]


@pytest.mark.parametrize("policy", [-0.1, 1.1, math.nan])
def test_a_value_outside_the_range_is_refused(policy):
    with pytest.raises(ValueError, match="smoothed value"):
        settle_uncertain(policy)


def test_a_smoothed_value_judges_nothing():
    np.testing.assert_array_equal(outcomes_of([1.0, 0.7, 0.0, math.nan]), [1.0, math.nan, 0.0, math.nan])
