import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score

from hilum.evaluation.predictions.patient_bootstrap import patient_jackknife, patient_rows
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.average_precision import average_precision, jackknife_error, precision_estimate
from hilum.statistics.outcomes import UndefinedMetric


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_agrees_with_scikit_learn_with_ties(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [row[0] for row in rows], [row[1] for row in rows]
    value = average_precision(truth, scores=scores)
    if len(set(truth)) == 2:
        assert value == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
    else:
        assert isinstance(value, UndefinedMetric)


def test_one_score_for_all_gives_the_prevalence() -> None:
    assert average_precision([1, 0, 0, 0, None], scores=[0.5] * 5) == 0.25


RNG = np.random.default_rng(0)
PATIENT = np.repeat(np.arange(40), RNG.integers(1, 4, 40))
TRUTH = (RNG.random(PATIENT.size) < 0.4).astype(float)
SCORES = RNG.normal(size=PATIENT.size) + TRUTH


def test_leaving_a_patient_out_is_deleting_its_rows() -> None:
    patients = patient_rows([f"p{p:02d}" for p in PATIENT])
    found = patient_jackknife([ranking_statistic(TRUTH, scores=SCORES, patients=patients)], patients=patients)[0][1]
    kept = [p != PATIENT for p in range(40)]
    expected = [average_precision_score(TRUTH[rows], SCORES[rows]) for rows in kept]
    # which patient is left out when is dealt at random
    assert sorted(found) == pytest.approx(sorted(expected), abs=1e-12)


def test_many_patients_are_left_out_in_groups() -> None:
    rng = np.random.default_rng(1)
    patients = patient_rows([f"p{p:05d}" for p in range(3000)])
    values = rng.normal(size=3000)
    left_out = patient_jackknife([lambda drawn: (values @ drawn / drawn.sum(axis=0))[None]], patients=patients)[0][0]
    assert left_out.shape == (1000,)
    assert jackknife_error(left_out) == pytest.approx(values.std(ddof=1) / np.sqrt(3000), rel=0.1)


def test_the_interval_written_out() -> None:
    jackknife = np.array([0.70, 0.72, 0.69, 0.73, 0.71, 0.74, 0.70])
    error = np.sqrt(6 / 7 * ((jackknife - jackknife.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, 19) * error / (0.71 * 0.29)
    found = precision_estimate(0.71, jackknife=jackknife, ill=20, well=30)
    assert found.interval == pytest.approx(expit(logit(0.71) + np.array([-half, half])), abs=1e-9)
    assert (found.method, found.note) == ("jackknife logit by patient", None)


def test_perfect_precision_has_a_width_and_few_patients_have_none() -> None:
    perfect = precision_estimate(1.0, jackknife=np.ones(50), ill=20, well=30)
    wilson = stats.binomtest(20, 20).proportion_ci(method="wilson")
    assert perfect.interval == pytest.approx((wilson.low, 1.0))
    few = precision_estimate(0.8, jackknife=np.linspace(0.7, 0.9, 50), ill=4, well=46)
    assert (few.interval, few.note) == (None, "only 4 patients with a positive image; an interval needs 5")
