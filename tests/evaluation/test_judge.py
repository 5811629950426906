import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, UsageError
from hilum.evaluation.calibrators import METHODS, fit_calibrators
from hilum.evaluation.judge import judge
from hilum.evaluation.judgement_json import judgement_json
from hilum.evaluation.patient_bootstrap import patient_bootstrap, patient_rows
from hilum.evaluation.prediction_set import CHESTXRAY14
from hilum.evaluation.predictions import Predictions
from hilum.evaluation.validation import ValidationPredictions
from hilum.statistics.delong import DelongEstimate, delong
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric

LABELS = ("Atelectasis", "Effusion", "No Finding", "Hernia")
QUICK = 200


def with_truth(p: Predictions, label: str, truth: float) -> Predictions:
    changed = p.truth.copy()
    changed[:, p.labels.index(label)] = truth
    return replace(p, truth=changed)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    """Hernia has no positives here."""
    return with_truth(fabricate_predictions(labels=LABELS, patients=60), "Hernia", 0.0)


def test_values_agree_with_scikit_learn(predictions: Predictions) -> None:
    for column, label in enumerate(judge(predictions, replicates=QUICK).whole.labels[:3]):
        known = ~np.isnan(predictions.truth[:, column])
        truth, scores = predictions.truth[known, column], predictions.scores[known, column]
        assert (label.n, label.positives) == (known.sum(), truth.sum())
        assert label.auroc is not None
        assert label.average_precision is not None
        assert label.auroc.value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        assert label.average_precision.value == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
        assert label.brier == pytest.approx(brier_score_loss(truth, scores), abs=1e-12)


def test_the_mean_is_drawn_jointly_over_its_labels(predictions: Predictions) -> None:
    """The same interval by a loop over scikit-learn: draw patients, average the AUROCs, take the percentiles."""
    patients = patient_rows(predictions.patient)
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=patients, replicates=QUICK, seed=0)[0]
    means = []
    for weights in drawn[patients.index].T:
        areas = []
        for column in (0, 1):
            known = ~np.isnan(predictions.truth[:, column])
            areas.append(
                roc_auc_score(
                    predictions.truth[known, column], predictions.scores[known, column], sample_weight=weights[known]
                )
            )
        means.append(np.mean(areas))
    mean = judge(predictions, replicates=QUICK).whole.mean_auroc
    assert mean is not None
    assert mean.interval == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=1e-12)


def test_what_has_no_value_is_named_and_not_averaged(predictions: Predictions) -> None:
    whole = judge(predictions, replicates=QUICK).whole
    hernia = whole.labels[3]
    assert (hernia.auroc, hernia.average_precision, hernia.undefined) == (None, None, "there are no positives")
    assert hernia.brier is not None
    assert whole.in_mean == ("Atelectasis", "Effusion", "Hernia")  # No Finding is no disease
    assert whole.left_out == ("Hernia",)
    areas = [label.auroc.value for label in whole.labels[:2] if label.auroc]
    assert whole.mean_auroc is not None
    assert whole.mean_auroc.value == pytest.approx(np.mean(areas))


def test_chestxray14s_mean_leaves_no_finding_out() -> None:
    p = fabricate_predictions(labels=("No Finding", *CHESTXRAY14), patients=60)
    whole = judge(p, replicates=100).whole
    assert whole.in_mean == CHESTXRAY14
    assert whole.mean_auroc is not None
    areas = {label.label: label.auroc.value for label in whole.labels if label.auroc}
    assert whole.mean_auroc.value == pytest.approx(np.mean([areas[name] for name in CHESTXRAY14]))


def test_a_replicate_without_one_of_the_labels_has_no_mean() -> None:
    p = with_truth(fabricate_predictions(patients=30, missing=0.0), "Effusion", 0.0)
    truth = p.truth.copy()
    truth[0, 1] = 1.0  # one positive patient: about 37 % of the draws miss it
    whole = judge(replace(p, truth=truth), replicates=1000).whole
    assert whole.mean_auroc is not None
    assert 300 < whole.mean_auroc.undefined < 440


def test_decisions_need_validation(predictions: Predictions) -> None:
    assert all(label.decisions is None for label in judge(predictions, replicates=QUICK).whole.labels)
    for wish in ({"sensitivity": 0.9}, {"prevalence": 0.1}):
        with pytest.raises(UsageError, match="expected a validation file"):
            judge(predictions, replicates=QUICK, **wish)


