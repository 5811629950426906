"""All of a card that is known when training ends; the card itself is made once, whole and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from hilum.bundle.card import Card, Compression, GateSpec, HeatmapSpec, Scope, Training
from hilum.bundle.ensemble_spec import EnsembleSpec
from hilum.bundle.fusion_spec import FusionSpec
from hilum.bundle.kinds import KINDS
from hilum.bundle.label import Label
from hilum.bundle.load import checked_card
from hilum.bundle.lung_spec import LungSpec
from hilum.bundle.pooling_spec import PoolingSpec
from hilum.bundle.save import file_hashes
from hilum.bundle.two_looks_spec import TwoLooksSpec
from hilum.imaging.preprocess import PreprocessSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """What measuring a graph adds to a draft: `part` is what the card holds under the name of its kind, if anything."""

    labels: tuple[Label, ...] = ()
    part: GateSpec | LungSpec | FusionSpec | EnsembleSpec | PoolingSpec | TwoLooksSpec | None = None
    compression: Compression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDraft:
    """The fields of a `Card` but for `Fits` and files."""

    name: str
    version: str
    title: str
    kind: str
    architecture: str
    architecture_arguments: Mapping[str, str | int | float | bool]
    preprocess: PreprocessSpec
    scope: Scope
    heatmap: HeatmapSpec
    protocol: str
    training: Training
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    weights_licence: str

    def finish(self, fits: Fits, *, files: Mapping[str, bytes]) -> Card:
        """The card of a bundle of `files`. Raises `BundleError` where what was put together is no valid card."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        part = KINDS[self.kind].part
        fitted = {"labels": fits.labels, "compression": fits.compression, "files": file_hashes(files)}
        return checked_card(
            known | fitted | ({} if part is None else {part: fits.part}),
            source=f"what was put together for {self.name}",
        )
