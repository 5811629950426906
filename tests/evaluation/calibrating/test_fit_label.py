import numpy as np
import pytest

from fabricate_label_images import fabricate_label_images
from hilum.bundle.label import Label, PlattCalibration
from hilum.evaluation.calibrating.fit_calibration import fit_calibration
from hilum.evaluation.calibrating.fit_label import fit_label, point_interval
from hilum.evaluation.calibrating.rule import PointRule

YOUDEN = PointRule()
LABEL = Label(
    name="Effusion",
    calibration=PlattCalibration(slope=0.8, intercept=0.3),
    operating_point=0.4,
    operating_point_rule="chosen elsewhere",
)


def fit(images, *, rule=YOUDEN):
    return fit_label(images, label=LABEL, rule=rule, name="St. Elsewhere", says="on these images")


def test_a_fitted_label_has_everything():
    images = fabricate_label_images(ill=40, well=60, each=2)
    label = fit(images).label
    fitted = fit_calibration(images, kept_slope=None)
    point = PointRule().point(images.truth, scores=fitted.probabilities(images.logits))
    assert label.calibration == fitted
    assert label.operating_point == point.threshold
    assert label.operating_point_rule == "greatest Youden index on these images"
    assert (label.fit.n, label.fit.positives, label.fit.ill_patients, label.fit.well_patients) == (200, 80, 40, 60)
    assert label.fit.fitted == "slope and intercept"
    for value, bounds in (
        (label.calibration.slope, label.fit.slope_ci),
        (label.calibration.intercept, label.fit.intercept_ci),
        (label.operating_point, label.fit.operating_point_ci),
    ):
        assert bounds[0] <= value <= bounds[1]
    assert [row.set.startswith("St. Elsewhere, cross-fitted") for row in label.results] == [True]


def test_between_twenty_and_thirty_patients_the_slope_stays():
    label = fit(fabricate_label_images(ill=24, well=80)).label
    assert label.calibration.slope == LABEL.calibration.slope
    assert label.calibration.intercept != LABEL.calibration.intercept
    assert label.operating_point is not None
    assert label.fit.slope_ci is None
    assert label.fit.fitted.startswith("the intercept alone: a slope needs 30 patients")


def test_with_too_few_patients_the_label_stays_as_it_was():
    found = fit(fabricate_label_images(ill=19, well=200, each=4))
    assert found.label == LABEL
    assert found.unfitted == "only 19 patients with the finding among 876 images; a decision needs 20"


def test_where_an_outcome_is_absent_the_label_stays_as_it_was():
    assert fit(fabricate_label_images(ill=0, well=60)).label == LABEL
    assert "no patient without it" in fit(fabricate_label_images(ill=60, well=0)).unfitted


@pytest.mark.parametrize(("apart", "why"), [(-2.0, "the wrong way round"), (0.1, "better than chance")])
def test_scores_that_do_not_rank_these_images_are_decided_no_more(apart, why):
    found = fit(fabricate_label_images(apart=apart))
    assert why in found.unfitted
    assert found.label.operating_point is None
    assert found.label.why_not_reliable == f"not reliable here: {found.unfitted}"
    assert found.label.calibration == LABEL.calibration
    assert found.label.results == ()


def test_a_cut_that_finds_nothing_is_no_operating_point():
    """The highest score is a well patient's, so only the cut above all has the specificity."""
    images = fabricate_label_images(ill=60, well=60, apart=1.5)
    images.logits[np.flatnonzero(~images.truth)[0]] = 50.0
    found = fit(images, rule=PointRule(specificity=1.0))
    assert found.label.operating_point is None
    assert "finds anything" in found.unfitted


def test_the_interval_of_a_point_is_where_other_patients_would_put_it():
    """A bootstrap written out, with its own draws of whole patients."""
    images = fabricate_label_images(ill=40, well=40, each=2, apart=1.5)
    scores = fit_calibration(images, kept_slope=None).probabilities(images.logits)
    rule = PointRule(sensitivity=0.9)
    point = rule.point(images.truth, scores=scores)
    draw = np.random.default_rng(7)
    names = sorted(set(images.patients))
    rows_of = {name: np.flatnonzero(images.patients == name) for name in names}
    found = []
    for _ in range(1500):
        rows = np.concatenate([rows_of[name] for name in draw.choice(names, len(names))])
        ill = np.sort(scores[rows][images.truth[rows]])[::-1]
        found.append(ill[int(np.ceil(0.9 * ill.size)) - 1])
    low, high = point_interval(images, scores=scores, point=point, rule=rule)
    assert (low, high) == pytest.approx(tuple(np.quantile(found, [0.025, 0.975])), abs=0.03)
