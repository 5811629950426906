"""The lung study: figures by release with intervals that have a width, kept without names."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import t

from fabricate_judged_lungs import judged
from hilum.errors import DataError
from hilum.systems.lungs.study.study import make_lung_study, read_lung_study, write_lung_study

BOXES = "boxes that hold 98% of the lungs"


def test_the_study_has_means_by_release_and_comes_back_without_names(tmp_path):
    rows = [*judged(), *judged(source="lungs_tb")]
    study = make_lung_study(rows, split_sha256="0" * 64, protocol="fabricated")
    means = {(figure.source, figure.name): figure for figure in study.figures}
    assert means["lungs", "Dice"].value == pytest.approx(np.mean([each.dice for each in judged()]))
    low, high = means["lungs", "Dice"].interval
    assert low < means["lungs", "Dice"].value < high
    assert (means["lungs", "Dice"].n, means["lungs", "Dice"].groups) == (60, 30)
    assert means["lungs", BOXES].value == pytest.approx(59 / 60)
    assert ("lungs", "Dice, left lung") not in means, "nobody drew it"
    assert study.worst["lungs"][0] == min(judged(), key=lambda each: each.dice).image
    path = write_lung_study(study, folder=tmp_path)
    assert ".png" not in path.read_text()
    back = read_lung_study(tmp_path)
    assert (back.figures, back.quality, back.trust) == (study.figures, study.quality, study.trust)


def test_a_missing_study_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="hilum study lungs"):
        read_lung_study(tmp_path)


@pytest.mark.parametrize("contained", [1.0, 0.5])
def test_a_share_of_all_or_none_has_wilsons_interval_over_patients(contained):
    rows = [dataclasses.replace(each, contained=contained) for each in judged()]
    study = make_lung_study(rows, split_sha256="0" * 64, protocol="fabricated")
    boxes = {figure.name: figure for figure in study.figures}[BOXES]
    bound = 30 / (30 + t.ppf(0.975, 29) ** 2)  # Wilson's of 30 of 30, by Student's quantile
    expected = (bound, 1.0) if contained == 1.0 else (0.0, 1 - bound)
    assert boxes.value == float(contained == 1.0)
    assert boxes.interval == pytest.approx(expected)
    assert boxes.interval[1] - boxes.interval[0] > 0.05
