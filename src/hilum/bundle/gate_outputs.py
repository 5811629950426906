"""The outputs of a gate's network, in order: radiograph or not, the fourteen types, and the state of a chest.

Training writes targets and reading reads logits by the same slices.
"""

from __future__ import annotations

from hilum.findings import XRAY_TYPES

TURNS_DEG = (0, 90, 180, 270)
"""How far a chest has been turned counter-clockwise from upright, in degrees."""

GATE_OUTPUTS: tuple[str, ...] = (
    "is_xray",
    *XRAY_TYPES,
    *(f"turned {degrees}" for degrees in TURNS_DEG),
    "inverted",
    "cropped",
)

IS_XRAY = 0
TYPES = slice(1, 1 + len(XRAY_TYPES))
TURNS = slice(TYPES.stop, TYPES.stop + len(TURNS_DEG))
INVERTED = TURNS.stop
CROPPED = TURNS.stop + 1

MIRROR_SWAPS = ((TURNS.start + 1, TURNS.start + 3),)
"""Pairs of outputs that a mirror exchanges: a chest turned by 90 degrees, mirrored, is one turned by 270."""
