"""From the ONNX graphs of several classifiers to the one graph of their ensemble, checked; no torch is involved.

`bundle/ensemble_spec.py` says what the graph takes and gives. With z_m the logit of member m by its own calibration
and w_m its weight, p_m = 1 / (1 + exp(-z_m)); the ensemble says sum w_m p_m, as log odds, and its map is
sum w_m p_m (1 - p_m) times the member's class map, which the slope of its calibration has scaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, compose, helper, inliner, numpy_helper

from hilum.bundle.ensemble_spec import MAPS, MEMBER_LOGITS
from hilum.errors import BundleError, EngineError
from hilum.explain.cell_shares import cell_shares
from hilum.reading.engines.engine import CLASS_MAPS, INPUT, LOGITS, Batch
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.statistics.logistic import sigmoid
from hilum.statistics.outcomes import FloatArray

TOLERANCE = 1e-4
_MOST_BYTES = 2**31 - 1
"""Of one ONNX file."""
_LEAST_WEIGHT = 1e-30
"""In the place of a weight of 0, whose logarithm a graph could not hold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MemberGraph:
    """The graph of one member and what its card makes of it.

    `columns` are the places among the graph's logits of the ensemble's L labels; `slope` and `intercept` (L,) are the
    member's calibration of these. `weight` is its share of the mean. `name` is for messages.
    """

    name: str
    graph: bytes
    columns: tuple[int, ...]
    slope: FloatArray
    intercept: FloatArray
    weight: float


def join_graphs(members: Sequence[MemberGraph], *, example: Batch, maps: bool) -> bytes:
    """The graph of the ensemble of `members`, with maps where they are wanted.

    `example` (n, C, H, W) is an input as all members take it, on which the joined graph is compared with them. Raises
    `BundleError` where the graphs cannot stand in one file, and `EngineError` where an output differs by more than 1e-4
    of its largest value, or 1e-4 where that is below 1.
    """
    size = sum(len(one.graph) for one in members)
    if size > _MOST_BYTES:
        raise BundleError(
            f"The models together have graphs of {size / 1e9:.1f} GB, and one ONNX file can hold 2 GB. Join fewer or "
            "smaller models"
        )
    alone = [_run(one.graph, example) for one in members]
    grids = [found[CLASS_MAPS].shape[-2:] for found in alone] if maps else []
    joined = _joined(members, grids=grids, example=example)
    _check(joined, expected=_by_hand(members, alone=alone, maps=maps), example=example)
    return joined


def _run(graph: bytes, example: Batch) -> Mapping[str, npt.NDArray[np.float32]]:
    return OnnxRuntimeEngine().compile(graph, threads=1, callers=1).run(example)


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Nodes and constants behind the members' own; the result of each node is called after its place."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, named: str | None = None, **attributes: Any) -> str:
        name = named or f"ensemble/{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: npt.ArrayLike, *, kind: type[np.generic] = np.float32) -> str:
        name = f"ensemble/constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name


def _joined(members: Sequence[MemberGraph], *, grids: Sequence[tuple[int, ...]], example: Batch) -> bytes:
    models = [_prefixed(one.graph, prefix=_prefix(index)) for index, one in enumerate(members)]
    opsets = _one_opset(models, members=members)
    tail = _Nodes()
    logits = [_logits(tail, one, index=index) for index, one in enumerate(members)]
    rows = [tail.add("Unsqueeze", each, tail.constant([1], kind=np.int64)) for each in logits]
    tail.add("Concat", *rows, named=MEMBER_LOGITS, axis=1)
    weights = [one.weight for one in members]
    negative = [tail.add("Neg", each) for each in logits]
    ill, well = (_log_of_mean(tail, each, weights=weights) for each in (logits, negative))
    tail.add("Sub", ill, well, named=LOGITS)
    labels = len(members[0].columns)
    gives = {LOGITS: [labels], MEMBER_LOGITS: [len(members), labels]}
    if grids:
        finest = [max(each) for each in zip(*grids, strict=True)]
        weighted = [
            _weighted_map(tail, one, index=index, logits=(logits[index], negative[index]), grid=grid, finest=finest)
            for index, (one, grid) in enumerate(zip(members, grids, strict=True))
        ]
        tail.add("Sum", *weighted, named=MAPS)
        gives[MAPS] = [labels, *finest]
    graph = helper.make_graph(
        [*(node for model in models for node in model.graph.node), *tail.nodes],
        "ensemble",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", *example.shape[1:]])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]) for name, shape in gives.items()],
        [*(tensor for model in models for tensor in model.graph.initializer), *tail.constants],
    )
    made = helper.make_model(graph, opset_imports=opsets, ir_version=max(model.ir_version for model in models))
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString()
    return content


def _prefix(index: int) -> str:
    return f"member {index}/"


def _prefixed(graph: bytes, *, prefix: str) -> onnx.ModelProto:
    """The model with every name but its input's behind `prefix`, its functions written out."""
    model = inliner.inline_local_functions(onnx.load_model_from_string(graph))
    return compose.add_prefix(model, prefix, rename_inputs=False)


def _one_opset(models: Sequence[onnx.ModelProto], *, members: Sequence[MemberGraph]) -> list[onnx.OperatorSetIdProto]:
    """The operator sets that all graphs together are written in."""
    versions: dict[str, tuple[int, str]] = {}
    for model, one in zip(models, members, strict=True):
        for used in model.opset_import:
            domain = used.domain if used.domain != "ai.onnx" else ""
            version, whose = versions.setdefault(domain, (used.version, one.name))
            if version != used.version:
                raise BundleError(
                    f"The graphs use different ONNX operator sets: {version} in {whose} and {used.version} in "
                    f"{one.name}. Export or import both with the same version of hilum"
                )
    return [helper.make_opsetid(domain, version) for domain, (version, _) in versions.items()]


