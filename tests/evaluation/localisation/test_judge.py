"""Figures by label and method, worked out by hand."""

import pytest

from fabricate_boxes import LEFT, boxed_case
from hilum.errors import DataError
from hilum.evaluation.localisation.judge import HITS, Localisation, judge_localisation
from hilum.evaluation.localisation.measure import AVERAGE, EVEN, Measured
from hilum.explain.overlap import Overlap

IOUS = {"map": (0.05, 0.35, 0.75, 0.45), AVERAGE: (0.2, 0.2, 0.2, 0.2), EVEN: (0.1, 0.1, 0.1, 0.1)}


def measured(label: str = "Mass", *, first: int = 0, add: float = 0.0) -> list[Measured]:
    return [
        Measured(
            case=boxed_case(first + number, fold=f"fold {number % 2}", box=LEFT, label=label),
            by=by,
            maximum=0.25 if by == EVEN else float(iou > 0.3),
            mass=iou,
            overlaps={0.7: Overlap(iou + add, 0.5), 0.5: Overlap(0.0, 0.0)},
            pointless=iou < 0.1,
        )
        for number in range(4)
        for by, ious in IOUS.items()
        for iou in [ious[number]]
    ]


def judged(found: list[Measured]) -> Localisation:
    return judge_localisation(found, thresholds=(0.7,), grid=(0.5, 0.7), replicates=200, seed=1)


def test_figures_of_one_label() -> None:
    figures = judged(measured())
    own, even = figures.labels["Mass"]["map"], figures.labels["Mass"][EVEN]
    assert (own.images, own.patients, own.pointless) == (4, 4, 1)
    at = own.at[0.7]
    assert at.iou.value == pytest.approx(0.4)
    assert at.gain is not None
    assert at.gain.value == pytest.approx(0.2), "less the average box's"
    assert at.gain.bounds[0] < 0.2 < at.gain.bounds[1]
    assert at.iobb.value == 0.5
    assert [at.hits[least].value for least in HITS] == [0.75, 0.75, 0.75, 0.5, 0.25, 0.25, 0.25]
    assert own.pointing.value == 0.75
    assert own.pointing.method == "Wilson"
    assert even.pointing.value == 0.25, "a chance, and no count"
    assert even.at[0.7].gain is None
    assert figures.methods == ("map", AVERAGE, EVEN)
    assert list(figures.cross_fitted["Mass"]) == ["map", AVERAGE], "nothing is chosen for an even map"
    assert figures.cross_fitted["Mass"]["map"].thresholds == (0.7, 0.7)


def test_the_mean_over_labels_weighs_labels_alike() -> None:
    figures = judged([*measured(), *measured("Nodule", first=10, add=0.1)])
    mean = figures.mean["map"]
    assert mean.labels == 2
    assert mean.iou[0.7].value == pytest.approx((0.4 + 0.5) / 2)
    assert mean.gain[0.7].value == pytest.approx((0.2 + 0.2) / 2)
    assert list(figures.labels) == ["Mass", "Nodule"]


def test_nothing_that_could_be_read_is_refused() -> None:
    with pytest.raises(DataError, match="nothing was judged"):
        judged([])
