import pytest

from fabricate_bundle import SIZE, ToyBundle
from fabricate_lungs import write_lung_bundle
from hilum.errors import BundleError
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, Resize

CROPPED = PreprocessSpec(
    steps=(CropLungs(), Resize(height=SIZE, width=SIZE, rule="stretch", filter="box")), mean=(0.0,), std=(1.0,)
)


def test_a_model_of_crops_takes_the_lungs_that_are_given_and_any_other_none(tmp_path):
    lungs = write_lung_bundle(tmp_path / "lungs")
    crop = ToyBundle(preprocess=CROPPED).write(tmp_path / "crop")
    assert needed_lungs(crop, given=lungs) is lungs
    assert needed_lungs(ToyBundle().write(tmp_path / "whole"), given=lungs) is None
    with pytest.raises(BundleError, match=r"needs the lung model .*; given: none\. Name it with --lungs"):
        needed_lungs(crop, given=None)
