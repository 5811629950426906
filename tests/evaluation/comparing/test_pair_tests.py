import numpy as np
import pytest
from scipy.stats import ttest_rel

from fabricate_study import STUDY, fabricate_many
from hilum.evaluation.comparing.many_models import model_aurocs
from hilum.evaluation.comparing.pair_tests import pair_tests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.statistics.outcomes import UndefinedMetric

LABELS = ("Mass", "Nodule", "Edema", "Hernia")


@pytest.fixture(scope="module")
def judged():
    predictions = fabricate_many(patients=80, labels=LABELS, without=("Hernia",))
    return predictions, model_aurocs(predictions, pairs=STUDY.pairs, replicates=300)


def test_the_t_test_is_scipys_over_the_classes_with_both_outcomes(judged):
    predictions, aurocs = judged
    found = pair_tests(("both", "plain"), predictions=predictions, aurocs=aurocs)
    columns = [[aurocs.label(name).auroc[network].value for name in LABELS[:3]] for network in ("both", "plain")]
    reference = ttest_rel(*columns)
    assert isinstance(found.paired_t, PairedT)
    assert (found.paired_t.t, found.paired_t.p_value) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.paired_t.n == 3


def test_holm_is_over_the_classes_of_the_pair(judged):
    predictions, aurocs = judged
    found = pair_tests(("both", "crop"), predictions=predictions, aurocs=aurocs)
    assert [one.label for one in found.labels] == list(LABELS[:3])
    for raw, adjusted in (("bootstrap_p", "bootstrap_p_holm"), (None, "delong_p_holm")):
        p = [getattr(one, raw) if raw else one.delong.p_value for one in found.labels]
        # of three tests: the smallest times 3, the next times 2, none below the one before it
        ranked = np.minimum(1, np.maximum.accumulate(np.sort(p) * [3, 2, 1]))
        expected = dict(zip(np.sort(p), ranked, strict=True))
        assert [getattr(one, adjusted) for one in found.labels] == pytest.approx([expected[each] for each in p])


def test_a_class_with_too_few_positives_in_every_fold_has_no_delong():
    predictions = fabricate_many(patients=30, labels=("Mass", "Nodule"), folds=30)
    aurocs = model_aurocs(predictions, pairs=STUDY.pairs, replicates=100)
    found = pair_tests(("both", "plain"), predictions=predictions, aurocs=aurocs)
    assert all(one.delong is None and one.delong_p_holm is None for one in found.labels)
    assert all(one.bootstrap_p is not None for one in found.labels)


def test_one_class_has_no_t_test():
    predictions = fabricate_many(patients=40, labels=("Mass",))
    aurocs = model_aurocs(predictions, pairs=STUDY.pairs, replicates=100)
    found = pair_tests(("both", "plain"), predictions=predictions, aurocs=aurocs)
    assert isinstance(found.paired_t, UndefinedMetric)
    assert np.isfinite(found.mean_difference.value)
