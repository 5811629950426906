"""The card of joined bundles: what members say together, none of their own figures."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.calibrated_on import MEAN_NOT_CALIBRATED, NO_POINT, NOT_CALIBRATED
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.training.joining.card import NO_MAPS, NOT_ALL_NAME_IMAGES, JoinedWords, joined_draft, joined_spec
from hilum.training.joining.match import common_of


def written(folder: Path, *, name: str, **changes: object) -> Bundle:
    toy = replace(ToyBundle(network=ToyNetwork.brightness(bias=-len(name))), name=name)
    card = toy.card().changed(changes)
    return write_bundle(folder / name, card=card, files=toy.files())


@pytest.fixture
def two(tmp_path: Path) -> list[Bundle]:
    first = written(tmp_path, name="first", limits=(NOT_CALIBRATED, "Films only."), weights_licence="CC BY 4.0")
    trained = first.card.training.changed({"data": ("fabricated", "more"), "seed": 5, "smoke": True})
    second = written(tmp_path, name="second", limits=("Films only.", NO_POINT), training=trained, protocol="another")
    return [first, second]


def test_data_terms_limits_and_protocols_of_all_stand_there_once(two: list[Bundle]) -> None:
    draft = joined_draft(two, common=common_of(two), words=JoinedWords(title="Two"), weighed="all weights equal")
    assert (draft.name, draft.title, draft.kind) == ("ensemble", "Two", "ensemble")
    assert draft.training.data == ("fabricated", "more")
    assert draft.weights_licence == "CC BY 4.0; Apache-2.0"
    assert draft.limits == (MEAN_NOT_CALIBRATED, NO_POINT, NOT_ALL_NAME_IMAGES, "Films only.")
    assert draft.protocol.startswith(
        "the mean of first, second, all weights equal; each was trained by its own protocol"
    )
    assert draft.protocol.endswith("none: the numbers are fabricated; another")
    assert draft.training.split_sha256 == "0" * 64
    assert draft.training.smoke is True, "one member of a smoke run proves no more together"
    assert draft.architecture == "ensemble of toy, toy"


def test_members_say_which_bundle_they_were(two: list[Bundle]) -> None:
    common = common_of(two)
    equal, other = joined_spec(two, common=common), joined_spec(two, common=common, weights=[0.25, 0.75])
    assert [one.made_of for one in equal.members] == ["first 1.0.0", "second 1.0.0"]
    assert [one.made_of_sha256 for one in equal.members] == [bundle.sha256 for bundle in two]
    assert [one.weight for one in equal.members] == [None, None]
    assert [one.weight for one in other.members] == [0.25, 0.75]
    assert [one.seed for one in equal.members] == [0, 5]


def test_without_maps_of_all_it_says_why_there_is_no_heatmap(two: list[Bundle]) -> None:
    common = replace(common_of(two), maps=False)
    draft = joined_draft(two, common=common, words=JoinedWords(), weighed="all weights equal")
    assert draft.heatmap.method == "none"
    assert NO_MAPS in draft.limits
    assert draft.title == "The mean of first, second"
