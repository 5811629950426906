from dataclasses import replace

import pytest
import torch

from fabricate_recipe import LABELS, fabricate_labelled_table, tiny_recipe, tiny_stage
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError
from hilum.networks.starting_weights import WeightsFile
from hilum.training.data.make_split import make_splits
from hilum.training.loop.checkpoints import load_weights
from hilum.training.loop.stages import check_starts, new_network, run_stages
from hilum.training.loop.task_module import TaskModule
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.optimizers import RAdam, Sgd
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import FromStage
from hilum.training.recipe.samplers import ClassBalanced, PatientBalanced
from hilum.training.recipe.schedules import Cosine, KerasDecay, Plateau, Triangular
from hilum.training.records.run_place import RunPlace

PLATEAU = Plateau(monitor="validation/loss", factor=0.5, patience=0)


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("table")))


def run(recipe, records, folder):
    return run_stages(recipe, splits=make_splits(recipe, records=records), place=RunPlace(folder=folder))


def stop_once(monkeypatch, *, epoch):
    """The next training is stopped in the second step of `epoch`."""
    step, left = TaskModule.training_step, [epoch]

    def watched(module, batch, batch_idx):
        if batch_idx == 1 and module.current_epoch in left:
            left.clear()
            raise StoppedError
        return step(module, batch, batch_idx)

    monkeypatch.setattr(TaskModule, "training_step", watched)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ema_decay": None, "schedule": PLATEAU, "selection": Selection(part="validation", keep="best")},
        {"schedule": Cosine(), "optimizer": RAdam(learning_rate=1e-3), "accumulate": 2, "clip_norm": 1.0},
        {
            "schedule": Triangular(half_cycle_epochs=1),
            "optimizer": Sgd(learning_rate=1e-2),
            "sampler": PatientBalanced(images_per_epoch=24),
        },
        {"schedule": KerasDecay(decay=0.1, plateau=PLATEAU), "sampler": ClassBalanced(images_per_epoch=24)},
        {"freezing": StagedRelease(head_epochs=1)},
    ],
    ids=["one cycle, averaged", "plateau, best", "cosine, accumulated", "triangular", "keras decay", "released"],
)
def test_a_stopped_stage_goes_on_to_the_very_weights_of_an_unbroken_one(records, tmp_path, monkeypatch, changes):
    recipe = tiny_recipe(epochs=4, **changes)
    unbroken = run(recipe, records, tmp_path / "unbroken").network.state_dict()
    stop_once(monkeypatch, epoch=2)
    with pytest.raises(StoppedError):
        run(recipe, records, tmp_path / "broken")
    resumed = run(recipe, records, tmp_path / "broken").network.state_dict()
    assert unbroken.keys() == resumed.keys()
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)
    curves = [(tmp_path / name / "train" / "log" / "metrics.csv").read_text() for name in ("unbroken", "broken")]
    assert curves[0] == curves[1]


@pytest.mark.slow
def test_a_stage_that_stopped_early_is_not_trained_further_after_a_kill(records, tmp_path):
    patient = Selection(part="validation", keep="best", patience=1)
    recipe = tiny_recipe(epochs=9, optimizer=Sgd(learning_rate=1e-9), ema_decay=None, selection=patient)
    first = run(recipe, records, tmp_path)
    rows = (tmp_path / "train" / "log" / "metrics.csv").read_text().splitlines()
    assert 2 < len(rows) < 10, "it stopped early"
    (tmp_path / "train" / "weights.safetensors").unlink()  # as a kill between the last epoch and this file leaves it
    again = run(recipe, records, tmp_path)
    assert (tmp_path / "train" / "log" / "metrics.csv").read_text().splitlines() == rows
    assert torch.equal(first.network.weight, again.network.weight)


@pytest.mark.slow
def test_the_kept_weights_are_those_of_the_best_epoch(records, tmp_path):
    best = Selection(part="validation", keep="best", monitor="mean_auroc")
    # a learning rate so large that later epochs are worse than an earlier one
    recipe = tiny_recipe(epochs=4, optimizer=Sgd(learning_rate=0.05), selection=best)
    run(recipe, records, tmp_path)
    header, *rows = (line.split(",") for line in (tmp_path / "train" / "log" / "metrics.csv").read_text().splitlines())
    values = [float(row[header.index("validation/mean_auroc")]) for row in rows]
    kept = int(load_weights(tmp_path / "train" / "weights.safetensors")[1]["epoch"])
    assert kept == values.index(max(values))


@pytest.mark.slow
def test_a_stage_starts_from_the_one_before_and_takes_its_head_where_labels_are_the_same(records, tmp_path):
    frozen = {"optimizer": Sgd(learning_rate=0.0, momentum=0.0), "ema_decay": None, "epochs": 1}
    first = tiny_stage(name="adult")
    same = tiny_stage(name="same", start=FromStage(stage="adult"), **frozen)
    recipe = replace(tiny_recipe(), stages=(first, same))
    before = run(replace(recipe, stages=(first,)), records, tmp_path).network
    after = run(recipe, records, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(before.parameters(), after.network.parameters(), strict=True))
    assert after.started_from == "the stage adult, with its linear layer; which started from random"

    one = tiny_stage(name="one", start=FromStage(stage="adult"), labels=LABELS[:1], **frozen)
    single = replace(tiny_recipe(), stages=(first, one))
    splits = make_splits(recipe, records=records)
    fitted = run_stages(
        single, splits={"adult": splits["adult"], "one": splits["adult"]}, place=RunPlace(folder=tmp_path)
    )
    assert fitted.network.weight.shape[0] == 1
    assert torch.equal(fitted.network.weight, new_network(single, stage=one).weight), "the head starts anew"
    body = fitted.network.backbone.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before.backbone.parameters(), body, strict=True))


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_training_with_one_line(records, tmp_path):
    recipe = tiny_recipe(optimizer=Sgd(learning_rate=1e30), ema_decay=None, epochs=2)
    with pytest.raises(DataError, match=r"Training diverged in epoch \d of train: "):
        run(recipe, records, tmp_path)
    assert not (tmp_path / "train" / "weights.safetensors").exists()


def test_missing_starting_weights_are_found_before_anything_is_decoded(tmp_path):
    with pytest.raises(DataError, match=r"none\.safetensors"):
        check_starts(tiny_recipe(start=WeightsFile(tmp_path / "none.safetensors")), folder=tmp_path)


@pytest.mark.slow
def test_the_generators_of_the_caller_are_left_alone(records, tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(tiny_recipe(epochs=1), records, tmp_path)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()
