"""A recipe: everything that decides what a training run does, frozen and typed; its stages stand in a tuple."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Self

from hilum.bundle.card import Scope
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.splits.official import BoxedImages
from hilum.datasets.splits.split import TEST
from hilum.errors import UsageError, require
from hilum.imaging.preprocess import CropLungs, PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.freezing import FreezingSpec
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.losses import LossSpec
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.machine import Precision
from hilum.training.recipe.mixup import Mixup
from hilum.training.recipe.optimizers import OptimizerSpec
from hilum.training.recipe.plan import Plan, Selection
from hilum.training.recipe.samplers import SamplerSpec
from hilum.training.recipe.schedules import KerasDecay, Plateau, ScheduleSpec
from hilum.training.recipe.settings import HIDDEN, WHERE_THERE

_check = partial(require, "The recipe")

CHEXPERT = "chexpert"
TRAIN = "train"
NO_AUGMENTATION = Augmentation()


@dataclass(frozen=True, slots=True, kw_only=True)
class FromStage:
    """The weights that an earlier stage of the same recipe ended with.

    Its linear layer is taken too where both stages have the same labels in the same order; otherwise it starts anew.
    """

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedFrom:
    """The networks that two earlier stages ended with, frozen, under one new linear layer, which alone is trained.

    `whole` names the stage of whole pictures, `crop` the one of pictures cut to their lungs.
    """

    whole: str
    crop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftestWithout:
    """The pictures without `label` in `part` are those of the patients whose pictures are softest.

    Where sharpness tells the classes apart, what is fitted on patients drawn at random is wrong on the first soft
    picture without the label; such a part holds the pictures on which it hurts, and none as soft is learnt from.
    """

    label: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSpec:
    """How the images are parted: the official test apart, the rest dealt to `shares` by patient.

    `shares` must name `train`; the other parts are validation. `stratify` by `labels` shares out every label and view
    (`over_labels.py`), by `stratum` the adapter's strata alone. `fit_on` are the official parts that may be fitted
    on, or None for all but the test. What a release holds out is test whatever it is called; `test` names more parts.
    `boxed` says whether images with radiologists' boxes may be fitted on. `soft` fills one validation part with soft
    pictures, in a split by `stratum`.
    """

    shares: Mapping[str, float]
    stratify: Literal["labels", "stratum"] = "labels"
    fit_on: tuple[str, ...] | None = None
    test: tuple[str, ...] = (TEST,)
    boxed: BoxedImages = "test only"
    soft: SoftestWithout | None = field(default=None, metadata=WHERE_THERE)

    def __post_init__(self) -> None:
        _check(TRAIN in self.shares and TEST not in self.shares, "shares with a part train and none test", self.shares)
        _check(len(self.shares) > 1, "a validation part among the shares", self.shares)
        _check(min(self.shares.values()) > 0, "shares above 0", self.shares)
        _check(abs(sum(self.shares.values()) - 1.0) < 1e-9, "shares that sum to 1", self.shares)
        if self.soft is not None:
            _check(self.soft.part in self.validation, f"soft.part among {', '.join(self.validation)}", self.soft.part)
            _check(self.stratify == "stratum", "soft with a split stratified by stratum", self.stratify)

    @property
    def validation(self) -> tuple[str, ...]:
        """The parts that are watched and fitted on after training."""
        return tuple(part for part in self.shares if part != TRAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One training of the network: what it starts from, on which releases and labels, and how.

    `start` is starting weights, `FromStage`, or `FusedFrom` for a fusion of two earlier stages. `releases` are names of
    `--data NAME=FOLDER`. `labels` are the outputs in order, canonical finding names. One update takes `accumulate`
    batches of `batch_size` images. `clip_norm` is the largest norm of the gradient. `ema_decay` averages the weights
    over the updates; the averaged ones are validated and kept. `crop_lungs` cuts every picture to its lung box before
    the recipe's preprocessing. An image is mirrored with `flip_probability`, which is anatomically wrong and 0 unless a
    paper is reproduced. With `mixup` it is laid over by a little of another one. `validate_every` validates after so
    many updates in the place of after each epoch. With `batch_statistics` of the `population` batch norm ends with
    those of an epoch's draws, computed once more after the last update, and validations before go by those of 512 of
    them; None keeps the running averages.
    """

    name: str = field(metadata=HIDDEN)
    start: StartingWeights | FromStage | FusedFrom
    releases: tuple[str, ...]
    labels: tuple[str, ...]
    split: SplitSpec
    selection: Selection
    loss: LossSpec
    optimizer: OptimizerSpec
    schedule: ScheduleSpec
    sampler: SamplerSpec
    epochs: int
    batch_size: int
    augmentation: Augmentation = NO_AUGMENTATION
    flip_probability: float = 0.0
    crop_lungs: bool = False
    freezing: FreezingSpec | None = None
    accumulate: int = 1
    clip_norm: float | None = None
    ema_decay: float | None = None
    validate_every: int | None = field(default=None, metadata=WHERE_THERE)
    batch_statistics: Literal["population"] | None = field(default=None, metadata=WHERE_THERE)
    mixup: Mixup | None = field(default=None, metadata=WHERE_THERE)

    def __post_init__(self) -> None:
        _check(len(self.labels) > 0 and len(set(self.labels)) == len(self.labels), "labels, each once", self.labels)
        _check(len(self.releases) > 0, "a data set to train on", self.releases)
        self.plan()  # which has checks of its own
        if isinstance(self.loss, DistributionBalanced | Hierarchical):
            self.loss.check_labels(self.labels)
        unmixed = self.mixup is None or not isinstance(self.loss, DistributionBalanced)
        _check(
            unmixed, "another loss than DistributionBalanced with mixup, whose targets are neither 0 nor 1", self.name
        )
        _check(0.0 <= self.flip_probability <= 1.0, "a flip_probability in [0, 1]", self.flip_probability)
        if isinstance(self.start, FusedFrom):
            plain = self.augmentation == NO_AUGMENTATION and self.freezing is None and not self.crop_lungs
            plain = plain and self.mixup is None and self.batch_statistics is None
            wanted = "no augmentation but flips, no freezing, crop or batch statistics of its own in a fusion"
            _check(plain, wanted, self.name)
        parts = self.split.validation
        self._check_plateau()
        _check(self.selection.part in parts, f"a selection on one of {', '.join(parts)}", self.selection.part)

    def _check_plateau(self) -> None:
        schedule = self.schedule
        plateau = schedule.plateau if isinstance(schedule, KerasDecay) else schedule
        if isinstance(plateau, Plateau):
            figures = ("loss", "mean_auroc", *(f"auroc/{label}" for label in self.labels))
            figures += ("accuracy",) if len(self.labels) == 1 else ()
            known = ("train/loss", *(f"{part}/{figure}" for part in self.split.validation for figure in figures))
            needed = f"schedule.monitor among {', '.join(known[:3])} and the like of its own parts and labels"
            _check(plateau.monitor in known, needed, plateau.monitor)

    def plan(self, *, precision: Precision = "bf16-mixed", deterministic: bool = False) -> Plan:
        """The stage's part of it, as the training loop wants it."""
        return Plan(
            name=self.name,
            optimizer=self.optimizer,
            schedule=self.schedule,
            epochs=self.epochs,
            batch_size=self.batch_size,
            selection=self.selection,
            ema_decay=self.ema_decay,
            accumulate=self.accumulate,
            clip_norm=self.clip_norm,
            freezing=self.freezing,
            precision=precision,
            deterministic=deterministic,
            validate_every=self.validate_every,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """On which validation parts of the last stage calibration and operating point are fitted.

    `softened` chooses the operating point on blurred copies of its part (`soften.py`). The card tells the results on
    these parts and on `judged_part`, on which nothing is fitted.
    """

    calibration_part: str
    operating_point_part: str
    softened: bool = False
    judged_part: str | None = field(default=None, metadata=WHERE_THERE)

    @property
    def parts(self) -> tuple[str, ...]:
        """Every part once."""
        more = () if self.judged_part is None else (self.judged_part,)
        return tuple(dict.fromkeys((self.calibration_part, self.operating_point_part, *more)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """What the bundle's card says in words, and its scope. `box_threshold` is fixed beforehand, never fitted.

    The words are about the recipe named `recipe`, trained on `releases` for `labels`; a card of another training does
    not get them (`card_words.py`). `weights_licence` holds the terms alone: data and starting weights are added from
    what was really read and loaded.
    """

    version: str
    title: str
    scope: Scope
    box_threshold: float
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    weights_licence: str
    recipe: str
    releases: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A pooled classifier of one or many labels, trained in `stages`; the last stage's network becomes the bundle.

    A last stage that starts `FusedFrom` two others makes a fusion of their networks the bundle.
    `output_stride` 16 makes the last map finer (`networks/output_stride.py`), None leaves it as the backbone has it.
    With `lung_pooling` features are averaged inside the lungs alone, with `lung_guidance` it is taught where they are.
    `deterministic` refuses operations whose result depends on the order of threads. `precision` is Lightning's.
    `chexpert` says what becomes of that release's uncertain labels, and is there only where a stage reads the release.
    """

    name: str
    backbone: str
    dropout: float
    preprocess: PreprocessSpec
    stages: tuple[Stage, ...]
    assessment: Assessment
    seed: int
    card: CardText = field(metadata=HIDDEN)
    precision: Precision = "bf16-mixed"
    deterministic: bool = False
    output_stride: int | None = field(default=None, metadata=WHERE_THERE)
    lung_pooling: LungPooling | None = field(default=None, metadata=WHERE_THERE)
    lung_guidance: LungGuidance | None = field(default=None, metadata=WHERE_THERE)
    chexpert: ChexpertPolicy | None = field(default=None, metadata=WHERE_THERE)

    def __post_init__(self) -> None:
        _check(len(self.stages) > 0, "at least one stage", self.name)
        _check(self.seed >= 0, "a seed of at least 0", self.seed)
        _check(0.0 <= self.dropout <= 1.0, "a dropout in [0, 1]", self.dropout)
        reads_it = CHEXPERT in self.releases
        _check(reads_it or self.chexpert is None, f"a policy for {CHEXPERT} where a stage reads it", self.chexpert)
        if reads_it and self.chexpert is None:
            object.__setattr__(self, "chexpert", ChexpertPolicy())  # so that its settings can be named
        seen: list[str] = []
        for stage in self.stages:
            named = stage.name != "" and not set("./\\") & set(stage.name) and stage.name not in seen
            _check(named, "stage names without dots and slashes, each once", stage.name)
            for before in _names_before(stage):
                _check(before in seen, f"{stage.name} to start from an earlier stage", before)
            seen.append(stage.name)
        for part in self.assessment.parts:
            parts = self.last.split.validation
            _check(part in parts, f"the assessment on one of {', '.join(parts)} of {self.last.name}", part)
        _check(self.preprocess.output_size is not None, "a preprocessing with a resize step", self.name)
        for stage in self.stages:
            if isinstance(stage.start, FusedFrom):
                self._check_fusion(stage, start=stage.start)
        lungs = {"lung_pooling": self.lung_pooling, "lung_guidance": self.lung_guidance}
        for name in (name for name, chosen in lungs.items() if chosen is not None):
            fused = any(isinstance(stage.start, FusedFrom) for stage in self.stages)
            whole = not fused and not self.crops_lungs
            _check(whole, f"{name} of networks of the whole picture", "a crop to the lungs or a fusion")
        if self.lung_guidance is not None:
            _check(self.lung_pooling is None, "lung_guidance or lung_pooling", "both")
            plain = all(stage.mixup is None and stage.batch_statistics is None for stage in self.stages)
            _check(plain, "lung_guidance without mixup and batch_statistics", self.name)

    @property
    def last(self) -> Stage:
        """The stage whose network becomes the bundle."""
        return self.stages[-1]

    def with_last(self, stage: Stage) -> Self:
        """The recipe with another last stage."""
        return replace(self, stages=(*self.stages[:-1], stage))

    @property
    def crops_lungs(self) -> bool:
        """Whether a stage cuts pictures to their lung boxes, which the records must then carry."""
        return any(self.preprocess_of(stage).needs_lungs for stage in self.stages)

    @property
    def needs_lungs(self) -> bool:
        """Whether the records must carry what a lung bundle drew: boxes to be cut to, or masks to be averaged in."""
        return self.crops_lungs or self.learns_lungs is not None

    @property
    def learns_lungs(self) -> LungPooling | None:
        """Which lungs stand beside the pictures that are learnt from; None where none do."""
        return self.lung_pooling if self.lung_guidance is None else self.lung_guidance.planes

    def stage(self, name: str) -> Stage:
        """The stage of this name. Raises `UsageError` where there is none."""
        found = next((stage for stage in self.stages if stage.name == name), None)
        if found is None:
            raise UsageError(
                f"{self.name} has no stage {name!r}. Available: {', '.join(stage.name for stage in self.stages)}"
            )
        return found

    def preprocess_of(self, stage: Stage) -> PreprocessSpec:
        """How the stage's network wants the pixels: as the recipe says, after the crop to the lungs where it crops."""
        spec = self.preprocess
        if spec.needs_lungs or not stage.crop_lungs:
            return spec
        return PreprocessSpec(steps=(CropLungs(), *spec.steps), mean=spec.mean, std=spec.std)

    def _check_fusion(self, stage: Stage, *, start: FusedFrom) -> None:
        whole, crop = self.stage(start.whole), self.stage(start.crop)
        of_pictures = not isinstance(whole.start, FusedFrom) and not isinstance(crop.start, FusedFrom)
        _check(stage is self.last and of_pictures, "a fusion of two networks of pictures as the last stage", stage.name)
        _check(whole.labels == crop.labels == stage.labels, "one list of labels in a fusion's stages", stage.name)
        cut = self.preprocess_of(crop).needs_lungs and not self.preprocess_of(whole).needs_lungs
        _check(cut, f"crop_lungs in {crop.name} and not in {whole.name}", f"{crop.crop_lungs}, {whole.crop_lungs}")
        _check(not self.assessment.softened, "an assessment of a fusion that is not softened", self.name)

    @property
    def releases(self) -> tuple[str, ...]:
        """Every release that a stage names, in order of first mention."""
        return tuple(dict.fromkeys(name for stage in self.stages for name in stage.releases))


def _names_before(stage: Stage) -> tuple[str, ...]:
    """The stages that this one starts from."""
    if isinstance(stage.start, FromStage):
        return (stage.start.stage,)
    return (stage.start.whole, stage.start.crop) if isinstance(stage.start, FusedFrom) else ()
