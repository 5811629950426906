from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.subgroup_tests import MEASURES, SubgroupTest, subgroup_tests
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.estimate import Estimate
from hilum.statistics.few_patients import HOLDS_FROM
from hilum.statistics.holm import holm
from hilum.statistics.recalibration import recalibration

LABEL = "Effusion"


def _predictions(**changes: object) -> Predictions:
    made = fabricate_predictions(labels=(LABEL,), patients=300, strength=0.8, seed=4)
    return replace(made, **changes)  # type: ignore[arg-type]


def _tests(p: Predictions, *, threshold: float | None = 0.4) -> tuple[SubgroupTest, ...]:
    return subgroup_tests(p, thresholds={} if threshold is None else {LABEL: threshold})


def _one(found: tuple[SubgroupTest, ...], **wanted: str) -> SubgroupTest:
    (one,) = [each for each in found if all(getattr(each, name) == value for name, value in wanted.items())]
    return one


def test_gaps_are_group_minus_rest_at_the_one_threshold() -> None:
    p = _predictions()
    assert p.age_years is not None
    truth, called = p.truth[:, 0], p.scores[:, 0] >= 0.4
    group, known = (p.age_years >= 18) & (p.age_years < 40), ~np.isnan(p.age_years)
    for measure, kind in (("sensitivity", 1.0), ("specificity", 0.0)):
        test = _one(_tests(p), column="age band", group="18 to 39", measure=measure)
        right = called if kind else ~called
        here, rest = right[group & (truth == kind)].mean(), right[known & ~group & (truth == kind)].mean()
        assert test.gap is not None
        assert test.here is not None
        assert test.here.value == pytest.approx(here)
        assert test.gap.value == pytest.approx(here - rest)
        assert test.patients == len({p.patient[i] for i in np.flatnonzero(group & (truth == kind))})


def test_calibration_is_compared_by_slope_and_in_the_large() -> None:
    p = _predictions()
    sex = np.array([each or "" for each in p.sex or ()])
    test = _one(_tests(p), column="sex", measure="slope")
    parts = [
        recalibration(
            p.truth[sex == one, 0], probabilities=p.scores[sex == one, 0], patients=np.array(p.patient)[sex == one]
        )
        for one in "FM"
    ]
    slopes = [part.slope for part in parts]
    assert test.group == "F"
    assert test.gap is not None
    values = [slope.value for slope in slopes if isinstance(slope, Estimate)]
    assert test.gap.value == pytest.approx(values[0] - values[1])
    errors = [(s.interval[1] - s.interval[0]) / 2 / 1.959964 for s in slopes if isinstance(s, Estimate) and s.interval]
    assert test.p == pytest.approx(2 * norm.sf(abs(values[0] - values[1]) / np.hypot(*errors)), rel=1e-5)


def test_holm_is_over_the_groups_of_a_label_and_measure() -> None:
    found = _tests(_predictions())
    for measure in MEASURES:
        for crossed in (False, True):
            family = [each for each in found if each.measure == measure and each.is_crossed == crossed]
            assert [each.p_holm for each in family] == list(holm([each.p for each in family]))
    assert len([each for each in found if each.measure == "slope" and not each.is_crossed and each.p is not None]) > 4


def test_a_group_that_is_read_worse_is_found_and_two_groups_are_tested_once() -> None:
    p = _predictions()
    worse = np.array(p.scores)
    ill_men = np.array([each == "M" for each in p.sex or ()]) & (p.truth[:, 0] == 1)
    worse[ill_men, 0] = np.where(np.arange(ill_men.sum()) % 2 == 0, 0.1, worse[ill_men, 0])
    found = _tests(_predictions(scores=worse))
    test = _one(found, column="sex", measure="sensitivity")
    assert test.group == "F"
    assert test.gap is not None
    assert test.gap.interval is not None
    assert test.gap.interval[0] > 0.2
    assert test.p_holm is not None
    assert test.p_holm < 0.001
    assert {each.group for each in found if each.column == "view"} == {"AP"}


def test_few_patients_are_shown_and_not_tested() -> None:
    p = _predictions()
    view = tuple("LATERAL" if i < 12 else "PA" if i % 3 else "AP" for i in range(p.n))
    test = _one(_tests(_predictions(view=view)), column="view", group="LATERAL", measure="specificity")
    assert test.patients < HOLDS_FROM
    assert test.untested == f"{test.patients} patients here, a test needs 15"
    assert test.here is not None
    assert (test.gap, test.p, test.p_holm) == (None, None, None)
    two = tuple("PA" if i < 12 else "AP" for i in range(p.n))
    rest = _one(_tests(_predictions(view=two)), column="view", measure="specificity")
    assert rest.untested is not None
    assert "patients in the rest" in rest.untested


def test_groups_that_are_not_known_take_no_part() -> None:
    p = _predictions()
    found = _tests(p)
    assert "unknown" not in {each.group for each in found}
    female = _one(found, column="sex", measure="specificity")
    men = np.array([each == "M" for each in p.sex or ()]) & (p.truth[:, 0] == 0)
    assert female.rest is not None
    assert female.rest.value == pytest.approx((p.scores[men, 0] < 0.4).mean())
    assert "source" not in {each.column for each in found}  # one group only


def test_two_columns_are_crossed_where_patients_suffice() -> None:
    found = [each for each in _tests(_predictions()) if each.is_crossed]
    assert {each.column for each in found} == {"age band × sex", "age band × view", "sex × view"}
    assert all(each.untested is None for each in found)
    assert "F, PA" in {each.group for each in found}


def test_without_a_threshold_calibration_alone_is_tested() -> None:
    assert {each.measure for each in _tests(_predictions(), threshold=None)} == {"in_the_large", "slope"}


def test_under_the_null_a_gap_is_seldom_found() -> None:
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = fabricate_predictions(labels=(LABEL,), patients=150, seed=seed)
        sex = {name: "FM"[int(rng.random() < 0.5)] for name in set(p.patient)}
        p = replace(p, sex=tuple(sex[name] for name in p.patient), age_years=None, view=None)
        found += sum(each.p is not None and each.p < 0.05 for each in _tests(p))
    assert found / (60 * 4) < 0.09
