from dataclasses import replace

import pytest
import torch

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError
from hilum.networks.attention import Attention, attended_boxes
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.attention.fit import new_network
from hilum.systems.attention.recipe import attention, attention_local, smoke, source_spec
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.schedules import Plateau
from hilum.training.recipe.with_settings import shown_settings, with_settings

PAPER, LOCAL = attention(RandomWeights()), attention_local(RandomWeights())


def test_the_paper_recipe_is_the_paper_s():
    """Pun et al. 2021, sections IV and V."""
    assert (PAPER.backbone, PAPER.crop_backbone, PAPER.look_px) == ("resnet50", "resnet50", 224)
    assert (PAPER.attention.map, PAPER.attention.threshold) == ("channel maximum", 0.7)
    stage = PAPER.last
    assert stage.labels == LABELS
    assert stage.loss == BinaryCrossEntropy(weighting="inverse prevalence")
    assert stage.optimizer == AdamW(learning_rate=1e-4, betas=(0.9, 0.999), weight_decay=0.01)
    assert stage.schedule == Plateau(monitor="validation/loss", factor=0.1, patience=3)
    assert stage.freezing == StagedRelease(head_epochs=4, learning_rate_factor=0.2)
    assert (stage.epochs, stage.flip_probability, stage.augmentation.rotation_deg) == (100, 0.5, 15.0)
    selection = stage.selection
    # "no improvement for more than 10 epochs": the eleventh ends it
    assert (selection.keep, selection.monitor, selection.patience) == ("best", "loss", 11)


@pytest.mark.parametrize("recipe", [PAPER, LOCAL], ids=["paper", "local"])
def test_the_crop_is_cut_out_of_more_than_a_look_shows(recipe):
    (rows, columns) = recipe.preprocess.output_size
    assert rows == columns >= 2 * recipe.look_px
    small = smoke(recipe)
    assert (small.preprocess.output_size, small.look_px, small.last.epochs) == ((64, 64), 64, 2)


def test_where_the_last_map_ends_at_6_a_class_map_attends():
    """Pictures of noise: some of 1,280 channels are at 6 in every cell, so that their maximum draws nowhere."""
    assert LOCAL.attention.map == "most probable label"
    network = new_network(replace(LOCAL, look_px=96)).train()  # so that each batch is normalised by itself
    with torch.no_grad():
        network.whole.backbone[18][1].bias[:640] = 7.0  # the last norm
        features = network.whole.features(torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0)))
        given = features, network.whole.weight, network.whole.head(features.mean(dim=(2, 3)))
        maximum = attended_boxes(*given, Attention(), (448, 448))
        by_class = attended_boxes(*given, LOCAL.attention, (448, 448))
    assert features.amax(dim=1).eq(6.0).all()
    assert maximum.tolist() == [[[0, 0, 448, 448]]] * 2
    assert all((box[2] - box[0]) * (box[3] - box[1]) < 448 * 448 for (box,) in by_class.tolist())


def test_a_smoke_run_is_as_large_as_its_networks_need():
    small = smoke(replace(PAPER, backbone="convnext_atto", crop_backbone="inception_v3"))
    assert (small.preprocess.output_size, small.look_px) == ((75, 75), 75)
    fixed = smoke(replace(PAPER, crop_backbone="maxvit_nano_rw_256", look_px=256))
    assert (fixed.preprocess.output_size, fixed.look_px) == ((256, 256), 256)


def test_settings_reach_both_networks_and_the_attention_by_short_keys():
    pairs = ["crop_backbone=mobilenet_v1", "attention.map=each label", "optimizer.lr=3e-4", "unknown_probability=1"]
    changed = with_settings(PAPER, pairs=pairs)
    assert (changed.backbone, changed.crop_backbone) == ("resnet50", "mobilenet_v1")
    assert changed.attention.map == "each label"
    assert changed.last.optimizer == replace(PAPER.last.optimizer, learning_rate=3e-4)
    assert changed.unknown_probability == 1.0
    assert shown_settings(PAPER)["attention.subdivisions"] == 9


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["crop_backbone=resnet51"], "Unknown backbone"),
        (["crop_backbone=vit_tiny_patch16_224"], "does not end in a map"),
        (["crop_backbone=maxvit_nano_rw_256"], "a look of 256 pixels for maxvit_nano_rw_256"),
        (["backbone=inception_v3", "look_px=74"], "a look of at least 75 pixels for inception_v3"),
        (["look_px=2048"], "a look of at most the 1024 pixels"),
        (["unknown_probability=1.5"], r"an unknown_probability in \[0, 1\]"),
        (["attention.threshold=0"], "The attention threshold"),
        (["crop_lungs=true"], "one stage of whole pictures"),
        (["assessment.softened=true"], "not softened"),
        (["mean=0.5"], "a mean and a deviation for each of 3 channels"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(pairs, said):
    with pytest.raises(UsageError, match=said):
        with_settings(PAPER, pairs=pairs)


def test_a_picture_of_colours_is_refused():
    spec = source_spec(1024).model_copy(update={"mean": (0.5,), "std": (0.5,)})
    with pytest.raises(UsageError, match="a picture of one channel, mean 0 and deviation 1"):
        replace(PAPER, preprocess=spec)
