"""Pictures without masks: which are drawn, what is learnt of a drawing, and that one without trust is left out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fabricate_lungs import RULE
from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.errors import DataError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.lungs import more_pictures as module
from hilum.systems.lungs.more_pictures import (
    MorePictures,
    chests_to_draw,
    own_drawing,
    phantom_pictures,
    pictures_to_draw,
)
from hilum.systems.lungs.shipped import lungs_own
from hilum.systems.lungs.study.truth import TRUTHS, UNKNOWN
from hilum.training.data.images import IN_MEMORY

SIDE = 64
SPEC = PreprocessSpec(
    steps=(Resize(height=SIDE, width=SIDE, rule="stretch"),), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)
RECIPE = replace(lungs_own(RandomWeights()), preprocess=SPEC, frame_below=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("data")
    fabricate_nih_chests(made / "nih", patients=6)
    return made


def test_held_out_small_and_judged_pictures_are_not_drawn(folder, monkeypatch) -> None:
    records = [one for one in read_chestxray14(folder / "nih") if not one.held_out]
    assert chests_to_draw(folder, masks=()) == (), "all are smaller than 256 pixels"
    monkeypatch.setattr(module, "LEAST_PX", 80)
    found = chests_to_draw(folder, masks=records[:3])
    assert {one.sha256 for one in found} == {one.sha256 for one in records[3:]}
    assert [one.sha256 for one in found] == sorted(one.sha256 for one in found)
    monkeypatch.setattr(module, "MOST_OWN", 2)
    assert chests_to_draw(folder, masks=records[:3]) == found[:2]
    with pytest.raises(DataError, match="There is no ChestX-ray14 in"):
        chests_to_draw(folder / "nih", masks=())


def test_of_a_picture_to_draw_nothing_is_known(folder) -> None:
    records = read_chestxray14(folder / "nih")[:2]
    for one, record in zip(pictures_to_draw(records, spec=SPEC, preparation=IN_MEMORY), records, strict=True):
        assert one.record == record
        assert one.grey.shape == (SIDE, SIDE)
        assert one.grey.max() > one.grey.min()
        assert (one.target == UNKNOWN).all()
        assert one.target.shape == (len(TRUTHS), SIDE, SIDE)


def test_of_a_phantom_the_fields_are_known_and_dark() -> None:
    first, second = phantom_pictures(SPEC, count=2)
    assert first.record.sha256 != second.record.sha256
    assert {first.record.source, second.record.source} == {"phantom"} <= set(RECIPE.sampler.shares)
    for one in (first, second):
        drawn = dict(zip(TRUTHS, one.target, strict=True))
        right, left = drawn["right field"] == 1, drawn["left field"] == 1
        assert np.nonzero(right)[1].mean() < np.nonzero(left)[1].mean(), "the patient's right is on the left"
        assert ((drawn["fields"] == 1) == (right | left)).all()
        assert one.grey[right | left].mean() < one.grey[~(right | left)].mean()
        assert all((drawn[name] == UNKNOWN).all() for name in ("right lung", "left lung", "lungs", "heart"))


class Dark(nn.Module):
    """Draws what is dark: both definitions alike in each half, and the heart nowhere but in one bright spot."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        dark = 40 * (-0.2 - inputs[:, 0])
        half = torch.arange(SIDE) < SIDE // 2
        right, left = torch.where(half, dark, -20.0), torch.where(half, -20.0, dark)
        return torch.stack([right, left, right, left, 40 * (inputs[:, 0] - 0.8)], dim=1)


def chest() -> np.ndarray:
    grey = np.full((SIDE, SIDE), 150, np.uint8)
    grey[16:48, 8:26], grey[16:48, 38:56] = 20, 20
    grey[30:40, 28:36], grey[2:4, 2:4] = 250, 250
    return grey


def test_a_trusted_drawing_is_learnt_from_and_another_is_not(folder) -> None:
    record = read_chestxray14(folder / "nih")[0]
    (blank,) = pictures_to_draw([record], spec=SPEC, preparation=IN_MEMORY)
    picture = replace(blank, grey=chest())
    found = own_drawing(Dark(), picture=picture, recipe=RECIPE, rule=RULE)
    assert found is not None
    assert found.record == record
    drawn = dict(zip(TRUTHS, found.target, strict=True))
    lungs = chest() == 20
    assert ((drawn["fields"] == 1) == lungs).all()
    assert ((drawn["lungs"] == 1) == lungs).all()
    assert not (drawn["right field"] & drawn["left field"]).any()
    assert drawn["heart"].sum() == 80, "the largest piece alone"
    empty = replace(blank, grey=np.full((SIDE, SIDE), 150, np.uint8))
    assert own_drawing(Dark(), picture=empty, recipe=RECIPE, rule=RULE) is None
    phantoms = phantom_pictures(SPEC, count=1)
    more = MorePictures(teacher=RECIPE, rule=RULE, to_draw=(picture, empty), phantoms=phantoms)
    assert [one.record.source for one in more.outlined(Dark())] == ["nih", "phantom"]
    strict = MorePictures(teacher=RECIPE, rule=RULE.changed({"trusted_from": 0.9}), to_draw=(picture,), phantoms=())
    assert more.settings.keys() == strict.settings.keys()
    assert all(more.settings[name] != strict.settings[name] for name in more.settings)
