"""What the card of a model adds that averages its features inside the lungs alone.

The graph `model.onnx` takes `input` (N, C, H, W), the pictures, and `lungs` (N, 1, H, W), how much of each of their
pixels is lung, from 0 to 1; it gives for L labels

- `logits` (N, L), of features averaged over the cells of the last map, each weighted by the share of it that is lung;
- `class_maps` (N, L, h, w) in units of logit contribution: 0 in a cell without lung, and all cells of a map sum to the
  logit minus its bias.

`lungs.onnx` draws the lungs. Where they are not trusted `lungs` is 1 everywhere, which is the plain mean.
"""

from __future__ import annotations

from pydantic import Field

from hilum.bundle.brought_lungs import BroughtLungs

LUNGS = "lungs"
"""The graph's second input."""

WIDEN = 0.02
"""The usual share of the picture's sides by which lungs are widened before features are averaged inside them."""

LARGEST_WIDENING = 0.5
"""Wider than this, nothing is left outside the lungs."""


class PoolingSpec(BroughtLungs):
    """Features are averaged inside the whole lungs (the fields, where nothing else is drawn), widened."""

    widen: float = Field(
        ge=0.0,
        le=LARGEST_WIDENING,
        description="a pixel of the model's input counts as lung up to this share of the input's sides from the lungs",
    )
    hides_outside: bool = Field(
        default=False, description="whether the graph replaces all pixels that do not count as lung by one grey"
    )
