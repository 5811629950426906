import numpy as np
import pytest

from fabricate_label_images import fabricate_label_images
from hilum.errors import DataError
from hilum.evaluation.calibrating.label_images import FOLDS, LabelImages, folds_by_patient


def test_patients_are_counted_and_not_images():
    images = fabricate_label_images(ill=19, well=40, each=10)
    assert (images.n, images.positives, images.ill, images.well) == (590, 190, 19, 40)
    assert images.too_few() == "only 19 patients with the finding among 590 images; a decision needs 20"
    assert fabricate_label_images(ill=20, well=20).too_few() is None
    assert fabricate_label_images(ill=30, well=1).too_few() == (
        "only 1 patient without it among 31 images; a decision needs 20"
    )
    assert "no patient with the finding" in fabricate_label_images(ill=0, well=50).too_few()


@pytest.mark.parametrize(("ill", "well", "slope"), [(29, 60, False), (60, 29, False), (30, 30, True)])
def test_a_slope_needs_thirty_of_each(ill, well, slope):
    assert fabricate_label_images(ill=ill, well=well).give_a_slope is slope


def test_folds_hold_whole_patients_and_the_ill_evenly():
    images = fabricate_label_images(ill=23, well=41, each=3)
    fold = folds_by_patient(images)
    assert set(fold) == set(range(FOLDS))
    for patient in set(images.patients):
        assert len(set(fold[images.patients == patient])) == 1
    ill = [len(set(images.patients[(fold == one) & images.truth])) for one in range(FOLDS)]
    every = [len(set(images.patients[fold == one])) for one in range(FOLDS)]
    assert max(ill) - min(ill) <= 1
    assert max(every) - min(every) <= 1


def test_the_order_of_images_changes_no_fold():
    images = fabricate_label_images(ill=25, well=25, each=2)
    order = np.random.default_rng(9).permutation(images.n)
    np.testing.assert_array_equal(folds_by_patient(images.take(order)), folds_by_patient(images)[order])


def test_arrays_of_several_lengths_are_refused():
    with pytest.raises(DataError, match="need one shape"):
        LabelImages(np.ones(3, bool), np.zeros(3), np.zeros(2), np.array(["a", "b", "c"]))
