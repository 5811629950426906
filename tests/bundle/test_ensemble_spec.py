"""What the card of an ensemble holds and refuses."""

import json

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from fabricate_ensemble import NAMES, spec, write_ensemble
from hilum.bundle.card import Card
from hilum.bundle.ensemble_spec import EnsembleSpec
from hilum.bundle.save import card_bytes

TOY = ToyBundle(labels=("Effusion", "Nodule")).card()


def card(**changes):
    return Card.model_validate(
        TOY.model_dump(by_alias=True) | {"kind": "ensemble", "ensemble": spec().model_dump(), **changes}
    )


def test_an_ensemble_is_written_and_read_again(tmp_path):
    made = card()
    assert made.ensemble.names == NAMES
    assert Card.model_validate_json(card_bytes(made)) == made
    assert write_ensemble(tmp_path / "toy").card.ensemble == spec()


def test_a_card_of_another_kind_does_not_speak_of_it():
    """A hilum from before ensembles reads it."""
    assert "ensemble" not in json.loads(card_bytes(TOY))


@pytest.mark.parametrize("changes", [{"ensemble": None}, {"labels": ()}, {"kind": "classifier"}])
def test_a_card_that_does_not_fit_together_is_refused(changes):
    with pytest.raises(ValidationError):
        card(**changes)


def test_one_member_and_two_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="at least 2 items"):
        spec(("alone",))
    with pytest.raises(ValidationError, match="names of an ensemble's members must be unique"):
        spec(("same", "same"))


def test_weights_share_the_mean_and_are_written_only_where_they_differ():
    fields = spec().model_dump()
    weights = (0.5, 0.3, 0.2)
    weighed = [{**member, "weight": weight} for member, weight in zip(fields["members"], weights, strict=True)]
    assert [one.weight for one in EnsembleSpec.model_validate({"members": weighed}).members] == list(weights)
    assert all("weight" not in member and "made_of" not in member for member in fields["members"])
    for wrong in ([*weighed[:1], *fields["members"][1:]], weighed[:2]):
        with pytest.raises(ValidationError, match="must sum to 1, or none have one"):
            EnsembleSpec.model_validate({"members": wrong})
