import math

import pytest

from hilum.errors import DataError
from hilum.training.recipe.label_weights import count_labels, label_weights

NAN = math.nan
LABELS = ("Mass", "Nodule")
TARGETS = [[1.0, 0.0], [0.0, 1.0], [0.0, NAN], [0.0, 0.0], [NAN, 0.0]]


def test_counts_leave_missing_labels_out():
    counts = count_labels(TARGETS, labels=LABELS)
    assert (counts.labels, counts.positives, counts.negatives) == (LABELS, (1.0, 1.0), (3.0, 3.0))


def test_a_soft_target_counts_for_both_sides():
    counts = count_labels([[0.75], [0.0], [1.0]], labels=("Mass",))
    assert (counts.positives, counts.negatives) == ((1.75,), (1.25,))


def test_chexnets_weights_by_hand():
    """One positive, three negatives of Mass: 3/4 and 1/4."""
    weights = label_weights(TARGETS, labels=LABELS, weighting="chexnet")
    assert weights is not None
    assert weights.positive == (0.75, 0.75)
    assert weights.negative == (0.25, 0.25)


def test_inverse_prevalence_by_hand():
    weights = label_weights([[1.0], [0.0], [0.0], [0.0], [NAN]], labels=("Mass",), weighting="inverse prevalence")
    assert weights is not None
    assert weights.positive == (4.0,)
    assert weights.negative == (1.0,)


def test_no_weighting_needs_no_counts():
    assert label_weights([[1.0, NAN]], labels=LABELS, weighting="none") is None


def test_labels_without_an_outcome_are_named():
    targets = [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    with pytest.raises(DataError, match=r"no positive of Nodule\.") as caught:
        label_weights(targets, labels=("Mass", "Nodule", "Hernia"), weighting="chexnet")
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match=r"no negative of Mass\."):
        count_labels([[1.0, 0.0], [1.0, 1.0]], labels=LABELS)


def test_shapes_and_values_that_are_no_targets_are_refused():
    with pytest.raises(DataError, match=r"need shape \(N, 2\)"):
        count_labels([[1.0], [0.0]], labels=LABELS)
    with pytest.raises(DataError, match="must lie from 0 to 1"):
        count_labels([[-1.0], [1.0], [0.0]], labels=("Mass",))
