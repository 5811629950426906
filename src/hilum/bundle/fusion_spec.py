"""What the card of a fusion adds: two networks of one picture, whole and cut to its lungs, under one linear layer.

The graph `model.onnx` takes `whole` and `crop`, each float32 (N, C, H, W), and gives for L labels

- `logits` (N, L), the fusion's; `whole_logits` and `crop_logits` (N, L), each branch's own head's;
- `whole_maps` and `crop_maps` (N, L, h, w), the fusion's class maps on each picture in units of logit contribution:
  the sums of both are the fusion's logit minus its bias;
- `whole_alone_maps` (N, L, h, w), the class maps of the whole branch's own head, in the same unit.

`lungs.onnx` draws the lungs whose box is cut. Where they are not trusted the whole branch's own head reads.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hilum.bundle.brought_lungs import BroughtLungs
from hilum.bundle.label import Label
from hilum.imaging.preprocess import PreprocessSpec

WHOLE, CROP = "whole", "crop"
"""The graph's inputs."""

LOGITS, WHOLE_LOGITS, CROP_LOGITS = "logits", "whole_logits", "crop_logits"
WHOLE_MAPS, CROP_MAPS, WHOLE_ALONE_MAPS = "whole_maps", "crop_maps", "whole_alone_maps"
FUSION_OUTPUTS = (LOGITS, WHOLE_LOGITS, CROP_LOGITS, WHOLE_MAPS, CROP_MAPS, WHOLE_ALONE_MAPS)
"""The graph's outputs, in order."""


class FusionSpec(BroughtLungs):
    """The card's `preprocess` is the whole picture's, its `labels` are the fusion's.

    `whole_labels` and `crop_labels` are the same labels with each branch's own calibration and operating points. Where
    training fits them, the card's labels are fitted on validation pictures whose lungs are trusted, the branches' on
    all of them. Where they come out of a study, all are fitted on every picture that its folds held out, those with
    untrusted lungs among them.
    """

    crop_preprocess: PreprocessSpec
    crop_source: str = Field(description="from pictures of which size the crops were cut, in words")
    whole_labels: tuple[Label, ...]
    crop_labels: tuple[Label, ...]

    @model_validator(mode="after")
    def _crop_needs_lungs(self) -> Self:
        if not self.crop_preprocess.needs_lungs:
            raise ValueError("the crop_preprocess of a fusion must begin with crop-lungs")
        return self
