"""Makes a tiny lung bundle that calls dark pixels lung: right on the left half of the picture, left on the other.

    python tests/fabricate_lungs.py FOLDER

The graph needs no training, so a test can say by hand what it draws. One that draws more tells structures by their
grey: below 0.25 lies the field, below 0.5 the whole lung, from 0.25 to 0.75 the heart.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Card, HeatmapSpec, Scope
from hilum.bundle.load import Bundle
from hilum.bundle.lung_spec import LUNG_SIDES, LungCompression, LungFigure, LungSpec, QualityRule, Structure
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize

SIDE = 64
STEEP = 40.0
ALL_STRUCTURES: tuple[Structure, ...] = ("right field", "left field", "right lung", "left lung", "heart")
GREYS: dict[str, tuple[float, float]] = {"field": (0.0, 0.25), "lung": (0.0, 0.5), "heart": (0.5, 0.25)}
"""By the last word of a structure: the middle of its greys, and how far they reach from it."""
PREPROCESS = PreprocessSpec(
    steps=(Resize(height=SIDE, width=SIDE, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,)
)
RULE = QualityRule(
    intercept=1.0, flip=-1.0, shift=-0.5, area=-0.2, regions=-0.05, trusted_from=0.85, area_share=(0.05, 0.7)
)
SPEC = LungSpec(
    quality=RULE,
    compression=LungCompression(method="none", dice_before=0.5, dice_after=0.5),
    figures=(LungFigure(name="none", source="fabricated", value=0.5, interval=None, n=0, groups=0),),
)


def toy_graph(structures: tuple[Structure, ...] = LUNG_SIDES["whole"]) -> bytes:
    """Logits (N, S, 64, 64): 40 x (reach - distance of the pixel's grey) on the structure's half, -20 on the other."""
    own = np.stack([_own_half(structure) for structure in structures])[None]
    greys = np.array([GREYS[structure.split()[-1]] for structure in structures], np.float32)
    middle, reach = (column.reshape(1, -1, 1, 1) for column in greys.T)
    constants = {"middle": middle, "steep": np.float32(-STEEP), "reach": STEEP * reach, "own": own}
    constants |= {"other": -20.0 * (1 - own)}
    nodes = [
        helper.make_node("Sub", ["input", "middle"], ["from_middle"]),
        helper.make_node("Abs", ["from_middle"], ["distance"]),
        helper.make_node("Mul", ["distance", "steep"], ["scaled"]),
        helper.make_node("Add", ["scaled", "reach"], ["dark"]),
        helper.make_node("Mul", ["dark", "own"], ["mine"]),
        helper.make_node("Add", ["mine", "other"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(structures), SIDE, SIDE])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _own_half(structure: Structure) -> np.ndarray:
    own = np.zeros((SIDE, SIDE), np.float32)
    first, last = {"right": (0, SIDE // 2), "left": (SIDE // 2, SIDE)}.get(structure.split()[0], (0, SIDE))
    own[:, first:last] = 1
    return own


def write_lung_bundle(folder: Path, *, name: str = "toy-lungs", spec: LungSpec = SPEC) -> Bundle:
    """A lung bundle in `folder`; its graph draws what `spec` names."""
    files = {"model.onnx": toy_graph(spec.structures)}
    fields = ToyBundle(name=name).card().model_dump(by_alias=True) | {
        "kind": "lungs",
        "labels": (),
        "lungs": spec.model_dump(),
        "preprocess": PREPROCESS.model_dump(),
        "scope": Scope(xray_type="chest", age_years=None, views=None).model_dump(),
        "heatmap": HeatmapSpec(method="none").model_dump(),
        "files": file_hashes(files),
    }
    return write_bundle(folder, card=Card.model_validate(fields), files=files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle that calls dark pixels lung.")
    parser.add_argument("folder", type=Path)
    write_lung_bundle(parser.parse_args().folder)
