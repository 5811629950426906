"""From a torch network to an ONNX graph that returns logits and, of a classifier, class maps, checked, then made small.

The graph's input is `input` float32 (N, C, H, W), its outputs `logits` (N, L) and `class_maps` (N, L, h, w) in units
of logit contribution.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from hilum.errors import DataError, EngineError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.engine import CLASS_MAPS, INPUT, LOGITS

OPSET = 18
TOLERANCE = 1e-4
SMALL_FROM_ELEMENTS = 16_384
"""Smaller constants stay float32: they weigh little and carry most of the error, since depthwise kernels with a folded
norm span a range that few bits do not."""


class _WithMaps(nn.Module):
    def __init__(self, network: PooledClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.forward_with_maps(images)


def classifier_to_onnx(network: PooledClassifier, *, example: Tensor) -> bytes:
    """The graph of a classifier: `logits` and `class_maps` of `input`, such as `example`. Raises as `to_onnx` does."""
    return to_onnx(_WithMaps(network), examples={INPUT: example}, outputs=(LOGITS, CLASS_MAPS))


def to_onnx(network: nn.Module, *, examples: Mapping[str, Tensor], outputs: Sequence[str]) -> bytes:
    """The graph of the network in evaluation mode with batch norms folded into convolutions where they follow one.

    `examples` (2, ...) are its inputs in order, by the names that the graph gives them; `outputs` are the names of what
    it returns. Raises `EngineError` as `check_graph` does, and where torch makes no graph.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # absent from torch's stubs
    graph = graph_of(network, examples=examples, outputs=outputs)
    check_graph(network, graph=graph, examples=examples)
    return graph


def example_of(spec: PreprocessSpec) -> Tensor:
    """Two inputs of noise as large as `spec` makes them. Raises `DataError` where that leaves it to the picture."""
    if spec.output_size is None:
        raise DataError(
            "The preprocessing has no resize step, so the size of the network's input is unknown. Add one to the recipe"
        )
    return noise(spec.channels, *spec.output_size)


def noise(*shape: int) -> Tensor:
    """Two inputs of `shape` with the same random values in [-1, 1] every time."""
    return torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def graph_of(network: nn.Module, *, examples: Mapping[str, Tensor], outputs: Sequence[str]) -> bytes:
    """The graph of a network in evaluation mode, batch norms folded where they can be, with a free batch dimension.

    `examples` are its inputs in order, by the names that the graph gives them; `outputs` are the names of what it
    returns. Raises `EngineError` where torch makes no graph.
    """
    batch = torch.export.Dim("batch", min=1)
    folded = fold_batch_norms(network)
    with warnings.catch_warnings(), _quiet_folding(), _nothing_in_place(folded):
        for kind in (UserWarning, FutureWarning, DeprecationWarning):  # of torch on its own code
            warnings.filterwarnings("ignore", category=kind, module=r"(torch|copyreg)\b")
        program = torch.onnx.export(
            folded,
            tuple(examples.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_shapes=tuple({0: batch} for _ in examples),
            verbose=False,
        )
    if program is None:
        raise EngineError("torch gave no ONNX program for this network. Report this with the network's name")
    with _quiet_folding():
        program.optimize()
    buffer = io.BytesIO()
    onnx.save_model(program.model_proto, buffer)
    return buffer.getvalue()


@contextmanager
def _nothing_in_place(network: nn.Module) -> Iterator[None]:
    """With activations that give a new tensor: torch takes in-place ones apart one by one, slowly."""
    changed = [module for module in network.modules() if getattr(module, "inplace", False) is True]
    try:
        for module in changed:
            module.inplace = False  # type: ignore[assignment]  # a flag and no submodule
        yield
    finally:
        for module in changed:
            module.inplace = True  # type: ignore[assignment]


@contextmanager
def _quiet_folding() -> Iterator[None]:
    """Without onnxscript's word on each node that it leaves as it is, of which a transformer has many."""
    logger = logging.getLogger("onnxscript.optimizer")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """The same function with every batch norm that follows a convolution folded into it.

    A network without batch norms comes back as it is: torch.fx cannot follow every transformer.
    """
    network.eval()
    if not any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        return network
    return fuse(network)


def check_graph(network: nn.Module, *, graph: bytes, examples: Mapping[str, Tensor]) -> None:
    """Compare all that ONNX Runtime and torch give for `examples`.

    Raises `EngineError` where an output differs by more than 1e-4 of its largest value, or 1e-4 where that is below 1.
    """
    with torch.inference_mode():
        given = network(*examples.values())
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(None, {name: tensor.numpy() for name, tensor in examples.items()})
    expected = [given] if isinstance(given, Tensor) else list(given)
    for output, ours, theirs in zip(session.get_outputs(), found, expected, strict=True):
        difference = float(np.abs(ours - theirs.numpy()).max())
        allowed = TOLERANCE * max(1.0, float(theirs.abs().max()))
        if difference > allowed:
            raise EngineError(
                f"ONNX and torch differ by {difference:.2e} in {output.name}; at most {allowed:.1e} is allowed"
            )


def with_float16_weights(graph: bytes) -> bytes:
    """The same graph with its large constants stored in half precision and cast back when it is loaded.

    Computation stays float32; only the weights are rounded (relative error at most 2^-11).
    """
    return _with_constants(graph, stored=_as_float16)


def with_int8_weights(graph: bytes, *, from_elements: int = SMALL_FROM_ELEMENTS) -> bytes:
    """The same graph with convolutions of at least `from_elements` in 8 bits, other large constants in half precision.

    Each output channel has its own scale, its largest weight over 127, so that a weight is off by half a scale at most
    (Krishnamoorthi 2018, section 3, symmetric, weights only). They are multiplied out when the graph is loaded;
    computation stays float32.
    """
    return _with_constants(graph, stored=partial(_as_int8, from_elements=from_elements))


_Stored = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]


def _with_constants(graph: bytes, *, stored: Callable[[str, npt.NDArray[np.float32]], _Stored]) -> bytes:
    model = onnx.load_model_from_string(graph)
    nodes, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALL_FROM_ELEMENTS:
            kept.append(tensor)
            continue
        tensors, made = stored(tensor.name, values)
        kept.extend(tensors)
        nodes.extend(made)
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes.extend(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    compressed: bytes = model.SerializeToString()
    return compressed


def _as_float16(name: str, values: npt.NDArray[np.float32]) -> _Stored:
    half = f"{name}__float16"
    tensor = numpy_helper.from_array(values.astype(np.float16), half)
    return [tensor], [onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT)]


def _as_int8(name: str, values: npt.NDArray[np.float32], *, from_elements: int) -> _Stored:
    if values.ndim != 4 or values.size < from_elements:  # a linear layer makes the class maps
        return _as_float16(name, values)
    scales = np.abs(values).max(axis=(1, 2, 3), keepdims=True) / 127
    scales[scales == 0] = 1.0
    whole, scale, wide = f"{name}__int8", f"{name}__scale", f"{name}__whole"
    tensors = [
        numpy_helper.from_array(np.rint(values / scales).astype(np.int8), whole),
        numpy_helper.from_array(scales.astype(np.float32), scale),
    ]
    cast = onnx.helper.make_node("Cast", [whole], [wide], to=onnx.TensorProto.FLOAT)
    return tensors, [cast, onnx.helper.make_node("Mul", [wide, scale], [name])]
