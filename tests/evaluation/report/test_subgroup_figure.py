import pytest
from matplotlib.colors import to_hex

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.subgroup_tests import SubgroupTest
from hilum.evaluation.report.style import BLUE, VERMILION, styled
from hilum.evaluation.report.subgroup_figure import subgroup_figure, subgroup_gap_figure
from hilum.statistics.estimate import Estimate


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


def _test(group: str, measure: str, value: float | None, *, p_holm: float = 0.5, column: str = "sex") -> SubgroupTest:
    gap = None if value is None else Estimate(value, (value - 0.1, value + 0.1))
    return SubgroupTest(
        column=column, group=group, label="Effusion", measure=measure, here=None, rest=None, patients=20,
        rest_patients=20, gap=gap, p=None if gap is None else p_holm, p_holm=None if gap is None else p_holm,
        untested=None if gap is not None else "3 patients here, a test needs 15",
    )  # fmt: skip


def test_each_measure_has_a_panel_and_each_group_a_line() -> None:
    tests = [
        _test("F", "sensitivity", -0.3, p_holm=0.01),
        _test("F", "specificity", 0.05),
        _test("AP", "sensitivity", 0.02, column="view"),
        _test("AP", "specificity", None, column="view"),
        _test("F, AP", "sensitivity", 0.9, column="sex × view"),
    ]
    with styled():
        figure = subgroup_gap_figure(tests)
    first, second = figure.axes
    assert [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes] == ["sensitivity", "specificity"]
    assert [text.get_text().strip() for text in first.get_yticklabels()] == ["sex", "F", "view", "AP"]
    points = [line for line in first.lines if line.get_marker() in ("s", "o")]
    assert [line.get_xdata()[0] for line in points] == pytest.approx([-0.3, 0.02])
    assert [line.get_marker() for line in points] == ["s", "o"]  # a shape says what colour says
    assert [to_hex(line.get_color()) for line in points] == [VERMILION.lower(), BLUE.lower()]
    low, high = first.collections[0].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx((-0.4, -0.2))
    assert "not tested" in " ".join(text.get_text() for text in second.texts)
