import csv

import pytest
import torch

from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError, UsageError
from hilum.training.data.make_split import make_splits
from hilum.training.loop.checkpoints import BEST_CHECKPOINT, LAST_CHECKPOINT, load_checkpoint, load_weights
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.stages import run_stages
from hilum.training.loop.task_module import TaskModule
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.records.run_place import RunPlace

UPDATES = 3
"""Updates an epoch: some 27 training pictures in batches of 8."""


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("table")))


def run(recipe, records, folder):
    return run_stages(recipe, splits=make_splits(recipe, records=records), place=RunPlace(folder=folder))


def rows_of(folder, name="validations.csv"):
    with (folder / "train" / "log" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def stop_once(monkeypatch, *, epoch, batch):
    """The next training is stopped before the step `batch` of `epoch`."""
    step, left = TaskModule.training_step, [epoch]

    def watched(module, given, batch_idx):
        if batch_idx == batch and module.current_epoch in left:
            left.clear()
            raise StoppedError
        return step(module, given, batch_idx)

    monkeypatch.setattr(TaskModule, "training_step", watched)


@pytest.mark.slow
def test_it_validates_by_updates_over_the_whole_training_and_keeps_a_row_of_each(records, tmp_path):
    run(tiny_recipe(epochs=3, validate_every=2), records, tmp_path)
    rows = rows_of(tmp_path)
    assert [int(float(row["update"])) for row in rows] == [2, 4, 6, 8]
    assert [int(row["epoch"]) for row in rows] == [(update - 1) // UPDATES for update in (2, 4, 6, 8)]
    epochs = rows_of(tmp_path, "metrics.csv")
    assert [row["validation/loss"] for row in epochs] == [rows[i]["validation/loss"] for i in (0, 2, 3)], "the last one"


@pytest.mark.slow
def test_the_training_loss_of_a_row_is_that_of_the_batches_since_the_row_before(records, tmp_path, monkeypatch):
    found, step = [], TaskModule.training_step

    def watched(module, batch, batch_idx):
        loss = step(module, batch, batch_idx)
        found.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(TaskModule, "training_step", watched)
    run(tiny_recipe(epochs=2, validate_every=3), records, tmp_path)
    means = [sum(found[i : i + 3]) / 3 for i in (0, 3)]
    assert [float(row["train/loss"]) for row in rows_of(tmp_path)] == pytest.approx(means, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [0, 1, 2])
def test_a_stopped_training_goes_on_to_the_very_weights_and_rows_of_an_unbroken_one(
    records, tmp_path, monkeypatch, batch
):
    best = Selection(part="validation", keep="best")
    recipe = tiny_recipe(epochs=3, validate_every=2, selection=best)
    unbroken = run(recipe, records, tmp_path / "unbroken").network.state_dict()
    stop_once(monkeypatch, epoch=1, batch=batch)
    with pytest.raises(StoppedError):
        run(recipe, records, tmp_path / "broken")
    resumed = run(recipe, records, tmp_path / "broken").network.state_dict()
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)
    for name in ("validations.csv", "metrics.csv"):
        logs = [(tmp_path / run / "train" / "log" / name).read_bytes() for run in ("unbroken", "broken")]
        assert logs[0] == logs[1]


@pytest.mark.slow
def test_it_stops_after_so_many_validations_without_a_better_one_and_is_not_trained_further(records, tmp_path):
    patient = Selection(part="validation", patience=2)
    still = Sgd(learning_rate=0.0, momentum=0.0)
    recipe = tiny_recipe(epochs=9, validate_every=1, optimizer=still, ema_decay=None, selection=patient)
    run(recipe, records, tmp_path)
    rows = rows_of(tmp_path)
    losses = [float(row["validation/loss"]) for row in rows]
    assert len(set(losses)) == 1, "SqueezeNet has no statistics to learn, so a rate of 0 changes nothing"
    assert len(rows) == 3, "a first one, and two that are no better"
    assert int(load_checkpoint(tmp_path / "train" / LAST_CHECKPOINT)["epoch"]) == 0
    (tmp_path / "train" / "weights.safetensors").unlink()  # as a kill between the last epoch and this file leaves it
    run(recipe, records, tmp_path)
    assert rows_of(tmp_path) == rows


@pytest.mark.slow
def test_the_kept_weights_are_those_of_the_best_validation(records, tmp_path):
    best = Selection(part="validation", keep="best")
    recipe = tiny_recipe(epochs=3, validate_every=1, optimizer=Sgd(learning_rate=0.02), ema_decay=None, selection=best)
    network = run(recipe, records, tmp_path).network
    losses = [float(row["validation/loss"]) for row in rows_of(tmp_path)]
    kept = load_checkpoint(tmp_path / "train" / BEST_CHECKPOINT)
    assert int(kept["global_step"]) == losses.index(min(losses)) + 1
    assert torch.equal(network.head.weight, kept["state_dict"]["network.head.weight"])
    about = load_weights(tmp_path / "train" / "weights.safetensors")[1]
    assert int(about["epoch"]) == losses.index(min(losses)) // UPDATES


def test_a_validation_that_an_epoch_would_not_reach_is_refused(records, tmp_path):
    with pytest.raises(DataError, match="validates every 4 updates, and an epoch has 3"):
        run(tiny_recipe(validate_every=4), records, tmp_path)
    with pytest.raises(UsageError, match="a validate_every of at least 1 update"):
        tiny_recipe(validate_every=0)
    with pytest.raises(UsageError, match="no accumulated batches with a validate_every"):
        tiny_recipe(validate_every=1, accumulate=2)


def test_a_smoke_run_validates_within_its_few_updates():
    assert smoke_recipe(tiny_recipe(validate_every=10)).last.validate_every == 2
    assert smoke_recipe(tiny_recipe()).last.validate_every is None


def test_a_network_of_one_label_has_an_accuracy_too():
    loss = fit_loss(BinaryCrossEntropy(), targets=[[0.0], [1.0]], labels=("Pneumonia",))
    task = ClassifierTask(torch.nn.Identity(), labels=("Pneumonia",), loss=loss)
    logits, targets = torch.tensor([[2.0], [-1.0], [0.5], [-3.0]]), torch.tensor([[1.0], [1.0], [0.0], [0.0]])
    assert task.figures({"logits": logits, "targets": targets})["accuracy"] == 0.5
    unknown = torch.tensor([[1.0], [float("nan")], [0.0], [0.0]])
    assert task.figures({"logits": logits, "targets": unknown})["accuracy"] == pytest.approx(2 / 3)
    two = ClassifierTask(torch.nn.Identity(), labels=("A", "B"), loss=loss)
    assert "accuracy" not in two.figures({"logits": logits.expand(-1, 2), "targets": targets.expand(-1, 2)})
