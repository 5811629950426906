from dataclasses import replace

import numpy as np
import pytest

from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.statistics.calibration import fit_platt
from hilum.statistics.operating_point import youden_point
from hilum.training.export.label_fits import ReadValidation, fit_labels, fit_parts, mean_auroc
from hilum.training.export.read_validation import ReadPart
from hilum.training.recipe.recipe import Assessment

NAN = float("nan")
LABELS = ("Effusion", "Hernia", "Nodule")


def part(truth, logits):
    records = tuple(
        Record(
            path=None,
            image=f"{index}.png",
            patient=f"p{index // 2}",
            source="table",
            official="train",
            labels={label: value for label, value in zip(LABELS, row, strict=True) if not np.isnan(value)},
            stratum="",
            sha256=f"{index:064d}",
        )
        for index, row in enumerate(truth)
    )
    return ReadPart("validation", records, np.asarray(logits, np.float64), np.linspace(0, 1, len(records)))


@pytest.fixture(scope="module")
def labels():
    """Effusion is known everywhere, Hernia has no positive, Nodule is ranked the wrong way round and partly unknown."""
    draw = np.random.default_rng(0)
    truth = np.stack([np.tile([0, 1, 0, 1, 1], 8), np.zeros(40), np.tile([0, 1, NAN, 0, 1], 8)], axis=1)
    logits = draw.normal(size=(40, 3)) + np.nan_to_num(truth) * [2, 0, -3]
    read = part(truth, logits)
    recipe = replace(tiny_recipe(), stages=(tiny_stage(labels=LABELS),))
    fitted = fit_labels(
        fit_parts(None, read=ReadValidation(calibration=read, point=read), recipe=recipe), recipe=recipe
    )
    return {label.name: label for label in fitted}, read


def test_a_label_with_both_outcomes_is_calibrated_and_has_its_youden_point(labels):
    fitted, read = labels
    effusion = fitted["Effusion"]
    expected = fit_platt(read.truth("Effusion"), logits=read.logits[:, 0])
    assert (effusion.calibration.slope, effusion.calibration.intercept) == (expected.slope, expected.intercept)
    probability = 1 / (1 + np.exp(-(expected.slope * read.logits[:, 0] + expected.intercept)))
    assert effusion.operating_point == pytest.approx(youden_point(read.truth("Effusion"), scores=probability).threshold)
    assert effusion.operating_point_rule == "greatest Youden index on validation"
    assert [(result.set, result.n, result.positives) for result in effusion.results] == [("validation", 40, 24)]
    calibration = effusion.results[0].calibration
    assert calibration is not None
    assert sum(band.n for band in calibration.bands) == 40
    assert abs(calibration.mean_stated_minus_observed) < 0.02  # it was fitted on these very images


def test_a_part_on_which_nothing_is_fitted_is_judged_and_stands_after_the_others():
    draw = np.random.default_rng(1)
    truth = np.stack([np.tile([0, 1, 0, 1, 1], 8)] * 3, axis=1).astype(np.float64)
    fitted_on, other = (replace(part(truth, draw.normal(size=(40, 3)) + 2 * truth), name=name) for name in "ab")
    read = ReadValidation.of({"a": fitted_on, "b": other}, assessment=Assessment(
        calibration_part="a", operating_point_part="a", judged_part="b",
    ))  # fmt: skip
    assert read.parts == (fitted_on, other)
    recipe = replace(tiny_recipe(), stages=(tiny_stage(labels=LABELS),))
    label = fit_labels(fit_parts(None, read=read, recipe=recipe), recipe=recipe)[0]
    alone = ReadValidation(calibration=fitted_on, point=fitted_on)
    same = fit_labels(fit_parts(None, read=alone, recipe=recipe), recipe=recipe)[0]
    assert (label.calibration, label.operating_point) == (same.calibration, same.operating_point)
    assert [row.set for row in label.results] == ["a", "b"]
    assert label.results[:1] == same.results


def test_a_label_without_positives_is_marked_and_not_fatal(labels):
    hernia = labels[0]["Hernia"]
    assert hernia.calibration.method == "none"
    assert hernia.operating_point is None
    assert hernia.operating_point_rule.startswith("none: ")
    assert "among 40 images of validation" in hernia.operating_point_rule
    assert hernia.results == ()


def test_a_label_ranked_the_wrong_way_round_is_not_calibrated_and_unknown_images_do_not_count(labels):
    nodule = labels[0]["Nodule"]
    assert nodule.calibration.method == "none", "a negative slope would turn the network round"
    assert nodule.operating_point is not None
    assert (nodule.results[0].n, nodule.results[0].positives) == (32, 16)
    assert nodule.results[0].auroc < 0.5


def test_the_mean_is_over_labels_with_both_outcomes(labels):
    read = labels[1]
    expected = (mean_auroc([read], labels=LABELS[:1]) + labels[0]["Nodule"].results[0].auroc) / 2
    assert mean_auroc([read], labels=LABELS) == pytest.approx(expected)
    only = part(np.zeros((4, 3)), np.zeros((4, 3)))
    with pytest.raises(DataError, match="both positives and negatives in validation"):
        mean_auroc([only], labels=LABELS)
