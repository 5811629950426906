"""The paper's three networks as one model: the recipe, and a smoke run of small networks that reads a child."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_children import fabricate_children
from fabricate_releases import fabricate_chexpert_to_train
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.reader import Reader
from hilum.systems.paediatric.ensemble import paediatric_ensemble
from hilum.systems.paediatric.recipe import paediatric_db
from hilum.systems.table import training_of
from hilum.training.ensemble import train_ensemble
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.smoke import smoke_ensemble
from hilum.training.records.request import TrainRequest


def test_members_are_the_papers_three_networks_by_both_stages() -> None:
    recipe = paediatric_ensemble(RandomWeights())
    assert [one.name for one in recipe.members] == ["densenet121", "densenet169", "resnet101"]
    for member in recipe.members:
        assert replace(member, name="paediatric-db") == paediatric_db(RandomWeights(), backbone=member.name)


def test_a_setting_changes_all_networks_or_one(tmp_path: Path) -> None:
    pairs = ("children.batch_size=8", "resnet101.children.accumulate=4", "chexpert.uncertain=ignore")
    asked = TrainRequest(name="paediatric-ensemble", data=(), out=tmp_path, weights="random", settings=pairs)
    recipe = training_of("paediatric-ensemble").recipe(asked)
    assert isinstance(recipe, EnsembleRecipe)
    assert [one.last.batch_size for one in recipe.members] == [8, 8, 8]
    assert [one.last.accumulate for one in recipe.members] == [1, 1, 4]
    assert recipe.chexpert is not None
    assert recipe.chexpert.in_words == "uncertain labels of CheXpert: ignore, not mentioned: zeros"


@pytest.mark.slow
def test_a_smoke_run_ends_in_one_model_that_reads_a_child(tmp_path: Path) -> None:
    """Of two small networks; the paper's three differ in nothing but their names."""
    fabricate_children(tmp_path / "children")
    fabricate_chexpert_to_train(tmp_path / "adults")
    data = (("vindr_pcxr", tmp_path / "children"), ("chexpert", tmp_path / "adults"))
    out = tmp_path / "out"
    asked = TrainRequest(name="paediatric-ensemble", data=data, out=out, weights="random", smoke=True)
    recipe = smoke_ensemble(paediatric_ensemble(asked.start, networks=("squeezenet1_1", "mobilenet_v2")))
    bundle = train_ensemble(recipe, request=asked)
    assert bundle is not None
    assert (bundle.card.name, bundle.card.kind) == ("paediatric-ensemble", "ensemble")
    assert bundle.card.title.endswith("(VinDr-PCXR), mean of several networks")
    assert [label.name for label in bundle.card.labels] == list(TEN_LABELS)
    assert (out / "members" / "mobilenet_v2" / "adult" / "weights.safetensors").is_file()
    assert (out / "members" / "mobilenet_v2" / "children" / "weights.safetensors").is_file()
    reading = Reader(models=[bundle]).read(tmp_path / "children" / "test" / "test0000.dicom")
    assert {finding.name for finding in reading.findings} == set(TEN_LABELS)
    for finding in reading.findings:
        assert [member.name for member in finding.members] == ["squeezenet1_1", "mobilenet_v2"]