def _logits(tail: _Nodes, one: MemberGraph, *, index: int) -> str:
    """The member's logits of the ensemble's labels, by its own calibration."""
    found = tail.add("Gather", f"{_prefix(index)}{LOGITS}", tail.constant(one.columns, kind=np.int64), axis=1)
    return tail.add("Add", tail.add("Mul", found, tail.constant(one.slope)), tail.constant(one.intercept))


def _log_of_mean(tail: _Nodes, logits: Sequence[str], *, weights: Sequence[float]) -> str:
    """The logarithm of sum w_m sigmoid(z_m), from logarithms that are never of 0."""
    one, zero = tail.constant(1.0), tail.constant(0.0)
    logs = []
    for each, weight in zip(logits, weights, strict=True):
        small = tail.add("Exp", tail.add("Neg", tail.add("Abs", each)))
        alone = tail.add("Sub", tail.add("Min", each, zero), tail.add("Log", tail.add("Add", small, one)))
        logs.append(tail.add("Add", alone, tail.constant(_log_weight(weight))))
    top = tail.add("Max", *logs)
    shares = [tail.add("Exp", tail.add("Sub", each, top)) for each in logs]
    return tail.add("Add", top, tail.add("Log", tail.add("Sum", *shares)))


def _weighted_map(
    tail: _Nodes,
    one: MemberGraph,
    *,
    index: int,
    logits: tuple[str, str],
    grid: Sequence[int],
    finest: Sequence[int],
) -> str:
    """The member's class map times w p (1 - p), dealt to the finest cells."""
    found = tail.add("Gather", f"{_prefix(index)}{CLASS_MAPS}", tail.constant(one.columns, kind=np.int64), axis=1)
    if list(grid) != list(finest):
        down, across = (cell_shares(cells, fine=fine) for cells, fine in zip(grid, finest, strict=True))
        found = tail.add("MatMul", tail.add("MatMul", tail.constant(down), found), tail.constant(across.T))
    spread = tail.add("Mul", *(tail.add("Sigmoid", each) for each in logits))
    scaled = tail.add("Mul", spread, tail.constant(one.weight * one.slope))
    return tail.add("Mul", tail.add("Unsqueeze", scaled, tail.constant([2, 3], kind=np.int64)), found)


def _by_hand(
    members: Sequence[MemberGraph], *, alone: Sequence[Mapping[str, npt.NDArray[np.float32]]], maps: bool
) -> dict[str, FloatArray]:
    """What the joined graph must give, in float64, from what each member gives alone."""
    weights = np.array([one.weight for one in members])
    logits = np.stack([_calibrated(found, one) for found, one in zip(alone, members, strict=True)], axis=1)
    expected = {LOGITS: log_odds_of_mean(logits, weights=weights), MEMBER_LOGITS: logits}
    if maps:
        finest = [max(each) for each in zip(*(found[CLASS_MAPS].shape[-2:] for found in alone), strict=True)]
        spread = sigmoid(logits) * sigmoid(-logits) * weights[:, None] * np.stack([one.slope for one in members])
        grids = [
            _dealt(np.asarray(found[CLASS_MAPS][:, one.columns], np.float64), finest=finest)
            for found, one in zip(alone, members, strict=True)
        ]
        expected[MAPS] = (spread[..., None, None] * np.stack(grids, axis=1)).sum(axis=1)
    return expected


def log_odds_of_mean(logits: npt.ArrayLike, *, weights: npt.ArrayLike) -> FloatArray:
    """The log odds (n, L) of the mean by `weights` (M,) of the probabilities of logits (n, M, L); finite always."""
    z, shares = np.asarray(logits, np.float64), _log_weight(weights)[:, None]
    ill = np.logaddexp.reduce(shares - np.logaddexp(0.0, -z), axis=1)
    return np.asarray(ill - np.logaddexp.reduce(shares - np.logaddexp(0.0, z), axis=1), np.float64)


def _log_weight(weight: npt.ArrayLike) -> FloatArray:
    return np.asarray(np.log(np.maximum(np.asarray(weight, np.float64), _LEAST_WEIGHT)), np.float64)


def _calibrated(found: Mapping[str, npt.NDArray[np.float32]], one: MemberGraph) -> FloatArray:
    return np.asarray(found[LOGITS][:, one.columns] * one.slope + one.intercept, np.float64)


def _dealt(grid: FloatArray, *, finest: Sequence[int]) -> FloatArray:
    down, across = (cell_shares(cells, fine=fine) for cells, fine in zip(grid.shape[-2:], finest, strict=True))
    return np.asarray(down @ grid @ across.T, np.float64)


def _check(graph: bytes, *, expected: Mapping[str, FloatArray], example: Batch) -> None:
    found = _run(graph, example)
    for name, values in expected.items():
        difference = float(np.abs(found[name] - values).max())
        allowed = TOLERANCE * max(1.0, float(np.abs(values).max()))
        if not difference <= allowed:
            raise EngineError(
                f"{name} of the joined graph differs from that of its members by {difference:.2e}; at most "
                f"{allowed:.1e} is allowed. Report this with the names of the models"
            )
