"""A share for each heatmap, and a warning only where a positive finding of the lungs lies mostly outside them."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.findings import finding as concept
from hilum.geometry import Box, Geometry
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.inside_share import NOT_OF_THE_LUNGS, with_inside_lungs
from hilum.reading_result import Finding, Heatmap, LungMap, LungSides, ModelRef

SIDE = 256


def left_half(*, trusted: bool = True) -> LungDrawing:
    """The left half of the picture is lung."""
    plane = np.zeros((SIDE, SIDE), np.float32)
    plane[:, : SIDE // 2] = 1.0
    lungs = LungMap(0.5, Geometry.identity(), whole=LungSides(plane, np.zeros_like(plane)))
    box = Box(0, 0, SIDE, SIDE)
    return LungDrawing(lungs, box, 0.9, trusted, (), "", SIDE, SIDE, ModelRef("lungs", "1", "0" * 64))


def asked(name: str, *, inside: float, positive: bool | None = True) -> tuple[Finding, Heatmap]:
    """A finding whose heatmap lies inside by the given share: two bands of rows with their own columns."""
    grid = np.zeros((SIDE, SIDE), np.float32)
    grid[:, 32], grid[:, 224] = inside, 1 - inside
    finding = Finding("m", name, 1.0, 0.75, 0.5, positive, True)
    return finding, Heatmap("m", name, grid, Geometry.identity())


@pytest.mark.parametrize(("inside", "warned"), [(0.4, True), (0.6, False), (1.0, False), (0.0, True)])
def test_the_share_and_the_warning(inside: float, warned: bool) -> None:
    finding, heatmap = asked("Pneumonia", inside=inside)
    (told,), warnings = with_inside_lungs([finding], heatmaps=[heatmap], lungs=left_half())
    assert told.inside_lungs == pytest.approx(inside, abs=1e-6)
    assert bool(warnings) is warned
    if warned:
        assert f"the heatmap of Pneumonia lies mostly outside the lungs ({inside:.0%} inside)" in warnings[0]


@pytest.mark.parametrize(("name", "positive"), [("Pneumonia", False), ("Pneumonia", None), ("Cardiomegaly", True)])
def test_no_warning_of_what_is_not_positive_or_belongs_outside(name: str, positive: bool | None) -> None:
    finding, heatmap = asked(name, inside=0.1, positive=positive)
    (told,), warnings = with_inside_lungs([finding], heatmaps=[heatmap], lungs=left_half())
    assert told.inside_lungs == pytest.approx(0.1, abs=1e-6)
    assert warnings == ()


def test_only_findings_with_a_heatmap_get_a_share() -> None:
    finding, heatmap = asked("Pneumonia", inside=1.0)
    other = replace(finding, name="Mass", positive=False)
    told, _ = with_inside_lungs([finding, other], heatmaps=[heatmap], lungs=left_half())
    assert [one.inside_lungs is None for one in told] == [False, True]


@pytest.mark.parametrize("lungs", [None, left_half(trusted=False)])
def test_without_lungs_to_trust_nothing_is_said(lungs: LungDrawing | None) -> None:
    finding, heatmap = asked("Pneumonia", inside=0.1)
    assert with_inside_lungs([finding], heatmaps=[heatmap], lungs=lungs) == ((finding,), ())


def test_the_names_are_findings_that_hilum_knows() -> None:
    assert {concept(name).name for name in NOT_OF_THE_LUNGS} == NOT_OF_THE_LUNGS
