"""What a card says of its kind: whom it works for, what it needs, and what it brings."""

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from fabricate_ensemble import write_ensemble
from fabricate_fusion import write_fusion
from fabricate_gate import write_gate
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Card
from hilum.bundle.gate_outputs import GATE_OUTPUTS
from hilum.bundle.kinds import KINDS
from hilum.imaging.preprocess import CropLungs, PreprocessSpec

LUNGS, NOTHING = {"lungs"}, set()
WHOLE = ToyBundle().preprocess
CROPPED = PreprocessSpec(steps=(CropLungs(), *WHOLE.steps), mean=WHOLE.mean, std=WHOLE.std)


def a_gate(folder):
    return write_gate(folder, xray_type="hand").card


def lungs(folder):
    return write_lung_bundle(folder).card


def a_fusion(folder):
    return write_fusion(folder).card


def an_ensemble(folder):
    return write_ensemble(folder).card


def cropped(folder):
    return ToyBundle(preprocess=CROPPED).card()


def whole(folder):
    return ToyBundle().card()


@pytest.mark.parametrize(
    ("make", "role", "needs", "brings", "outputs"),
    [
        (whole, "specialist", NOTHING, NOTHING, ("Pneumonia",)),
        (cropped, "specialist", LUNGS, NOTHING, ("Pneumonia",)),
        (an_ensemble, "specialist", NOTHING, NOTHING, ("Edema", "Pneumonia")),
        (a_fusion, "specialist", LUNGS, LUNGS, None),
        (a_gate, "gate", NOTHING, NOTHING, GATE_OUTPUTS),
        (lungs, "lungs", NOTHING, LUNGS, ("right lung", "left lung")),
    ],
)
def test_a_card_says_what_it_needs_and_brings(make, role, needs, brings, outputs, tmp_path):
    card = make(tmp_path / "bundle")
    assert (card.role, card.needs, card.brings) == (role, needs, brings)
    assert card.label_names == (outputs or tuple(label.name for label in card.labels))
    assert bool(card.figures) == (role != "specialist")


def test_a_fusion_names_the_bundle_whose_lungs_it_brings(tmp_path):
    card = a_fusion(tmp_path / "bundle")
    graph = card.lung_graph
    assert (graph.file, graph.name, graph.sha256) == ("lungs.onnx", card.fusion.lungs_name, card.fusion.lungs_sha256)
    own = lungs(tmp_path / "lungs").lung_graph
    assert (own.file, own.name, own.sha256) == ("model.onnx", "toy-lungs", None)


def test_a_kind_that_nobody_knows_is_refused():
    fields = ToyBundle().card().model_dump(by_alias=True)
    with pytest.raises(
        ValidationError,
        match=r"Unknown kind 'oracle'\. Known: classifier, ensemble, fusion, gate, lung-pooled, lungs, two-looks",
    ):
        Card.model_validate(fields | {"kind": "oracle"})


def test_the_schema_of_a_card_names_the_kinds():
    assert Card.model_json_schema()["properties"]["kind"]["enum"] == list(KINDS)
