"""A bundle's graph, opened: what it gives is checked, and a batch is read as its images are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fabricate_bundle import SIZE, ToyBundle, ToyNetwork
from hilum.bundle.card import HeatmapSpec
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, EngineError
from hilum.reading.engines.network import Network
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.engines.openvino_engine import OpenVinoEngine

LABELS = ("Edema", "Mass", "Pneumonia")
NETWORK = ToyNetwork.random(labels=3)
BATCH = np.random.default_rng(1).random((7, 1, SIZE, SIZE), np.float32)
TOY = ToyBundle(network=NETWORK, labels=LABELS)


def opened(bundle: Bundle, *, threads: int = 2) -> Network:
    return Network(bundle, engine=OnnxRuntimeEngine(), threads=threads)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_batch_is_numpys_in_the_given_order(tmp_path: Path, threads: int, count: int) -> None:
    network = opened(TOY.write(tmp_path / "toy"), threads=threads)
    output = network.run(BATCH[:count])
    logits, maps = NETWORK.forward(BATCH[:count])
    np.testing.assert_allclose(output.logits, logits, atol=1e-4)
    assert output.class_maps is not None
    np.testing.assert_allclose(output.class_maps, maps, atol=1e-5)


def test_a_batch_equals_its_images_one_by_one(tmp_path: Path) -> None:
    network = opened(TOY.write(tmp_path / "toy"))
    together = network.run(BATCH)
    alone = [network.run(BATCH[i : i + 1]) for i in range(len(BATCH))]
    np.testing.assert_allclose(together.logits, np.concatenate([one.logits for one in alone]), atol=1e-6)


def test_openvino_reads_a_batch_alike(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    bundle = TOY.write(tmp_path / "toy")
    theirs = Network(bundle, engine=OpenVinoEngine(), threads=2).run(BATCH)
    np.testing.assert_allclose(theirs.logits, opened(bundle).run(BATCH).logits, atol=1e-4)


def test_maps_sum_to_the_logit_without_its_bias(tmp_path: Path) -> None:
    output = opened(TOY.write(tmp_path / "toy")).run(BATCH)
    assert output.class_maps is not None
    np.testing.assert_allclose(output.class_maps.sum(axis=(2, 3)), output.logits - NETWORK.bias, atol=1e-4)


def test_a_card_without_heatmaps_gives_none(tmp_path: Path) -> None:
    bundle = replace(TOY, heatmap=HeatmapSpec(method="none")).write(tmp_path / "toy")
    assert opened(bundle).run(BATCH).class_maps is None


def test_a_card_with_heatmaps_wants_a_graph_with_them(tmp_path: Path) -> None:
    bundle = replace(TOY, graph=NETWORK.graph(class_maps=False)).write(tmp_path / "toy")
    with pytest.raises(BundleError, match="must have the outputs"):
        opened(bundle)


def test_a_graph_of_another_size_than_the_card_prepares(tmp_path: Path) -> None:
    bundle = replace(TOY, graph=NETWORK.graph(size=2 * SIZE)).write(tmp_path / "toy")
    with pytest.raises(BundleError, match="but its card prepares"):
        opened(bundle)


def test_a_graph_of_other_channels(tmp_path: Path) -> None:
    bundle = replace(TOY, graph=ToyNetwork.random(labels=3, channels=3).graph()).write(tmp_path / "toy")
    with pytest.raises(BundleError, match="but its card prepares"):
        opened(bundle)


def test_a_graph_with_a_fixed_batch(tmp_path: Path) -> None:
    bundle = replace(TOY, graph=NETWORK.graph(batch=4)).write(tmp_path / "toy")
    with pytest.raises(BundleError, match="but its card prepares"):
        opened(bundle)


def test_labels_that_the_graph_does_not_have(tmp_path: Path) -> None:
    bundle = replace(TOY, labels=LABELS[:2]).write(tmp_path / "toy")
    with pytest.raises(EngineError, match="must give logits"):
        opened(bundle).run(BATCH)


def test_a_graph_that_is_garbage(tmp_path: Path) -> None:
    bundle = replace(TOY, graph=b"garbage with a right hash").write(tmp_path / "toy")
    with pytest.raises(EngineError, match="cannot run the graph"):
        opened(bundle)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_numbers_that_are_no_reading(tmp_path: Path, poison: float) -> None:
    bad = replace(NETWORK, bias=np.array([0, poison, 0], np.float32))
    bundle = replace(TOY, graph=bad.graph()).write(tmp_path / "toy")
    with pytest.raises(EngineError, match="NaN or infinity"):
        opened(bundle).run(BATCH)


def test_class_maps_of_another_rank(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(NETWORK.graph())
    model.graph.node[-1].output[0] = "raw_maps"
    model.graph.node.append(helper.make_node("Flatten", ["raw_maps"], ["class_maps"]))
    del model.graph.output[1]
    model.graph.output.append(helper.make_tensor_value_info("class_maps", TensorProto.FLOAT, ["n", None]))
    bundle = replace(TOY, graph=model.SerializeToString()).write(tmp_path / "toy")
    with pytest.raises(EngineError, match="must give class maps"):
        opened(bundle).run(BATCH)
