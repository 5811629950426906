"""The kinds of objects, and what stands in each whatever was read.

The conformance statement is made of this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from hilum.output.layout import ObjectKind


@dataclass(frozen=True, slots=True)
class KindOfObject:
    """`what` it holds in words; each kind is a series of its own, with `series_number`."""

    kind: ObjectKind
    sop_class: UID
    modality: str
    series_number: int
    what: str


KINDS: dict[ObjectKind, KindOfObject] = {
    row.kind: row
    for row in (
        KindOfObject(
            "sr", Comprehensive3DSRStorage, "SR", 9901,
            "every finding with probability, operating point, decision and box, the gate's verdict and the "
            "cardiothoracic ratio; template TID 1500, unverified and preliminary",
        ),
        KindOfObject(
            "pr", GrayscaleSoftcopyPresentationStateStorage, "PR", 9902,
            "boxes of positive findings and outlines of trusted lungs and heart, over the image itself; not made of "
            "an image in colour",
        ),
        KindOfObject(
            "sc", SecondaryCaptureImageStorage, "OT", 9903,
            "a picture of at most 1,024 pixels a side with heatmap, boxes, outlines and words; uncompressed",
        ),
        KindOfObject(
            "seg", SegmentationStorage, "SEG", 9904,
            "masks of both lungs, and of the heart where one is drawn, on the image's pixels; only where hilum trusts "
            "its drawing",
        ),
    )
}  # fmt: skip
"""Every kind, in the order in which objects are made."""
