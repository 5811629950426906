"""Makes a tiny fusion bundle whose logits and class maps can be computed by hand, with the toy lung network inside.

    python tests/fabricate_fusion.py FOLDER

Both branches are toy networks of `fabricate_bundle.py`, the whole picture at 16 x 16 pixels, the crop at 32 x 32; the
fusion is one linear layer over both branches' pooled features. `ToyFusion.forward` computes it in plain numpy.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fabricate_bundle import CELL, ToyBundle, ToyNetwork
from fabricate_lungs import PREPROCESS as LUNGS_PREPROCESS
from fabricate_lungs import SPEC as LUNGS_SPEC
from fabricate_lungs import toy_graph as lungs_graph
from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.card import Card
from hilum.bundle.fusion_spec import FUSION_OUTPUTS, FusionSpec
from hilum.bundle.label import Label, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.bundle.lung_spec import LungSpec
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, Resize

LABELS = ("Edema", "Pneumonia")
SIZES = {"whole": 16, "crop": 32}


@dataclass(frozen=True, eq=False)
class ToyFusion:
    """Two branches, and `weights` (L, 2K) and `bias` (L,) over their pooled features, whole first."""

    whole: ToyNetwork
    crop: ToyNetwork
    weights: np.ndarray
    bias: np.ndarray

    @staticmethod
    def random(*, labels: int = len(LABELS), seed: int = 0) -> "ToyFusion":
        whole, crop = (ToyNetwork.random(labels=labels, seed=seed + i) for i in (1, 2))
        rng = np.random.default_rng(seed)
        weights = rng.normal(0, 2, (labels, 10)).astype(np.float32)
        return ToyFusion(whole, crop, weights, rng.normal(0, 0.5, labels).astype(np.float32))

    def forward(self, whole: np.ndarray, crop: np.ndarray) -> dict[str, np.ndarray]:
        """Every output of inputs (N, 1, 16, 16) and (N, 1, 32, 32), in float64."""
        features = [_features(branch, given) for branch, given in ((self.whole, whole), (self.crop, crop))]
        means = np.concatenate([each.mean(axis=(2, 3)) for each in features], axis=1)
        whole_logits, whole_alone = self.whole.forward(whole)
        halves = np.split(self.weights, 2, axis=1)
        maps = [
            np.einsum("lk,nkhw->nlhw", half, each) / (each.shape[2] * each.shape[3])
            for half, each in zip(halves, features, strict=True)
        ]
        return {
            "logits": means @ self.weights.T + self.bias,
            "whole_logits": whole_logits,
            "crop_logits": self.crop.forward(crop)[0],
            "whole_maps": maps[0],
            "crop_maps": maps[1],
            "whole_alone_maps": whole_alone,
        }

    def graph(self, *, leave_out: str | None = None) -> bytes:
        """The same as ONNX, without the output `leave_out`."""
        nodes, constants = [], {"weights": self.weights, "bias": self.bias}
        for name, branch, half in (("whole", self.whole, slice(0, 5)), ("crop", self.crop, slice(5, 10))):
            cells = (SIZES[name] // CELL) ** 2
            own = {
                "kernel": branch.kernel, "shift": branch.shift, "own_weights": branch.weights, "own_bias": branch.bias,
                "map_kernel": (self.weights[:, half] / cells)[:, :, None, None],
                "own_map_kernel": (branch.weights / cells)[:, :, None, None],
            }  # fmt: skip
            constants |= {f"{name}_{key}": values for key, values in own.items()}
            nodes += [
                helper.make_node(
                    "Conv", [name, f"{name}_kernel", f"{name}_shift"], [f"{name}_c"], strides=[CELL, CELL]
                ),
                helper.make_node("Relu", [f"{name}_c"], [f"{name}_features"]),
                helper.make_node("GlobalAveragePool", [f"{name}_features"], [f"{name}_pooled"]),
                helper.make_node("Flatten", [f"{name}_pooled"], [f"{name}_flat"]),
                helper.make_node(
                    "Gemm", [f"{name}_flat", f"{name}_own_weights", f"{name}_own_bias"], [f"{name}_logits"], transB=1
                ),
                helper.make_node("Conv", [f"{name}_features", f"{name}_map_kernel"], [f"{name}_maps"]),
                helper.make_node("Conv", [f"{name}_features", f"{name}_own_map_kernel"], [f"{name}_alone_maps"]),
            ]
        nodes += [
            helper.make_node("Concat", ["whole_flat", "crop_flat"], ["both"], axis=1),
            helper.make_node("Gemm", ["both", "weights", "bias"], ["logits"], transB=1),
        ]
        labels = len(self.bias)
        takes = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1, side, side]) for name, side in SIZES.items()
        ]
        gives = [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, ["n", labels, *(() if name.endswith("logits") else ("h", "w"))]
            )
            for name in FUSION_OUTPUTS
            if name != leave_out
        ]
        initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
        graph = helper.make_graph(nodes, "toy", takes, gives, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def _features(branch: ToyNetwork, batch: np.ndarray) -> np.ndarray:
    """The map after the ReLU (N, K, h, w): the class maps of an identity layer, times the number of cells."""
    count = len(branch.shift)
    bare = ToyNetwork(branch.kernel, branch.shift, np.eye(count, dtype=np.float32), np.zeros(count, np.float32))
    maps = bare.forward(batch)[1]
    return maps * (maps.shape[2] * maps.shape[3])


def labels_at(point: float, *, slope: float = 1.0) -> tuple[Label, ...]:
    """The toy labels with one operating point and one slope of calibration."""
    calibration = PlattCalibration(slope=slope, intercept=0.0)
    return tuple(
        Label(name=name, calibration=calibration, operating_point=point, operating_point_rule="set by hand")
        for name in LABELS
    )


def write_fusion(
    folder: Path,
    *,
    fusion: ToyFusion | None = None,
    graph: bytes | None = None,
    name: str = "toy-fusion",
    lungs: LungSpec = LUNGS_SPEC,
) -> Bundle:
    """A fusion bundle in `folder`: operating point 0.5 for the fusion, 0.4 for the whole branch (slope 2)."""
    made = ToyFusion.random() if fusion is None else fusion
    files = {"model.onnx": made.graph() if graph is None else graph, LUNG_GRAPH: lungs_graph(lungs.structures)}

    def spec(side: int, *first: CropLungs) -> PreprocessSpec:
        steps = (*first, Resize(height=side, width=side, rule="stretch", filter="box"))
        return PreprocessSpec(steps=steps, mean=(0.25,), std=(0.5,))

    part = FusionSpec(
        crop_preprocess=spec(SIZES["crop"], CropLungs()),
        crop_source="the pictures themselves",
        whole_labels=labels_at(0.4, slope=2.0),
        crop_labels=labels_at(0.3),
        lungs=lungs,
        lungs_preprocess=LUNGS_PREPROCESS,
        lungs_name="toy-lungs",
        lungs_version="1.0.0",
        lungs_sha256="3" * 64,
    )
    fields = ToyBundle(name=name).card().model_dump(by_alias=True) | {
        "kind": "fusion",
        "labels": [label.model_dump() for label in labels_at(0.5)],
        "fusion": part.model_dump(),
        "preprocess": spec(SIZES["whole"]).model_dump(),
        "files": file_hashes(files),
    }
    return write_bundle(folder, card=Card.model_validate(fields), files=files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle that fuses a picture with its lungs' crop.")
    parser.add_argument("folder", type=Path)
    write_fusion(parser.parse_args().folder)
