"""Forms that a bundle's graph may take, each smaller or faster than the graph as it is exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hilum.bundle.card_part import CompressionMethod
from hilum.training.export.to_onnx import with_float16_weights, with_int8_weights

LARGE_FROM_ELEMENTS = 100_000
"""Most of a mobile network's weights lie in convolutions as large; they are its last, whose errors grow least."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the card calls the form, and what makes it of the graph as it is."""

    method: CompressionMethod
    make: Callable[[bytes], bytes]


def _as_it_is(graph: bytes) -> bytes:
    return graph


AS_IT_IS = Form("none", _as_it_is)
FLOAT16 = Form("float16 weights", with_float16_weights)
MIXED = Form("int8 and float16 weights", partial(with_int8_weights, from_elements=LARGE_FROM_ELEMENTS))
INT8 = Form("int8 weights", with_int8_weights)

HALF = (FLOAT16, AS_IT_IS)
"""Smallest first; for networks whose probabilities must stay what they are."""
SMALLEST = (INT8, MIXED, *HALF)
"""Smallest first."""
