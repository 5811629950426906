import json

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from fabricate_lung_pooled import graph, lung_pooled_card, write_lung_pooled
from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.load import load_bundle
from hilum.bundle.pooling_spec import PoolingSpec


def test_a_bundle_comes_back_with_its_part_and_brings_what_it_needs(tmp_path):
    written = write_lung_pooled(tmp_path / "toy", widen=0.03)
    card = load_bundle(written.folder).card
    assert card == written.card
    assert card.pooling.widen == 0.03
    assert (card.role, card.needs, card.brings) == ("specialist", {"lungs"}, {"lungs"})
    assert card.lung_graph.file == LUNG_GRAPH
    assert (card.lung_graph.name, card.lung_graph.sha256) == ("toy-lungs", "3" * 64)
    assert card.crop_preprocess is None


def test_other_cards_do_not_speak_of_it():
    assert "pooling" not in json.loads(ToyBundle().card().model_dump_json(by_alias=True))


def test_the_lung_network_must_be_among_the_files():
    with pytest.raises(ValidationError, match=r"the own preprocess of a lung-pooled is .*files name lungs\.onnx"):
        lung_pooled_card(files={"model.onnx": graph()})


@pytest.mark.parametrize("widen", [-0.01, 0.51])
def test_a_widening_out_of_range_is_refused(widen):
    part = lung_pooled_card().pooling
    with pytest.raises(ValidationError, match="widen"):
        PoolingSpec.model_validate({**part.model_dump(), "widen": widen})
