from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.subject import Exclusion
from hilum.evaluation.report.tables import (
    calibration_numbers_table,
    calibration_table,
    confusion_table,
    decision_table,
    delong_table,
    excluded_images_table,
    exclusion_table,
    label_table,
    people_table,
    prevalence_table,
    probability_bands_table,
    subgroup_label_table,
    subgroup_table,
)
from hilum.statistics.confusion import Confusion

LABELS = ("Atelectasis", "Effusion", "Hernia")


@pytest.fixture(scope="module")
def predictions():
    made = fabricate_predictions(patients=40, labels=LABELS)
    truth = np.array(made.truth)
    truth[:, 2] = 0.0
    return replace(made, truth=truth)


@pytest.fixture(scope="module")
def judgement(predictions):
    validation = fabricate_predictions(patients=40, labels=LABELS, split="val", first_patient=900, seed=8)
    return judge(predictions, validation=ValidationPredictions(validation), prevalence=0.1, replicates=100)


def test_every_label_has_a_row_and_the_mean_names_what_it_lacks(judgement):
    table = label_table(judgement)
    assert [row[0] for row in table.rows] == [*LABELS, "mean of 2 labels"]
    first = judgement.whole.labels[0]
    assert table.rows[0][1:4] == (first.n, first.positives, first.auroc)
    assert table.rows[2][3] == "there are no positives"
    assert table.rows[3][3] == judgement.whole.mean_auroc
    assert "Not in the mean: Hernia: it lacks an outcome" in table.note


def test_decisions_hold_the_measures_of_the_point(judgement):
    table = decision_table(judgement)
    assert table.columns[:4] == ("label", "threshold", "sensitivity", "specificity")
    assert table.columns[-5:-2] == ("stated prevalence", "PPV there", "NPV there")
    assert table.columns[-2:] == ("net benefit there", "of calling everyone there")
    decisions = judgement.whole.labels[0].decisions
    assert table.rows[0][1:3] == (decisions.threshold, decisions.measures["sensitivity"])
    assert table.rows[0][-5:-3] == (0.1, decisions.measures["ppv_at_prevalence"])
    assert table.rows[0][-2] == decisions.measures["net_benefit_at_prevalence"]
    assert table.rows[0][table.columns.index("LR+")] == decisions.measures["lr_positive"]
    assert len({len(row) for row in table.rows} | {len(table.columns)}) == 1


def test_without_points_there_is_no_table_of_decisions(predictions):
    plain = judge(predictions, replicates=100)
    assert decision_table(plain) is None
    assert prevalence_table(plain) is None


def test_the_shift_of_prevalence(judgement):
    row = prevalence_table(judgement).rows[0]
    one = judgement.whole.labels[0]
    assert row[1:3] == (one.validation.n, one.validation.positives)
    assert row[5].value == pytest.approx(row[4] - row[3])
    assert row[5].interval[0] < row[5].value < row[5].interval[1]


def test_calibration_before_and_after(judgement, predictions):
    assert calibration_table(judgement) is None
    validation = fabricate_predictions(patients=40, labels=LABELS, split="val", first_patient=900, seed=8)
    platt = judge(predictions, validation=ValidationPredictions(validation), calibration="platt", replicates=100)
    row = calibration_table(platt).rows[0]
    one = platt.whole.labels[0]
    assert row[1].startswith(f"platt, slope {one.calibrated.slope:.3f}")
    assert (row[2], row[3], row[4], row[5]) == (one.brier, one.calibrated.brier, one.ece, one.calibrated.ece)


def test_calibration_in_numbers_holds_every_label_and_says_where_it_is_off(judgement):
    table = calibration_numbers_table(judgement)
    fit = judgement.whole.labels[1].calibration.fit
    assert table.rows[1][:5] == ("Effusion", fit.mean_difference, fit.in_the_large, fit.slope, fit.intercept)
    assert table.rows[2][2] == "there are no positives"
    off = [one for one in judgement.whole.labels if one.calibration.is_off]
    assert off
    assert f"{off[0].label}: {off[0].calibration.in_words}" in table.note


def test_the_bands_of_stated_probability_hold_every_image_with_a_known_truth(judgement):
    table = probability_bands_table(judgement)
    for one in judgement.whole.labels:
        rows = [row for row in table.rows if row[0] == one.label]
        assert (sum(row[2] for row in rows), sum(row[3] for row in rows)) == (one.n, one.positives)
    assert {row[-1] for row in table.rows} == {"off", ""}


def test_delongs_interval(judgement, predictions):
    assert delong_table(judgement) is None  # patients have several images here
    single = replace(predictions, patient=tuple(f"p{i}" for i in range(predictions.n)))
    judged = judge(single, replicates=100)
    label, area = delong_table(judged).rows[0]
    one = judged.whole.labels[0]
    assert (label, area, area.value) == (one.label, one.delong, one.auroc.value)


def test_subgroups_with_their_counts(judgement):
    rows = {row[:2]: row for row in subgroup_table(judgement).rows}
    group = judgement.subgroups["view"]["AP"]
    assert "source" in judgement.subgroups
    assert "source" not in {by for by, _ in rows}  # all images have one source
    assert rows["view", "AP"][2:] == (group.n, group.patients, "2 of 3", group.mean_auroc)
    labels = subgroup_label_table(judgement)
    assert len(labels.rows) == 3 * len(rows)
    assert labels.folded


def test_one_label_needs_no_table_of_labels_in_subgroups():
    one = judge(fabricate_predictions(labels=("Effusion",)), replicates=100)
    assert subgroup_label_table(one) is None


def test_predictions_without_columns_have_no_subgroups():
    bare = replace(fabricate_predictions(), age_years=None, sex=None, view=None, source=None)
    assert subgroup_table(judge(bare, replicates=100)) is None
    assert [row[0] for row in people_table(bare).rows] == ["images", "patients"]


def test_people_are_counted(predictions):
    rows = dict(people_table(predictions).rows)
    assert rows["images"] == predictions.n
    assert rows["patients"] == 40
    assert rows["view AP"] + rows["view PA"] == predictions.n
    assert rows["sex F"] + rows["sex M"] + rows["sex not known"] == predictions.n
    known = predictions.age_years[~np.isnan(predictions.age_years)]
    assert rows["age not known, images"] == predictions.n - known.size
    assert rows["age in years, median (quartiles)"].startswith(f"{np.median(known):.0f} (")


def test_exclusions_are_counted_and_listed():
    exclusions = [Exclusion("a", "could not be read", "torn"), Exclusion("b", "no label of the model is known")]
    exclusions.append(Exclusion("c", "could not be read", "gone"))
    assert exclusion_table(exclusions).rows[0] == ("could not be read", 2)
    assert excluded_images_table(exclusions).rows[0] == ("a", "could not be read", "torn")
    assert exclusion_table([]).rows == (("none: every image was judged", 0),)
    assert excluded_images_table([]) is None


def test_counts_of_the_confusion():
    table = confusion_table([("A", Confusion(1, 2, 3, 4))])
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "label": "A", "true positive": 1, "false positive": 2, "true negative": 3, "false negative": 4,
    }  # fmt: skip
    assert confusion_table([]) is None
