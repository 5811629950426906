"""Makes a tiny bundle that averages inside the lungs, whose logit can be worked out by hand, with the toy lungs inside.

    python tests/fabricate_lung_pooled.py FOLDER

Its picture has 64 x 64 pixels, and its one feature is the mean grey of each of 8 x 8 cells.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fabricate_bundle import ToyBundle
from fabricate_lungs import PREPROCESS as LUNGS_PREPROCESS
from fabricate_lungs import SPEC as LUNGS_SPEC
from fabricate_lungs import toy_graph as lungs_graph
from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import PoolingSpec
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize

SIDE, CELL = 64, 8
WEIGHT, BIAS = 5.0, -1.0
SPEC = PreprocessSpec(steps=(Resize(height=SIDE, width=SIDE, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,))


def cells_of(plane: np.ndarray) -> np.ndarray:
    """The mean of each cell of (64, 64), float64 (8, 8)."""
    return plane.astype(np.float64).reshape(SIDE // CELL, CELL, SIDE // CELL, CELL).mean(axis=(1, 3))


def map_by_hand(picture: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The class map (8, 8) of a picture (64, 64) with lungs (64, 64) in [0, 1]."""
    shares = cells_of(lungs)
    return WEIGHT * cells_of(picture) * shares / shares.sum()


def graph(*, lungs: str = "lungs") -> bytes:
    """The network's graph; `lungs` is what it calls its second input."""
    square = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    nodes = [
        helper.make_node("AveragePool", ["input"], ["features"], **square),
        helper.make_node("AveragePool", [lungs], ["shares"], **square),
        helper.make_node("ReduceSum", ["shares", "sides"], ["total"]),
        helper.make_node("Div", ["shares", "total"], ["weights"]),
        helper.make_node("Mul", ["features", "weights"], ["weighted"]),
        helper.make_node("Mul", ["weighted", "weight"], ["class_maps"]),
        helper.make_node("ReduceSum", ["class_maps", "sides"], ["summed"], keepdims=0),
        helper.make_node("Add", ["summed", "bias"], ["logits"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([2, 3]), "sides"),
        numpy_helper.from_array(np.float32(WEIGHT), "weight"),
        numpy_helper.from_array(np.float32(BIAS), "bias"),
    ]
    taken = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 1, SIDE, SIDE]) for name in ("input", lungs)
    ]
    given = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1]),
        helper.make_tensor_value_info("class_maps", TensorProto.FLOAT, ["batch", 1, SIDE // CELL, SIDE // CELL]),
    ]
    made = helper.make_graph(nodes, "toy", taken, given, constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def lung_pooled_card(
    *,
    name: str = "toy-pooled",
    label: str = "Pneumonia",
    widen: float = 0.02,
    files: dict[str, bytes] | None = None,
) -> Card:
    """The card of the bundle, with an operating point of 0.5."""
    part = PoolingSpec(
        widen=widen,
        lungs=LUNGS_SPEC,
        lungs_preprocess=LUNGS_PREPROCESS,
        lungs_name="toy-lungs",
        lungs_version="1.0.0",
        lungs_sha256="3" * 64,
    )
    fields = ToyBundle(name=name, labels=(label,)).card().model_dump(by_alias=True) | {
        "kind": "lung-pooled",
        "pooling": part.model_dump(),
        "preprocess": SPEC.model_dump(),
        "files": file_hashes(lung_pooled_files() if files is None else files),
    }
    return Card.model_validate(fields)


def lung_pooled_files(*, content: bytes | None = None) -> dict[str, bytes]:
    """The graphs of network and lungs by their files' names."""
    return {
        "model.onnx": graph() if content is None else content,
        LUNG_GRAPH: lungs_graph(LUNGS_SPEC.structures),
    }


def write_lung_pooled(
    folder: Path, *, content: bytes | None = None, label: str = "Pneumonia", widen: float = 0.02
) -> Bundle:
    """The bundle in `folder`; `content` is another graph than its own."""
    files = lung_pooled_files(content=content)
    return write_bundle(folder, card=lung_pooled_card(label=label, widen=widen, files=files), files=files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle that averages inside the lungs.")
    parser.add_argument("folder", type=Path)
    write_lung_pooled(parser.parse_args().folder)
