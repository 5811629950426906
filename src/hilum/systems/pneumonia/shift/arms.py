"""The arms of the study: today's recipe for four epochs, and recipes that differ from it in one thing each.

All learn from the same children with the same seed and are read in the same way. An arm of another kind of network is
one more row here: nothing else of the study knows how an arm pools, crops or starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.errors import UsageError
from hilum.imaging.preprocess import Equalise, PreprocessSpec, Resize
from hilum.networks.output_stride import FINER
from hilum.networks.starting_weights import StartingWeights, starts_of
from hilum.systems.pneumonia.recipe import AUGMENTATION, EMA_DECAY, pneumonia
from hilum.systems.pneumonia.shift.parts import PLAIN, SHIFTED
from hilum.systems.pneumonia.shift.sharpness import with_softened
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.mixup import Mixup
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import TRAIN, Assessment, Recipe, SplitSpec
from hilum.training.recipe.samplers import LabelBalanced, SharpnessBalanced
from hilum.training.recipe.settings import Value, flat_values
from hilum.training.recipe.smoke import smoke_recipe

TODAY = "today"
EPOCHS, LONGER = 4, 12
SMALL_PX = 128
LITES = tuple(f"efficientnet_lite{size}" for size in range(3))
BACTERIA, VIRUS = "Bacterial pneumonia", "Viral pneumonia"

WEAK = Augmentation(crop_area=(0.85, 1.0), aspect=0.1, rotation_deg=5.0, gain=0.1, offset=0.05)
"""Framing and grey scale, a little; nothing that changes sharpness."""

PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "blur": (
        "weak, and blurred or sharpened",
        ("blur_probability", "blur_sigma_px", "sharpen_probability", "sharpen"),
    ),
    "rescale": ("weak, and made smaller and large again", ("shrink_probability", "shrink")),
    "exposure": ("weak, and exposed otherwise", ("equalise_probability", "gain", "offset", "log_gamma")),
    "border": ("weak, and cut off at the border", ("crop_area", "aspect", "rotation_deg")),
}
"""By arm with weak augmentation and one part of today's: its title, and that part's settings."""

SOFT = replace(AUGMENTATION, blur_probability=1.0, blur_sigma_px=(0.5, 2.5), sharpen_probability=0.0)
"""Today's, but every picture is blurred and none sharpened."""

_MATCHED = "healthy pictures softened to the sharpness of ill ones, rank by rank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What an arm may need to change its training images: their sharpness by name, and a folder for altered copies."""

    sharpness: Mapping[str, float]
    folder: Path
    jobs: int = 1


Change = Callable[[Sequence[Record], Learning], tuple[Record, ...]]
"""The training images of an arm, made of those of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftArm:
    """One way of training: `recipe`, whose first label is the release's, and what it changes in the training images.

    `changed` says that in words, for the record. With `teachers`, which are trained before it, it learns from
    what they say too.
    """

    name: str
    title: str
    recipe: Recipe
    change: Change | None = None
    changed: str = "nothing"
    teachers: tuple[ShiftArm, ...] = ()

    @property
    def settings(self) -> Mapping[str, Value]:
        """All that decides the training, flat."""
        of_teachers = {f"taught_by.{one.name}.{k}": v for one in self.teachers for k, v in one.settings.items()}
        return {**flat_values(self.recipe), "training_images": self.changed, **of_teachers}

    def small(self) -> ShiftArm:
        """The same on few images and steps; what comes of it means nothing."""
        return replace(self, recipe=smoke_recipe(self.recipe), teachers=tuple(one.small() for one in self.teachers))


def arm_folder(arm: ShiftArm, *, folder: Path) -> Path:
    """Where an arm is kept in the study's `folder`."""
    return folder / arm.name


def base_recipe(start: StartingWeights) -> Recipe:
    """Today's recipe for the study's parts and epochs."""
    today = pneumonia(start)
    stage = replace(
        today.last,
        split=SplitSpec(shares={TRAIN: 0.8, PLAIN: 0.1, SHIFTED: 0.1}, stratify="stratum", fit_on=(TRAIN,)),
        selection=Selection(part=PLAIN),
        epochs=EPOCHS,
    )
    assessment = Assessment(calibration_part=PLAIN, operating_point_part=SHIFTED)
    return replace(today, stages=(stage,), assessment=assessment)


