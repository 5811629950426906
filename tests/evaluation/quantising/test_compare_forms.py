"""Float32 beside 8 bits: each figure against a value worked by hand, and each limit just kept and just passed."""

import numpy as np
import pytest

from hilum.bundle.label import Label, PlattCalibration
from hilum.evaluation.quantising.compare_forms import compare_forms, compare_maps

RAW = PlattCalibration(slope=1.0, intercept=0.0)
LABEL = Label(name="Mass", calibration=RAW, operating_point=0.5, operating_point_rule="by hand")
ILL = np.r_[np.ones(100), np.zeros(100)][:, None]
BEFORE = np.r_[np.linspace(1, 2, 100), np.linspace(-2, -1, 100)].astype(np.float32)[:, None]


def _forms(after, *, truth=ILL, before=BEFORE, label=LABEL):
    outputs = ({"logits": before}, {"logits": after})
    return compare_forms([label], truth=truth, before=outputs[0], after=outputs[1], maps=None, box_threshold=0.5)


def test_the_same_logits_cost_nothing():
    forms = _forms(BEFORE)
    (row,) = forms.labels
    assert forms.refused == ()
    assert (row.n, row.positives, row.auroc_before, row.auroc_after) == (200, 100, 1.0, 1.0)
    assert (row.flagged_before, row.sensitivity_after, row.specificity_after) == (0.5, 1.0, 1.0)
    assert row.decided_otherwise == 0
    assert forms.worst_auroc_loss == 0.0


@pytest.mark.parametrize(("images", "refused"), [(1, False), (2, True)])
def test_a_rate_may_move_by_one_point(images, refused):
    after = BEFORE.copy()
    after[:images] = -0.01  # still above all without the finding
    (row,) = _forms(after).labels
    assert row.sensitivity_after == pytest.approx(1 - images / 100)
    assert row.auroc_after == 1.0
    assert row.decided_otherwise == images
    assert bool(_forms(after).refused) is refused
    if refused:
        assert _forms(after).refused == (
            "Mass: sensitivity moves by -2.0 percentage points over 100 images (allowed 1.0)",
        )


def test_decisions_that_change_both_ways_do_not_hide_each_other():
    after = BEFORE.copy()
    after[:5], after[-5:] = -0.5, 0.5
    assert [reason.split(" moves")[0] for reason in _forms(after).refused][-2:] == [
        "Mass: sensitivity",
        "Mass: specificity",
    ]


def test_a_rate_over_few_images_may_move_by_one_of_them():
    truth = np.r_[np.ones(4), np.full(96, np.nan), np.zeros(100)][:, None]
    after = BEFORE.copy()
    after[0] = -0.01
    assert _forms(after, truth=truth).refused == ()
    after[1] = -0.01
    assert _forms(after, truth=truth).refused == (
        "Mass: share flagged moves by -1.9 percentage points over 104 images (allowed 1.0)",
        "Mass: sensitivity moves by -50.0 percentage points over 4 images (allowed 25.0)",
    )


@pytest.mark.parametrize(("pairs", "refused"), [(20, False), (21, True)])
def test_the_auroc_may_fall_by_two_thousandths(pairs, refused):
    """Of 100 x 100 pairs, 20 in the wrong order are 0.002."""
    label = LABEL.model_copy(update={"operating_point": None})
    after = BEFORE.copy()
    after[0] = (BEFORE[-pairs] + BEFORE[-pairs - 1]) / 2  # above all but `pairs` of those without the finding
    forms = _forms(after, label=label)
    assert forms.worst_auroc_loss == pytest.approx(pairs / 10_000)
    assert bool(forms.refused) is refused
    assert forms.labels[0].flagged_before is None


def test_one_outcome_alone_has_no_auroc():
    forms = _forms(BEFORE, truth=np.ones((200, 1)))
    assert forms.labels[0].auroc_before is None
    assert forms.labels[0].specificity_before is None
    assert forms.worst_auroc_loss is None


def test_maps_are_compared_where_float32_flags():
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (200, 1, 7, 7)).astype(np.float32)
    noisy = maps + rng.normal(0, 0.05, maps.shape).astype(np.float32)
    noisy[100:] = 0  # of these nothing is drawn
    outputs = {"logits": BEFORE, "class_maps": maps}
    forms = compare_forms(
        [LABEL],
        truth=ILL,
        before=outputs,
        after={"logits": BEFORE, "class_maps": noisy},
        maps="class_maps",
        box_threshold=0.5,
    )
    assert forms.maps.maps == 100
    expected = np.median([np.corrcoef(maps[n].ravel(), noisy[n].ravel())[0, 1] for n in range(100)])
    assert forms.maps.median_correlation == pytest.approx(expected)
    other = compare_forms(
        [LABEL],
        truth=ILL,
        before=outputs,
        after={"logits": BEFORE, "class_maps": rng.normal(0, 1, maps.shape).astype(np.float32)},
        maps="class_maps",
        box_threshold=0.5,
    )
    assert len(other.refused) == 2
    assert all(reason.startswith("heatmaps: ") for reason in other.refused)


def test_boxes_are_unlike_where_they_overlap_by_less_than_half():
    peak, beside, nothing = (np.zeros((1, 1, 8, 8), np.float32) for _ in range(3))
    peak[..., 1:3, 1:3] = 1
    beside[..., 1:3, 6:8] = 1
    shown = np.ones((1, 1), bool)
    for after, unlike in ((peak, 0.0), (beside, 1.0), (nothing, 1.0)):
        assert compare_maps(peak, after, shown=shown, box_threshold=0.5).unlike_boxes == unlike
    assert compare_maps(nothing, nothing, shown=shown, box_threshold=0.5).unlike_boxes == 0.0
    assert compare_maps(nothing, nothing, shown=shown, box_threshold=0.5).median_correlation == 1.0
    assert compare_maps(peak, nothing, shown=shown, box_threshold=0.5).median_correlation == 0.0
    assert compare_maps(peak, peak, shown=~shown, box_threshold=0.5) is None
