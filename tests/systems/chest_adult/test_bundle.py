from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from fabricate_study import fabricate_arms
from hilum.bundle.label import Label, PlattCalibration
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.calibration import log_odds
from hilum.systems.chest_adult.arms import mean_of_logits
from hilum.systems.chest_adult.bundle import ALLOWED, AdultJudge, AdultNetworks
from hilum.systems.chest_adult.labels import adult_labels
from hilum.systems.chest_adult.looks import Look, mean_calibration, mean_scales
from hilum.training.export.export_bundle import Cost
from hilum.training.loop.fit import Fitted

LABELS = ("Mass", "Nodule", "Hernia")


def network(seed: int) -> PooledClassifier:
    torch.manual_seed(seed)
    return PooledClassifier("squeezenet1_1", labels=2).eval()


def test_the_fused_layer_gives_the_mean_of_the_calibrated_logits_over_the_scale() -> None:
    by = {
        "whole": [PlattCalibration(slope=0.7, intercept=-1.0), PlattCalibration(slope=2.0, intercept=0.5)],
        "crop": [PlattCalibration(slope=1.3, intercept=0.25), PlattCalibration(slope=0.1, intercept=-3.0)],
    }
    made = AdultNetworks(
        whole=Fitted(network(1), "a"),
        crop=Fitted(network(2), "b"),
        whole_calibrations=by["whole"],
        crop_calibrations=by["crop"],
        scales=(1.0, 4.0),
    )
    pictures = torch.rand(2, 3, 3, 64, 64)
    with torch.inference_mode():
        found = made.fused().outputs(*pictures)
    expected = np.mean(
        [
            [[one.slope * z + one.intercept for one, z in zip(by[head], row, strict=True)] for row in logits.tolist()]
            for head, logits in (("whole", found.whole_logits), ("crop", found.crop_logits))
        ],
        axis=0,
    )
    assert found.logits.numpy() == pytest.approx(expected / [1.0, 4.0], abs=1e-5)
    assert made.started_from == "whole picture: a; lungs: b"


def test_the_mean_of_logits_is_their_mean() -> None:
    found = mean_of_logits([np.array([[0.9, 0.5]]), np.array([[0.1, 0.8]])])
    assert log_odds(found) == pytest.approx((log_odds(np.array([[0.9, 0.5]])) + log_odds(np.array([[0.1, 0.8]]))) / 2)
    assert found[0, 0] == pytest.approx(0.5)


def look(slope: float, *, fitted: bool = True) -> Look:
    one = (
        PlattCalibration(slope=slope, intercept=-slope)
        if fitted
        else PlattCalibration(method="none", slope=1.0, intercept=0.0)
    )
    return Look(calibrations=dict.fromkeys(LABELS, one), inside={})


def test_calibrations_that_could_not_be_fitted_count_for_nothing() -> None:
    assert mean_calibration([look(1.0), look(2.0), look(9.0, fitted=False)], label="Mass").slope == 1.5
    assert mean_calibration([look(9.0, fitted=False)], label="Mass").method == "none"
    assert mean_scales({"local": [look(1.0)], "crop": [look(4.0)]}, labels=("Mass",)) == (2.5,)


@pytest.fixture(scope="module")
def arms():
    """Strong and weak labels of 700 patients: Hernia has no positive, and the crop alone cannot tell a mass."""
    return fabricate_arms(
        strength={"local": 1.2, "crop": 0.9, "mean": 1.6}, labels=LABELS, without=("Hernia",), patients=400, rare=0.2
    )


def test_labels_decide_where_they_earned_it_and_are_calibrated_as_the_heads_speak(arms) -> None:
    looks = {"local": [look(2.0), look(4.0)], "crop": [look(1.0)]}
    labels = adult_labels(arms, looks=looks)
    mass, _, hernia = labels.mean
    assert mass.not_reliable is None
    assert mass.results[0].set == "cross-validated"
    assert mass.results[0].baseline == "view, age and sex, without the picture"
    assert (hernia.operating_point, hernia.results) == (None, ())
    assert hernia.not_reliable is not None
    assert hernia.not_reliable.startswith("0 images with it to judge by, 40 are needed")
    assert labels.whole[2].not_reliable == labels.crop[2].not_reliable == hernia.not_reliable
    # the head's logit that the folds' mean calibration leads to log odds 0 is what those odds are recalibrated to
    whole = labels.whole[0].calibration
    first = mean_calibration(looks["local"], label="Mass")
    at_zero = -first.intercept / first.slope
    truth, scores = arms["local"].truth[:, 0], arms["local"].scores[:, 0]
    near = np.abs(log_odds(scores)) < 0.5
    assert whole.probability(at_zero) == pytest.approx(truth[near].mean(), abs=0.12)


def test_a_label_is_decided_in_the_views_in_which_mean_and_own_arm_tell_it(arms) -> None:
    looks = {"local": [look(1.0)], "crop": [look(1.0)]}
    views = tuple(np.where(np.arange(arms["mean"].n) % 2, "PA", "AP").tolist())
    known = {arm: replace(one, view=views) for arm, one in arms.items()}
    assert adult_labels(known, looks=looks).mean[0].not_reliable_in == ()
    truth = known["mean"].truth.copy()
    truth[np.array(views) == "AP", 0] = 0.0
    weak = adult_labels({**known, "mean": replace(known["mean"], truth=truth)}, looks=looks)
    for mass in (weak.mean[0], weak.whole[0]):
        assert mass.operating_point is not None
        assert [one.view for one in mass.not_reliable_in] == ["AP"]
        assert "0 with it" in mass.not_reliable_in[0].why
    assert weak.mean[2].not_reliable_in == (), "what is never decided names no view"