def test_prevalence_shift(predictions: Predictions) -> None:
    validation = fabricate_predictions(labels=LABELS, split="val", first_patient=500, prevalence=0.6, seed=3)
    result = judge(predictions, validation=ValidationPredictions(validation), replicates=QUICK)
    for column, label in enumerate(result.whole.labels):
        there, here = np.nanmean(validation.truth[:, column]), np.nanmean(predictions.truth[:, column])
        assert label.validation is not None
        assert label.validation.shift == pytest.approx(here - there)
    assert result.validation_split_sha256 == validation.split_sha256


def test_intervals_beside_the_bootstrap_of_ranks(predictions: Predictions) -> None:
    """DeLong's interval of the AUROC, and the Brier score's by patient against a loop over scikit-learn."""
    patients = patient_rows(predictions.patient)
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=patients, replicates=QUICK, seed=0)[0]
    for column, label in enumerate(judge(predictions, replicates=QUICK).whole.labels):
        known = ~np.isnan(predictions.truth[:, column])
        truth, scores = predictions.truth[known, column], predictions.scores[known, column]
        found = delong(truth, scores=scores)
        assert label.delong_interval == ((found.low, found.high) if isinstance(found, DelongEstimate) else None)
        errors = [brier_score_loss(truth, scores, sample_weight=w[known]) for w in drawn[patients.index].T]
        assert label.brier_interval == pytest.approx(tuple(np.quantile(errors, [0.025, 0.975])), abs=1e-12)
    pooled = replace(predictions, design="cross-validated")
    assert all(label.delong_interval is None for label in judge(pooled, replicates=QUICK).whole.labels)


def test_calibration_is_fitted_on_validation_and_measured_here(predictions: Predictions) -> None:
    """The threshold still acts on the scores as they are."""
    validation = fabricate_predictions(labels=LABELS, split="val", first_patient=500, seed=3)
    chosen_on = ValidationPredictions(validation)
    plain = judge(predictions, validation=chosen_on, replicates=QUICK)
    for method in METHODS:
        result = judge(predictions, validation=chosen_on, calibration=method, replicates=QUICK)
        calibrators = fit_calibrators(chosen_on, labels=LABELS, method=method)
        for column, (before, after) in enumerate(zip(plain.whole.labels, result.whole.labels, strict=True)):
            known = ~np.isnan(predictions.truth[:, column])
            calibrator = calibrators[after.label]
            assert not isinstance(calibrator, UndefinedMetric)
            assert after.calibrated is not None
            assert after.calibrated.brier is not None
            assert after.calibrated.brier.value == pytest.approx(
                brier_score_loss(predictions.truth[known, column], calibrator(predictions.scores[known, column]))
            )
            assert after.decisions == before.decisions
            assert (after.brier, after.ece, after.auroc) == (before.brier, before.ece, before.auroc)
        data = json.loads(json.dumps(judgement_json(result), allow_nan=False))
        assert data["calibration"] == method
        assert ("slope" in data["labels"]["Effusion"]["calibrated"]) == (method != "isotonic")


def test_a_label_that_validation_cannot_calibrate_says_why(predictions: Predictions) -> None:
    validation = with_truth(
        fabricate_predictions(labels=LABELS, split="val", first_patient=500, seed=3), "Effusion", 1.0
    )
    result = judge(predictions, validation=ValidationPredictions(validation), calibration="platt", replicates=QUICK)
    effusion = judgement_json(result)["labels"]["Effusion"]
    assert effusion["calibrated"] == {
        "method": "platt", "undefined": "in the validation file there are no negatives",
    }  # fmt: skip


def test_stated_prevalences_by_label(predictions: Predictions) -> None:
    validation = ValidationPredictions(fabricate_predictions(labels=LABELS, split="val", first_patient=500, seed=3))
    result = judge(
        predictions, validation=validation, prevalence=0.2, prevalences={"Pleural Effusion": 0.05}, replicates=QUICK
    )
    stated = {label.label: label.decisions.prevalence for label in result.whole.labels if label.decisions}
    assert stated == {"Atelectasis": 0.2, "Effusion": 0.05, "No Finding": 0.2, "Hernia": 0.2}
    with pytest.raises(UsageError, match="came one of Mass"):
        judge(predictions, validation=validation, prevalences={"Mass": 0.1}, replicates=QUICK)


def test_the_curves_hold_every_judged_image(predictions: Predictions) -> None:
    data = judgement_json(judge(predictions, replicates=QUICK))
    for label in data["labels"].values():
        for curve in label["reliability"].values():
            assert sum(one["n"] for one in curve) == label["n"]
            assert sum(one["positives"] for one in curve) == label["positives"]
        gaps = [one["n"] * abs(one["probability"] - one["observed"]) for one in label["reliability"]["equal_width"]]
        assert sum(gaps) / label["n"] == pytest.approx(label["ece"])
    assert "reliability" not in data["subgroups"]["sex"]["F"]["labels"]["Effusion"]


