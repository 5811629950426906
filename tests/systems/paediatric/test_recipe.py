from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_children import fabricate_children
from fabricate_releases import fabricate_chexpert_to_train
from hilum.datasets.read_releases import read_releases
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.paediatric.recipe import LOSSES, after_adults, children_alone, paediatric_db
from hilum.systems.table import training_of
from hilum.training.data.make_split import make_splits
from hilum.training.recipe import BinaryCrossEntropy, DistributionBalanced, Focal, FromStage, Sgd, Triangular
from hilum.training.records.request import TrainRequest

RECIPE = paediatric_db(RandomWeights())


def test_it_is_what_the_paper_says() -> None:
    adult, children = RECIPE.stages
    assert (adult.releases, children.releases) == (("chexpert",), ("vindr_pcxr",))
    assert children.start == FromStage(stage=adult.name)
    assert children.labels == TEN_LABELS
    assert [type(step).__name__ for step in RECIPE.preprocess.steps] == ["Equalise", "Resize"]
    assert RECIPE.preprocess.output_size == (512, 512)
    assert (children.epochs, children.batch_size) == (80, 32)
    assert children.optimizer == Sgd(learning_rate=1e-3, momentum=0.9)
    assert isinstance(children.schedule, Triangular)
    assert children.loss == DistributionBalanced(alone="No Finding")
    assert list(LOSSES.values()) == [
        BinaryCrossEntropy(),
        BinaryCrossEntropy(weighting="chexnet"),
        Focal(gamma=2.0, alpha=0.25),
        DistributionBalanced(),
        DistributionBalanced(alone="No Finding"),
    ]


def test_the_other_networks_and_smaller_batches_are_settings(tmp_path: Path) -> None:
    pairs = ("backbone=densenet169", "children.batch_size=8", "children.accumulate=4", "chexpert.uncertain=ignore")
    asked = TrainRequest(name="paediatric-db", data=(), out=tmp_path, weights="random", settings=pairs)
    recipe = training_of("paediatric-db").recipe(asked)
    assert recipe.backbone == "densenet169"
    assert (recipe.last.batch_size, recipe.last.accumulate) == (8, 4)
    assert recipe.chexpert is not None
    assert recipe.chexpert.in_words == "uncertain labels of CheXpert: ignore, not mentioned: zeros"


def test_what_adults_reports_do_not_say_is_settled_and_named(tmp_path: Path) -> None:
    """No Finding, which the release never writes as 0, has negatives."""
    fabricate_children(tmp_path / "children")
    fabricate_chexpert_to_train(tmp_path / "adults")
    records = read_releases(
        [("chexpert", tmp_path / "adults"), ("vindr_pcxr", tmp_path / "children")], chexpert=RECIPE.chexpert
    ).records
    splits = make_splits(RECIPE, records=records)
    assert "uncertain labels of CheXpert: 0.7, not mentioned: zeros" in splits["adult"].protocol
    adults = splits["adult"].parts["train"]
    assert {record.source for record in adults} == {"chexpert"}
    assert {record.labels["No Finding"] for record in adults} == {0.0, 1.0}
    assert {record.labels["Edema"] for record in adults} == {0.0, 0.7, 1.0}
    assert {record.source for part in splits["children"].parts.values() for record in part} == {"vindr_pcxr"}
    assert {record.official for record in splits["children"].parts["test"]} == {"test"}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_children_alone_start_from_the_weights_that_are_given(loss) -> None:
    recipe = children_alone(RandomWeights(), loss=loss)
    assert recipe.releases == ("vindr_pcxr",)
    assert recipe.last.start == RandomWeights()
    assert recipe.last.loss == loss
    assert recipe.chexpert is None


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_after_adults_the_childrens_loss_alone_is_another(loss) -> None:
    recipe = after_adults(RandomWeights(), loss=loss)
    adult, children = recipe.stages
    assert adult == RECIPE.stages[0]
    assert children == replace(RECIPE.last, loss=loss)
    assert recipe.chexpert == RECIPE.chexpert