def test_the_point_and_the_figures_of_a_label_leave_out_the_view_in_which_it_is_not_decided(arms) -> None:
    looks = {"local": [look(1.0)], "crop": [look(1.0)]}
    shown = np.arange(arms["mean"].n) % 2 == 1
    truth = arms["mean"].truth.copy()
    truth[~shown, 0] = 0.0
    views = tuple(np.where(shown, "PA", "AP").tolist())
    arms = {arm: replace(one, view=views, truth=truth) for arm, one in arms.items()}
    mass = adult_labels(arms, looks=looks).mean[0]
    (result,) = mass.results
    assert (result.set, result.n) == ("cross-validated, view PA", shown.sum())
    positive, odds = truth[shown, 0] == 1, log_odds(arms["mean"].scores[shown, 0])
    assert result.positives == positive.sum()
    assert result.auroc == pytest.approx(roc_auc_score(positive, odds))
    called = np.array([mass.calibration.probability(float(z)) for z in odds]) >= mass.operating_point
    youden = np.subtract(*roc_curve(positive, odds)[1::-1]).max()
    assert called[positive].mean() - called[~positive].mean() == pytest.approx(youden)


def test_the_operating_point_is_one_of_the_pooled_probabilities(arms) -> None:
    labels = adult_labels(arms, looks={"local": [look(1.0)], "crop": [look(1.0)]})
    mass = labels.mean[0]
    stated = [mass.calibration.probability(float(z)) for z in log_odds(arms["mean"].scores[:, 0])]
    called = np.array(stated) >= mass.operating_point
    truth = arms["mean"].truth[:, 0] == 1
    youden = max(roc_curve(truth, stated)[1] - roc_curve(truth, stated)[0])
    assert called[truth].mean() - called[~truth].mean() == pytest.approx(youden)


def test_the_card_judges_what_was_fitted_without_the_fold(arms) -> None:
    """Fitted, chosen and judged here with scikit-learn and scipy, fold by fold."""
    found = adult_labels(arms, looks={"local": [look(1.0)], "crop": [look(1.0)]}).mean[0].results[0]
    predictions = arms["mean"]
    truth, odds, folds = predictions.truth[:, 0] == 1, log_odds(predictions.scores[:, 0]), np.array(predictions.split)
    stated, called = np.empty(truth.size), np.empty(truth.size, bool)
    for fold in set(predictions.split):
        there, here = folds != fold, folds == fold
        ill, well = truth[there].sum(), (~truth[there]).sum()
        targets = np.where(truth[there], (ill + 1) / (ill + 2), 1 / (well + 2))

        def loss(line, targets=targets, there=there):
            z = line[0] * odds[there] + line[1]
            return np.mean(np.logaddexp(0, z) - targets * z)

        slope, intercept = minimize(loss, (1.0, 0.0), tol=1e-10).x
        probabilities = expit(slope * odds + intercept)
        wrong, right, cuts = roc_curve(truth[there], probabilities[there], drop_intermediate=False)
        best = np.flatnonzero(np.isclose(right - wrong, (right - wrong).max()))[-1]
        stated[here] = probabilities[here]
        called[here] = probabilities[here] >= (cuts[best] + cuts[best + 1]) / 2
    assert found.sensitivity == pytest.approx(called[truth].mean())
    assert found.specificity == pytest.approx((~called)[~truth].mean())
    assert found.calibration.brier == pytest.approx(brier_score_loss(truth, stated), abs=1e-5)
    assert found.auroc == pytest.approx(roc_auc_score(truth, odds))


def test_a_label_that_one_fold_holds_all_of_is_not_decided(arms) -> None:
    folds = np.where(arms["mean"].truth[:, 0] == 1, "fold 0", np.array(arms["mean"].split))
    one = {arm: replace(there, split=tuple(folds.tolist())) for arm, there in arms.items()}
    mass = adult_labels(one, looks={"local": [look(1.0)], "crop": [look(1.0)]}).mean[0]
    assert (mass.operating_point, mass.results) == (None, ())
    assert mass.not_reliable == "without fold 0 there are no positives"


def test_how_many_decisions_a_smaller_graph_changes_is_bounded_and_stands_on_the_card() -> None:
    """Of the heads that decide: the mean, and the whole picture alone where lungs are not trusted."""
    by = PlattCalibration(slope=1.0, intercept=0.0)
    label = Label(name="Mass", calibration=by, operating_point=0.5, operating_point_rule="a half")
    expected = {head: np.linspace(-2.0, 2.0, 100, dtype=np.float32)[:, None] for head in ("mean", "whole", "crop")}
    judge = AdultJudge(
        records=(),
        labels=SimpleNamespace(mean=(label,), whole=(label,), crop=(label,)),
        spec=SimpleNamespace(changed=lambda changes: changes),
        expected=expected,
    )
    cost = Cost(method="int8 weights", before=(0.9, 0.9), after=(0.9, 0.9))
    read = {head: logits.copy() for head, logits in expected.items()}
    read["whole"][50:53] -= 0.13  # three that were just positive
    read["crop"][:] = expected["crop"][::-1]  # it never decides alone
    found = judge.judge(
        SimpleNamespace(fusion=read["mean"], whole=read["whole"], crop=read["crop"], source="their own"),
        whole=None,
        cost=cost,
    )
    assert found.changed == found.fits.compression.decisions_changed == 0.03 > ALLOWED.changed
