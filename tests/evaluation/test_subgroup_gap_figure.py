import pytest
from matplotlib.colors import to_hex

from hilum.evaluation.figure_style import BLUE, VERMILION, styled
from hilum.evaluation.subgroup_gap_figure import subgroup_gap_figure
from hilum.evaluation.subgroup_tests import SubgroupTest
from hilum.statistics.estimate import Estimate


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
