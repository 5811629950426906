"""Makes a tiny ensemble bundle whose logits and maps can be computed by hand.

    python tests/fabricate_ensemble.py FOLDER

The members are toy networks of `fabricate_bundle.py` at 16 x 16 pixels; `ToyEnsemble.forward` computes their mean in
plain numpy.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.special import expit, logit

from fabricate_bundle import CELL, SIZE, ToyBundle, ToyNetwork
from hilum.bundle.card import Card, HeatmapSpec
from hilum.bundle.ensemble_spec import EnsembleMember, EnsembleSpec
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle

LABELS = ("Edema", "Pneumonia")
NAMES = ("first", "second", "third")


@dataclass(frozen=True, eq=False)
class ToyEnsemble:
    """Networks with the same labels, which read inputs (N, 1, 16, 16)."""

    members: tuple[ToyNetwork, ...]

    @staticmethod
    def random(*, labels: int = len(LABELS), count: int = len(NAMES), seed: int = 0) -> "ToyEnsemble":
        return ToyEnsemble(tuple(ToyNetwork.random(labels=labels, seed=seed + i) for i in range(count)))

    @staticmethod
    def brightness(*biases: float, gain: float = 8.0) -> "ToyEnsemble":
        """One label; each member's logit is gain * mean(input) + its bias."""
        return ToyEnsemble(tuple(ToyNetwork.brightness(gain=gain, bias=bias) for bias in biases))

    def forward(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Every output, in float64."""
        found = [member.forward(batch) for member in self.members]
        logits = np.stack([each for each, _ in found], axis=1)
        p = expit(logits)
        weighted = [(p[:, m] * (1 - p[:, m]))[:, :, None, None] * maps for m, (_, maps) in enumerate(found)]
        return {
            "logits": logit(p.mean(axis=1)),
            "member_logits": logits,
            "maps": np.mean(weighted, axis=0),
        }

    def graph(self, *, leave_out: str | None = None) -> bytes:
        """The same as ONNX, without the output `leave_out`."""
        nodes, constants = [], {"axis": np.array([1]), "one": np.array(1, np.float32)}
        cells = (SIZE // CELL) ** 2
        for m, one in enumerate(self.members):
            own = {
                "kernel": one.kernel, "shift": one.shift, "weights": one.weights, "bias": one.bias,
                "map_kernel": (one.weights / cells)[:, :, None, None], "last": np.array([2, 3]),
            }  # fmt: skip
            constants |= {f"{key}{m}": values for key, values in own.items()}
            nodes += [
                helper.make_node("Conv", ["input", f"kernel{m}", f"shift{m}"], [f"c{m}"], strides=[CELL, CELL]),
                helper.make_node("Relu", [f"c{m}"], [f"features{m}"]),
                helper.make_node("GlobalAveragePool", [f"features{m}"], [f"pooled{m}"]),
                helper.make_node("Flatten", [f"pooled{m}"], [f"flat{m}"]),
                helper.make_node("Gemm", [f"flat{m}", f"weights{m}", f"bias{m}"], [f"z{m}"], transB=1),
                helper.make_node("Unsqueeze", [f"z{m}", "axis"], [f"z{m}_row"]),
                helper.make_node("Conv", [f"features{m}", f"map_kernel{m}"], [f"map{m}"]),
                helper.make_node("Sigmoid", [f"z{m}"], [f"p{m}"]),
                helper.make_node("Sub", ["one", f"p{m}"], [f"q{m}"]),
                helper.make_node("Mul", [f"p{m}", f"q{m}"], [f"pq{m}"]),
                helper.make_node("Unsqueeze", [f"pq{m}", f"last{m}"], [f"pq{m}_cell"]),
                helper.make_node("Mul", [f"pq{m}_cell", f"map{m}"], [f"weighted{m}"]),
            ]
        every = range(len(self.members))
        nodes += [
            helper.make_node("Concat", [f"z{m}_row" for m in every], ["member_logits"], axis=1),
            helper.make_node("Mean", [f"weighted{m}" for m in every], ["maps"]),
            helper.make_node("Mean", [f"p{m}" for m in every], ["p"]),
            helper.make_node("Mean", [f"q{m}" for m in every], ["q"]),
            helper.make_node("Div", ["p", "q"], ["odds"]),
            helper.make_node("Log", ["odds"], ["logits"]),
        ]
        count = len(self.members[0].bias)
        shapes = {
            "logits": ["n", count],
            "member_logits": ["n", len(self.members), count],
            "maps": ["n", count, SIZE // CELL, SIZE // CELL],
        }
        takes = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, SIZE, SIZE])]
        gives = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
            if name != leave_out
        ]
        initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
        graph = helper.make_graph(nodes, "toy", takes, gives, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def spec(names: tuple[str, ...] = NAMES) -> EnsembleSpec:
    """The card's part for members of these names."""
    members = (
        EnsembleMember(name=name, architecture="toy", starting_weights="random", seed=seed)
        for seed, name in enumerate(names)
    )
    return EnsembleSpec(members=tuple(members))


def write_ensemble(
    folder: Path,
    *,
    ensemble: ToyEnsemble | None = None,
    graph: bytes | None = None,
    toy: ToyBundle | None = None,
    heatmap: HeatmapSpec | None = None,
) -> Bundle:
    """An ensemble bundle in `folder`; all but the ensemble and its members is as in `toy`."""
    made = ToyEnsemble.random() if ensemble is None else ensemble
    base = ToyBundle(name="toy-ensemble", labels=LABELS[: len(made.members[0].bias)]) if toy is None else toy
    files = {"model.onnx": made.graph() if graph is None else graph}
    fields = replace(base, graph=files["model.onnx"]).card().model_dump(by_alias=True) | {
        "kind": "ensemble",
        "ensemble": spec(NAMES[: len(made.members)]).model_dump(),
        "files": file_hashes(files),
    }
    if heatmap is not None:
        fields["heatmap"] = heatmap.model_dump()
    return write_bundle(folder, card=Card.model_validate(fields), files=files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy bundle of three networks that read as their mean.")
    parser.add_argument("folder", type=Path)
    write_ensemble(parser.parse_args().folder)
