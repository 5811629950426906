from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fabricate_gate import VIEW_RULE, spec_with, write_gate
from fabricate_releases import fabricate_chexpert, fabricate_own_table
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.releases.chexpert import read_chexpert
from hilum.evaluation.bundles.gate_tally import judge_with_gate

GREY_OF = {"no X-ray": 0, "unsure": 64, "accepted": 220}
"""Greys for which the toy gate's radiograph logit (20 x mean - 5) is below, between and above the thresholds."""


QUIET = spec_with(inverted_from=0.6, cropped_from=0.6)
"""The toy gate's state logits are 0, so its probabilities of a state are 0.5: no warning."""


def write_png(path, *, grey):
    Image.fromarray(np.full((24, 20), grey, np.uint8)).save(path)


@pytest.fixture
def gate(tmp_path):
    return write_gate(tmp_path / "gate", xray_type="chest", spec=QUIET)


def frontal(tmp_path):
    return [replace(record, view="PA") for record in read_own_table(fabricate_own_table(tmp_path / "own"))]


def test_refused_unsure_and_accepted_images_are_counted_by_kind(tmp_path, gate):
    records = frontal(tmp_path)
    kinds = dict(zip(GREY_OF, records, strict=True))
    for kind, record in kinds.items():
        write_png(record.path, grey=GREY_OF[kind])
    tally = judge_with_gate(records, gate=gate, jobs=1)
    assert tally.kinds == {"no X-ray": 1, "unsure": 1}
    assert list(tally.odd) == [kinds["no X-ray"].image, kinds["unsure"].image]
    assert tally.odd[kinds["unsure"].image].startswith("unsure: this may not be an X-ray")
    assert tally.statuses == {"refused": 1, "unsure": 1, "accepted": 1}


def test_lateral_views_are_counted_from_the_table_and_are_not_odd(tmp_path, gate):
    records = read_chexpert(fabricate_chexpert(tmp_path / "chexpert"))
    for record in records:
        write_png(record.path, grey=220)
    tally = judge_with_gate(records, gate=gate, jobs=1)
    assert tally.kinds == {"lateral by table or tags": sum(record.view == "LL" for record in records)}
    assert tally.odd == {}


def test_a_chest_that_only_its_picture_calls_lateral_is_odd(tmp_path):
    first, second, third = frontal(tmp_path)
    records = [first, replace(second, view="LL"), replace(third, view="unknown")]
    for record in records:
        write_png(record.path, grey=220)
    spec = spec_with(inverted_from=0.6, cropped_from=0.6, view=VIEW_RULE)
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec, looks=(0.0, 0.0, 3.0))
    tally = judge_with_gate(records, gate=gate, jobs=1)
    assert tally.kinds == {"lateral by its picture alone": 2, "lateral by table or tags": 1}
    assert tally.odd == {
        first.image: "looks lateral, said to be PA",
        third.image: "looks lateral, nothing tells its view",
    }


@pytest.mark.parametrize(
    ("thresholds", "kind"),
    [
        ({"none_below": 0.999, "unsure_below": 0.9995}, "none of the types"),
        ({"inverted_from": 0.4}, "turned, inverted or cropped"),
    ],
)
def test_an_x_ray_of_none_of_the_types_and_an_odd_state_have_their_own_kinds(tmp_path, thresholds, kind):
    """As legs, and chests with bright lungs, among chests: thresholds force the gate's own rules to the verdict."""
    records = frontal(tmp_path)
    for record in records:
        write_png(record.path, grey=220)
    spec = spec_with(**({"inverted_from": 0.6, "cropped_from": 0.6} | thresholds))
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec)
    tally = judge_with_gate(records, gate=gate, jobs=1)
    assert tally.kinds == {kind: len(records)}
    assert len(tally.odd) == len(records)
