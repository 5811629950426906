from dataclasses import replace

import onnx
import pytest
from typer.testing import CliRunner

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError
from hilum.imaging.preprocess import CropLungs
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.training.loop.checkpoints import load_weights
from hilum.training.recipe.optimizers import Adam
from hilum.training.recipe.recipe import FusedFrom
from hilum.training.recipe.schedules import KerasDecay
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.recipe.with_settings import shown_settings, with_settings

PAPER, LOCAL = sdfn(RandomWeights()), sdfn_local(RandomWeights())


def test_the_paper_recipe_is_the_paper_s():
    """Liu et al. 2019, section 2.3."""
    assert PAPER.backbone == "densenet121"
    assert [stage.name for stage in PAPER.stages] == ["whole", "crop", "fusion"]
    for stage in PAPER.stages:
        assert stage.labels == LABELS
        assert len(stage.labels) == 14
        assert stage.flip_probability == 0.5
        assert isinstance(stage.optimizer, Adam)
        assert stage.optimizer.learning_rate == 1e-4
        assert isinstance(stage.schedule, KerasDecay)
        assert stage.schedule.decay == 1e-5
        plateau = stage.schedule.plateau
        # after five epochs without a better one: torch counts the four that are let pass
        assert (plateau.monitor, plateau.factor, plateau.patience) == ("validation/loss", 0.1, 4)
        assert (stage.batch_size, stage.epochs) == (16, 100)
        assert (stage.selection.keep, stage.selection.monitor) == ("best", "mean_auroc")
    assert PAPER.last.start == FusedFrom(whole="whole", crop="crop")


@pytest.mark.parametrize("recipe", [PAPER, LOCAL], ids=["paper", "local"])
def test_one_branch_sees_the_picture_and_the_other_its_lungs(recipe):
    whole, crop, fusion = (recipe.preprocess_of(stage) for stage in recipe.stages)
    assert whole == fusion == recipe.preprocess
    assert crop.steps == (CropLungs(), *whole.steps)
    assert (crop.mean, crop.std, crop.output_size) == (whole.mean, whole.std, (224, 224))
    assert recipe.needs_lungs
    assert smoke_recipe(recipe).needs_lungs
    assert smoke_recipe(recipe).preprocess_of(recipe.stages[1]).output_size == (64, 64)


def test_the_local_recipe_is_within_the_study_s_means():
    assert LOCAL.backbone == "mobilenet_v2"
    assert all(stage.epochs <= 10 for stage in LOCAL.stages[:2])
    assert {stage.split.shares["train"] for stage in LOCAL.stages} == {0.8}


def test_a_setting_reaches_one_stage_or_all():
    changed = with_settings(LOCAL, pairs=["fusion.epochs=7", "batch_size=12", "labels=Effusion,Nodule"])
    assert {stage.labels for stage in changed.stages} == {("Effusion", "Nodule")}, "all at once: they must agree"
    assert [stage.epochs for stage in changed.stages] == [10, 10, 7]
    assert {stage.batch_size for stage in changed.stages} == {12}
    assert shown_settings(LOCAL)["crop.crop_lungs"] is True


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["crop.crop_lungs=false"], "crop_lungs in crop and not in whole"),
        (["whole.crop_lungs=true"], "crop_lungs in crop and not in whole"),
        (["fusion.augmentation.noise=0.1"], "no augmentation but flips"),
        (["fusion.crop_lungs=true"], "crop or batch statistics of its own"),
        (["flip_probability=2"], r"flip_probability in \[0, 1\]"),
        (["assessment.softened=true"], "not softened"),
    ],
)
def test_a_fusion_that_cannot_be_is_refused(pairs, said):
    with pytest.raises(UsageError, match=said):
        with_settings(PAPER, pairs=pairs)


def test_a_fusion_ends_a_recipe_of_its_own_two_stages():
    whole, crop, fusion = PAPER.stages
    with pytest.raises(UsageError, match="to start from an earlier stage"):
        replace(PAPER, stages=(whole, fusion))
    with pytest.raises(UsageError, match="as the last stage"):
        replace(PAPER, stages=(whole, crop, fusion, replace(whole, name="more")))
    with pytest.raises(UsageError, match="one list of labels"):
        replace(PAPER, stages=(whole, crop, replace(fusion, labels=LABELS[:3])))
    with pytest.raises(UsageError, match="sdfn has no stage 'none'"):
        PAPER.stage("none")


@pytest.mark.slow
def test_the_pair_of_densenets_runs_to_its_bundle(tmp_path):
    data, lungs = (
        fabricate_chest_table(tmp_path / "data", patients=60, seed=3),
        write_lung_bundle(tmp_path / "toy-lungs"),
    )
    words = ["train", "sdfn", "--smoke", "--data", f"table={data}", "--weights", "random", "--lungs", str(lungs.folder)]
    words += ["--set", "releases=table", "--set", "labels=Effusion,Nodule", "--cache", str(tmp_path / "cache")]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.stderr
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert bundle.card.architecture == "fusion of two densenet121"
    graph = onnx.load_model_from_string(bundle.read("model.onnx"))
    maps = {output.name: [d.dim_value for d in output.type.tensor_type.shape.dim[1:]] for output in graph.graph.output}
    assert maps["whole_maps"] == maps["crop_maps"] == [2, 2, 2]
    weights = load_weights(tmp_path / "run" / "fusion" / "weights.safetensors")[0]
    assert weights["head.weight"].shape == (2, 1024 + 1024)
