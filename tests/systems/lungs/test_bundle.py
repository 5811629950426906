"""The card of a lung network says what its own recipe does."""

from pathlib import Path

import pytest

from hilum.datasets.releases.table import citation_of
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.lungs.bundle import lungs_draft
from hilum.systems.lungs.fit import FittedLungs, start_network
from hilum.systems.lungs.shipped import finer, lungs_all, lungs_free
from hilum.training.records.request import TrainRequest
from hilum.training.records.study_folder import NO_STUDY

FREE = lungs_free(RandomWeights())


@pytest.mark.parametrize(
    ("recipe", "side", "terms"),
    [
        (FREE, 192, "commercial use is possible"),
        (finer(FREE), 256, "commercial use is possible"),
        (lungs_all(RandomWeights()), 192, "research use"),
    ],
)
def test_grid_and_terms_are_those_of_the_recipe(recipe, side: int, terms: str, tmp_path: Path) -> None:
    network, started_from = start_network(recipe, folder=tmp_path)
    data = [str(citation_of(source)) for source in sorted(recipe.sampler.shares)]
    request = TrainRequest(name="lungs", data=(), out=tmp_path)
    draft = lungs_draft(
        recipe,
        records=(),
        protocol="fabricated",
        fitted=FittedLungs(network, started_from),
        provenance=request.provenance(NO_STUDY, data=data),
    )
    assert draft.limits[-1].endswith(f"outlines are made on a grid of {side} x {side}.")
    assert terms in draft.weights_licence
    assert ("one in twelve of another" in draft.limits[-2]) is ("lungs_tb" in recipe.sampler.shares)
    assert draft.version == recipe.version
