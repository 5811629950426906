import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.compare import compare
from hilum.evaluation.comparison import Difference
from hilum.evaluation.comparison_words import comparison_words, difference_words, p_words, pair_name
from hilum.evaluation.same_images import same_images
from hilum.statistics.estimate import Estimate

PAIR = ("new", "old")


def words(value, interval, p, p_holm=None, note=None):
    return difference_words(Difference(estimate=Estimate(value, interval, note=note), p=p, p_holm=p_holm), pair=PAIR)


def test_a_difference_is_shown_by_interval_and_adjusted_test_together():
    assert words(0.05, (0.01, 0.09), 0.01, 0.02) == "new is above old, +0.050 [+0.010, +0.090]"
    assert words(-0.05, (-0.09, -0.01), 0.01, 0.05) == "new is below old, -0.050 [-0.090, -0.010]"
    assert words(0.05, (0.01, 0.09), 0.01, 0.11).endswith("(p 0.1100): no difference is shown")
    assert words(0.05, (0.01, 0.09), 0.2).endswith("no difference is shown")


def test_what_is_not_shown_is_not_called_equal():
    assert words(0.05, (-0.01, 0.09), 0.2) == (
        "no difference between new and old is shown, +0.050 [-0.010, +0.090]; that does not show them alike"
    )
    assert words(0.05, None, None, note="too few") == "new against old +0.050, and nothing is shown: too few"


def test_sentences_are_about_the_mean_or_the_one_label():
    def said(labels, **wishes):
        models = {name: fabricate_predictions(labels=labels, strength=s) for name, s in (("old", 1.0), ("new", 0.3))}
        return comparison_words(compare(same_images(models), replicates=200, **wishes))

    (one,) = said(("Mass",))
    assert one.startswith("AUROC of Mass: new is below old, -0.")
    first, second = said(("Mass", "Nodule"), margin=0.02)
    assert first.startswith("Mean AUROC over 2 labels: new is below old")
    assert second.startswith("Mean AUROC over 2 labels: new is not worse than old by more than 0.02: refuted")


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.00001, "< 0.0001"), (0.0001, "0.0001"), (1.0, "1.0000")])
def test_p_words(p, text):
    assert p_words(p) == text


def test_pair_name():
    assert pair_name(PAIR) == "new − old"
