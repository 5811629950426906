from dataclasses import replace

import pytest
from scipy.stats import ttest_rel

from fabricate_study import PUBLISHED
from hilum.errors import DataError


def test_differences_have_the_digits_of_the_paper() -> None:
    assert PUBLISHED.difference("Nodule", ("crop", "plain")) == 0.015
    assert PUBLISHED.mean_difference(("both", "plain")) == 0.018
    assert PUBLISHED.differences(("crop", "both")) == {"Mass": -0.008, "Nodule": -0.006, "Hernia": 0.001}


def test_what_is_not_printed_has_no_figure() -> None:
    assert PUBLISHED.value("Hernia", "early") is None
    assert PUBLISHED.value("Edema", "plain") is None
    assert PUBLISHED.mean("another") is None
    assert PUBLISHED.differences(("early", "plain")) == {"Mass": -0.081, "Nodule": -0.084}
    assert PUBLISHED.differences(("another", "plain")) == {}


def test_the_paired_t_is_over_the_printed_columns() -> None:
    found = PUBLISHED.paired_t(("both", "plain"))
    assert found is not None
    reference = ttest_rel([0.815, 0.765, 0.911], [0.791, 0.744, 0.902])
    assert (found.t, found.p_value) == pytest.approx((reference.statistic, reference.pvalue))
    assert PUBLISHED.paired_t(("both", "another")) is None


@pytest.mark.parametrize("what", ["rows", "means"])
def test_a_row_of_another_length_is_refused(what: str) -> None:
    wrong = {"Mass": (0.7, 0.8)} if what == "rows" else (0.7, 0.8)
    with pytest.raises(DataError, match="needs 4 figures"):
        replace(PUBLISHED, **{what: wrong})
