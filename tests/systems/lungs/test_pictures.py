"""What training draws: picture and masks move together, sides change places, and the frame's outside is unknown."""

import pytest
import torch

from hilum.systems.lungs.pictures import reframe_lungs
from hilum.systems.lungs.recipe import LungFraming
from hilum.systems.lungs.study.truth import UNKNOWN

STILL = LungFraming(rotation_deg=0.0, zoom=0.0, stretch=0.0, shift=0.0)


def example() -> tuple[torch.Tensor, torch.Tensor]:
    unit = torch.zeros(32, 32)
    unit[8:24, 4:12], unit[8:24, 20:28] = 1.0, 0.5
    lungs = torch.stack([unit == 1.0, unit == 0.5, unit > 0]).to(torch.uint8)
    return unit, torch.cat([lungs, lungs, lungs[1:2]])


def reframed(framing, seed=0):
    return reframe_lungs(*example(), framing=framing, draw=torch.Generator().manual_seed(seed))


def test_without_ranges_nothing_changes():
    unit, target = reframed(STILL)
    assert torch.allclose(unit, example()[0], atol=1e-6)
    assert torch.equal(target, example()[1])


def test_a_mirrored_picture_has_its_sides_exchanged():
    unit, target = reframed(LungFraming(rotation_deg=0, zoom=0, stretch=0, shift=0, flip_probability=1.0))
    assert torch.allclose(unit, example()[0].flip(1), atol=1e-5)
    before = example()[1].flip(2)
    assert torch.equal(target, before[[1, 0, 2, 4, 3, 5, 6]])


@pytest.mark.parametrize("seed", range(4))
def test_masks_follow_the_picture_and_outside_is_unknown(seed):
    unit, target = reframed(LungFraming(rotation_deg=20, zoom=0.4, stretch=0.2, shift=0.2), seed=seed)
    known = target[2] != UNKNOWN
    inside = known & (target[0] == 1)
    assert float((unit[inside] > 0.5).float().mean()) > 0.9
    assert float(unit[~known].sum()) <= 0.5 * float((~known).sum())
    assert torch.equal(target[0] == UNKNOWN, target[2] == UNKNOWN)


def test_a_plane_that_nobody_drew_stays_unknown():
    unit, target = example()
    target[1] = UNKNOWN
    _, moved = reframe_lungs(unit, target, framing=STILL, draw=torch.Generator().manual_seed(0))
    assert bool((moved[1] == UNKNOWN).all())
    assert not bool((moved[0] == UNKNOWN).any())


def test_a_chest_that_fills_less_is_reduced_by_the_drawn_factor():
    half = LungFraming(rotation_deg=0, zoom=0, stretch=0, shift=0, small_probability=1.0, small=(0.5, 0.5))
    unit, target = reframed(half)
    before = example()[1]
    assert (target[0] == 1).sum() == pytest.approx(int(before[0].sum()) / 4, rel=0.1)
    assert bool((target[:, :7] == UNKNOWN).all())
    assert float(unit[:7].abs().sum()) == 0
    never = LungFraming(rotation_deg=0, zoom=0, stretch=0, shift=0, small_probability=0.0, small=(0.5, 0.5))
    assert torch.equal(reframed(never)[1], before)
