"""From adults to children on images that can be had freely: ChestX-ray14, then pneumonia in Kermany et al.'s children.

Command  `hilum study paediatric-transfer-local --data nih=DIR --data nih=DIR_64 --data kermany=DIR
         --weights mobilenet_v2_imagenet.safetensors --out runs/paediatric-transfer-local`
Hardware two CPU cores, bfloat16 autocast and channels-last.

Six arms: a tenth, three tenths and all of the children that a fold has to learn from, each started from the weights of
the request or from a network that learnt ChestX-ray14's findings from those weights first. Only the official train
folder is learnt from and judged, by patient; what is a copy of an official test image is left out. Validation is the
same for all arms, and so are the epochs: fewer children mean fewer updates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from hilum.datasets.read_releases import read_releases
from hilum.datasets.splits.split import TEST, Split, split_by_patient
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.study import Arm, Study
from hilum.networks.starting_weights import StartingWeights
from hilum.progress import SILENT, Progress
from hilum.systems.paediatric.cross_validation import ArmRecipe, Judged, Maker, run_arms, tabulate
from hilum.systems.paediatric.recipe import ADULT, CHILDREN, VALIDATION
from hilum.systems.paediatric.run_study import FoldOptions
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import TRAIN, Assessment, FromStage, Recipe, SplitSpec
from hilum.training.recipe.samplers import Shuffled
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold

NAME = "paediatric-transfer-local"
RELEASE, ADULTS = "kermany", "nih"
DIRECT, TRANSFERRED = "direct", "adult"
PERCENT = (10, 30, 100)
DEFAULTS = FoldOptions()

Make = Callable[[StartingWeights], Recipe]


def arm_name(start: str, percent: int) -> str:
    """Of one start and share of the children."""
    return f"{start}-{percent}"


TRANSFER = Study(
    name=NAME,
    title="Pneumonia in children: from ImageNet directly, and by way of adults",
    arms=tuple(
        Arm(name=arm_name(start, percent), title=f"{title}, {percent}% of the children")
        for percent in PERCENT
        for start, title in ((DIRECT, "directly"), (TRANSFERRED, "by adults"))
    ),
    pairs=tuple((arm_name(TRANSFERRED, percent), arm_name(DIRECT, percent)) for percent in PERCENT),
    groups=(),
)


def transfer_recipes(adult: Recipe, children: Recipe) -> tuple[Recipe, Recipe]:
    """Directly and by adults: the second stage of both is that of `children` (one stage), the first that of `adult`."""
    (before,), (after,) = adult.stages, children.stages
    direct = replace(
        after,
        name=CHILDREN,
        split=SplitSpec(shares={TRAIN: 0.8, VALIDATION: 0.2}, stratify="stratum", fit_on=(TRAIN,)),
        selection=Selection(part=VALIDATION),
        sampler=Shuffled(),
    )
    whole = replace(
        children,
        name=NAME,
        stages=(direct,),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
    )
    both = replace(whole, stages=(replace(before, name=ADULT), replace(direct, start=FromStage(stage=ADULT))))
    return whole, both


def study_transfer(
    adult: Make,
    children: Make,
    *,
    request: StudyRequest,
    own: FoldOptions = DEFAULTS,
    progress: Progress = SILENT,
) -> None:
    """Train what is not trained yet, and write the page. Raises as `run_arms` does."""
    learners = children(request.start)
    if request.smoke:  # a tenth of a smoke run's children is no batch
        learners = learners.with_last(replace(learners.last, batch_size=1))
    direct, both = transfer_recipes(adult(request.start), learners)
    records = read_releases(
        request.data, allowed=(ADULTS, RELEASE), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    images = Judged(
        records=tuple(one for one in records if one.source == RELEASE and one.official in (TRAIN, TEST)),
        others=tuple(one for one in records if one.source == ADULTS),
    )
    arms: Mapping[str, ArmRecipe] = {
        arm_name(start, percent): ArmRecipe(
            recipe=recipe, before=ADULT, learns=None if percent == 100 else partial(_from_few, percent=percent)
        )
        for percent in PERCENT
        for start, recipe in ((DIRECT, direct), (TRANSFERRED, both))
    }
    run_arms(TRANSFER, arms, images=images, request=request, own=own, folds=own.folds, progress=progress)
    tabulate(TRANSFER, request=request, progress=progress)


def with_share(fold: Fold, *, percent: int) -> Fold:
    """The fold with `percent` of its training images, whole patients of each stratum; the other parts are as before."""
    share = percent / 100
    kept = split_by_patient(fold.split.parts[TRAIN], shares={TRAIN: share, "rest": 1 - share}, seed=percent)[TRAIN]
    protocol = f"{fold.split.protocol}; {percent}% of the training images, by patient"
    return replace(fold, split=Split({**fold.split.parts, TRAIN: kept}, protocol))


def _from_few(made: Maker, *, percent: int) -> Maker:
    def run(fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
        return made.run(with_share(fold, percent=percent), place)

    return Trained(arms=made.arms, run=run, folder=made.folder, settings={**made.settings, "percent": percent})
