"""The rule of trust on drawings whose Dice depends on the facts in a known way."""

import dataclasses

import numpy as np
import pytest

from fabricate_judged_lungs import judged
from hilum.errors import DataError
from hilum.reading.lungs.quality import is_trusted, quality_score
from hilum.systems.lungs.study.trust import LEAST_SPARED, cross_fitted_trust, fit_trust
from hilum.systems.lungs.study.worsen import AS_IT_IS


def test_the_fit_finds_the_weights_and_the_cut_parts_bad_from_good():
    rows = judged()
    rule = fit_trust(rows)
    weights = (rule.intercept, rule.flip, rule.shift, rule.area, rule.regions, rule.expected)
    assert weights == pytest.approx((0.98, -1, -0.5, -0.1, -0.02, -0.25))
    assert all(is_trusted(each.facts, rule=rule) == (each.dice >= 0.9) for each in rows)
    assert rule.area_share == pytest.approx((0.2 / 1.5, 0.258 * 1.5))


def test_cross_fitted_figures_count_what_is_caught_as_they_are_and_made_worse():
    rows = judged()
    as_they_are, worse = cross_fitted_trust(rows)
    bad = sum(each.dice < 0.9 for each in rows if each.way == AS_IT_IS)
    assert (as_they_are.pictures, worse.pictures) == ("as they are", "made worse")
    assert (as_they_are.n, as_they_are.bad, worse.n) == (48, bad, 12)
    assert as_they_are.auroc == pytest.approx(1.0)
    assert as_they_are.bad_untrusted > 0.8 * bad
    assert as_they_are.mean_expected == pytest.approx(as_they_are.mean_dice, abs=1e-3)


def test_a_rule_that_knows_little_still_trusts_nearly_all_good_drawings():
    """Where facts and Dice have nothing to do with each other the largest Youden index may lie anywhere."""
    for seed in range(8):
        dice = np.random.default_rng(seed).permutation([each.dice for each in judged(count=200)])
        rows = [dataclasses.replace(each, dice=value) for each, value in zip(judged(count=200), dice, strict=True)]
        rule = fit_trust(rows)
        good = [each for each in rows if each.dice >= 0.9]
        trusted = sum(quality_score(each.facts, rule=rule) >= rule.trusted_from for each in good)
        assert trusted >= LEAST_SPARED * len(good)


def test_no_fact_that_speaks_against_a_drawing_ever_speaks_for_it():
    rows = [
        dataclasses.replace(each, dice=0.9 + 0.02 * each.facts.regions - each.facts.flip) for each in judged(count=200)
    ]
    rule = fit_trust(rows)
    assert rule.regions == pytest.approx(0.0, abs=1e-9)
    assert max(rule.flip, rule.shift, rule.area) <= 0.0


def test_more_than_two_regions_are_never_trusted():
    rows = [dataclasses.replace(each, flags=("more than two regions",)) for each in judged()]
    for figures in cross_fitted_trust(rows):
        assert (figures.bad_untrusted, figures.good_untrusted) == (figures.bad, figures.n - figures.bad)


def test_too_few_drawings_are_refused():
    with pytest.raises(DataError, match="at least 10"):
        fit_trust(judged(count=9))


def test_a_fact_that_never_varies_weighs_nothing():
    rows = [
        dataclasses.replace(
            each, facts=dataclasses.replace(each.facts, shift=0.0), dice=each.dice + each.facts.shift / 2
        )
        for each in judged()
    ]
    rule = fit_trust(rows)
    assert rule.shift == 0.0
    assert (rule.intercept, rule.flip) == pytest.approx((0.98, -1.0))
