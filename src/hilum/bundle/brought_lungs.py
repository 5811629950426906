"""What the card of a model holds that brings the lung network with which it was trained."""

from __future__ import annotations

from pydantic import Field

from hilum.bundle.card_part import Part, Sha256
from hilum.bundle.lung_spec import LungGraph, LungSpec
from hilum.imaging.preprocess import PreprocessSpec

LUNG_GRAPH = "lungs.onnx"
"""The file that draws the lungs of a bundle whose card has this part."""


class BroughtLungs(Part):
    """The lung network in `lungs.onnx`, and of which bundle it is."""

    lungs: LungSpec
    lungs_preprocess: PreprocessSpec
    lungs_name: str
    lungs_version: str
    lungs_sha256: Sha256 = Field(
        description="of the card of the lung bundle whose graph this is and whose lungs were trained on"
    )

    @property
    def lung_graph(self) -> LungGraph:
        """What draws the lungs."""
        names = (self.lungs_name, self.lungs_version, self.lungs_sha256)
        return LungGraph(LUNG_GRAPH, self.lungs, self.lungs_preprocess, *names)
