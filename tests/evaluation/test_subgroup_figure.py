import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.figure_style import styled
from hilum.evaluation.judge import judge
from hilum.evaluation.subgroup_figure import subgroup_figure


@pytest.fixture(scope="module")
def judgement():
    return judge(fabricate_predictions(patients=30), replicates=100)


def test_every_group_stands_at_its_value_with_its_counts(judgement):
    with styled():
        (axes,) = subgroup_figure(judgement.whole, subgroups=judgement.subgroups).axes
    names = [label.get_text().strip() for label in axes.get_yticklabels()]
    place = names.index("PA")
    group = judgement.subgroups["view"]["PA"]
    squares = {line.get_ydata()[0]: line.get_xdata()[0] for line in axes.lines if line.get_marker() == "s"}
    assert squares[place] == group.mean_auroc.value
    assert squares[0] == judgement.whole.mean_auroc.value
    counts = {text.get_position()[1]: text.get_text() for text in axes.texts if "images" in text.get_text()}
    assert counts[place] == f"{group.n} images, 2/2 labels"


def test_a_group_without_a_value_says_so(judgement):
    from dataclasses import replace

    empty = replace(judgement.whole, mean_auroc=None, left_out=judgement.whole.in_mean)
    with styled():
        (axes,) = subgroup_figure(judgement.whole, subgroups={"view": {"AP": empty}}).axes
    assert any("no label has both outcomes" in text.get_text() for text in axes.texts)
