"""Makes a tiny bundle that looks twice, whose every output can be computed by hand.

    python tests/fabricate_two_looks.py FOLDER

The picture's cells are the means of its 4 x 4 squares. The whole look's maps are these cells times a weight a label,
the crop's the same times another, and each logit is the sum of its maps and of what is told. The crop is where it is
said to be: finding it is training's matter.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fabricate_bundle import CELL, SIZE, ToyBundle
from fabricate_fusion import LABELS, labels_at
from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.two_looks_spec import NOTHING_TOLD, TOLD_GROUPS, TwoLooksSpec
from hilum.imaging.preprocess import PreprocessSpec, Resize

GRID = SIZE // CELL
OUTPUTS = ("logits", "whole_logits", "crop_logits", "whole_maps", "crop_maps", "boxes", "told")


@dataclass(frozen=True, eq=False)
class ToyLooks:
    """Weights (L,) of either look and (L, 8) of what is known, and the boxes (B, 4) that every picture is cut to."""

    whole: np.ndarray
    crop: np.ndarray
    told: np.ndarray
    boxes: np.ndarray

    @staticmethod
    def random(*, boxes: list[list[float]] | None = None, seed: int = 0) -> "ToyLooks":
        draw = np.random.default_rng(seed)
        whole, crop = (draw.normal(0, 4, len(LABELS)).astype(np.float32) for _ in range(2))
        told = draw.normal(0, 0.5, (len(LABELS), len(NOTHING_TOLD))).astype(np.float32)
        cut = [[4.0, 8.0, 12.0, 16.0]] if boxes is None else boxes
        return ToyLooks(whole, crop, told, np.array(cut, np.float32))

    def forward(self, picture: np.ndarray, about: np.ndarray) -> dict[str, np.ndarray]:
        """Every output of a picture (16, 16) and what is known (8,), in float64."""
        cells = picture.astype(np.float64).reshape(GRID, CELL, GRID, CELL).mean(axis=(1, 3)) / GRID**2
        maps = [weight[:, None, None] * cells for weight in (self.whole, self.crop)]
        against = about - np.array(NOTHING_TOLD)
        told = np.stack([self.told[:, own] @ against[own] for own in (np.array(TOLD_GROUPS) == g for g in range(3))])
        whole, crop = (one.sum(axis=(1, 2)) for one in maps)
        return {
            "logits": whole + crop + told.sum(axis=0),
            "whole_logits": whole,
            "crop_logits": crop,
            "whole_maps": maps[0],
            "crop_maps": maps[1],
            "boxes": self.boxes.astype(np.float64),
            "told": told,
        }

    def graph(self, *, leave_out: str | None = None) -> bytes:
        """The same as ONNX, without the output `leave_out`."""
        labels = len(LABELS)
        groups = np.eye(3, dtype=np.float32)[list(TOLD_GROUPS)].T  # (3, 8)
        by_group = groups[:, :, None] * self.told.T[None]  # (3, 8, L)
        constants = {
            "square": np.full((1, 1, CELL, CELL), 1 / SIZE**2, np.float32),
            "w": self.whole.reshape(labels, 1, 1, 1),
            "v": self.crop.reshape(labels, 1, 1, 1),
            "unknown": np.array([NOTHING_TOLD], np.float32),
            "by_group": by_group.transpose(1, 0, 2).reshape(8, 3 * labels),
            "as_groups": np.array([-1, 3, labels], np.int64),
            "first": np.array([1], np.int64),
            "cells": np.array([2, 3], np.int64),
            "where": self.boxes[None],
            "one": np.array([-1, 1, 1], np.int64),
            "pixels": np.array([1, 2, 3], np.int64),
            "zero": np.zeros(1, np.float32),
        }
        nodes = [
            helper.make_node("Conv", ["input", "square"], ["means"], strides=[CELL, CELL]),
            helper.make_node("Conv", ["means", "w"], ["whole_maps"]),
            helper.make_node("Conv", ["means", "v"], ["crop_maps"]),
            helper.make_node("ReduceSum", ["whole_maps", "cells"], ["whole_logits"], keepdims=0),
            helper.make_node("ReduceSum", ["crop_maps", "cells"], ["crop_logits"], keepdims=0),
            helper.make_node("Sub", ["about", "unknown"], ["against"]),
            helper.make_node("MatMul", ["against", "by_group"], ["flat"]),
            helper.make_node("Reshape", ["flat", "as_groups"], ["told"]),
            helper.make_node("ReduceSum", ["told", "first"], ["known"], keepdims=0),
            helper.make_node("Add", ["whole_logits", "crop_logits"], ["both"]),
            helper.make_node("Add", ["both", "known"], ["logits"]),
            # as many boxes as pictures: a sum over each picture, times nothing
            helper.make_node("ReduceSum", ["input", "pixels"], ["each"], keepdims=0),
            helper.make_node("Mul", ["each", "zero"], ["none"]),
            helper.make_node("Reshape", ["none", "one"], ["none_each"]),
            helper.make_node("Add", ["where", "none_each"], ["boxes"]),
        ]
        shapes = {"maps": ["n", labels, GRID, GRID], "boxes": ["n", len(self.boxes), 4], "told": ["n", 3, labels]}
        gives = [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, shapes.get(name, shapes["maps"] if name.endswith("maps") else ["n", labels])
            )
            for name in OUTPUTS
            if name != leave_out
        ]
        takes = [
            helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, SIZE, SIZE]),
            helper.make_tensor_value_info("about", TensorProto.FLOAT, ["n", 8]),
        ]
        initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
        graph = helper.make_graph(nodes, "toy", takes, gives, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def write_two_looks(
    folder: Path, *, toy: ToyLooks | None = None, graph: bytes | None = None, attention: str = "channel maximum"
) -> Bundle:
    """A bundle that looks twice: operating point 0.5, 0.4 for the whole look alone (slope 2), 0.3 for the crop's."""
    made = ToyLooks.random() if toy is None else toy
    files = {"model.onnx": made.graph() if graph is None else graph}
    part = TwoLooksSpec(
        crop_architecture="toy",
        attention=attention,
        threshold=0.7,
        subdivisions=9,
        look=(8, 8),
        crop_source="the picture at 16 x 16 pixels",
        whole_labels=labels_at(0.4, slope=2.0),
        crop_labels=labels_at(0.3),
        crops_compared=40,
        crops_changed=1,
    )
    spec = PreprocessSpec(
        steps=(Resize(height=SIZE, width=SIZE, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,)
    )
    fields = ToyBundle(name="toy-looks").card().model_dump(by_alias=True) | {
        "kind": "two-looks",
        "labels": [label.model_dump() for label in labels_at(0.5)],
        "two_looks": part.model_dump(),
        "preprocess": spec.model_dump(),
        "files": file_hashes(files),
    }
    return write_bundle(folder, card=Card.model_validate(fields), files=files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle that looks twice.")
    parser.add_argument("folder", type=Path)
    write_two_looks(parser.parse_args().folder)
