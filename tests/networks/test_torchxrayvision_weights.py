"""torchxrayvision's files, written by torchxrayvision's own classes and read without them."""

import copy
import os
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch

import hilum.networks  # noqa: F401 (for its torchvision guard)
from hilum.errors import DataError, UsageError
from hilum.findings import finding
from hilum.networks.torchxrayvision_weights import RELEASED, read_torchxrayvision, released_weights

xrv_models = pytest.importorskip("torchxrayvision.models", reason="torchxrayvision is not installed")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = xrv_models.DenseNet(num_classes=18)
    network.pathologies = np.array(["Mass", "Hernia"])  # a file may hold what training left on the network
    return network


def as_in_2020(network):
    """As a torch before 1.6 left modules: without the attribute that torchxrayvision adds when it loads them."""
    network = copy.deepcopy(network)
    for module in network.modules():
        module.__dict__.pop("_non_persistent_buffers_set", None)
    return network


@pytest.mark.parametrize("form", ["zip", "with source", "dictionary"])
def test_every_parameter_comes_back_by_its_name(form, network, tmp_path):
    path = tmp_path / "weights.pt"
    if form == "dictionary":
        torch.save(network.state_dict(), path)
    elif form == "zip":
        torch.save(network, path)
    else:
        torch.save(as_in_2020(network), path, _use_new_zipfile_serialization=False)
        assert b"class DenseNet(nn.Module)" in path.read_bytes(), "the file holds the classes' source"
        with pytest.raises(Exception, match="Weights only load failed"):
            torch.load(path, weights_only=True)
    read = read_torchxrayvision(path)
    expected = network.state_dict()
    assert set(read) == set(expected)
    assert all(torch.equal(read[name], tensor) for name, tensor in expected.items())


def test_reading_imports_nothing_of_torchxrayvision(network, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(network, path, _use_new_zipfile_serialization=False)
    code = (
        "import sys; from pathlib import Path;"
        "from hilum.networks.torchxrayvision_weights import read_torchxrayvision;"
        f"print(len(read_torchxrayvision(Path({str(path)!r}))), 'torchxrayvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == [str(len(network.state_dict())), "False"], done.stderr


class RunsACommand:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("new", [True, False])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(new, tmp_path):
    path, mark = tmp_path / "weights.pt", tmp_path / "it_ran"
    torch.save(OrderedDict(a=torch.zeros(1), b=RunsACommand(mark)), path, _use_new_zipfile_serialization=new)
    with pytest.raises(DataError, match=r"asks for posix\.system.*nothing of it was run") as caught:
        read_torchxrayvision(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_a_compiled_program_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    with pytest.raises(DataError, match="asks for TorchScript"):
        read_torchxrayvision(path)


def test_files_that_are_missing_damaged_or_empty_are_refused_by_name(network, tmp_path):
    path = tmp_path / "weights.pt"
    with pytest.raises(DataError, match="There is no file"):
        read_torchxrayvision(path)
    for new in (True, False):
        torch.save(network, path, _use_new_zipfile_serialization=new)
        whole = path.read_bytes()
        for content in (whole[: len(whole) // 2], b"", b"no pickle at all"):
            path.write_bytes(content)
            with pytest.raises(DataError, match=r"is not an intact file of torch's") as caught:
                read_torchxrayvision(path)
            assert str(path) in str(caught.value)
    torch.save({"epoch": 3}, path)
    with pytest.raises(DataError, match="a network or a dictionary of tensors"):
        read_torchxrayvision(path)


def test_names_files_and_labels_are_torchxrayvisions():
    theirs = {name: entry for name, entry in xrv_models.model_urls.items() if name.startswith("densenet121-res224")}
    assert set(RELEASED) == set(theirs)
    for name, entry in theirs.items():
        assert RELEASED[name].url == entry["weights_url"]
        assert list(RELEASED[name].outputs) == entry["labels"]


def test_every_label_is_a_finding_of_the_vocabulary():
    for released in RELEASED.values():
        names = [finding(label).name for label in released.labels]
        assert len(set(names)) == len(names) > 0
    assert finding("Pleural_Thickening").name == "Pleural Thickening"


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(UsageError, match=r"'resnet50'.*densenet121-res224-all"):
        released_weights("resnet50")
