import argparse
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hilum.errors import DataError
from hilum.networks.weight_files import TORCH_ENDINGS, read_weights

STATE = {"b.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


@pytest.mark.parametrize("ending", [*TORCH_ENDINGS, ".safetensors"])
def test_the_tensors_come_by_name(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{ending}"
    if ending == ".safetensors":
        save_file(STATE, path)
    else:
        torch.save(STATE, path)
    found = read_weights(path)
    assert set(found) == set(STATE)
    assert all(torch.equal(found[name], tensor) for name, tensor in STATE.items())


@pytest.mark.parametrize("name", ["model", "state_dict", "teacher"])
def test_a_checkpoints_weights_are_found_beside_its_settings(name: str, tmp_path: Path) -> None:
    wrapped = {f"module.{key}": tensor for key, tensor in STATE.items()}
    settings = {"args": argparse.Namespace(lr=0.1), "epoch": 3, "loss": np.float64(0.5), "optimizer": {"state": {}}}
    torch.save({**settings, name: wrapped}, tmp_path / "checkpoint.pth")
    assert list(read_weights(tmp_path / "checkpoint.pth")) == list(STATE)


def test_the_average_is_taken_and_not_what_it_averages(tmp_path: Path) -> None:
    student = {name: tensor + 1 for name, tensor in STATE.items()}
    torch.save({"state_dict": student, "teacher": STATE}, tmp_path / "checkpoint.pth.tar")
    assert torch.equal(read_weights(tmp_path / "checkpoint.pth.tar")["a.bias"], STATE["a.bias"])


def test_torchs_file_keeps_its_order(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "weights.pth")
    assert list(read_weights(tmp_path / "weights.pth")) == ["b.weight", "a.bias"]


class Mischief:
    """Whose pickle makes a folder when it is opened without care."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.mkdir, (self.folder,))


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"model": STATE, "extra": Mischief(tmp_path / "made")}, path)
    with pytest.raises(DataError, match="nothing of it was run") as caught:
        read_weights(path)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "made").exists()
    path.write_bytes(pickle.dumps(Mischief(tmp_path / "made")))
    with pytest.raises(DataError):
        read_weights(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_what_is_missing_damaged_or_empty_is_one_line(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{ending}"
    with pytest.raises(DataError, match="There is no file"):
        read_weights(path)
    torch.save(STATE, path)
    whole = path.read_bytes()
    for content in (b"", b"\x00" * 100, whole[:-200], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_weights(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("held", [{"epoch": 3}, [1, 2], torch.ones(2), {"model": {}}])
def test_a_file_without_named_tensors_is_refused(held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "weights.pt")
    with pytest.raises(DataError, match="no tensors by name"):
        read_weights(tmp_path / "weights.pt")
