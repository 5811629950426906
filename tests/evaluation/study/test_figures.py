from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.metrics import roc_curve

from fabricate_study import PUBLISHED, STUDY
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.report.style import styled
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.figures import arm_styles, differences_figure, roc_figure, study_figures
from hilum.evaluation.study.study import Arm, Study

ARMS = ("plain", "crop", "both")


def test_each_class_has_every_arms_curve_as_scikit_learn_draws_it(content: StudyContent) -> None:
    with styled():
        figure = roc_figure(STUDY, content=content, replicates=20)
    mass, styles = figure.axes[0], arm_styles(STUDY)
    truth, scores = content.predictions.column("Mass")
    for arm in ARMS:
        line = next(one for one in mass.lines if one.get_color() == styles[arm].colour)
        fpr, tpr, _ = roc_curve(truth, scores[arm], drop_intermediate=False)
        assert np.allclose(line.get_xdata(), fpr)
        assert np.allclose(line.get_ydata(), tpr)
    assert len(mass.collections) == 3, "a band for each curve"


def test_a_class_without_positives_has_no_curve_but_says_why(content: StudyContent) -> None:
    with styled():
        figure = roc_figure(STUDY, content=content, replicates=20)
    hernia = figure.axes[2]
    assert not hernia.lines
    assert [text.get_text() for text in hernia.texts] == ["no curve:\nthere are no positives"]
    assert len(figure.axes) == 5, "the last panel names the curves"


def test_an_arm_has_its_own_colour_and_no_other_gets_it() -> None:
    styles = arm_styles(STUDY)
    assert (styles["crop"].colour, styles["crop"].pattern) == ("#009E73", ":")
    assert len({style.colour for style in styles.values()}) == len({style.pattern for style in styles.values()}) == 3
    many = replace(STUDY, arms=(*STUDY.arms, *(Arm(name=name, title=name) for name in "abcdefghijklmnopqrst")))
    looks = [(style.colour, style.pattern) for style in arm_styles(many).values()]
    assert len(looks) == len(set(looks)) == 23


def test_numbers_of_many_arms_stand_beside_their_names_and_not_on_one_another(content: StudyContent) -> None:
    """Of one class; of several they are left to the table."""
    curves = [*ARMS * 3][:8]
    arms = tuple(Arm(name=f"{place}", title=name) for place, name in enumerate(curves))
    study = Study(name="many", title="Many", arms=arms, pairs=())
    mass = content.aurocs.label("Mass")
    auroc = {f"{place}": mass.auroc[name] for place, name in enumerate(curves)}
    names = tuple(auroc)
    many = replace(
        content,
        aurocs=replace(content.aurocs, labels=(replace(mass, auroc=auroc),)),
        predictions=ManyPredictions(names, tuple(content.predictions.of(name) for name in curves)),
    )
    with styled():
        figure = roc_figure(study, content=many, replicates=20)
    assert [text.get_text() for text in figure.axes[0].texts] == [f"{mass.positives:,} of {mass.n:,}"]
    said = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert said == [f"{mass.auroc[name].value:.3f}  {name}" for name in curves]


def test_figures_are_of_the_arms_shown_closely(content: StudyContent) -> None:
    study = replace(STUDY, closely=("plain", "both"))
    with styled():
        roc = roc_figure(study, content=content, replicates=20)
        differences = differences_figure(study, content=content)
    assert len(roc.axes[0].collections) == 2, "a band for each curve"
    assert [text.get_text() for text in roc.axes[-1].get_legend().get_texts()] == ["plain picture", "both"]
    assert [axes.get_title(loc="left") for axes in differences.axes] == ["both − plain picture"]


def test_long_names_stay_within_the_picture_and_the_panels(content: StudyContent) -> None:
    long = tuple(replace(arm, title=f"MobileNetV2 {arm.name}, from ImageNet weights") for arm in STUDY.arms)
    study = replace(STUDY, arms=long)
    with styled():
        for figure in (roc_figure(study, content=content, replicates=20), differences_figure(study, content=content)):
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            for axes in figure.axes:
                title = axes._left_title
                assert title.get_window_extent().x1 <= figure.bbox.x1, title.get_text()
                for text in axes.texts:
                    assert text.get_window_extent().x0 >= axes.bbox.x0, text.get_text()


def test_differences_stand_beside_the_papers(content: StudyContent) -> None:
    with styled():
        figure = differences_figure(STUDY, content=content)
    for axes, pair in zip(figure.axes, STUDY.pairs, strict=True):
        squares = [line for line in axes.lines if line.get_marker() == "s"]
        diamonds = [line for line in axes.lines if line.get_marker() == "D"]
        shown = [content.aurocs.label(name).difference[pair].value for name in ("Mass", "Nodule", "Edema")]
        assert [line.get_xdata()[0] for line in squares] == [*shown, content.aurocs.mean_difference[pair].value]
        printed = [PUBLISHED.difference(name, pair) for name in ("Mass", "Nodule")]
        assert [line.get_xdata()[0] for line in diamonds] == [*printed, PUBLISHED.mean_difference(pair)]
        low, high = axes.get_xlim()
        assert low == -high, "0 is in the middle"
        assert all(low <= x <= high for line in squares + diamonds for x in line.get_xdata())


def test_a_printed_difference_beyond_every_interval_of_ours_is_within_the_axes(content: StudyContent) -> None:
    far = replace(PUBLISHED, rows={**PUBLISHED.rows, "Mass": (0.1, 0.1, 0.5, 0.95)})
    with styled():
        figure = differences_figure(replace(STUDY, published=far), content=content)
    diamonds = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
    assert max(line.get_xdata()[0] for line in diamonds) == pytest.approx(0.85)
    assert {axes.get_xlim() for axes in figure.axes} == {(-0.85, 0.85)}


@pytest.mark.parametrize(
    ("changes", "keys", "title"),
    [
        ({}, ["roc", "differences"], "Differences of AUROC, ours and the paper's"),
        ({"published": None, "claims": ()}, ["roc", "differences"], "Differences of AUROC"),
        ({"pairs": (), "claims": ()}, ["roc"], "ROC curves"),
    ],
)
def test_figures_are_those_that_there_is_something_for(content, changes, keys, title) -> None:
    figures = study_figures(replace(STUDY, **changes), content=content, band_replicates=5)
    assert [one.key for one in figures] == keys
    assert figures[-1].title == title


def test_the_same_study_gives_the_same_bytes(content: StudyContent) -> None:
    first, second = (study_figures(STUDY, content=content, band_replicates=5) for _ in range(2))
    assert [(one.png, one.svg) for one in first] == [(one.png, one.svg) for one in second]
