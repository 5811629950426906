import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from hilum.errors import DataError
from hilum.evaluation.predictions.patient_bootstrap import PatientRows, patient_bootstrap, patient_rows
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.bootstrap import patient_weights

Row = tuple[int | None, int, int]


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, None]), st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=40),
    st.lists(st.integers(0, 4), min_size=5, max_size=5),
)
def test_agrees_with_weighted_scikit_learn(rows: list[Row], drawn: list[int]) -> None:
    truth, scores, patient = zip(*rows, strict=True)
    patients = patient_rows([f"p{p}" for p in patient])
    names = sorted({f"p{p}" for p in patient})
    counts = np.array([[drawn[int(name[1:])] for name in names], [1] * len(names)], np.int32).T
    values = ranking_statistic(truth, scores=scores, patients=patients)(counts)
    known = np.array([t is not None for t in truth])
    kept, kept_scores = np.array([t for t in truth if t is not None]), np.array(scores)[known]
    for column in range(2):
        weights = counts[patients.index[known], column]
        if set(kept[weights > 0]) == {0, 1}:
            auroc = roc_auc_score(kept, kept_scores, sample_weight=weights)
            precision = average_precision_score(kept, kept_scores, sample_weight=weights)
            np.testing.assert_allclose(values[:, column], [auroc, precision], rtol=0, atol=1e-12)
        else:
            assert np.isnan(values[:, column]).all()


def test_the_draws_are_those_of_the_statistics_room() -> None:
    """Two implementations, one seed: by sparse products over patients, and by scikit-learn over weights of rows."""
    rng = np.random.default_rng(4)
    truth, scores = rng.random(120) < 0.3, np.round(rng.normal(size=120), 1)
    names = [f"p{p}" for p in rng.integers(0, 50, 120)]
    patients = patient_rows(names)
    statistic = ranking_statistic(truth, scores=scores, patients=patients)
    draws = patient_bootstrap([statistic], patients=patients, replicates=200, seed=8)[0][0]
    weights = np.concatenate(list(patient_weights(names, replicates=200, rng=np.random.default_rng(8))))
    others = [roc_auc_score(truth, scores, sample_weight=own) for own in weights]
    np.testing.assert_allclose(draws, others, rtol=0, atol=1e-12)


def test_draws_beyond_32_bits_are_refused() -> None:
    patients = PatientRows(np.array([0, 0, 1]), 2**30)
    with pytest.raises(DataError, match="1,073,741,824 patients of up to 2"):
        ranking_statistic([0, 1, 1], scores=[0.1, 0.2, 0.3], patients=patients)
