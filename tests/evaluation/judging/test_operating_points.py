import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.judgement import ValidationPrevalence
from hilum.evaluation.judging.operating_points import with_bundle_points
from hilum.evaluation.judging.prevalence_shift import share_by_patient
from hilum.evaluation.judging.subgroup_tests import subgroup_tests
from hilum.statistics.estimate import Estimate

LABELS = ("Atelectasis", "Pleural Effusion")


@pytest.fixture(scope="module")
def card():
    return ToyBundle(network=ToyNetwork.random(labels=2), labels=LABELS, operating_point=0.4).card()


@pytest.fixture(scope="module")
def predictions():
    return fabricate_predictions(patients=60)


def decided(predictions, card, *, prevalence=None, validation=None):
    return with_bundle_points(
        judge(predictions, replicates=200),
        predictions=predictions,
        card=card,
        validation=validation or {},
        prevalence=prevalence,
    )


def test_decisions_are_those_at_the_cards_threshold(predictions, card):
    judgement = decided(predictions, card)
    for column, one in enumerate(judgement.whole.labels):
        truth = predictions.truth[:, column]
        known = ~np.isnan(truth)
        (tn, fp), (fn, tp) = confusion_matrix(truth[known], predictions.scores[known, column] >= 0.4)
        assert one.decisions.threshold == 0.4
        assert one.decisions.measures["sensitivity"].value == pytest.approx(tp / (tp + fn))
        assert one.decisions.measures["specificity"].value == pytest.approx(tn / (tn + fp))
        assert one.decisions.measures["ppv"].value == pytest.approx(tp / (tp + fp))
        low, high = one.decisions.measures["sensitivity"].interval
        assert low <= tp / (tp + fn) <= high
    assert [one.label for one in judgement.whole.labels] == [
        "Atelectasis",
        "Effusion",
    ]  # the card says Pleural Effusion
    assert "set by hand" in judgement.validation_protocol
    assert judgement.validation_split_sha256 == card.training.split_sha256


def test_predictive_values_at_a_stated_prevalence(predictions, card):
    measures = decided(predictions, card, prevalence=0.05).whole.labels[0].decisions.measures
    sensitivity, specificity = measures["sensitivity"].value, measures["specificity"].value
    expected = sensitivity * 0.05 / (sensitivity * 0.05 + (1 - specificity) * 0.95)
    assert measures["ppv_at_prevalence"].value == pytest.approx(expected)
    assert "ppv_at_prevalence" not in decided(predictions, card).whole.labels[0].decisions.measures


def test_the_shift_of_prevalence_is_here_minus_validation(predictions, card):
    validation = {"Pleural Effusion": ValidationPrevalence(200, 20, None)}
    first, second = decided(predictions, card, validation=validation).whole.labels
    assert first.validation is None
    assert second.validation.shift.value == pytest.approx(second.positives / second.n - 0.1)


def test_ranking_stays_as_it_was_judged(predictions, card):
    before, after = judge(predictions, replicates=200), decided(predictions, card)
    assert after.whole.mean_auroc == before.whole.mean_auroc
    assert after.subgroups == before.subgroups


def test_a_label_without_an_operating_point_is_not_decided_and_the_others_are(predictions, card):
    first, second = card.labels
    without = card.model_copy(update={"labels": (first.model_copy(update={"operating_point": None}), second)})
    none, some = decided(predictions, without).whole.labels
    assert (none.decisions, none.decisions_undefined) == (None, "the model brings no operating point")
    assert some.decisions == decided(predictions, card).whole.labels[1].decisions
    nowhere = card.model_copy(
        update={"labels": tuple(label.model_copy(update={"operating_point": None}) for label in card.labels)}
    )
    assert [one.decisions for one in decided(predictions, nowhere).whole.labels] == [None, None]


def test_the_shift_of_prevalence_has_an_interval_where_validation_has_one(predictions, card):
    """Newcombe's, from the interval of the prevalence on validation and the clustered one here."""
    there = Estimate(0.1, (0.066, 0.149), method="Wilson", n=200)
    validation = {"Pleural Effusion": ValidationPrevalence(200, 20, None, share=there)}
    shift = decided(predictions, card, validation=validation).whole.labels[1].validation.shift
    here = share_by_patient(predictions.truth[:, 1], predictions.patient)
    low = shift.value - np.hypot(here.value - here.interval[0], 0.149 - 0.1)
    high = shift.value + np.hypot(here.interval[1] - here.value, 0.1 - 0.066)
    assert shift.interval == pytest.approx((low, high))
    unknown = decided(predictions, card, validation={"Pleural Effusion": ValidationPrevalence(200, 20, None)})
    assert unknown.whole.labels[1].validation.shift.interval is None


def test_groups_are_tested_at_the_cards_threshold(predictions, card):
    tests = decided(predictions, card).subgroup_tests
    assert tests == subgroup_tests(predictions, thresholds={"Atelectasis": 0.4, "Effusion": 0.4})
    assert {one.measure for one in tests} == {"sensitivity", "specificity", "in_the_large", "slope"}