def test_calibration_is_judged_for_every_label_and_group(predictions: Predictions) -> None:
    found = judge(predictions, replicates=QUICK)
    effusion = found.whole.labels[1]
    known = ~np.isnan(predictions.truth[:, 1])
    truth, scores = predictions.truth[known, 1], predictions.scores[known, 1].clip(1e-7, 1 - 1e-7)
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(np.log(scores / (1 - scores))[:, None], truth)
    assert effusion.calibration is not None
    assert isinstance(effusion.calibration.fit.slope, Estimate)
    assert effusion.calibration.fit.slope.value == pytest.approx(model.coef_[0, 0], rel=1e-4)
    assert effusion.calibration.curve is not None
    hernia = found.whole.labels[3].calibration
    assert hernia is not None
    assert isinstance(hernia.fit.slope, UndefinedMetric)
    group = found.subgroups["sex"]["F"].labels[1].calibration
    assert group is not None
    assert isinstance(group.fit.mean_difference, Estimate)
    assert group.curve is None
    printed = judgement_json(found)
    assert printed["labels"]["Effusion"]["calibration"]["slope"] == effusion.calibration.fit.slope.value
    assert "in_words" in printed["subgroups"]["sex"]["F"]["labels"]["Effusion"]["calibration"]


@pytest.mark.parametrize("method", METHODS)
def test_a_calibration_that_would_turn_the_scores_round_gives_no_number(predictions: Predictions, method: str) -> None:
    validation = fabricate_predictions(labels=LABELS, patients=60, split="val", first_patient=900, seed=3)
    turned = ValidationPredictions(replace(validation, scores=1 - validation.scores))
    found = judge(predictions, validation=turned, calibration=method, replicates=QUICK)
    for label in found.whole.labels:
        assert label.calibrated is not None
        assert label.calibrated.undefined is not None
        assert "wrong way round" in label.calibrated.undefined
        assert (label.calibrated.brier, label.calibrated.slope, label.calibrated.calibration) == (None, None, None)


def test_subgroups_are_judged_on_their_own_rows(predictions: Predictions) -> None:
    female = judge(predictions, replicates=QUICK).subgroups["sex"]["F"]
    rows = np.array([sex == "F" for sex in predictions.sex or ()])
    alone = judge(predictions.take(rows), replicates=QUICK).whole
    plain = tuple(replace(label, reliability=None) for label in alone.labels)  # curves are of the whole set only
    assert female == replace(alone, labels=plain)
    assert female.n == rows.sum()


def test_no_label_with_both_outcomes(predictions: Predictions) -> None:
    with pytest.raises(DataError, match="at least one label with positives and negatives"):
        judge(replace(predictions, truth=np.ones_like(predictions.truth)), replicates=QUICK)


def test_json_has_the_promised_keys_and_no_nan(predictions: Predictions) -> None:
    validation = with_truth(
        fabricate_predictions(labels=LABELS, split="val", first_patient=500, seed=3), "Effusion", 1.0
    )
    data = judgement_json(
        judge(predictions, validation=ValidationPredictions(validation), prevalence=0.05, replicates=QUICK)
    )
    data = json.loads(json.dumps(data, allow_nan=False))
    assert {"labels", "mean_auroc", "mean_auroc_ci", "protocol", "split_sha256"} <= set(data)
    atelectasis = data["labels"]["Atelectasis"]
    assert {"n", "positives", "auroc", "auroc_ci", "ap", "ap_ci", "brier", "ece"} <= set(atelectasis)
    assert atelectasis["auroc_ci"][0] < atelectasis["auroc"] < atelectasis["auroc_ci"][1]
    assert {"threshold", "rule", "sensitivity", "ppv_at_prevalence", "f1_ci"} <= set(atelectasis["operating_point"])
    assert data["labels"]["Hernia"]["auroc"] is None
    assert data["labels"]["Hernia"]["undefined"] == "there are no positives"
    assert data["labels"]["Effusion"]["operating_point"] is None
    assert "no negatives" in data["labels"]["Effusion"]["operating_point_undefined"]
    assert (data["mean_labels"], data["mean_left_out"]) == (["Atelectasis", "Effusion"], ["Hernia"])
    assert data["protocol"] == predictions.protocol
    assert set(data["subgroups"]) == {"age band", "sex", "view", "source"}
    assert data["validation"]["split_sha256"] == validation.split_sha256
