"""The torch network of a bundle gives what its graph gives, wherever its weights come from."""

from pathlib import Path

import pytest
import safetensors.torch
import torch

from fabricate_bundle import ToyBundle
from fabricate_torch_bundle import fabricate_torch_bundle, random_network
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, DataError
from hilum.networks.network_of_bundle import network_of_bundle
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.export.to_onnx import noise

SIZE = 64


@pytest.fixture(scope="module")
def network() -> PooledClassifier:
    return random_network(labels=2)


@pytest.fixture(scope="module")
def bundle(network: PooledClassifier, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle") / "it"
    return fabricate_torch_bundle(folder, network=network, labels=("Mass", "Nodule"), size=SIZE, weights=False)


def same(first: PooledClassifier, second: PooledClassifier) -> bool:
    with torch.no_grad():
        return torch.allclose(first(noise(3, SIZE, SIZE)), second(noise(3, SIZE, SIZE)), atol=1e-4)


def test_weights_come_from_the_file_of_the_run_that_agrees_with_the_graph(
    network: PooledClassifier, bundle: Bundle, tmp_path: Path
) -> None:
    paths = {name: tmp_path / f"{name}.safetensors" for name in ("another", "own", "smaller")}
    torch.manual_seed(1)
    others = {"another": PooledClassifier("squeezenet1_1", labels=2), "own": network}
    others["smaller"] = PooledClassifier("squeezenet1_1", labels=1)
    for name, path in paths.items():
        path.write_bytes(safetensors.torch.save(others[name].state_dict()))
    assert same(network_of_bundle(bundle, weights=[paths["smaller"], paths["another"], paths["own"]]), network)
    with pytest.raises(DataError, match=r"cannot be restored from its graph\. .* its training run"):
        network_of_bundle(bundle, weights=[paths["another"]])
    paths["own"].write_bytes(b"torn")
    with pytest.raises(DataError, match="does not hold the weights of a training run"):
        network_of_bundle(bundle, weights=[paths["own"]])


def test_other_kinds_of_bundles_are_refused_in_one_line(tmp_path: Path) -> None:
    toy = ToyBundle().write(tmp_path / "toy")
    with pytest.raises(BundleError, match=r"toy is of kind classifier and architecture toy; .*without --method"):
        network_of_bundle(toy)
