from dataclasses import replace

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.interval_methods import interval_methods


@pytest.fixture(scope="module")
def judgement():
    made = fabricate_predictions(patients=40)
    validation = fabricate_predictions(patients=40, split="val", first_patient=900, seed=8)
    return judge(made, validation=ValidationPredictions(validation), prevalence=0.1, replicates=100)


def parts_of(text):
    """What was made by each method."""
    return {method: names.split(", ") for method, names in (part.split(": ") for part in text.split("; ")[1:-1])}


def test_each_estimates_own_method_is_named(judgement):
    text = interval_methods(judgement)
    found = parts_of(text)
    assert text.startswith("95% intervals whose unit is the patient; ")
    assert text.endswith("drawn ones from 100 bootstrap replicates that draw patients, seed 0")
    assert "AUROC" in found["clustered score"]
    assert "average precision" in found["jackknife logit by patient"]
    assert "Brier score" in found["BCa by patient"]
    assert {"sensitivity", "specificity"} <= set(found["clustered Wilson"])
    assert "balanced accuracy" in found["MOVER"]
    assert "calibration slope" in found["clustered sandwich"]
    for label in judgement.whole.labels:
        for one in (label.auroc, label.average_precision, label.brier, *label.decisions.measures.values()):
            assert one is None or one.method is None or one.method in found


def test_no_method_is_named_that_made_no_interval(judgement):
    label = replace(
        judgement.whole.labels[0], average_precision=None, brier=None, decisions=None, calibration=None, validation=None
    )
    whole = replace(judgement.whole, labels=(label,), mean_auroc=None)
    text = interval_methods(replace(judgement, whole=whole, subgroups={}, subgroup_tests=()))
    assert text == "95% intervals whose unit is the patient; clustered score: AUROC"


def test_where_patients_are_not_known_the_unit_is_the_image(judgement):
    text = interval_methods(replace(judgement, patients_known=False))
    assert "unit is the image" in text
    assert "BCa by image" in text
    assert "draw images" in text
    assert "patient" not in text


def test_too_few_patients_have_no_interval(judgement):
    bare = replace(judgement.whole, labels=(), mean_auroc=None)
    few = replace(judgement, whole=bare, subgroups={}, subgroup_tests=())
    assert interval_methods(few) == "no interval: the patients are too few"
