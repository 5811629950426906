"""What a card says of the form of its network that computes in 8-bit integers: how it was made, and what it costs.

The network as it was stays in `model.onnx`; the form in 8 bits lies beside it in OpenVINO's own format, and is run by
the engine `openvino-int8` alone. It was accepted on one processor; what came out there lies in the file `INT8_CHECK`,
so that another processor can be tried before it reads.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hilum.bundle.card_part import Part, Probability, Sha256

INT8_GRAPH = "model.int8.xml"
INT8_WEIGHTS = "model.int8.bin"
INT8_CHECK = "model.int8.check.npz"
INT8_FILES = (INT8_GRAPH, INT8_WEIGHTS, INT8_CHECK)
"""The files of a bundle that the form in 8 bits adds."""

QuantiseMethod = Literal["quantize", "quantize_with_accuracy_control"]
"""NNCF's functions; the second puts layers back into floating point until the mean AUROC holds."""

OverflowFix = Literal["disable", "enable"]
"""Whether weights keep to half their range, which processors without 8-bit dot products need."""


class QuantisedLabel(Part):
    """One label on the validation images, by the network as it was and in 8 bits; rates are shares of images."""

    name: str
    n: int = Field(ge=0, description="validation images with a known truth")
    positives: int = Field(ge=0, description="of these, images with the finding")
    auroc_before: Probability | None = Field(description="in float32; null where only one outcome is there")
    auroc_after: Probability | None = Field(description="in 8 bits")
    flagged_before: Probability | None = Field(
        description="share of images called positive, in float32; null where the label has no operating point"
    )
    flagged_after: Probability | None = Field(description="the same in 8 bits")
    sensitivity_before: Probability | None = Field(description="in float32; null where it does not exist")
    sensitivity_after: Probability | None = Field(description="in 8 bits")
    specificity_before: Probability | None = Field(description="in float32; null where it does not exist")
    specificity_after: Probability | None = Field(description="in 8 bits")
    decided_otherwise: int | None = Field(description="images whose decision differs")


class QuantisedMaps(Part):
    """How alike class maps are in float32 and in 8 bits, of the images and labels that float32 flags.

    Of a label without operating point they are those of images with the finding.
    """

    maps: int = Field(ge=0, description="maps that were compared")
    median_correlation: float = Field(ge=-1.0, le=1.0, description="Pearson's, over the cells of each map")
    unlike_boxes: Probability = Field(description="share of maps whose boxes overlap by less than half (IoU)")


class QuantisedTry(Part):
    """One way that was tried, and why it was not taken."""

    overflow_fix: OverflowFix
    worst_auroc_loss: float | None = Field(description="of the label that lost most; null where no AUROC exists")
    refused: tuple[str, ...] = Field(description="why it was refused, one line each; empty where it was accepted")


class Quantised(Part):
    """How the form in 8 bits was made, on which images and processor it was judged, and what it costs."""

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the day, UTC")
    command: str
    hilum_version: str
    versions: dict[str, str] = Field(description="of NNCF, OpenVINO and ONNX Runtime")
    processor: str = Field(description="of the computer that judged it")
    cpu_flags: tuple[str, ...] = Field(
        description="of that processor, sorted; what was judged there need not hold on one without"
    )
    method: QuantiseMethod
    overflow_fix: OverflowFix
    tried: tuple[QuantisedTry, ...] = Field(description="both ways, in the order in which they were tried")
    from_name: str = Field(description="the bundle that was quantised")
    from_version: str
    from_sha256: Sha256 = Field(description="of its card")
    calibration: tuple[Sha256, ...] = Field(
        description="the training images whose activations set the ranges, by the SHA-256 of their files, sorted"
    )
    validation_images: int = Field(ge=1, description="images on which both forms were judged")
    validation_sha256: Sha256 = Field(description="over the sorted SHA-256 of their files")
    labels: tuple[QuantisedLabel, ...]
    maps: QuantisedMaps | None = Field(description="null where the model has no class maps, or nothing was flagged")