def shift_arms(start: StartingWeights, *, starts: Path | None = None) -> dict[str, ShiftArm]:
    """All arms by name; `start` is MobileNetV2's, `starts` the folder of other networks' weights.

    Raises `DataError` where `starts` is no folder, or one without such weights.
    """
    today = base_recipe(start)
    draws = today.last.sampler
    if not isinstance(draws, LabelBalanced):
        raise UsageError(f"{today.name} must draw its images balanced by label, not by {type(draws).__name__}")
    finer = replace(today, output_stride=FINER)
    inside = replace(finer, lung_pooling=LungPooling())
    hidden = replace(inside, lung_pooling=LungPooling(hide_outside=True))
    fine = ShiftArm(name="lungs-fine", title="the same, 14 x 14 cells", recipe=inside)
    balanced = replace(today.last, sampler=SharpnessBalanced(images_per_epoch=draws.images_per_epoch))
    alone = ShiftArm(name="lungs-alone", title="14 x 14 cells, all but the lungs hidden", recipe=hidden)
    alone_matched = ShiftArm(
        name="lungs-alone-matched",
        title="the same, healthy as soft as ill",
        recipe=hidden,
        change=_matched,
        changed=_MATCHED,
    )
    arms = (
        ShiftArm(name=TODAY, title="today's recipe", recipe=today),
        ShiftArm(
            name="weak", title="weak augmentation", recipe=today.with_last(replace(today.last, augmentation=WEAK))
        ),
        *(
            ShiftArm(name=name, title=title, recipe=today.with_last(replace(today.last, augmentation=_weak_with(part))))
            for name, (title, part) in PARTS.items()
        ),
        ShiftArm(
            name="soft", title="every picture blurred", recipe=today.with_last(replace(today.last, augmentation=SOFT))
        ),
        ShiftArm(
            name="matched",
            title="healthy as soft as ill",
            recipe=today,
            change=_matched,
            changed=_MATCHED,
        ),
        ShiftArm(
            name="sampled",
            title="draws balanced by sharpness",
            recipe=today.with_last(balanced),
        ),
        ShiftArm(
            name="equalised",
            title="histograms equalised",
            recipe=replace(today, preprocess=_equalised(today.preprocess)),
        ),
        ShiftArm(
            name="small",
            title=f"{SMALL_PX} x {SMALL_PX} pixels",
            recipe=replace(today, preprocess=_resized(today.preprocess, side=SMALL_PX)),
        ),
        ShiftArm(name="longer", title=f"{LONGER} epochs", recipe=today.with_last(replace(today.last, epochs=LONGER))),
        ShiftArm(name="mixup", title="mixup", recipe=today.with_last(replace(today.last, mixup=Mixup()))),
        ShiftArm(name="crop", title="cut to the lungs", recipe=today.with_last(replace(today.last, crop_lungs=True))),
        *(_lite(backbone, start=start, recipe=today) for backbone, start in starts_of(LITES, folder=starts).items()),
        ShiftArm(
            name="kinds",
            title="bacteria and virus told too",
            recipe=today.with_last(replace(today.last, labels=(LABEL, BACTERIA, VIRUS))),
            change=with_kinds,
            changed="labels of bacterial and viral pneumonia beside pneumonia",
        ),
        ShiftArm(name="lungs", title="averaged inside the lungs", recipe=replace(today, lung_pooling=LungPooling())),
        fine,
        ShiftArm(
            name="lungs-matched",
            title="the same, healthy as soft as ill",
            recipe=inside,
            change=_matched,
            changed=_MATCHED,
        ),
        alone,
        alone_matched,
        ShiftArm(
            name="lungs-alone-sampled",
            title="lungs alone, draws balanced by sharpness, weights averaged",
            recipe=hidden.with_last(replace(balanced, ema_decay=EMA_DECAY)),
        ),
        ShiftArm(
            name="lungs-penalty",
            title="14 x 14 cells, maps outside the lungs cost",
            recipe=replace(finer, lung_guidance=LungGuidance(by="penalty")),
        ),
        ShiftArm(
            name="lungs-attention",
            title="14 x 14 cells, a second head attends to the lungs",
            recipe=replace(finer, lung_guidance=LungGuidance(by="attention")),
        ),
        ShiftArm(
            name="distilled",
            title="lungs alone, taught by three arms",
            recipe=hidden,
            teachers=(fine, alone, alone_matched),
        ),
    )
    return {arm.name: arm for arm in arms}


def chosen_shift_arms(named: str, *, arms: Mapping[str, ShiftArm]) -> tuple[ShiftArm, ...]:
    """The arms that a text names, with commas between them; all for `all`. Raises `UsageError` for another name."""
    names = list(arms) if named == "all" else [name.strip() for name in named.split(",") if name.strip()]
    unknown = [name for name in names if name not in arms]
    if unknown or not names:
        raise UsageError(f"--arms takes all, or some of {', '.join(arms)}; given: {', '.join(unknown) or 'none'}")
    return tuple(arms[name] for name in dict.fromkeys(names))


def with_kinds(records: Sequence[Record], _learning: Learning | None = None) -> tuple[Record, ...]:
    """The records with labels for the kind that the release's file names tell (its strata)."""
    kinds = {BACTERIA: "bacteria", VIRUS: "virus"}
    return tuple(
        replace(
            record,
            labels={**record.labels, **{label: float(record.stratum == kind) for label, kind in kinds.items()}},
        )
        for record in records
    )


def _weak_with(part: Sequence[str]) -> Augmentation:
    """The weak augmentation with these settings of today's."""
    return replace(WEAK, **{name: getattr(AUGMENTATION, name) for name in part})


def _lite(backbone: str, *, start: StartingWeights, recipe: Recipe) -> ShiftArm:
    size = backbone.removeprefix("efficientnet_")
    other = replace(recipe, backbone=backbone)
    return ShiftArm(
        name=size,
        title=f"EfficientNet-{size.capitalize()}",
        recipe=other.with_last(replace(other.last, start=start)),
    )


def _equalised(spec: PreprocessSpec) -> PreprocessSpec:
    return PreprocessSpec(steps=(Equalise(), *spec.steps), mean=spec.mean, std=spec.std)


def _resized(spec: PreprocessSpec, *, side: int) -> PreprocessSpec:
    square = {"height": side, "width": side}
    steps = tuple(Resize(**{**dict(step), **square}) if isinstance(step, Resize) else step for step in spec.steps)
    return PreprocessSpec(steps=steps, mean=spec.mean, std=spec.std)


def _matched(records: Sequence[Record], learning: Learning) -> tuple[Record, ...]:
    return with_softened(records, label=LABEL, sharpness=learning.sharpness, folder=learning.folder, jobs=learning.jobs)
