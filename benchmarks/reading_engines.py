"""The engines that stand beside the default in `reading.py`, and the form in 8 bits that one of them runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hilum.bundle.load import load_bundle
from hilum.bundle.quantised import INT8_GRAPH, INT8_WEIGHTS
from hilum.errors import EngineError, MissingPartError
from hilum.evaluation.quantising.int8_graph import int8_graph, load_nncf
from hilum.evaluation.quantising.recorded import Recorded
from hilum.reading.engines.network import ENGINES
from measuring import say
from reading_worker import ENGINES_BESIDE


def engines_beside(folder: Path, *, quantised: Path | None) -> tuple[str, ...]:
    """The engines beside the default that can run here; their graphs are put into `folder`."""
    (folder / "graph.onnx").write_bytes(load_bundle(folder / "bundle").read("model.onnx"))
    found = []
    for name in ENGINES_BESIDE:
        try:
            ENGINES[name]()
            if name == "openvino-int8":
                write_int8(folder, quantised=quantised)
        except (MissingPartError, EngineError) as error:
            say(f"left out: {name}: {error}")
        else:
            found.append(name)
    return tuple(found)


def write_int8(folder: Path, *, quantised: Path | None) -> None:
    """The form in 8 bits, of the bundle that was named or made on noise."""
    if quantised is not None:
        bundle = load_bundle(quantised)
        (folder / "int8.xml").write_bytes(bundle.read(INT8_GRAPH))
        (folder / "int8.bin").write_bytes(bundle.read(INT8_WEIGHTS))
        return
    say("quantising the network on noise")
    noise = np.load(folder / "batch.npy")
    recorded = Recorded((None,) * len(noise), {"input": noise}, {}, failed=0)
    made = int8_graph(
        (folder / "graph.onnx").read_bytes(),
        nncf=load_nncf(),
        method="quantize",
        overflow_fix="disable",
        calibration=recorded,
        validation=recorded,
        truth=np.zeros((len(noise), 1)),
    )
    (folder / "int8.xml").write_bytes(made)
    (folder / "int8.bin").write_bytes(made.weights)


def engine_of(side: str) -> str | None:
    """The engine beside the default that a side is of; None for any other side."""
    return next((name for name in ENGINES_BESIDE if side.startswith(f"hilum {name},")), None)
