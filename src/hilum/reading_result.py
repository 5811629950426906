"""The reading of one radiograph: gate verdict, findings, models, trail and warnings, all frozen.

Logit, calibrated probability and decision are three fields, made in three places: by the network, by the calibrator
and by the operating point.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.by_name import ByName
from hilum.geometry import Box, Geometry
from hilum.radiograph import Laterality, Patient, Radiograph, Source, TrailStep, View
from hilum.stated import NOTHING_STATED, Stated

GateStatus = Literal["accepted", "refused", "unsure", "not judged"]

PictureState = Literal["turned 90", "turned 180", "turned 270", "inverted", "cropped"]
"""What can be wrong with the picture of a chest; turned by so many degrees, counter-clockwise."""

PictureView = Literal["PA", "AP", "lateral"]
"""How a chest was taken, as its picture tells."""

ScopePart = Literal["species", "type", "modality", "age", "view"]
"""What the scope of a model is about."""

UndecidedCode = Literal[
    "species outside", "type outside", "modality outside", "age outside", "view outside",
    "turned", "inverted", "cropped",
    "type unknown", "age unknown", "modality unknown", "view unknown",
    "not reliable", "no operating point",
]  # fmt: skip
"""Why a finding has no decision, in the order in which one is named where several hold."""

LungDefinition = Literal["field", "whole"]
"""What is taken for a lung: the field beside the heart, or the whole lung, behind the heart and diaphragm too."""

RatioCode = Literal[
    "no heart drawn", "animal", "child", "lateral view", "AP view", "other view", "lying",
    "turned", "inverted", "cropped", "view unknown", "lungs not trusted", "no heart found",
    "no pair of lungs", "cut by the edge",
]  # fmt: skip
"""Why a cardiothoracic ratio is withheld, in the order in which one is named where several hold."""


@dataclass(frozen=True, slots=True)
class NotDecided:
    """Why there is no decision: a stable code, and the reason as half a sentence without capital and full stop."""

    code: UndecidedCode
    reason: str


@dataclass(frozen=True, slots=True)
class TypeVerdict:
    """The X-ray type: the most probable name, its probability, and the probability of every type."""

    name: str
    probability: float
    all: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether the picture is a radiograph that hilum may read, and why.

    A refusal is a value with a reason, not an exception. `candidates` names what an unsure gate hesitates between.
    `state` is what is wrong with the picture of an accepted chest, and `view` how it was taken; None where the picture
    does not make it sure. `view_probabilities` are those of all views, and empty where the gate tells none.
    """

    status: GateStatus
    reason: str
    is_xray_probability: float | None = None
    type: TypeVerdict | None = None
    candidates: tuple[str, ...] = ()
    state: tuple[PictureState, ...] = ()
    view: PictureView | None = None
    view_probabilities: Mapping[str, float] = field(default_factory=dict)

    @property
    def accepted(self) -> bool | None:
        """True or False where the gate decided, None where it is unsure or was not asked."""
        return {"accepted": True, "refused": False}.get(self.status)

    @property
    def seen_type(self) -> str | None:
        """The X-ray type of an accepted picture; None of any other, of which `type` is but the nearest."""
        return self.type.name if self.accepted and self.type is not None else None


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which bundle read: its name, version and the SHA-256 of its card (which holds the hashes of all its files)."""

    name: str
    version: str
    sha256: str


HeatmapMethod = Literal["class-map", "occlusion"]
"""How a heatmap was made, in the words of the card."""


@dataclass(frozen=True, slots=True)
class MemberFinding:
    """What one of the networks or looks says that a finding rests on.

    `probability` is, in [0, 1], its logit by the calibration of the mean, or by the look's own; `positive` is what it
    alone would decide, at the finding's operating point or its own, and None where nothing is decided.
    """

    name: str
    logit: float
    probability: float
    positive: bool | None


@dataclass(frozen=True, slots=True)
class Told:
    """By how much something that is known of the patient, such as `age 63`, changes a logit against its being unknown.

    It is what went with the finding in the images that a model learnt from; nothing says that it would anywhere else.
    """

    name: str
    logit: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One label of one model.

    `probability` is calibrated, in [0, 1], on patients as the model was made for, and is a mere score for others.
    `positive` is probability >= operating_point; where it is None, `not_decided` says why. `in_scope` is None where
    something is unknown and nothing known is outside; `unknown` names it. Boxes are in native pixels. `inside_lungs` is
    the share, in [0, 1], of the positive part of the finding's heatmap that lies inside the lungs; None without a
    heatmap or without lungs that are trusted. `heatmap` says how the heatmap was made that both rest on; None where
    none was made. `members` are the networks whose mean the probability is, and empty where one network computed it.
    `looks` are the looks at the whole picture and at a part of it that were read together, and `told` is what was known
    of the patient to a model that asks for it; both are empty for any other.
    """

    model: str
    name: str
    logit: float
    probability: float
    operating_point: float | None
    positive: bool | None
    in_scope: bool | None
    boxes: tuple[Box, ...] = ()
    inside_lungs: float | None = None
    unknown: tuple[ScopePart, ...] = ()
    not_decided: NotDecided | None = None
    heatmap: HeatmapMethod | None = None
    members: tuple[MemberFinding, ...] = ()
    looks: tuple[MemberFinding, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def members_disagree(self) -> bool | None:
        """Whether some members alone would decide otherwise than others; None without members or a decision."""
        if not self.members or self.positive is None:
            return None
        return len({member.positive for member in self.members}) > 1


class Findings(ByName[Finding]):
    """The findings of a reading, in the models' order: a tuple that answers by name as well, `findings["Pneumonia"]`.

    Where several models look for one finding, its name alone means the one that is decided, if just one is; else name
    the model before it: `findings["chest-adult", "Pneumonia"]`. `names` are all names, each once. Raises `UsageError`
    for a name that is not there, or that several have.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StoodAside:
    """A model that was not asked, because this is not what it was made for and another one was made for it."""

    model: str
    because: NotDecided


@dataclass(frozen=True, slots=True)
class LungVerdict:
    """Where the lungs of one radiograph were drawn, and whether to trust the drawing; sides are the patient's.

    `box` is in native pixels and may rest on a mirrored lung (see `flags`); it is the whole picture where no lung was
    found. `quality` is the Dice that is expected of the drawing, in [0, 1]. `area_share` is the share of the picture
    that both lungs cover, `right_share` and `left_share` those of each, None where sides are not named; `definition`
    says what was taken for a lung there. `heart_share` is the heart's, None where none is drawn. `reason` says in words
    what was drawn and why it is trusted or not.
    """

    box: Box
    trusted: bool
    quality: float
    area_share: float
    right_share: float | None
    left_share: float | None
    flags: tuple[str, ...]
    reason: str
    model: ModelRef
    definition: LungDefinition = "whole"
    heart_share: float | None = None


@dataclass(frozen=True, slots=True)
class Width:
    """How wide something is: a level line from (`x_from`, `y`) to (`x_to`, `y`) in native pixels.

    Its ends stand below or above the outermost points, at the height halfway between them. `mm` is its length at the
    detector, or as calibrated; None where the pixel spacing is not known.
    """

    x_from: float
    x_to: float
    y: float
    mm: float | None = None

    @property
    def px(self) -> float:
        """The length in native pixels."""
        return self.x_to - self.x_from


@dataclass(frozen=True, slots=True)
class CardiothoracicRatio:
    """The widest heart over the widest inner thorax; a measurement, no diagnosis.

    The heart's width is that of its outline, the thorax's that of both lung fields together. `mean_error` is the mean
    absolute error against annotated outlines, `error_of_nine_in_ten` what nine of ten errors stay within; both None
    where the card does not tell them. `cautions` are what is not known and could make the number mean less.
    """

    value: float
    heart: Width
    thorax: Width
    mean_error: float | None = None
    error_of_nine_in_ten: float | None = None
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RatioWithheld:
    """Why there is no ratio: a stable code, and the reason as half a sentence without capital and full stop."""

    code: RatioCode
    reason: str


@dataclass(frozen=True, slots=True)
class LungCrop:
    """The part of the radiograph, in native pixels, that `model` read: the lungs, or what draws its attention."""

    model: str
    box: Box


@dataclass(frozen=True, slots=True)
class LungAverage:
    """Where `model` averaged what it saw: inside the lungs alone, or over the whole picture, for `reason` in words."""

    model: str
    inside: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything hilum says about one radiograph; frozen, and free of pixels.

    `patient` and `view` are what the file says, `stated` is what the user says. `stood_aside` are the models that left
    the picture to others. `read_inverted`: the other polarity than the file's was read, as the user asked.
    `lungs` is None where no lungs were looked for: the picture is no chest, or nothing in use draws lungs. Then there
    is no `cardiothoracic_ratio` either, nor a reason to withhold it. `crops` are the parts that models read instead of,
    or beside, the whole picture. `lung_averages` tells of models that average inside the lungs.
    """

    source: Source
    patient: Patient | None
    view: View
    laterality: Laterality
    gate: GateVerdict
    findings: Findings
    models: tuple[ModelRef, ...]
    trail: tuple[TrailStep, ...]
    warnings: tuple[str, ...]
    timings_ms: Mapping[str, float]
    hilum_version: str
    settings_sha256: str
    lungs: LungVerdict | None = None
    crops: tuple[LungCrop, ...] = ()
    stated: Stated = NOTHING_STATED
    stood_aside: tuple[StoodAside, ...] = ()
    read_inverted: bool = False
    cardiothoracic_ratio: CardiothoracicRatio | RatioWithheld | None = None
    lung_averages: tuple[LungAverage, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.findings, Findings):
            object.__setattr__(self, "findings", Findings(self.findings))


@dataclass(frozen=True, slots=True, eq=False)
class LungSides:
    """Where each lung lies, as two planes float32 (h, w) on the lung network's grid; sides are the patient's."""

    right: npt.NDArray[np.float32] = field(repr=False)
    left: npt.NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class LungMap:
    """What a lung network drew: the lung fields, the whole lungs, or both, and the heart where it draws one.

    A point is lung where the larger plane of both sides, interpolated between the centres of cells, is at least
    `level`, and of that plane's side; it is heart where `heart`, float32 (h, w), is at least `level`. `geometry` maps
    grid coordinates to native pixels.
    """

    level: float
    geometry: Geometry
    field: LungSides | None = None
    whole: LungSides | None = None
    heart: npt.NDArray[np.float32] | None = dataclasses.field(default=None, repr=False)

    def sides(self, definition: LungDefinition) -> LungSides | None:
        """What was drawn by a definition of a lung, or None."""
        return self.field if definition == "field" else self.whole

    @property
    def boxed(self) -> LungDefinition:
        """What a box rests on: the whole lungs, or the fields where nothing else was drawn."""
        return "field" if self.whole is None else "whole"

    @property
    def outlined(self) -> LungDefinition:
        """What is shown: the fields, or the whole lungs where nothing else was drawn."""
        return "whole" if self.field is None else "field"


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """One finding's map on a coarse grid, with the way back to native pixels.

    `grid` is float32 (h, w) in logits a cell. A class map is on the model's last grid, and its sum over cells is the
    logit minus the bias. A map `by_occlusion` has what the logit falls by where a cell is hidden, and need not add up.
    A map of an ensemble is a weighted sum of its members' class maps (`explain/ensemble_map.py`).
    `geometry` maps grid coordinates to native pixels.
    """

    model: str
    finding: str
    grid: npt.NDArray[np.float32]
    geometry: Geometry
    by_occlusion: bool = False

    @property
    def method(self) -> HeatmapMethod:
        """How it was made."""
        return "occlusion" if self.by_occlusion else "class-map"


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """A reading with the pixels, heatmaps and lungs that pictures of it need."""

    reading: Reading
    radiograph: Radiograph
    heatmaps: tuple[Heatmap, ...] = field(default=())
    lungs: LungMap | None = None


@dataclass(frozen=True, slots=True)
class FailedReading:
    """A file that could not be read: the name as given, what the bytes were as far as known, and the error.

    `frame` is the one that was asked for, from 1, None where none was.
    """

    name: str
    kind: str
    message: str
    hilum_version: str
    settings_sha256: str
    sha256: str | None = None
    frame: int | None = None
