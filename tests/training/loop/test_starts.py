from dataclasses import replace

import pytest
import safetensors.torch
import torch

from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError, UsageError
from hilum.networks.fetch import sha256_of
from hilum.networks.starting_weights import WeightsFile
from hilum.training.data.make_split import make_splits
from hilum.training.loop.checkpoints import save_weights
from hilum.training.loop.stages import check_starts, new_network, run_stages
from hilum.training.loop.starts import started_before
from hilum.training.loop.task_module import TaskModule
from hilum.training.records.run_place import RunPlace


class StoppedError(Exception):
    pass


def write_weights(path, *, seed):
    recipe = replace(tiny_recipe(), seed=seed)
    safetensors.torch.save_file(new_network(recipe, stage=recipe.last).state_dict(), path)
    return path


def kept(folder, *, said):
    save_weights(folder / "weights.safetensors", state={"a": torch.zeros(1)}, about={"started_from": said})
    return folder


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A training that was stopped in its second epoch, and the file that it started from."""
    path = write_weights(tmp_path / "start.safetensors", seed=1)
    recipe = tiny_recipe(start=WeightsFile(path), epochs=2, ema_decay=None)
    splits = make_splits(recipe, records=read_own_table(fabricate_labelled_table(tmp_path / "table")))
    step = TaskModule.training_step

    def watched(module, batch, batch_idx):
        if module.current_epoch == 1:
            raise StoppedError
        return step(module, batch, batch_idx)

    with monkeypatch.context() as patched:
        patched.setattr(TaskModule, "training_step", watched)
        with pytest.raises(StoppedError):
            run_stages(recipe, splits=splits, place=RunPlace(folder=tmp_path / "run"))
    return recipe, splits, path


@pytest.mark.slow
def test_a_stopped_training_goes_on_without_its_file_and_tells_what_it_started_from(stopped, tmp_path):
    recipe, splits, path = stopped
    sha256 = sha256_of(path)
    path.unlink()
    check_starts(recipe, folder=tmp_path / "run")
    fitted = run_stages(recipe, splits=splits, place=RunPlace(folder=tmp_path / "run"))
    assert fitted.started_from == f"squeezenet1_1: start.safetensors (sha256 {sha256})"


@pytest.mark.slow
def test_a_stopped_training_does_not_go_on_with_another_file_of_the_same_name(stopped, tmp_path):
    recipe, splits, path = stopped
    check_starts(recipe, folder=tmp_path / "run")
    write_weights(path, seed=2)
    with pytest.raises(UsageError, match="Give those that it started from, or name another --out"):
        check_starts(recipe, folder=tmp_path / "run")
    with pytest.raises(UsageError, match=r"started from squeezenet1_1: start\.safetensors \(sha256 "):
        run_stages(recipe, splits=splits, place=RunPlace(folder=tmp_path / "run"))


def test_a_training_that_has_ended_has_its_line_and_refuses_another_file(tmp_path):
    path = write_weights(tmp_path / "start.safetensors", seed=1)
    said = f"squeezenet1_1: start.safetensors (sha256 {sha256_of(path)})"
    folder = kept(tmp_path / "run", said=said)
    assert started_before(folder, weights=WeightsFile(path)) == said
    assert started_before(folder, weights=WeightsFile(tmp_path / "gone.safetensors")) == said
    with pytest.raises(UsageError, match="holds a training that started from"):
        started_before(folder, weights=WeightsFile(write_weights(tmp_path / "other.safetensors", seed=2)))


def test_a_stage_that_began_where_several_runs_share_it_needs_its_file_no_more(tmp_path):
    path = write_weights(tmp_path / "start.safetensors", seed=1)
    recipe = tiny_recipe(start=WeightsFile(path))
    run, shared = tmp_path / "fold-0", {recipe.last.name: tmp_path / "before"}
    said = f"squeezenet1_1: start.safetensors (sha256 {sha256_of(path)})"
    kept(tmp_path / "before" / recipe.last.name, said=said)
    check_starts(recipe, folder=run, shared=shared)
    write_weights(path, seed=2)
    with pytest.raises(UsageError, match=r"before.* holds a training that started from"):
        check_starts(recipe, folder=run, shared=shared)
    path.unlink()
    check_starts(recipe, folder=run, shared=shared)
    with pytest.raises(DataError, match=r"start\.safetensors"):
        check_starts(recipe, folder=run)
    (tmp_path / "before").rename(run)
    check_starts(recipe, folder=run, shared=shared)


def test_what_has_not_begun_or_says_nothing_has_no_line(tmp_path):
    assert started_before(tmp_path, weights=WeightsFile(tmp_path / "any.safetensors")) is None
    torch.save({"epoch": 1}, tmp_path / "last.ckpt")  # as an earlier hilum wrote it
    assert started_before(tmp_path, weights=WeightsFile(tmp_path / "any.safetensors")) is None
