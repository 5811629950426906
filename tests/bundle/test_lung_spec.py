"""What a lung bundle draws, as its card names it."""

import json

import pytest
from pydantic import ValidationError

from fabricate_lungs import ALL_STRUCTURES, SPEC, write_lung_bundle
from hilum.bundle.load import load_bundle
from hilum.bundle.lung_spec import LUNG_SIDES, LungSpec, mirror_planes

FIELDS = ("left field", "right field")


def drawing(*structures: str) -> LungSpec:
    return LungSpec.model_validate(dict(SPEC) | {"structures": structures})


def test_a_card_that_names_no_structures_draws_two_whole_lungs():
    assert SPEC.structures == ("right lung", "left lung")
    assert (SPEC.definitions, SPEC.boxed, SPEC.sides("whole")) == (("whole",), "whole", (0, 1))
    with pytest.raises(ValueError, match="not in tuple"):
        SPEC.sides("field")


def test_planes_are_found_by_their_names_and_not_by_their_order():
    spec = drawing("heart", *FIELDS)
    assert (spec.definitions, spec.boxed, spec.sides("field")) == (("field",), "field", (2, 1))
    assert drawing(*ALL_STRUCTURES).boxed == "whole"
    assert drawing(*ALL_STRUCTURES).definitions == ("field", "whole")


@pytest.mark.parametrize(
    "structures",
    [(), ("heart",), ("right lung",), ("right lung", "left field"), (*FIELDS, "right lung"), (*FIELDS, "left field")],
)
def test_half_a_definition_or_none_is_refused(structures):
    with pytest.raises(ValidationError, match=r"both sides of a lung or a field|each structure may be drawn once"):
        drawing(*structures)


def test_an_unknown_structure_is_refused():
    with pytest.raises(ValidationError, match="structures"):
        drawing(*LUNG_SIDES["whole"], "aorta")


def test_the_usual_structures_are_not_written_and_others_come_back(tmp_path):
    usual = write_lung_bundle(tmp_path / "usual")
    assert "structures" not in json.loads((tmp_path / "usual" / "card.json").read_text())["lungs"]
    assert usual.card.lungs == SPEC
    write_lung_bundle(tmp_path / "all", spec=drawing(*ALL_STRUCTURES))
    card = load_bundle(tmp_path / "all").card
    assert (card.lungs.structures, card.label_names) == (ALL_STRUCTURES, ALL_STRUCTURES)


def test_a_mirrored_picture_exchanges_the_sides_of_each_definition():
    assert mirror_planes(ALL_STRUCTURES) == [1, 0, 3, 2, 4]
    assert mirror_planes(("heart", *FIELDS)) == [0, 2, 1]
