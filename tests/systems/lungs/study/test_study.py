"""The lung study: figures by release with intervals that have a width, kept without names."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import t

from fabricate_judged_lungs import judged
from hilum.errors import DataError
from hilum.systems.lungs.study.study import make_lung_study, read_lung_study, write_lung_study
from hilum.systems.lungs.study.worsen import AS_IT_IS

BOXES = "boxes that hold 98% of the whole lungs"
DICE = "Dice, whole lungs"


def made(rows, **arms):
    return make_lung_study({"all": rows, **arms}, split_sha256="0" * 64, protocol="fabricated")


def test_the_study_has_means_by_release_and_comes_back_without_names(tmp_path):
    rows = [*judged(), *judged(source="lungs_tb", definition="field")]
    study = made(rows)
    means = {(figure.source, figure.name): figure for figure in study.arms["all"].figures}
    as_they_are = [each for each in judged() if each.way == AS_IT_IS]
    assert means["lungs", DICE].value == pytest.approx(np.mean([each.dice for each in as_they_are]))
    low, high = means["lungs", DICE].interval
    assert low < means["lungs", DICE].value < high
    assert (means["lungs", DICE].n, means["lungs", DICE].groups) == (48, 30)
    assert means["lungs", BOXES].value == pytest.approx(47 / 48)
    assert ("lungs", "Dice, left lung") not in means, "nobody drew it"
    assert ("lungs_tb", "Dice, fields") in means
    assert ("lungs_tb", DICE) not in means, "whole lungs are another thing"
    assert study.arms["all"].worst["lungs"][0] == min(as_they_are, key=lambda each: each.dice).image
    path = write_lung_study(study, folder=tmp_path)
    assert ".png" not in path.read_text()
    back = read_lung_study(tmp_path)
    arm, before = back.arm("all"), study.arm("all")
    assert (arm.figures, arm.quality, arm.trust) == (before.figures, before.quality, before.trust)
    with pytest.raises(DataError, match=r"no arm free. Available: all"):
        back.arm("free")


def test_a_release_with_masks_of_both_definitions_has_a_figure_of_each():
    rows = [*judged(source="lungs_tb"), *judged(source="lungs_tb", definition="field")]
    apart = [dataclasses.replace(each, image=f"{each.definition} {each.image}") for each in rows]
    lower = [dataclasses.replace(each, dice=each.dice - (each.definition == "field") * 0.01) for each in apart]
    study = made(apart, other=lower)
    means = {figure.name: figure for figure in study.arms["all"].figures}
    assert means["Dice, fields"].n == means[DICE].n == 48
    assert {figure.name: figure.value for figure in study.differences} == {
        "Dice, fields, other less all": pytest.approx(-0.01),
        "Dice, whole lungs, other less all": pytest.approx(0, abs=1e-12),
    }
    assert set(study.arms["all"].worst) == {"lungs_tb"}


def test_a_ratio_counts_by_how_far_it_is_and_one_that_could_not_be_measured_is_wholly_wrong():
    ratios = [(0.5, 0.48), (0.4, 0.45), (None, 0.5)]
    rows = [
        dataclasses.replace(each, ratio=ratio, ratio_truth=truth, way=AS_IT_IS)
        for each, (ratio, truth) in zip(judged(count=3), ratios, strict=True)
    ]
    study = made([*rows, *judged()[3:]])
    figure = {figure.name: figure for figure in study.arms["all"].figures}["cardiothoracic ratio, mean absolute error"]
    assert (figure.value, figure.n) == (pytest.approx((0.02 + 0.05 + 1) / 3), 3)
    error = study.arms["all"].ratio_error  # of trusted drawings that have a ratio; the first of these is not trusted
    assert (error.source, error.n) == ("lungs", 1)
    assert error.mean == error.nine_in_ten == pytest.approx(0.05)


def test_arms_differ_picture_by_picture():
    other = [dataclasses.replace(each, dice=each.dice - 0.01) for each in judged()]
    (figure,) = made(judged(), free=other[:40]).differences
    assert figure.name == "Dice, whole lungs, free less all"
    assert (figure.value, figure.n) == (pytest.approx(-0.01), 32)
    assert figure.interval == pytest.approx((-0.01, -0.01))


def test_a_missing_study_and_one_from_before_the_arms_say_what_to_run(tmp_path):
    with pytest.raises(DataError, match="hilum study lungs"):
        read_lung_study(tmp_path)
    (tmp_path / "study.json").write_text('{"figures": [], "protocol": "five folds"}')
    with pytest.raises(DataError, match="hilum study lungs"):
        read_lung_study(tmp_path)


@pytest.mark.parametrize("contained", [1.0, 0.5])
def test_a_share_of_all_or_none_has_wilsons_interval_over_patients(contained):
    rows = [dataclasses.replace(each, contained=contained, way=AS_IT_IS) for each in judged()]
    boxes = {figure.name: figure for figure in made(rows).arms["all"].figures}[BOXES]
    bound = 30 / (30 + t.ppf(0.975, 29) ** 2)  # Wilson's of 30 of 30, by Student's quantile
    expected = (bound, 1.0) if contained == 1.0 else (0.0, 1 - bound)
    assert boxes.value == float(contained == 1.0)
    assert boxes.interval == pytest.approx(expected)
    assert boxes.interval[1] - boxes.interval[0] > 0.05
