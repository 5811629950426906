from dataclasses import replace

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import points_from_validation, stated_points
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.comparison_tables import comparison_report_tables, models_table, shares_table

LABELS = ("Mass", "Nodule")


@pytest.fixture(scope="module")
def models():
    return same_images({n: fabricate_predictions(labels=LABELS, strength=s) for n, s in (("old", 1.0), ("new", 0.5))})


def test_every_row_has_every_cell(models):
    points = {name: stated_points({"": 0.5}, labels=LABELS) for name in models.models}
    for wishes in ({}, {"points": points}, {"margin": 0.02}, {"points": points, "margin": 0.02}):
        for table in comparison_report_tables(compare(models, replicates=100, **wishes), models=models):
            assert all(len(row) == len(table.columns) for row in table.rows), table.key
            assert len(set(table.columns)) == len(table.columns)


def test_a_label_without_an_outcome_keeps_its_row(models):
    made = {}
    for name in models.models:
        truth = models.of(name).truth.copy()
        truth[:, 1] = 1.0
        made[name] = replace(models.of(name), truth=truth)
    for wishes in ({}, {"points": {name: stated_points({"": 0.5}, labels=LABELS) for name in made}}):
        table = models_table(compare(same_images(made), replicates=100, **wishes))
        row = next(row for row in table.rows if row[0] == "Nodule")
        assert "there are no negatives" in row
        assert len(row) == len(table.columns)
        assert "Not in the mean, for lack of an outcome or of patients: Nodule" in table.note


def test_a_label_without_a_point_says_why(models):
    there = fabricate_predictions(labels=LABELS, split="val", first_patient=900, seed=9)
    truth = there.truth.copy()
    truth[:, 0] = 0.0
    validation = ValidationPredictions(replace(there, truth=truth))
    points = {name: points_from_validation(validation, judged=models.of(name)) for name in models.models}
    table = shares_table(compare(models, points=points, replicates=100))
    assert table is not None
    reasons = [row[3] for row in table.rows if row[0] == "Mass"]
    assert reasons == ["in the validation file: there are no positives"] * 2
