from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from sklearn.metrics import roc_curve

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import stated_points
from hilum.evaluation.report.comparison_figures import (
    comparison_figures,
    differences_figure,
    overlaid_panels,
    precision_recall_figure,
    roc_figure,
)
from hilum.evaluation.report.style import CYCLE, styled

LABELS = ("Mass", "Nodule", "Hernia")


def _models(count):
    made = {}
    for place in range(count):
        one = fabricate_predictions(labels=LABELS, strength=1 - 0.1 * place)
        truth = one.truth.copy()
        truth[:, 2] = 0.0
        made[f"m{place}"] = replace(one, truth=truth)
    return same_images(made)


@pytest.fixture(scope="module")
def models():
    return _models(3)


@pytest.fixture(scope="module")
def made(models):
    points = {name: stated_points({"": 0.5}, labels=LABELS) for name in models.models}
    return compare(models, points=points, margin=0.05, replicates=100)


def test_every_model_has_its_curve_colour_and_pattern(models, made):
    panels = overlaid_panels(made, models=models, replicates=20)
    with styled():
        figure = roc_figure(panels, models=made.models)
    mass, _, hernia = figure.axes
    lines = [line for line in mass.get_lines() if line.get_label().startswith("m")]
    assert [line.get_color() for line in lines] == list(CYCLE[:3])
    assert len({line.get_linestyle() for line in lines}) == 3
    areas = [f"{name} {made.labels[0].models[name].auroc.value:.3f}" for name in models.models]
    assert [text.get_text() for text in mass.get_legend().get_texts()] == areas
    truth, scores = models.column("Mass")
    known = ~np.isnan(truth)
    for name, line in zip(models.models, lines, strict=True):
        fpr, tpr, _ = roc_curve(truth[known], scores[name][known], drop_intermediate=False)
        assert np.allclose(line.get_xydata(), np.stack([fpr, tpr], axis=1))
    assert len(mass.collections) == 3  # a band each
    assert "no curve:\nthere are no positives" in [text.get_text() for text in hernia.texts]


def test_two_models_have_their_difference_beside_the_curves(models):
    two = _models(2)
    made = compare(two, replicates=100)
    with styled():
        figure = roc_figure(overlaid_panels(made, models=two, replicates=20), models=made.models)
        three = roc_figure(
            overlaid_panels(compare(models, replicates=100), models=models, replicates=20), models=models.models
        )
    found = made.labels[0].pairs[0].auroc
    low, high = found.estimate.interval
    said = figure.axes[0].get_legend().get_title().get_text()
    assert said.startswith(f"difference {found.estimate.value:+.3f} [{low:+.3f}, {high:+.3f}]")
    assert f"\np {'< 0.001' if found.p < 0.001 else f'= {found.p:.2g}'}" in said
    assert not three.axes[0].get_legend().get_title().get_text()


def test_many_models_are_named_once_below():
    models = _models(7)
    result = compare(models, replicates=100)
    panels = overlaid_panels(result, models=models, replicates=5)
    with styled():
        figure = precision_recall_figure(panels, models=result.models)
    assert all(axes.get_legend() is None for axes in figure.axes)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(models.models)
    looks = {(line.get_color(), line.get_linestyle()) for line in legend.get_lines()}
    assert len(looks) == 7


def test_differences_stand_at_their_numbers_over_the_margin(made):
    with styled():
        figure = differences_figure(made, measures=("AUROC",))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["m1 − m0", "m2 − m0"]
    for place, axes in enumerate(figure.axes):
        points = [line.get_xydata()[0] for line in axes.get_lines() if line.get_marker() == "s"]
        expected = [label.pairs[place].auroc.estimate.value for label in made.labels[:2]]
        expected.append(made.mean_pairs[place].auroc.estimate.value)
        assert [x for x, _ in points] == pytest.approx(expected)
        reaches = [segment[:, 0] for c in axes.collections for segment in c.get_segments()]
        assert reaches[0] == pytest.approx(made.labels[0].pairs[place].auroc.estimate.interval)
        (shade,) = axes.patches
        assert (shade.get_x(), shade.get_x() + shade.get_width()) == pytest.approx((-0.05, 0.05))
        low, high = axes.get_xlim()
        assert low == -high
        assert all(low <= end <= high for reach in reaches for end in reach)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["Mass", "Nodule", "mean of 2"]


def test_sensitivity_and_specificity_are_told_apart_by_shape(made):
    with styled():
        figure = differences_figure(made, measures=("sensitivity", "specificity"))
    markers = [line.get_marker() for line in figure.axes[0].get_lines()]
    assert (markers.count("s"), markers.count("o")) == (2, 2)
    squares = [line for line in figure.axes[0].get_lines() if line.get_marker() == "s"]
    assert squares[0].get_xdata()[0] == pytest.approx(made.labels[0].pairs[0].sensitivity.estimate.value)


def test_a_difference_without_an_interval_is_hollow(models):
    same = same_images({"one": models.of("m0"), "two": models.of("m0")})
    result = compare(same, replicates=100)
    with styled():
        figure = differences_figure(result, measures=("AUROC",))
    squares = [line for line in figure.axes[0].get_lines() if line.get_marker() == "s"]
    assert {to_hex(line.get_markerfacecolor()) for line in squares} == {"#ffffff"}
    assert not figure.axes[0].collections


def test_the_same_comparison_gives_the_same_files(models, made):
    first, second = (comparison_figures(made, models=models, band_replicates=10) for _ in range(2))
    assert [one.key for one in first] == ["roc", "precision_recall", "differences", "decision_differences"]
    assert [(one.png, one.svg) for one in first] == [(one.png, one.svg) for one in second]
    without = comparison_figures(compare(models, replicates=100), models=models, band_replicates=10)
    assert [one.key for one in without] == ["roc", "precision_recall", "differences"]
    assert "margin" not in without[2].caption
