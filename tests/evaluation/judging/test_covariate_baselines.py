from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from fabricate_study import fabricate_arms
from hilum.errors import DataError
from hilum.evaluation.judging.covariate_baselines import covariate_baselines
from hilum.evaluation.predictions.predictions import Predictions


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    """Edema where the view is AP, Mass in the old, Hernia by chance; folds by patient."""
    first = next(iter(fabricate_arms(labels=("Edema", "Mass", "Hernia"), patients=300).values()))
    draw = np.random.default_rng(3)
    age, view = draw.uniform(20, 90, first.n), draw.random(first.n) < 0.4
    edema, mass = draw.random(first.n) < 0.1 + 0.6 * view, draw.random(first.n) < (age - 20) / 100
    truth = np.stack([edema, mass, draw.random(first.n) < 0.3], axis=1).astype(float)
    return replace(
        first,
        truth=truth,
        age_years=age,
        sex=tuple("FM"[i % 2] for i in range(first.n)),
        view=tuple("AP" if one else "PA" for one in view),
    )


def test_each_model_tells_what_follows_from_it_and_nothing_else(predictions: Predictions) -> None:
    found = covariate_baselines(predictions)
    area = {name: [roc_auc_score(t, s) for t, s in zip(predictions.truth.T, scores.T, strict=True)]
            for name, scores in found.items()}  # fmt: skip
    assert area["view"][0] > 0.7
    assert area["age"][1] > 0.65
    assert abs(area["view"][1] - 0.5) < 0.1
    assert abs(area["age"][0] - 0.5) < 0.1
    assert all(abs(areas[2] - 0.5) < 0.1 for areas in area.values())
    assert area["view, age and sex"][0] == pytest.approx(area["view"][0], abs=0.05)


def test_a_fold_is_predicted_by_the_others_alone(predictions: Predictions) -> None:
    """Against scikit-learn's regression on the other folds; its own rows may say anything."""
    folds = np.array(predictions.split)
    own = folds == "fold 2"
    x = np.array([[view == "AP"] for view in predictions.view or ()], float)
    expected = LogisticRegression(C=np.inf).fit(x[~own], predictions.truth[~own, 0]).predict_proba(x[own])[:, 1]
    found = covariate_baselines(predictions)["view"][own, 0]
    assert found == pytest.approx(expected, abs=0.01)
    turned = replace(predictions, truth=np.where(own[:, None], 1 - predictions.truth, predictions.truth))
    assert np.array_equal(covariate_baselines(turned)["view"][own], covariate_baselines(predictions)["view"][own])


def test_what_is_not_known_takes_the_mean_and_a_label_nobody_has_its_share(predictions: Predictions) -> None:
    truth = predictions.truth.copy()
    truth[:, 2] = 0.0
    blind = replace(predictions, truth=truth, view=None, sex=None, age_years=None)
    found = covariate_baselines(blind)
    for scores in found.values():
        assert (scores[:, 2] == 0).all()
        for fold in set(blind.split):
            rows = np.array(blind.split) == fold
            assert len(set(np.round(scores[rows, 0], 9))) == 1
            assert scores[rows, 0][0] == pytest.approx(truth[~rows, 0].mean(), abs=0.01)


def test_predictions_of_one_model_have_no_folds(predictions: Predictions) -> None:
    with pytest.raises(DataError, match="are not cross-validated"):
        covariate_baselines(replace(predictions, design="held out"))
