"""Graphs joined into one, against plain float64 arithmetic and against the network that is trained as an ensemble."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from scipy.special import expit, logit

from fabricate_bundle import ToyNetwork
from fabricate_ensemble import ToyEnsemble
from hilum.errors import BundleError
from hilum.networks.ensemble import EnsembleClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.engines.openvino_engine import OpenVinoEngine
from hilum.training.export.to_onnx import classifier_to_onnx, noise
from hilum.training.joining.graphs import MemberGraph, join_graphs, log_odds_of_mean

EXAMPLE = np.random.default_rng(0).random((2, 1, 16, 16)).astype(np.float32)


def member(network: ToyNetwork, *, name: str = "toy", weight: float = 1 / 3, **changes: object) -> MemberGraph:
    count = len(network.bias)
    plain = MemberGraph(
        name=name,
        graph=network.graph(),
        columns=tuple(range(count)),
        slope=np.ones(count),
        intercept=np.zeros(count),
        weight=weight,
    )
    return replace(plain, **changes)


def run(graph: bytes, batch: np.ndarray, *, engine: type = OnnxRuntimeEngine) -> dict[str, np.ndarray]:
    return engine().compile(graph, threads=1, callers=1).run(batch)


@pytest.mark.parametrize("engine", [OnnxRuntimeEngine, OpenVinoEngine])
def test_with_equal_weights_it_is_the_ensemble_that_training_writes(engine: type) -> None:
    toy = ToyEnsemble.random()
    graph = join_graphs([member(one) for one in toy.members], example=EXAMPLE, maps=True)
    for count in (1, 4):
        batch = np.random.default_rng(count).random((count, 1, 16, 16)).astype(np.float32)
        found = run(graph, batch, engine=engine)
        assert set(found) == {"logits", "member_logits", "maps"}
        for name, expected in toy.forward(batch).items():
            np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_each_enters_by_its_own_calibration_its_own_columns_and_its_weight() -> None:
    first, second = ToyNetwork.random(labels=2, seed=1), ToyNetwork.random(labels=3, seed=2)
    members = [
        member(first, weight=0.25, slope=np.array([0.5, 2.0]), intercept=np.array([1.0, -1.0])),
        member(second, weight=0.75, columns=(2, 0), slope=np.array([1.5, 1.0]), intercept=np.array([0.0, 0.5])),
    ]
    found = run(join_graphs(members, example=EXAMPLE, maps=True), EXAMPLE)
    (z1, m1), (z2, m2) = first.forward(EXAMPLE), second.forward(EXAMPLE)
    p1 = expit(z1 * [0.5, 2.0] + [1.0, -1.0])
    p2 = expit(z2[:, [2, 0]] * [1.5, 1.0] + [0.0, 0.5])
    np.testing.assert_allclose(expit(found["logits"]), 0.25 * p1 + 0.75 * p2, atol=1e-6)
    maps = 0.25 * (p1 * (1 - p1) * [0.5, 2.0])[..., None, None] * m1
    maps += 0.75 * (p2 * (1 - p2) * [1.5, 1.0])[..., None, None] * m2[:, [2, 0]]
    np.testing.assert_allclose(found["maps"], maps, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_networks_with_other_grids_are_joined_as_torch_joins_them() -> None:
    """Their graphs in half precision, as bundles hold them, beside `EnsembleClassifier`, which shares no code."""
    torch.manual_seed(0)
    networks = [PooledClassifier(name, labels=2).eval() for name in ("squeezenet1_1", "resnet18")]
    example = noise(3, 64, 64)
    members = [
        MemberGraph(
            name=str(index),
            graph=classifier_to_onnx(network, example=example),
            columns=(0, 1),
            slope=np.ones(2),
            intercept=np.zeros(2),
            weight=0.5,
        )
        for index, network in enumerate(networks)
    ]
    found = run(join_graphs(members, example=example.numpy(), maps=True), example.numpy())
    expected = EnsembleClassifier(networks, size=(64, 64)).outputs(example)._asdict()
    assert found["maps"].shape == (2, 2, 3, 3), "the finer of 3 x 3 and 2 x 2 cells"
    for name, tensor in expected.items():
        np.testing.assert_allclose(found[name], tensor.detach().numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_without_maps_none_are_given() -> None:
    members = [member(ToyNetwork.random(labels=1, seed=seed), weight=0.5) for seed in (0, 1)]
    graphless = [replace(one, graph=ToyNetwork.random(labels=1, seed=5).graph(class_maps=False)) for one in members]
    assert set(run(join_graphs(graphless, example=EXAMPLE, maps=False), EXAMPLE)) == {"logits", "member_logits"}


@pytest.mark.parametrize(("biases", "weights"), [((200.0, -200.0), (0.5, 0.5)), ((-300.0, 90.0), (1.0, 0.0))])
def test_probabilities_of_0_and_1_and_a_weight_of_0_keep_finite_log_odds(
    biases: tuple[float, ...], weights: tuple[float, ...]
) -> None:
    members = [
        member(ToyNetwork.brightness(bias=bias), weight=weight) for bias, weight in zip(biases, weights, strict=True)
    ]
    black = np.zeros((1, 1, 16, 16), np.float32)
    found = run(join_graphs(members, example=EXAMPLE, maps=True), black)["logits"]
    expected = log_odds_of_mean(np.array(biases)[None, :, None], weights=weights)
    assert np.isfinite(found).all()
    assert float(found.item()) == pytest.approx(float(expected.item()), rel=1e-4, abs=1e-3)


def test_the_log_odds_are_those_of_the_mean() -> None:
    logits, weights = np.random.default_rng(3).normal(0, 3, (5, 3, 2)), np.array([0.2, 0.5, 0.3])
    mean = np.einsum("m,nml->nl", weights, expit(logits))
    np.testing.assert_allclose(log_odds_of_mean(logits, weights=weights), logit(mean), atol=1e-9)


def test_graphs_of_two_operator_sets_are_refused_by_name() -> None:
    network = ToyNetwork.random(labels=1)
    other = onnx.load_model_from_string(network.graph())
    other.opset_import[0].version = 18
    members = [member(network, name="old"), member(network, name="new", graph=other.SerializeToString())]
    with pytest.raises(BundleError, match="different ONNX operator sets: 17 in old and 18 in new"):
        join_graphs(members, example=EXAMPLE, maps=True)
