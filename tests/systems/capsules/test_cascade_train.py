"""The cascade on fabricated chests, stage by stage, to the bundle that reads."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from fabricate_chest_table import LABELS, fabricate_chest_table
from hilum.bundle.load import Bundle
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.systems.capsules.cascade_recipe import CascadeRecipe, capsules_cascade, smoke
from hilum.systems.capsules.cascade_train import train_cascade_on
from hilum.training.loop.checkpoints import load_weights
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.recipe import SplitSpec
from hilum.training.records.request import TrainRequest


@dataclass(frozen=True)
class Trained:
    recipe: CascadeRecipe
    bundle: Bundle
    run: Path
    image: Path


def on_the_table() -> CascadeRecipe:
    """The paper's made small, for a table's two labels; both epochs of the cascade train its heads alone."""
    small = smoke(replace(capsules_cascade(RandomWeights()), backbone="squeezenet1_1"))
    split = SplitSpec(shares={"train": 0.7, "validation": 0.3})
    base, alone, whole = (replace(one, releases=("table",), labels=LABELS, split=split) for one in small.stages)
    whole = replace(whole, freezing=StagedRelease(head_epochs=2))
    return replace(small, stages=(base, alone, whole), mask="each label", heatmap="none")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("cascade")
    data = fabricate_chest_table(folder / "data", patients=24)
    recipe = on_the_table()
    asked = TrainRequest(name="capsules-cascade", data=(("table", data),), out=folder / "run", weights="random")
    bundle = train_cascade_on(recipe, request=asked)
    assert bundle is not None
    assert train_cascade_on(recipe, request=asked) is not None  # what has ended is taken as it is
    return Trained(recipe, bundle, folder / "run", next(data.glob("*.png")))


@pytest.mark.slow
def test_the_cascade_goes_on_from_both_and_keeps_the_base_s_blocks(trained: Trained) -> None:
    base, alone, whole = (
        load_weights(trained.run / name / "weights.safetensors")[0] for name in ("base", "capsules", "cascade")
    )
    backbone = [name for name in base if name.startswith("backbone.")]
    assert all(torch.equal(whole[f"base.{name}"], base[name]) for name in backbone)
    assert not torch.equal(whole["base.head.weight"], base["head.weight"])
    assert not torch.equal(whole["capsules.pairs"], alone["network.pairs"])
    assert not any(name.startswith("painter") for name in whole)


@pytest.mark.slow
def test_the_bundle_reads_and_tells_where_both_came_from(trained: Trained) -> None:
    card = trained.bundle.card
    assert (card.kind, card.heatmap.method) == ("classifier", "none")
    assert card.architecture == "squeezenet1_1, and capsules on its mask"
    assert card.training.starting_weights == (
        "the stages base and capsules; base started from random, capsules from random"
    )
    assert card.preprocess.output_size == (64, 64)
    reading = Reader(models=[trained.bundle], settings=ReaderSettings(heatmaps="all")).examine(trained.image)
    assert [finding.name for finding in reading.reading.findings] == list(LABELS)
    assert reading.heatmaps == ()
