"""The card of a bundle: what the model is, what it was trained on, how well it reads, and what it must not be used for.

`card.json` is written and read through these classes; unknown fields are refused, since a field this version does not
know could change what the bundle means.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from hilum.bundle.brought_lungs import LUNG_GRAPH, BroughtLungs
from hilum.bundle.calibrated_on import CalibratedOn
from hilum.bundle.card_part import CompressionMethod, GrownPart, Interval, Part, Probability, Sha256, ViewName
from hilum.bundle.ensemble_spec import EnsembleSpec
from hilum.bundle.fusion_spec import FusionSpec
from hilum.bundle.gate_outputs import GATE_OUTPUTS, OUTPUTS_WITHOUT_VIEWS
from hilum.bundle.kinds import KINDS, LUNGS, NOTHING, Kind, Need, Role, known_kind
from hilum.bundle.label import Label, PlattCalibration
from hilum.bundle.lung_spec import LungFigure, LungGraph, LungSpec
from hilum.bundle.pooling_spec import PoolingSpec
from hilum.bundle.quantised import INT8_FILES, Quantised
from hilum.bundle.two_looks_spec import TwoLooksSpec
from hilum.bundle.view_rule import ViewRule
from hilum.imaging.preprocess import PreprocessSpec
from hilum.radiograph import ADULT_FROM_YEARS

CARD_SCHEMA = "hilum.card/1"
GRAPH = "model.onnx"
"""The one file that every bundle has beside its card."""

TolerablePart = Literal["type", "modality", "view"]
"""The parts of a scope of which a model may decide without knowing them; an age that a scope names is none."""


class Scope(GrownPart):
    """What the model was trained for; a reading outside it gives no decision.

    Nor does a reading of which something here is unknown, unless it is tolerated: then a warning says so. An age that
    the scope names must be known. A view is tolerated while the age fits.
    """

    later_fields: ClassVar[frozenset[str]] = frozenset({"unknown_tolerated"})

    xray_type: str
    age_years: tuple[float, float] | None = Field(description="inclusive range, or null where any age is in scope")
    views: tuple[ViewName, ...] | None = Field(description="views, or null where any view is in scope")
    unknown_tolerated: tuple[TolerablePart, ...] = Field(
        default=("modality", "view"),
        description="parts of which the model decides, with a warning, where they are unknown; never an age",
    )

    @property
    def patients(self) -> str | None:
        """Whom the model is for, such as `children of 1 to 5 years`; None where it is for any age."""
        if self.age_years is None:
            return None
        low, high = self.age_years
        who = "children" if high < _GROWN_UP_YEARS else "adults" if low >= ADULT_FROM_YEARS else "patients"
        if high >= _OLDEST_YEARS:
            return f"{who} from {low:g} years"
        return f"{who} of {low:g} to {_last_year(high):g} years"

    def in_words(self) -> str:
        """For example `chest X-rays of children of 1 to 5 years, view AP`."""
        words = f"{self.xray_type} X-rays"
        if self.patients is not None:
            words += f" of {self.patients}"
        return words if self.views is None else f"{words}, view {' or '.join(self.views)}"


_GROWN_UP_YEARS = 18.0
_OLDEST_YEARS = 100.0


def _last_year(high: float) -> float:
    """The age in completed years where a range ends just below a birthday: 5.99 is 5; other ends stay as they are."""
    return math.floor(high) if high % 1.0 > 0.9 else high


class OcclusionSpec(Part):
    """What is hidden for a heatmap by occlusion: a square of the input, slid over a grid of cells."""

    cells: int = Field(default=14, ge=1, le=64, description="cells of the grid, a side")
    square: int = Field(default=3, ge=1, description="side of the hidden square, in cells")

    @model_validator(mode="after")
    def _the_square_fits(self) -> Self:
        if self.square > self.cells:
            raise ValueError(f"a square of {self.square} cells does not fit into {self.cells}")
        return self


class HeatmapSpec(GrownPart):
    """Where heatmaps come from, and how they become boxes."""

    later_fields: ClassVar[frozenset[str]] = frozenset({"occlusion"})

    method: Literal["class-map", "occlusion", "none"] = Field(
        description="the graph's own class maps; what each logit falls by where a part of the picture is hidden, which "
        "takes many passes of the graph a picture; or none"
    )
    box_threshold: float = Field(
        default=0.5, gt=0.0, le=1.0, description="share of the map's positive maximum that a box encloses"
    )
    occlusion: OcclusionSpec | None = Field(
        default=None, description="what is hidden, for the method of that name; absent for any other"
    )

    @model_validator(mode="after")
    def _occlusion_says_what_is_hidden(self) -> Self:
        if (self.method == "occlusion") != (self.occlusion is not None):
            raise ValueError(f"the method {self.method} {'needs' if self.occlusion is None else 'has no'} occlusion")
        return self


class Training(Part):
    """Where the weights come from and how to make them again."""

    command: str
    commit: str | None
    data: tuple[str, ...] = Field(description="data set, licence and citation, one line each")
    split_sha256: Sha256 | None = Field(description="null where the split is not known, as of an imported model")
    seed: int
    starting_weights: str
    recipe: dict[str, str | int | float | bool] = Field(description="the recipe's settings that a reader asks for")
    lungs_sha256: Sha256 | None = Field(
        default=None,
        description="of the card of the lung bundle whose lungs the pictures were cut to, or features averaged inside",
    )
    smoke: bool | None = Field(
        default=None,
        description="whether a smoke run made the weights, which then prove a path and nothing else; null in older "
        "cards, whose protocol begins with SMOKE where it was one",
    )


class Compression(GrownPart):
    """What was done to make the graph small, and what it cost on validation."""

    later_fields: ClassVar[frozenset[str]] = frozenset({"decisions_changed"})

    method: CompressionMethod
    auroc_before: Probability
    auroc_after: Probability
    decisions_changed: Probability | None = Field(
        default=None,
        description="the share of its decisions that differ from the network's, of the finding of which most do; "
        "absent where that was not counted",
    )


class GateFigure(Part):
    """One measured number of a gate, from networks that never saw what they were judged on."""

    name: str
    value: Probability
    interval: Interval | None = Field(description="95%, or null where none was computed")
    n: int = Field(ge=0)
    groups: int = Field(ge=0, description="independent groups among the n: patients, studies, WordNet ids")
    protocol: str

    @property
    def full_name(self) -> str:
        """What was measured."""
        return self.name


ScoreName = Literal["largest probability", "energy"]
"""How sure a gate is of a type: what reads from the logits alone."""


class GateSpec(Part):
    """How a gate's logits become a verdict; every threshold comes from cross-validation.

    A picture is refused where the probability of a radiograph lies below `refuse_below`, and unsure below
    `accept_from`. Of a radiograph, the type's score decides: below `none_below` it is none of the types, below
    `unsure_below` unsure; a chest is unsure below `chest_from` instead. `candidates_mass` is how much probability the
    named candidates hold together. `view` says how a chest's view is told; a gate without it tells none.
    """

    outputs: tuple[str, ...]
    is_xray: PlattCalibration
    refuse_below: Probability
    accept_from: Probability
    type_temperature: float = Field(gt=0.0)
    score: ScoreName
    none_below: float
    unsure_below: float
    chest_from: Probability = Field(description="type probability below which nothing is accepted as a chest")
    candidates_mass: Probability
    turned_from: Probability
    inverted_from: Probability
    cropped_from: Probability
    view: ViewRule | None = None
    figures: tuple[GateFigure, ...]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.outputs not in (GATE_OUTPUTS, OUTPUTS_WITHOUT_VIEWS):
            raise ValueError(f"a gate's outputs must be {GATE_OUTPUTS}, not {self.outputs}")
        if self.view is not None and self.outputs != GATE_OUTPUTS:
            raise ValueError("a gate that tells views has outputs for them")
        if self.refuse_below > self.accept_from or self.none_below > self.unsure_below:
            raise ValueError("refuse_below must not exceed accept_from, nor none_below unsure_below")
        return self


_KindName = Annotated[str, AfterValidator(known_kind), WithJsonSchema({"enum": list(KINDS), "type": "string"})]


class Card(GrownPart):
    """The whole card.

    A classifier has labels, an ensemble has `ensemble` too, a fusion of two networks `fusion`, two looks `two_looks`,
    what averages inside the lungs `pooling`; a gate has `gate` in the place of labels, what draws lungs has `lungs`; a
    gate's scope is `any`.
    """

    later_fields: ClassVar[frozenset[str]] = frozenset(
        {"calibrated_on", "ensemble", "pooling", "quantised", "two_looks"}
    )

    schema_: Literal["hilum.card/1"] = Field(default="hilum.card/1", alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: str
    title: str
    kind: _KindName
    architecture: str
    architecture_arguments: dict[str, str | int | float | bool]
    labels: tuple[Label, ...]
    gate: GateSpec | None = None
    lungs: LungSpec | None = None
    fusion: FusionSpec | None = None
    ensemble: EnsembleSpec | None = Field(default=None, description="absent where it is null")
    two_looks: TwoLooksSpec | None = Field(default=None, description="absent where it is null")
    pooling: PoolingSpec | None = Field(default=None, description="absent where it is null")
    preprocess: PreprocessSpec
    scope: Scope
    heatmap: HeatmapSpec
    protocol: str
    training: Training
    compression: Compression | None
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...] = ()
    weights_licence: str
    files: dict[str, Sha256] = Field(description="SHA-256 of every other file of the bundle, by name")
    calibrated_on: CalibratedOn | None = Field(
        default=None, description="where somebody calibrated the model for their own place; absent where nobody did"
    )
    quantised: Quantised | None = Field(
        default=None, description="the form of the network in 8-bit integers; absent where the bundle has none"
    )

    model_config = ConfigDict(populate_by_name=True)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError(f"label names must be unique, but these are {names}")
        if GRAPH not in self.files:
            raise ValueError(f"files must name {GRAPH}")
        return self

    @model_validator(mode="after")
    def _kind_has_its_part(self) -> Self:
        named = sorted({kind.part for kind in KINDS.values() if kind.part is not None})
        parts = [part for part in named if getattr(self, part) is not None]
        if parts != ([] if self._kind.part is None else [self._kind.part]):
            raise ValueError(f"a card of kind {self.kind} needs the part of its kind and no other, but it has {parts}")
        if bool(self.labels) != (self.role == "specialist"):
            raise ValueError("what reads findings needs labels, and nothing else has any")
        if self.heatmap.method == "occlusion" and self.kind != "classifier":
            raise ValueError(f"heatmaps by occlusion are for a classifier, but this is a card of kind {self.kind}")
        return self

    @model_validator(mode="after")
    def _both_looks_have_the_labels(self) -> Self:
        part = self.fusion or self.two_looks
        names = [label.name for label in self.labels]
        for branch in () if part is None else (part.whole_labels, part.crop_labels):
            if [label.name for label in branch] != names:
                raise ValueError(f"the labels of a {self.kind}'s branches must be {names}, in order")
        return self

    @model_validator(mode="after")
    def _quantised_form_is_there(self) -> Self:
        there = [name for name in INT8_FILES if name in self.files]
        if there != (list(INT8_FILES) if self.quantised is not None else []):
            raise ValueError(f"files must name all of {INT8_FILES} where the card tells of 8 bits, else none of them")
        return self

    @model_validator(mode="after")
    def _brought_lungs_are_there(self) -> Self:
        if self._brought is not None and (self.preprocess.needs_lungs or LUNG_GRAPH not in self.files):
            raise ValueError(
                f"the own preprocess of a {self.kind} is of the whole picture, and its files name {LUNG_GRAPH}"
            )
        return self

    @property
    def labels_without_lungs(self) -> tuple[Label, ...]:
        """The labels that are decided otherwise where the lungs are not trusted: a fusion then sees the whole alone."""
        whole = () if self.fusion is None else self.fusion.whole_labels
        return tuple(
            alone for alone, label in zip(whole, self.labels, strict=False) if alone.how_decided != label.how_decided
        )

    @property
    def smoke(self) -> bool:
        """Whether a smoke run made the model: it may look at no test, and its figures enter no table and no ledger."""
        if self.training.smoke is not None:
            return self.training.smoke
        return self.protocol.startswith("SMOKE")  # what hilum wrote before cards had the field

    @property
    def _kind(self) -> Kind:
        return KINDS[self.kind]

    @property
    def role(self) -> Role:
        """What the model does beside others."""
        return self._kind.role

    @property
    def needs(self) -> frozenset[Need]:
        """What the model cannot read without."""
        return self._kind.needs | (LUNGS if self.preprocess.needs_lungs else NOTHING)

    @property
    def brings(self) -> frozenset[Need]:
        """What the bundle holds for itself and for others."""
        return NOTHING if self.lung_graph is None else LUNGS

    @property
    def crop_preprocess(self) -> PreprocessSpec | None:
        """What happens to pixels that are cut to the lungs first, where the model reads such a crop."""
        if self.fusion is not None:
            return self.fusion.crop_preprocess
        return self.preprocess if self.preprocess.needs_lungs else None

    @property
    def _brought(self) -> BroughtLungs | None:
        """The part that tells of lungs which a specialist brings itself."""
        return self.fusion or self.pooling

    @property
    def lung_graph(self) -> LungGraph | None:
        """What draws lungs in the bundle; None where nothing does."""
        if self.lungs is None:
            return None if self._brought is None else self._brought.lung_graph
        return LungGraph(GRAPH, self.lungs, self.preprocess, self.name, self.version, None)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the graph's outputs, in order."""
        if self.gate is not None:
            return self.gate.outputs
        return tuple(label.name for label in self.labels) if self.lungs is None else self.lungs.structures

    @property
    def figures(self) -> tuple[GateFigure | LungFigure, ...]:
        """What was measured of a model without labels; none for one with labels, whose results stand with these."""
        part = self.gate or self.lungs
        return () if part is None else part.figures
