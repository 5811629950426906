"""Logits of a form in 8 bits, moved back by what rounding moved them on average.

Rounding does not only scatter a network's numbers: what adds up over its layers has a mean of its own, which moves the
logits of all images alike, and with them every decision near a threshold. One number a label takes that back.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from hilum.evaluation.quantising.recorded import Recorded
from hilum.reading.engines.engine import LOGITS, CompiledGraph

Floats = npt.NDArray[np.float32]


def mean_shift(compiled: CompiledGraph, *, recorded: Recorded) -> Floats:
    """What `compiled` lacks of each logit that was recorded in float32, on average over the images: float32 (L,)."""
    found = np.concatenate([compiled.run_named(batch)[LOGITS] for batch in recorded.batches()])
    return np.asarray((recorded.outputs[LOGITS].astype(np.float64) - found).mean(axis=0), np.float32)


def add_to_logits(model: Any, shift: Floats, *, openvino: Any) -> None:
    """Put one more addition before the logits of OpenVINO's `model`: `shift` float32 (L,), in float32."""
    result = next(one for one in model.get_results() if LOGITS in one.input_value(0).get_tensor().names)
    before = result.input_value(0)
    names = before.get_tensor().names
    constant = openvino.op.Constant(np.ascontiguousarray(shift[None], np.float32))
    added = openvino.opset13.add(before, constant, name="logits_moved_back")
    before.get_tensor().set_names(set())
    added.output(0).get_tensor().set_names(names)
    result.input(0).replace_source_output(added.output(0))
