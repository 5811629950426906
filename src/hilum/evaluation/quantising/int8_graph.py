"""A graph in 8-bit integers by NNCF's post-training quantisation: `pip install "hilum[quantise]"`.

Its known weakness is DenseNet, whose concatenations carry rounding from layer to layer (NNCF's release notes): there,
layers go back to floating point until the mean AUROC on validation is within 0.002. For MobileNet and EfficientNet-Lite
the plain function does. NNCF works on OpenVINO's form of the graph, which is what is run and judged: ONNX Runtime runs
8 bits at a third of its speed on two cores with VNNI (DenseNet-121, 224 pixels).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from hilum.bundle.quantised import OverflowFix, QuantiseMethod
from hilum.errors import EngineError, MissingPartError
from hilum.evaluation.quantising.recorded import BATCH, Recorded
from hilum.reading.engines.engine import LOGITS
from hilum.reading.engines.graph_of import IntermediateGraph
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import FloatArray

INSTALL_COMMAND = 'pip install "hilum[quantise]"'
MOST_MEAN_LOSS = 0.002
"""How far the mean AUROC may fall before layers go back to floating point."""

LAYERS_BACK = 8
"""How many layers may go back. Each step asks all of validation and may rank the others anew: without an end a
DenseNet-121 of which no single layer is to blame takes hours, and is judged all the same."""

_CONTROLLED = "densenet"
_CONVOLUTIONS = ("Convolution", "GroupConvolution")
_RANKED_ON = 100
"""Validation images by which layers are ranked for going back."""


@dataclass(frozen=True, slots=True)
class Nncf:
    """The two packages, imported."""

    nncf: Any
    openvino: Any

    @property
    def versions(self) -> dict[str, str]:
        """Of what made the graph and of what runs it."""
        return {
            "nncf": importlib.metadata.version("nncf"),
            "openvino": str(self.openvino.__version__),
            "onnxruntime": str(onnxruntime.__version__),
        }


def load_nncf() -> Nncf:
    """NNCF and OpenVINO, with NNCF's usage statistics off: it would send them to its makers.

    Raises `MissingPartError` with the command that installs them where one is absent.
    """
    os.environ["NNCF_CI"] = "1"  # the switch that NNCF has for its statistics; read when it is imported
    try:
        found = Nncf(importlib.import_module("nncf"), importlib.import_module("openvino"))
    except ImportError as error:
        absent = (error.name or "nncf").partition(".")[0]
        raise MissingPartError(
            f"'hilum quantise' needs the package {absent}, which is not installed; run: {INSTALL_COMMAND}"
        ) from error
    return found


def method_for(architecture: str, *, layers_back: int) -> QuantiseMethod:
    """Which of NNCF's functions quantises a network of this architecture, of which so many layers may go back."""
    controlled = layers_back > 0 and architecture.startswith(_CONTROLLED)
    return "quantize_with_accuracy_control" if controlled else "quantize"


def int8_graph(
    graph: bytes,
    *,
    nncf: Nncf,
    method: QuantiseMethod,
    overflow_fix: OverflowFix,
    calibration: Recorded,
    validation: Recorded,
    truth: FloatArray,
    layers_back: int = LAYERS_BACK,
    say: Callable[[str], None] = lambda _: None,
) -> IntermediateGraph:
    """The graph in 8 bits, with the ranges that `calibration` has; `validation` and its `truth` (N, L) are for control.

    At most `layers_back` layers go back to floating point; `say` hears what control finds after each step.

    Raises `EngineError` where NNCF or OpenVINO cannot do it.
    """
    parameters = nncf.nncf.AdvancedQuantizationParameters(
        overflow_fix=nncf.nncf.OverflowFix.DISABLE if overflow_fix == "disable" else nncf.nncf.OverflowFix.ENABLE
    )
    ranges = nncf.nncf.Dataset(range(len(calibration)), lambda row: calibration.batch([row]))
    try:
        with _quietly(nncf.nncf):
            model = plain_weights(graph, openvino=nncf.openvino)
            kept = nncf.nncf.IgnoredScope(names=head_of(model), validate=False)
            if method == "quantize":
                made = nncf.nncf.quantize(
                    model, ranges, subset_size=len(calibration), ignored_scope=kept, advanced_parameters=parameters
                )
            else:
                made = nncf.nncf.quantize_with_accuracy_control(
                    model,
                    calibration_dataset=ranges,
                    validation_dataset=nncf.nncf.Dataset(range(len(validation)), lambda row: validation.batch([row])),
                    validation_fn=_validation(validation, truth=truth, say=say),
                    max_drop=MOST_MEAN_LOSS,
                    subset_size=len(calibration),
                    ignored_scope=kept,
                    advanced_quantization_parameters=parameters,
                    advanced_accuracy_restorer_parameters=nncf.nncf.AdvancedAccuracyRestorerParameters(
                        ranking_subset_size=min(_RANKED_ON, len(validation)), max_num_iterations=layers_back
                    ),
                )
            if not any(node.get_type_name() == "FakeQuantize" for node in made.get_ops()):
                raise EngineError("Nothing of this network can be quantised: it has no convolutions before its head")
            return _saved(made, openvino=nncf.openvino)
    except (RuntimeError, ValueError, AttributeError, KeyError) as error:
        raise EngineError(f"NNCF cannot quantise this network: {' '.join(str(error).split())[:300]}") from error


