import hashlib
import math

import pytest
import torch

from hilum.errors import DataError
from hilum.training.loop.checkpoints import (
    EpochCheckpoints,
    WholeCheckpointIO,
    has_ended,
    load_checkpoint,
    load_weights,
    network_state,
    save_weights,
)
from hilum.whole_files import STRAY_PREFIX

STATE = {"a": torch.arange(3.0), "b": torch.ones(2, 2)}


def test_a_checkpoint_comes_back_and_leaves_nothing_beside_it(tmp_path):
    WholeCheckpointIO().save_checkpoint({"epoch": 1, "state_dict": STATE}, tmp_path / "run" / "last.ckpt")
    loaded = load_checkpoint(tmp_path / "run" / "last.ckpt")
    assert loaded["epoch"] == 1
    assert torch.equal(loaded["state_dict"]["a"], STATE["a"])
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["last.ckpt"]


def test_a_write_that_fails_leaves_the_checkpoint_before_it(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint({"epoch": 1}, path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()

    def broken(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("hilum.whole_files.os.fsync", broken)
    with pytest.raises(KeyboardInterrupt):
        WholeCheckpointIO().save_checkpoint({"epoch": 2}, path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert not list(tmp_path.glob(f"{STRAY_PREFIX}*"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no checkpoint"])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, content):
    (tmp_path / "last.ckpt").write_bytes(content)
    with pytest.raises(DataError, match=r"last\.ckpt is not a checkpoint of this version of hilum"):
        load_checkpoint(tmp_path / "last.ckpt")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    torch.save({"epoch": 0, "code": print}, tmp_path / "last.ckpt")
    with pytest.raises(DataError):
        load_checkpoint(tmp_path / "last.ckpt")


def test_a_run_has_ended_after_its_epochs_or_when_it_stopped_early():
    assert not has_ended({"epoch": 1, "callbacks": {}}, epochs=3)
    assert has_ended({"epoch": 2, "callbacks": {}}, epochs=3)
    waiting = {"EarlyStopping{'monitor': 'x'}": {"stopped_epoch": 0, "wait_count": 1}}
    assert not has_ended({"epoch": 1, "callbacks": waiting}, epochs=9)
    stopped = {"EarlyStopping{'monitor': 'x'}": {"stopped_epoch": 4}}
    assert has_ended({"epoch": 4, "callbacks": stopped}, epochs=9)


def test_only_the_network_is_taken_out_of_a_checkpoint():
    state = network_state({"state_dict": {"network.head.bias": 1, "loss.weight": 2, "network.backbone.0": 3}})
    assert state == {"head.bias": 1, "backbone.0": 3}


def test_equal_weights_are_equal_files(tmp_path):
    about = {"stage": "train", "epoch": "2", "started_from": "random"}
    for name in ("one", "two"):
        save_weights(tmp_path / name, state=STATE, about=about)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    state, said = load_weights(tmp_path / "one")
    assert said == about
    assert all(torch.equal(state[name], STATE[name]) for name in STATE)


def test_weights_that_are_none_are_named(tmp_path):
    (tmp_path / "w").write_bytes(b"none")
    with pytest.raises(DataError, match="does not hold the weights of a finished stage"):
        load_weights(tmp_path / "w")


class Writer:
    """As much of a trainer as the callback talks to."""

    def __init__(self, value):
        self.callback_metrics, self.written = {"v": torch.tensor(value)}, []

    def save_checkpoint(self, path, *, weights_only):
        self.written.append(path.name)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_first_value_that_is_no_number_gives_way_to_any_number(tmp_path, mode):
    callback = EpochCheckpoints(tmp_path, monitor="v", mode=mode)
    best = []
    for value in (math.nan, math.nan, 0.5, math.nan):
        trainer = Writer(value)
        callback.on_train_epoch_end(trainer, None)
        best.append("best.ckpt" in trainer.written)
    assert best == [True, False, True, False]


def test_the_best_is_written_before_the_last_and_only_when_it_is_better(tmp_path):
    callback = EpochCheckpoints(tmp_path, monitor="v", mode="max")
    written = []
    for value in (0.5, 0.4, 0.6, 0.6):
        trainer = Writer(value)
        callback.on_train_epoch_end(trainer, None)
        written.append(trainer.written)
    both = ["best.ckpt", "last.ckpt"]
    assert written == [both, ["last.ckpt"], both, ["last.ckpt"]]
    again = EpochCheckpoints(tmp_path, monitor="v", mode="max")
    again.load_state_dict(callback.state_dict())
    assert again.best == pytest.approx(0.6)
