from dataclasses import replace
from pathlib import Path

import pytest

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError
from hilum.networks.capsules.network import CapsuleShape, Dense, LocallyConstrained
from hilum.networks.starting_weights import BundleWeights, RandomWeights, TimmImageNet, WeightsFile
from hilum.systems.capsules.recipe import capsules, capsules_large, smoke
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.margin_loss import MarginLoss
from hilum.training.recipe.with_settings import shown_settings, with_settings

PAPER, LARGE = capsules(RandomWeights()), capsules_large(RandomWeights())


def test_the_paper_recipe_is_the_paper_s():
    """Sabour et al. 2017, sections 4 and 4.1; Pun et al. 2021, section VI B: 28 x 28, with reconstruction."""
    shape = PAPER.shape
    assert shape == CapsuleShape(side=28, channels=256, kinds=32, below=8, above=16, rounds=3, routing=Dense())
    assert PAPER.painting.weight == 0.0005
    assert PAPER.last.loss == MarginLoss(upper=0.9, lower=0.1, absent=0.5)
    assert PAPER.last.labels == LABELS
    assert PAPER.preprocess.output_size == (28, 28)


def test_the_side_of_the_picture_is_one_setting():
    changed = with_settings(PAPER, pairs=["shape.side=56", "loss.kind=BinaryCrossEntropy", "painting.kind=none"])
    assert changed.preprocess.output_size == (56, 56)
    assert changed.painting is None
    assert not any(key.startswith(("preprocess", "dropout", "backbone")) for key in shown_settings(changed))


def test_the_large_recipe_routes_locally_at_both_sizes():
    assert isinstance(LARGE.shape.routing, LocallyConstrained)
    for side, routed in ((224, 8 * 7 * 7), (112, 8 * 4 * 4)):
        made = with_settings(LARGE, pairs=[f"shape.side={side}"])
        assert (made.preprocess.output_size, made.shape.routed) == ((side, side), routed)
    shared = with_settings(LARGE, pairs=["shape.routing.kind=SharedPairs", "shape.routing.window=8"])
    assert shared.shape.routed == 16 * 7 * 7


@pytest.mark.parametrize("recipe", [PAPER, LARGE], ids=["paper", "large"])
def test_a_smoke_run_is_small(recipe):
    small = smoke(recipe)
    assert small.preprocess.output_size <= (64, 64)
    assert (small.shape.channels, small.shape.kinds, small.last.epochs, small.last.batch_size) == (16, 4, 2, 8)


def test_imagenet_s_weights_are_none_of_capsules():
    assert capsules(TimmImageNet(Path("weights"))).last.start == RandomWeights()
    assert capsules(WeightsFile(Path("a"))).last.start == WeightsFile(Path("a"))
    with pytest.raises(UsageError, match="cannot start from BundleWeights"):
        capsules(BundleWeights(Path("a")))


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["shape.side=16"], "at least 17 pixels"),
        (["painting.side=56"], "a painted side of at most the picture's 28 pixels"),
        (["crop_lungs=true"], "one stage of whole pictures"),
        (["shape.routing.kind=SharedPairs", "shape.routing.window=4"], "a window that divides the 6 places"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(pairs, said):
    with pytest.raises(UsageError, match=said):
        with_settings(PAPER, pairs=pairs)


def test_there_is_no_backbone_to_freeze():
    with pytest.raises(UsageError, match="no frozen backbone"):
        replace(PAPER, stages=(replace(PAPER.last, freezing=StagedRelease()),))
