"""The outputs of a gate's network, in order: radiograph or not, the fourteen types, and a chest's state and view.

Training writes targets and reading reads logits by the same slices. Gates before hilum 0.3 end before the views.
"""

from __future__ import annotations

from hilum.findings import XRAY_TYPES

TURNS_DEG = (0, 90, 180, 270)
"""How far a chest has been turned counter-clockwise from upright, in degrees."""

PICTURE_VIEWS: tuple[str, ...] = ("PA", "AP", "lateral")
"""How a chest was taken, as its picture tells: from the back, from the front, or from a side."""

OUTPUTS_WITHOUT_VIEWS: tuple[str, ...] = (
    "is_xray",
    *XRAY_TYPES,
    *(f"turned {degrees}" for degrees in TURNS_DEG),
    "inverted",
    "cropped",
)
GATE_OUTPUTS: tuple[str, ...] = (*OUTPUTS_WITHOUT_VIEWS, *(f"view {view}" for view in PICTURE_VIEWS))

IS_XRAY = 0
TYPES = slice(1, 1 + len(XRAY_TYPES))
TURNS = slice(TYPES.stop, TYPES.stop + len(TURNS_DEG))
INVERTED = TURNS.stop
CROPPED = TURNS.stop + 1
VIEWS = slice(CROPPED + 1, CROPPED + 1 + len(PICTURE_VIEWS))

MIRROR_SWAPS = ((TURNS.start + 1, TURNS.start + 3),)
"""Pairs of outputs that a mirror exchanges: a chest turned by 90 degrees, mirrored, is one turned by 270."""
