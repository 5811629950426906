"""A card is made once, whole and checked; no module that makes cards patches one or writes a hash of nothing."""

import ast
from pathlib import Path

import pytest

import hilum
from fabricate_bundle import ToyBundle
from fabricate_ensemble import write_ensemble
from fabricate_fusion import write_fusion
from fabricate_gate import write_gate
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Card
from hilum.errors import BundleError
from hilum.training.export.card_draft import CardDraft, Fits

SOURCE = Path(hilum.__file__).parent
MODULES = sorted(path for room in ("training", "systems") for path in (SOURCE / room).rglob("*.py"))
UNCHECKED = {"model_copy", "model_construct"}


def draft_of(card: Card) -> CardDraft:
    return CardDraft(**{name: getattr(card, name) for name in CardDraft.__dataclass_fields__})


def card_of_kind(kind: str, folder: Path) -> Card:
    match kind:
        case "ensemble":
            return write_ensemble(folder).card
        case "fusion":
            return write_fusion(folder).card
        case "lungs":
            return write_lung_bundle(folder).card
        case "gate":
            return write_gate(folder, xray_type="hand").card
    return ToyBundle().card()


@pytest.mark.parametrize("kind", ["classifier", "ensemble", "fusion", "gate", "lungs"])
def test_a_draft_of_each_kind_is_finished_into_the_card_that_it_was_taken_from(kind, tmp_path):
    card = card_of_kind(kind, tmp_path / kind)
    part = card.gate or card.lungs or card.fusion or card.ensemble
    fits = Fits(labels=card.labels, part=part, compression=card.compression)
    made = draft_of(card).finish(fits, files={name: name.encode() for name in card.files})
    assert made.changed({"files": card.files}) == card
    assert Card.model_validate(made.model_dump(by_alias=True)) == made


@pytest.mark.parametrize("kind", ["ensemble", "fusion", "gate", "lungs"])
def test_a_draft_that_lacks_its_part_is_no_card(kind, tmp_path):
    card = card_of_kind(kind, tmp_path / kind)
    with pytest.raises(BundleError, match=f"a card of kind {kind} needs the part of its kind"):
        draft_of(card).finish(Fits(labels=card.labels), files={name: b"" for name in card.files})


def test_there_are_modules_to_look_at():
    assert {"bundle.py", "export_bundle.py", "classifier_draft.py", "import_torchxrayvision.py"} <= {
        path.name for path in MODULES
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_module_changes_what_was_checked_or_makes_up_a_hash(path):
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Attribute) and node.attr in UNCHECKED), f"line {node.lineno}"
        repeated = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and is_text(node.left)
        assert not repeated, f"line {node.lineno} repeats a text, as for a hash"
        assert not (is_text(node) and len(set(node.value)) == 1 and len(node.value) == 64), f"line {node.lineno}"


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
