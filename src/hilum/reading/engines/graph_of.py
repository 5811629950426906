"""Which form of a bundle's graph an engine compiles: ONNX, or for `openvino-int8` the one in 8-bit integers."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.bundle.quantised import INT8_CHECK, INT8_GRAPH, INT8_WEIGHTS
from hilum.errors import BundleError, EngineError
from hilum.reading.engines.engine import Engine, EngineName

INT8_ENGINE: EngineName = "openvino-int8"


class IntermediateGraph(bytes):
    """A graph in OpenVINO's own format (IR): the bytes of its XML, and `weights`, those of its constants."""

    weights: bytes

    def __new__(cls, graph: bytes, *, weights: bytes) -> IntermediateGraph:
        """The bytes, with those of the constants beside them."""
        made = super().__new__(cls, graph)
        made.weights = weights
        return made


def graph_of(bundle: Bundle, name: str, *, engine: Engine) -> bytes:
    """What `engine` compiles for the graph `name` of a bundle. Raises `BundleError` where a file is altered.

    Only the model's own graph has a form in 8 bits, in a bundle that was quantised; all else computes in float32.
    """
    if engine.name == INT8_ENGINE and name == GRAPH and has_int8(bundle):
        return IntermediateGraph(bundle.read(INT8_GRAPH), weights=bundle.read(INT8_WEIGHTS))
    return bundle.read(name)


def has_int8(bundle: Bundle) -> bool:
    """Whether the bundle holds a form of its network in 8-bit integers."""
    return bundle.card.quantised is not None


def check_int8(bundles: Iterable[Bundle], *, engine: Engine) -> None:
    """Raise `EngineError` where the engine is that of 8 bits and none of the bundles has such a form."""
    if engine.name != INT8_ENGINE:
        return
    names = [bundle.card.name for bundle in bundles]
    if not any(map(has_int8, bundles)):
        raise EngineError(
            f"No int8 form in {', '.join(names)}. Make one with `hilum quantise`, or read with another engine"
        )


def int8_check(bundle: Bundle) -> dict[str, npt.NDArray[np.float32]]:
    """What the form in 8 bits gave for the self-test's inputs where it was judged, by output.

    Raises `BundleError` where the file is altered or holds something else.
    """
    try:
        with np.load(io.BytesIO(bundle.read(INT8_CHECK)), allow_pickle=False) as found:
            return {name: np.asarray(found[name], np.float32) for name in found.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise BundleError(f"{bundle.folder / INT8_CHECK} cannot be read ({error}). Copy the bundle again") from error


def int8_check_bytes(outputs: dict[str, npt.NDArray[np.float32]]) -> bytes:
    """The file that `int8_check` reads."""
    file = io.BytesIO()
    np.savez_compressed(file, **outputs)  # type: ignore[arg-type]
    return file.getvalue()
