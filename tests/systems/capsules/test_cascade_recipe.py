from dataclasses import replace

import pytest

from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.capsules.cascade_recipe import capsules_cascade, smoke
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.margin_loss import MarginLoss
from hilum.training.recipe.recipe import FromStage
from hilum.training.recipe.with_settings import with_settings

PAPER = capsules_cascade(RandomWeights())


def test_the_stages_are_the_paper_s():
    """Pun et al. 2021, sections VI B and VII B."""
    base, small, whole = PAPER.stages
    assert PAPER.backbone == "densenet121"
    assert [PAPER.preprocess_of(stage).output_size for stage in PAPER.stages] == [(224, 224), (28, 28), (224, 224)]
    assert small.loss == MarginLoss()
    assert PAPER.painting is not None
    assert whole.loss == base.loss == BinaryCrossEntropy(weighting="inverse prevalence")
    assert whole.start == FromStage(stage="base")
    assert whole.freezing == StagedRelease(head_epochs=4, learning_rate_factor=0.2)


def test_settings_reach_the_base_the_capsules_and_single_stages():
    pairs = ["backbone=resnet50", "mask=each label", "shape.kinds=16", "capsules.epochs=5", "cascade.optimizer.lr=3e-5"]
    changed = with_settings(PAPER, pairs=pairs)
    assert (changed.backbone, changed.mask, changed.shape.kinds) == ("resnet50", "each label", 16)
    assert [stage.epochs for stage in changed.stages] == [100, 5, 100]
    assert [stage.optimizer.learning_rate for stage in changed.stages] == [1e-4, 1e-3, 3e-5]


def test_a_smoke_run_is_small():
    small = smoke(PAPER)
    assert small.preprocess.output_size == (64, 64)
    assert (small.shape.channels, small.shape.side) == (16, 28)
    assert [stage.epochs for stage in small.stages] == [2, 2, 2]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["backbone=resnet51"], "resnet51"),
        (["capsules.labels=Mass"], "one list of labels"),
        (["crop_lungs=true"], "stages of whole pictures"),
        (["painting.side=29"], "a painted side of at most"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(pairs, said):
    with pytest.raises(UsageError, match=said):
        with_settings(PAPER, pairs=pairs)


def test_other_stages_are_refused():
    base, small, whole = PAPER.stages
    with pytest.raises(UsageError, match="needs the stages base, capsules, cascade; given: base, capsules"):
        replace(PAPER, stages=(base, small))
    with pytest.raises(UsageError, match="a cascade that starts from base"):
        replace(PAPER, stages=(base, small, replace(whole, start=FromStage(stage="capsules"))))
