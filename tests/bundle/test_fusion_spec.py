"""What the card of a fusion refuses; a toy's card is made into one."""

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from fabricate_lungs import PREPROCESS, SPEC
from hilum.bundle.card import Card
from hilum.bundle.fusion_spec import FusionSpec
from hilum.imaging.preprocess import CropLungs, PreprocessSpec

TOY = ToyBundle(labels=("Effusion", "Nodule")).card()
CROPPED = PreprocessSpec(steps=(CropLungs(), *TOY.preprocess.steps), mean=TOY.preprocess.mean, std=TOY.preprocess.std)


def fusion(**changes):
    fields = {
        "crop_preprocess": CROPPED,
        "crop_source": "48 x 48 pixels",
        "whole_labels": TOY.labels,
        "crop_labels": TOY.labels,
        "lungs": SPEC,
        "lungs_preprocess": PREPROCESS,
        "lungs_name": "toy-lungs",
        "lungs_version": "1.0.0",
        "lungs_sha256": "1" * 64,
    }
    return FusionSpec(**{**fields, **changes})


def card(**changes):
    files = {"model.onnx": "0" * 64, "lungs.onnx": "1" * 64}
    made = TOY.model_copy(update={"kind": "fusion", "fusion": fusion(), "files": files, **changes})
    return Card.model_validate_json(made.model_dump_json(by_alias=True))


def test_a_fusion_is_written_and_read_again():
    made = card()
    assert made.fusion == fusion()
    assert made.label_names == ("Effusion", "Nodule")


def test_labels_that_the_whole_picture_alone_decides_otherwise_are_named():
    effusion, nodule = TOY.labels
    weaker = nodule.changed({"operating_point": None, "not_reliable": "too few images"})
    assert card().labels_without_lungs == ()
    assert card(fusion=fusion(whole_labels=(effusion, weaker))).labels_without_lungs == (weaker,)
    assert TOY.labels_without_lungs == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"fusion": None},
        {"labels": ()},
        {"kind": "classifier"},
        {"kind": "lungs", "labels": ()},
        {"files": {"model.onnx": "0" * 64}},
        {"preprocess": CROPPED},
        {"fusion": fusion(whole_labels=TOY.labels[::-1])},
        {"fusion": fusion(crop_labels=TOY.labels[:1])},
    ],
    ids=["no part", "no labels", "a classifier", "lungs", "no lung graph", "whole cropped", "order", "one label"],
)
def test_a_fusion_that_does_not_fit_together_is_refused(changes):
    with pytest.raises(ValidationError):
        card(**changes)


def test_a_crop_that_is_not_cut_is_refused():
    with pytest.raises(ValidationError, match="must begin with crop-lungs"):
        fusion(crop_preprocess=TOY.preprocess)
