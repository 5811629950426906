"""The rule of trust on drawings whose Dice depends on the facts in a known way."""

import dataclasses

import numpy as np
import pytest

from hilum.errors import DataError
from hilum.evaluation.lung_judge import JudgedLungs
from hilum.evaluation.lung_study import make_lung_study, read_lung_study, write_lung_study
from hilum.evaluation.lung_trust import LEAST_SPARED, cross_fitted_trust, fit_trust
from hilum.reading.lung_quality import QualityFacts, is_trusted, quality_score


def judged(*, count: int = 60, source: str = "lungs") -> list[JudgedLungs]:
    """Dice = 0.98 - flip - shift / 2 - area / 10 - regions / 50, exactly."""
    rng = np.random.default_rng(4)
    rows = []
    for index in range(count):
        bad = index % 10 == 0
        flip, shift = (0.1 if bad else 0.01) * rng.random(), (0.15 if bad else 0.02) * rng.random() + 0.1 * bad
        area, regions = 0.3 * rng.random(), float(rng.integers(0, 2))
        score = 0.98 - flip - shift / 2 - area / 10 - regions / 50
        rows.append(
            JudgedLungs(
                source=source,
                image=f"{index:03d}.png",
                patient=f"p{index // 2}",
                fold=f"fold {index % 5}",
                dice=score,
                iou=score / (2 - score),
                dice_right=score,
                dice_left=None,
                average_distance=1.0,
                hausdorff_95=2.0,
                contained=1.0 if index else 0.9,
                truth_share=0.2 + 0.001 * index,
                facts=QualityFacts(flip=flip, shift=shift, area=area, regions=regions, area_share=0.25),
                flags=(),
            )
        )
    return rows


def test_the_fit_finds_the_weights_and_the_cut_parts_bad_from_good():
    rows = judged()
    rule = fit_trust(rows)
    weights = (rule.intercept, rule.flip, rule.shift, rule.area, rule.regions)
    assert weights == pytest.approx((0.98, -1, -0.5, -0.1, -0.02))
    assert all(is_trusted(each.facts, rule=rule) == (each.dice >= 0.9) for each in rows)
    assert rule.area_share == pytest.approx((0.2 / 1.5, 0.259 * 1.5))


def test_cross_fitted_figures_count_what_is_caught():
    rows = judged()
    bad = sum(each.dice < 0.9 for each in rows)
    figures = cross_fitted_trust(rows)
    assert (figures.n, figures.bad) == (60, bad)
    assert figures.auroc == pytest.approx(1.0)
    assert figures.bad_untrusted > 0.8 * bad


def test_a_rule_that_knows_little_still_trusts_nearly_all_good_drawings():
    """Where facts and Dice have nothing to do with each other the largest Youden index may lie anywhere."""
    for seed in range(8):
        dice = np.random.default_rng(seed).permutation([each.dice for each in judged(count=200)])
        rows = [dataclasses.replace(each, dice=value) for each, value in zip(judged(count=200), dice, strict=True)]
        rule = fit_trust(rows)
        good = [each for each in rows if each.dice >= 0.9]
        trusted = sum(quality_score(each.facts, rule=rule) >= rule.trusted_from for each in good)
        assert trusted >= LEAST_SPARED * len(good)


def test_too_few_drawings_are_refused():
    with pytest.raises(DataError, match="at least 10"):
        fit_trust(judged(count=9))


def test_the_study_has_means_by_release_and_comes_back_without_names(tmp_path):
    rows = [*judged(), *judged(source="lungs_tb")]
    study = make_lung_study(rows, split_sha256="0" * 64, protocol="fabricated")
    means = {(figure.source, figure.name): figure for figure in study.figures}
    assert means["lungs", "Dice"].value == pytest.approx(np.mean([each.dice for each in judged()]))
    low, high = means["lungs", "Dice"].interval
    assert low < means["lungs", "Dice"].value < high
    assert (means["lungs", "Dice"].n, means["lungs", "Dice"].groups) == (60, 30)
    assert means["lungs", "boxes that hold 98% of the lungs"].value == pytest.approx(59 / 60)
    assert ("lungs", "Dice, left lung") not in means, "nobody drew it"
    assert study.worst["lungs"][0] == min(judged(), key=lambda each: each.dice).image
    path = write_lung_study(study, folder=tmp_path)
    assert ".png" not in path.read_text()
    back = read_lung_study(tmp_path)
    assert (back.figures, back.quality, back.trust) == (study.figures, study.quality, study.trust)


def test_a_missing_study_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="hilum study lungs"):
        read_lung_study(tmp_path)
