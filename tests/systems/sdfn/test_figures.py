import numpy as np
import pytest
from sklearn.metrics import roc_curve

from hilum.evaluation.report.style import styled
from hilum.systems.sdfn.figures import COLOURS, differences_figure, roc_figure, roc_panels, sdfn_figures
from hilum.systems.sdfn.paper import MEANS, paper_difference
from hilum.systems.sdfn.predictions import NETWORKS, PAIRS
from hilum.systems.sdfn.study import StudyRun, make_sdfn_study


def test_each_class_has_three_curves_as_scikit_learn_draws_them(sdfn_predictions, sdfn_aurocs):
    with styled():
        figure = roc_figure(roc_panels(sdfn_predictions, aurocs=sdfn_aurocs, replicates=20))
    mass = figure.axes[0]
    truth, scores = sdfn_predictions.column("Mass")
    for network in NETWORKS:
        line = next(one for one in mass.lines if one.get_color() == COLOURS[network])
        fpr, tpr, _ = roc_curve(truth, scores[network], drop_intermediate=False)
        assert np.allclose(line.get_xdata(), fpr)
        assert np.allclose(line.get_ydata(), tpr)
    assert len(mass.collections) == 3, "a band for each curve"
    assert [line.get_linestyle() for line in mass.lines[1:]] == ["--", ":", "-"], "patterns tell what colours tell"


def test_a_class_without_positives_has_no_curve_but_says_why(sdfn_predictions, sdfn_aurocs):
    with styled():
        figure = roc_figure(roc_panels(sdfn_predictions, aurocs=sdfn_aurocs, replicates=20))
    hernia = figure.axes[2]
    assert not hernia.lines
    assert [text.get_text() for text in hernia.texts] == ["no curve:\nthere are no positives"]
    assert len(figure.axes) == 4, "the last panel names the curves"


def test_differences_stand_beside_the_papers(sdfn_aurocs):
    with styled():
        figure = differences_figure(sdfn_aurocs)
    for axes, pair in zip(figure.axes, PAIRS, strict=True):
        squares = [line for line in axes.lines if line.get_marker() == "s"]
        diamonds = [line for line in axes.lines if line.get_marker() == "D"]
        shown = [sdfn_aurocs.label(name).difference[pair].value for name in ("Mass", "Nodule")]
        assert [line.get_xdata()[0] for line in squares] == [*shown, sdfn_aurocs.mean_difference[pair].value]
        printed = [paper_difference(name, first=pair[0], second=pair[1]) for name in ("Mass", "Nodule")]
        means = MEANS.of(pair[0]) - MEANS.of(pair[1])
        assert [line.get_xdata()[0] for line in diamonds] == pytest.approx([*printed, means])
        low, high = axes.get_xlim()
        assert low == -high, "0 is in the middle"
        assert all(low <= x <= high for line in squares + diamonds for x in line.get_xdata())


def test_the_same_study_gives_the_same_bytes(sdfn_predictions):
    run = StudyRun(recipe="tiny", folds_done=5, folds=5, split_sha256="0" * 64)
    study = make_sdfn_study(sdfn_predictions, run=run, replicates=50)
    first, second = (sdfn_figures(study, band_replicates=20) for _ in range(2))
    assert [one.key for one in first] == ["roc", "differences"]
    assert [(one.png, one.svg) for one in first] == [(one.png, one.svg) for one in second]