def plain_weights(graph: bytes, *, openvino: Any) -> Any:
    """An ONNX graph as OpenVINO's model whose weights are constants, not computed from the smaller form in the file.

    NNCF takes what is computed for no weights: it then corrects no bias, and all scores move alike.
    """
    model = openvino.Core().read_model(io.BytesIO(graph))
    passes = importlib.import_module("openvino.passes")
    manager = passes.Manager()
    manager.register_pass(passes.ConstantFolding())
    manager.run_passes(model)
    return model


def head_of(model: Any) -> list[str]:
    """The names of what follows a network's last convolutions: pooling, the linear head, the class maps.

    They cost next to nothing, and stay in float32: pooled features are few numbers, of which NNCF's ranges, means over
    images of each image's largest, cut off the upper ones.
    """
    outputs = {output.get_any_name(): output.get_node() for output in model.outputs}
    head = _before(outputs.pop(LOGITS), until=frozenset())
    for node in outputs.values():
        head |= _before(node, until=frozenset(head))
    return sorted(head)


def _before(node: Any, *, until: frozenset[str]) -> set[str]:
    """What leads to an output, back to convolutions; one of what stands in `until` makes a class map, and is passed."""
    found: set[str] = set()
    waiting = [value.get_node() for value in node.input_values()]
    while waiting:
        one = waiting.pop()
        name, before = one.get_friendly_name(), [value.get_node() for value in one.input_values()]
        of_head = bool(before) and before[0].get_friendly_name() in until
        if name in found or (one.get_type_name() in _CONVOLUTIONS and not of_head):
            continue
        found.add(name)
        waiting += [] if name in until else before
    return found


def mean_auroc(truth: FloatArray, logits: npt.NDArray[np.float32]) -> float:
    """Over the labels (N, L) with both outcomes; 0.5 where there is none, so that chance neither gains nor loses."""
    found = []
    for at in range(truth.shape[1]):
        known = ~np.isnan(truth[:, at])
        value = auroc(truth[known, at], scores=logits[known, at].astype(np.float64)) if known.any() else None
        if isinstance(value, float):
            found.append(value)
    return float(np.mean(found)) if found else 0.5


def _validation(
    recorded: Recorded, *, truth: FloatArray, say: Callable[[str], None]
) -> Callable[[Any, Any], tuple[float, list[list[npt.NDArray[np.float32]]]]]:
    """What NNCF calls to judge a compiled graph: the mean AUROC, and each image's logits, by which it ranks layers."""
    steps = iter(("in float32", "in 8 bits", "after one layer went back to float32"))

    def judge(compiled: Any, rows: Any) -> tuple[float, list[list[npt.NDArray[np.float32]]]]:
        asked = [int(row) for row in rows]
        request = compiled.create_infer_request()
        logits = np.concatenate(
            [np.array(request.infer(recorded.batch(some))[LOGITS], np.float32) for some in _some(asked)]
        )
        found = mean_auroc(truth[asked], logits)
        if len(asked) == len(recorded):
            say(f"mean AUROC on validation {found:.4f}, {next(steps, 'after one more layer')}")
        return found, [[row[None]] for row in logits]

    return judge


def _some(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _saved(model: Any, *, openvino: Any) -> IntermediateGraph:
    with TemporaryDirectory(prefix="hilum-") as folder:
        path = Path(folder) / "graph.xml"
        openvino.save_model(model, path, compress_to_fp16=False)
        return IntermediateGraph(path.read_bytes(), weights=path.with_suffix(".bin").read_bytes())


@contextmanager
def _quietly(nncf: Any) -> Iterator[None]:
    """Without NNCF's lines and bars, which it draws on standard output."""
    nncf.set_log_level(logging.ERROR)
    with redirect_stdout(io.StringIO()):
        yield
