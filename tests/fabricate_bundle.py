"""Makes tiny bundles whose logits and class maps can be computed by hand.

    python tests/fabricate_bundle.py FOLDER

The network: a 4 x 4 convolution with stride 4 and ReLU, global average pooling, a linear layer. `ToyNetwork.forward`
computes it in plain numpy, apart from any inference engine.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hilum.bundle.card import Card, HeatmapSpec, Scope, Training
from hilum.bundle.label import Label, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize

CELL = 4
SIZE = 16


@dataclass(frozen=True, eq=False)
class ToyNetwork:
    """kernel (K, C, 4, 4), shift (K,), weights (L, K), bias (L,), all float32."""

    kernel: np.ndarray
    shift: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    @staticmethod
    def random(*, labels: int, channels: int = 1, features: int = 5, seed: int = 0) -> "ToyNetwork":
        rng = np.random.default_rng(seed)
        return ToyNetwork(
            kernel=rng.normal(0, 0.5, (features, channels, CELL, CELL)).astype(np.float32),
            shift=rng.normal(0, 0.1, features).astype(np.float32),
            weights=rng.normal(0, 2, (labels, features)).astype(np.float32),
            bias=rng.normal(0, 0.5, labels).astype(np.float32),
        )

    @staticmethod
    def brightness(*, gain: float = 8.0, bias: float = -2.0) -> "ToyNetwork":
        """One label whose logit is gain * mean(input) + bias, for inputs that are not negative."""
        kernel = np.full((1, 1, CELL, CELL), 1 / CELL**2, np.float32)
        zero = np.zeros(1, np.float32)
        return ToyNetwork(kernel, zero, np.full((1, 1), gain, np.float32), np.full(1, bias, np.float32))

    def forward(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (N, L) and class maps (N, L, h, w) in logit contribution, in float64."""
        n, c, rows, columns = batch.shape
        cells = batch.astype(np.float64).reshape(n, c, rows // CELL, CELL, columns // CELL, CELL)
        features = np.einsum("nchiwj,kcij->nkhw", cells, self.kernel) + self.shift[None, :, None, None]
        features = np.maximum(features, 0)
        logits = features.mean(axis=(2, 3)) @ self.weights.T + self.bias
        maps = np.einsum("lk,nkhw->nlhw", self.weights, features) / (features.shape[2] * features.shape[3])
        return logits, maps

    def graph(
        self, *, class_maps: bool = True, size: int = SIZE, float16: bool = False, batch: int | None = None
    ) -> bytes:
        """The same network as ONNX; `float16` stores the weights in half precision behind casts."""
        labels, grid = len(self.bias), size // CELL
        n = "n" if batch is None else batch
        constants = {
            "kernel": self.kernel,
            "shift": self.shift,
            "weights": self.weights,
            "bias": self.bias,
            "map_kernel": (self.weights / grid**2)[:, :, None, None],
        }
        nodes, initializers = [], []
        for name, values in constants.items():
            if float16:
                initializers.append(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
                nodes.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
            else:
                initializers.append(numpy_helper.from_array(values, name))
        nodes += [
            helper.make_node("Conv", ["input", "kernel", "shift"], ["conv"], strides=[CELL, CELL]),
            helper.make_node("Relu", ["conv"], ["features"]),
            helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"], transB=1),
        ]
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [n, labels])]
        if class_maps:
            nodes.append(helper.make_node("Conv", ["features", "map_kernel"], ["class_maps"]))
            outputs.append(helper.make_tensor_value_info("class_maps", TensorProto.FLOAT, [n, labels, grid, grid]))
        inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [n, self.kernel.shape[1], size, size])]
        graph = helper.make_graph(nodes, "toy", inputs, outputs, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()


def any_picture_called(xray_type: str) -> Scope:
    """The scope of a model that decides on any picture, also where nobody says what it shows."""
    return Scope(xray_type=xray_type, age_years=None, views=None, unknown_tolerated=("type", "modality", "view"))


@dataclass(frozen=True)
class ToyBundle:
    """What to put into a toy bundle; every field has a plain default."""

    network: ToyNetwork = field(default_factory=ToyNetwork.brightness)
    name: str = "toy"
    labels: tuple[str, ...] = ("Pneumonia",)
    calibration: PlattCalibration = field(default_factory=lambda: PlattCalibration(slope=1.0, intercept=0.0))
    operating_point: float | None = 0.5
    scope: Scope = field(default_factory=lambda: any_picture_called("chest"))
    heatmap: HeatmapSpec = field(default_factory=lambda: HeatmapSpec(method="class-map"))
    preprocess: PreprocessSpec = field(
        default_factory=lambda: PreprocessSpec(
            steps=(Resize(height=SIZE, width=SIZE, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,)
        )
    )
    graph: bytes | None = None

    def files(self) -> dict[str, bytes]:
        graph = self.graph
        return {
            "model.onnx": self.network.graph(class_maps=self.heatmap.method == "class-map") if graph is None else graph
        }

    def card(self) -> Card:
        return Card(
            name=self.name,
            version="1.0.0",
            title="A toy for tests",
            kind="classifier",
            architecture="toy",
            architecture_arguments={"cell": CELL},
            labels=tuple(
                Label(
                    name=name,
                    calibration=self.calibration,
                    operating_point=self.operating_point,
                    operating_point_rule="set by hand",
                )
                for name in self.labels
            ),
            preprocess=self.preprocess,
            scope=self.scope,
            heatmap=self.heatmap,
            protocol="none: the numbers are fabricated",
            training=Training(
                command="none",
                commit=None,
                data=("fabricated",),
                split_sha256="0" * 64,
                seed=0,
                starting_weights="none",
                recipe={},
            ),
            compression=None,
            intended_use="tests of hilum",
            not_for=("reading anything",),
            weights_licence="Apache-2.0",
            files=file_hashes(self.files()),
        )

    def write(self, folder: Path) -> Bundle:
        return write_bundle(folder, card=self.card(), files=self.files())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle: its one logit is 8 x mean brightness - 2.")
    parser.add_argument("folder", type=Path)
    ToyBundle().write(parser.parse_args().folder)
