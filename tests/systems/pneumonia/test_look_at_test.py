import json
from dataclasses import replace

import pytest
from PIL import Image

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.mixed import mix_releases
from hilum.evaluation.bundles.ledger import looks, read_ledger
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.groupings import altered_copies
from hilum.systems.pneumonia.look_at_test import LOOKS, look_at_test, read_looks
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace

pytestmark = pytest.mark.slow


def test_a_look_is_one_in_the_ledger_and_is_kept_beside_the_study(tmp_path):
    release = fabricate_kermany(tmp_path / "chest_xray", train=24, test=8)
    again = release / "train" / "NORMAL" / "IM-0900-0001.jpeg"
    # a picture of the test, saved again among those to be learnt from
    Image.open(release / "test" / "NORMAL" / "IM-0002-0001.jpeg").save(again, quality=80)
    mixed = mix_releases(read_kermany(release))
    arm, _ = paper_arms(RandomWeights())
    # a real look with a small network, one without statistics that a few updates would leave far off
    arm = replace(arm.small, recipe=replace(arm.small.recipe, backbone="squeezenet1_1"))
    copies = altered_copies(
        mixed.records, groupings=arm.groupings, spec=arm.recipe.preprocess, folder=tmp_path / "out" / "copies"
    )
    place, ledger = RunPlace(folder=tmp_path / "out" / LOOKS / "random"), tmp_path / "LEDGER.jsonl"
    more = {
        "mixed": mixed,
        "copies": copies,
        "provenance": Provenance(command="hilum study pneumonia", commit=None, dirty=None),
        "place": place,
        "ledger": ledger,
    }
    found = look_at_test(arm, **more)
    assert found.n == 16
    assert found.accuracy.interval is not None
    assert read_looks(tmp_path / "out", arms=("random", "imagenet")) == {"random": found}
    (look,) = looks(read_ledger(ledger))
    assert look.ended
    assert (look.fields["n"], look.fields["positives"]) == (16, 8)
    assert "healthy training images copied: 1-4 enlarged" in str(look.fields["protocol"])
    split = json.loads((place.folder / "split.json").read_text())["parts"]
    assert {line[1].split("/")[0] for line in split["test"]} == {"test"}
    assert {line[1].split("/")[0] for part in ("train", "validation") for line in split[part]} == {"train"}
    assert not any(again.name in line[1] for part in split.values() for line in part)
    assert look_at_test(arm, **more) == found
    assert len(looks(read_ledger(ledger))) == 1, "the same look made again is the same look"
