from dataclasses import replace

import pytest
import torch

from fabricate_chest_table import fabricate_chest_table
from hilum.bundle.two_looks_spec import about_patient
from hilum.datasets.own.own_table import read_own_table
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.attention.fit import WithAbout, about_of, fit_two_looks, new_network
from hilum.systems.attention.recipe import attention, smoke
from hilum.training.data.make_split import make_splits
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.machine import THIS_MACHINE
from hilum.training.recipe.recipe import SplitSpec
from hilum.training.recipe.samplers import SharpnessBalanced
from hilum.training.records.run_place import RunPlace


@pytest.fixture
def recipe():
    """The paper's, tiny: SqueezeNet twice, an epoch of heads alone, and one that releases the last block of both."""
    whole = smoke(attention(RandomWeights()))
    stage = replace(
        whole.last,
        releases=("table",),
        labels=("Effusion", "Nodule"),
        split=SplitSpec(shares={"train": 0.7, "validation": 0.3}),
        freezing=StagedRelease(head_epochs=1, learning_rate_factor=0.2),
        epochs=2,
    )
    return replace(whole, backbone="squeezenet1_1", crop_backbone="squeezenet1_1", stages=(stage,), precision="32-true")


def test_blocks_of_both_networks_are_released_together_after_the_heads(recipe, tmp_path):
    records = read_own_table(fabricate_chest_table(tmp_path / "data", patients=20))
    split = make_splits(recipe, records=records)[recipe.last.name]
    place = RunPlace(folder=tmp_path / "run", machine=THIS_MACHINE)
    before = new_network(recipe).state_dict()
    fitted = fit_two_looks(recipe, split=split, place=place)
    assert fitted.started_from == "random"
    after = fitted.network.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert {"whole.head.weight", "crop.head.weight", "fusion.head.weight"} <= changed
    for branch in ("whole", "crop"):
        assert f"{branch}.backbone.0.weight" not in changed  # frozen: two epochs release no more than the last block
    curves = (tmp_path / "run" / "train" / "log" / "metrics.csv").read_text(encoding="utf-8")
    assert "validation/whole_loss" in curves
    again = fit_two_looks(recipe, split=split, place=place).network.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in again.items())


def test_both_looks_draw_by_sharpness_and_end_with_population_statistics_as_every_stage_may(recipe, tmp_path):
    records = read_own_table(fabricate_chest_table(tmp_path / "data", patients=20))
    stage = replace(recipe.last, sampler=SharpnessBalanced(bins=2), freezing=None, epochs=1)
    mobile = {"backbone": "mobilenet_v2", "crop_backbone": "mobilenet_v2"}  # with batch norm
    states = {}
    for statistics in (None, "population"):
        own = replace(recipe, stages=(replace(stage, batch_statistics=statistics),), **mobile)
        place = RunPlace(folder=tmp_path / str(statistics), machine=THIS_MACHINE)
        split = make_splits(own, records=records)[stage.name]
        states[statistics] = fit_two_looks(own, split=split, place=place).network.state_dict()
    different = {name for name, tensor in states[None].items() if not torch.equal(tensor, states["population"][name])}
    assert any(name.startswith("whole.") for name in different)
    assert any(name.startswith("crop.") for name in different)
    assert all(name.rpartition(".")[2].startswith(("running_", "num_batches")) for name in different)


def test_what_is_known_stands_beside_the_labels(tmp_path):
    records = [
        replace(record, age_years=75.0, sex="F", view="AP") if index == 0 else record
        for index, record in enumerate(read_own_table(fabricate_chest_table(tmp_path, patients=5)))
    ]
    assert about_of(records)[0].tolist() == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert about_of(records)[1].tolist() == list(about_patient(age_years=None, sex="unknown", view="unknown"))
    items = [(torch.zeros(1, 4, 4), torch.tensor([1.0, float("nan")]))] * len(records)
    beside = WithAbout(items, records=records)
    assert torch.equal(beside[0][1][2:], about_of(records)[0])
    drawn = WithAbout({(0, 7): items[0]}, records=records)
    assert torch.equal(drawn[0, 7][1][2:], about_of(records)[0])


@pytest.mark.parametrize(
    ("sex", "view", "expected"),
    [("O", "LL", [0, 0, 1, 0, 0, 1]), ("M", "PA", [0, 1, 0, 1, 0, 0]), ("unknown", "AP", [0, 0, 1, 0, 1, 0])],
)
def test_another_sex_and_a_lateral_view_are_told_as_unknown(sex, view, expected):
    assert list(about_patient(age_years=25.0, sex=sex, view=view)) == [-1.0, 0.0, *expected]
