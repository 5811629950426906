"""From a trained network to a bundle and back to the network's parameters."""

import onnx
import pytest
import safetensors.torch
import torch
from torch import nn

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.save import file_hashes, write_bundle
from hilum.errors import BundleError, DataError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.bundle_weights import WEIGHTS
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import BundleWeights, load_starting_weights
from hilum.training.export.to_onnx import classifier_to_onnx, noise, with_float16_weights

SIZE = 64
LABELS = ("Mass", "Nodule", "Hernia")


def trained(backbone, *, channels=3):
    """A network whose weights and statistics are no longer those that it was built with."""
    torch.manual_seed(0)
    network = PooledClassifier(backbone, labels=len(LABELS), channels=channels)
    nn.init.normal_(network.head.bias)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.0, 0.2)
            module.running_mean.normal_(0.0, 0.2)
            module.running_var.uniform_(0.5, 2.0)
    return network.eval()


def written(network, folder, *, graph=None, weights=None):
    files = {"model.onnx": graph or classifier_to_onnx(network, example=noise(network.channels, SIZE, SIZE))}
    if weights is not None:
        files[WEIGHTS] = weights
    mean = (0.5,) * network.channels
    toy = ToyBundle(
        labels=LABELS,
        preprocess=PreprocessSpec(
            steps=(Resize(height=SIZE, width=SIZE, rule="stretch"),), mean=mean, std=(0.5,) * network.channels
        ),
        graph=files["model.onnx"],
    )
    card = toy.card().model_copy(update={"architecture": network.name, "files": file_hashes(files)})
    return write_bundle(folder, card=card, files=files).folder


def images(channels=3):
    return torch.rand(2, channels, SIZE, SIZE, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.mark.parametrize("head", [True, False])
def test_saved_weights_come_back_exactly(head, tmp_path):
    network = trained("squeezenet1_1")
    folder = written(network, tmp_path / "bundle", weights=safetensors.torch.save(network.state_dict()))
    started = PooledClassifier("squeezenet1_1", labels=len(LABELS)).eval()
    said = load_starting_weights(started, weights=BundleWeights(folder, head=head))
    assert ": toy 1.0.0 (card sha256 " in said
    assert said.endswith("), weights.safetensors")
    for name, tensor in network.backbone.state_dict().items():
        assert torch.equal(started.backbone.state_dict()[name], tensor), name
    assert torch.equal(started.head.weight, network.head.weight) == head


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "half"), [("mobilenet_v2", False), ("efficientnet_lite0", True), ("resnet18", False)]
)
def test_a_graph_gives_the_same_function_back_in_evaluation_mode(backbone, half, tmp_path):
    network = trained(backbone)
    graph = classifier_to_onnx(network, example=noise(3, SIZE, SIZE))
    folder = written(network, tmp_path / "bundle", graph=with_float16_weights(graph) if half else graph)
    started = PooledClassifier(backbone, labels=len(LABELS))
    said = load_starting_weights(started, weights=BundleWeights(folder, head=True))
    assert "batch norms folded: to be trained with batch norms frozen" in said
    with torch.no_grad():
        expected = network(images())
        came = started.eval()(images())
    torch.testing.assert_close(came, expected, rtol=0, atol=(5e-3 if half else 1e-4) * float(expected.abs().max()))


def test_a_graph_whose_weights_cannot_be_had_back_is_refused(tmp_path):
    """The toy's graph has initialisers of other names."""
    network = PooledClassifier("squeezenet1_1", labels=len(LABELS))
    folder = written(network, tmp_path / "bundle", graph=ToyNetwork.random(labels=3, channels=3).graph())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(DataError, match=r"cannot be restored from its graph\. Start from a bundle with weights\.saf"):
        load_starting_weights(network, weights=BundleWeights(folder))
    assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in before.items())


def test_a_graph_that_computes_something_else_is_refused(tmp_path):
    """Every initialiser is there, but the graph's own logits are not what the network makes of them."""
    network = trained("squeezenet1_1")
    model = onnx.load_model_from_string(classifier_to_onnx(network, example=noise(3, SIZE, SIZE)))
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == "network.head.bias")
    doubled = onnx.numpy_helper.from_array(2 * onnx.numpy_helper.to_array(bias), "doubled")
    model.graph.initializer.append(doubled)
    for node in model.graph.node:
        node.input[:] = ["doubled" if name == bias.name else name for name in node.input]
    folder = written(network, tmp_path / "bundle", graph=model.SerializeToString())
    with pytest.raises(DataError, match="cannot be restored from its graph"):
        load_starting_weights(PooledClassifier("squeezenet1_1", labels=3), weights=BundleWeights(folder))


def test_a_bundle_of_another_network_is_refused_with_both_named(tmp_path):
    folder = written(trained("squeezenet1_1"), tmp_path / "bundle")
    for other, came in (
        (PooledClassifier("resnet18", labels=3), "resnet18 with 3"),
        (PooledClassifier("squeezenet1_1", labels=3, channels=1), "squeezenet1_1 with 1"),
    ):
        with pytest.raises(
            DataError, match=f"holds squeezenet1_1 with 3 input channels, and the recipe starts from {came}"
        ):
            load_starting_weights(other, weights=BundleWeights(folder))


def test_another_number_of_labels_is_refused_only_with_the_head(tmp_path):
    network = trained("squeezenet1_1")
    folder = written(network, tmp_path / "bundle", weights=safetensors.torch.save(network.state_dict()))
    started = PooledClassifier("squeezenet1_1", labels=5)
    load_starting_weights(started, weights=BundleWeights(folder))
    with pytest.raises(DataError, match=r"another shape for head\."):
        load_starting_weights(started, weights=BundleWeights(folder, head=True))


def test_broken_bundles_are_refused(tmp_path):
    network = trained("squeezenet1_1")
    folder = written(network, tmp_path / "bundle", weights=b"no safetensors")
    started = PooledClassifier("squeezenet1_1", labels=3)
    with pytest.raises(DataError, match="is not an intact safetensors file"):
        load_starting_weights(started, weights=BundleWeights(folder))
    (folder / WEIGHTS).write_bytes(b"altered")
    with pytest.raises(BundleError, match="altered"):
        load_starting_weights(started, weights=BundleWeights(folder))


@pytest.mark.slow
def test_the_shipped_specialist_can_be_started_from(tmp_path):
    from hilum.bundle.shelf import SHIPPED_FOLDER

    started = PooledClassifier("mobilenet_v2", labels=1)
    said = load_starting_weights(started, weights=BundleWeights(SHIPPED_FOLDER / "pneumonia-paediatric", head=True))
    assert said.startswith("mobilenet_v2: pneumonia-paediatric ")
