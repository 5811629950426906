"""Other ways to train the network of the whole picture, in the folds of the adult's study, each beside its recipe.

Command  `hilum study chest-adult-tries --data nih=DIR --data nih=DIR_64 --data kermany=DIR
         --data montgomery_shenzhen=DIR --data wingspan=DIR --weights mobilenet_v2_imagenet.safetensors
         --starts weights --out runs/chest-adult-tries`
Hardware one CPU core, bfloat16 autocast and channels-last.

Each differs from the recipe in the one thing that its title names. Another seed of the recipe itself shows what chance
gives: a gain of that size is none. The mean of both seeds shows what any two networks gain: more than that must come of
what a second network sees. A study that is stopped is tabulated from the folds that are done, with
`--tables-only`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from hilum.datasets.read_releases import read_releases
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Arm, Study
from hilum.evaluation.study.write import publish_study
from hilum.networks.starting_weights import StartingWeights, WeightsFile, starts_of
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.chest_adult.more_images import (
    DISTILLED,
    GUESSED,
    JOINT,
    OTHERS,
    SEED,
    SOURCES,
    TWO_SEEDS,
    MoreImages,
    more_arms,
    more_images,
)
from hilum.systems.chest_adult.recipe import AdultRecipe, small
from hilum.systems.chest_adult.run_study import prepare_adults, run_adults
from hilum.systems.chest_adult.study import LOCAL
from hilum.training.classifier_arm import classifier_arm
from hilum.training.recipe.losses import Asymmetric, BinaryCrossEntropy, Focal
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.samplers import ClassBalanced, ViewBalanced
from hilum.training.recipe.smoke import few_of_each
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.request import StudyRequest
from hilum.training.run_study import ArmSettings, settings_of

NAME = "chest-adult-tries"
DRAWS = 1500
"""Images that balanced draws take an epoch: about as many as a fold learns from."""
LARGE_PX = 320
SMOOTHING = 0.05
LITES = tuple(f"efficientnet_lite{size}" for size in range(3))
SMOKE_IMAGES = 6
"""Of each other release, where everything is only tried."""
NO_STARTS: Mapping[str, StartingWeights] = {}


def lite_arm(backbone: str) -> str:
    """What the arm of an EfficientNet-Lite is called."""
    return backbone.removeprefix("efficientnet_")


_TITLES = {
    LOCAL: "as it is",
    SEED: "another seed",
    "smoothed": f"label smoothing {SMOOTHING}",
    "focal": "focal loss",
    "asymmetric": "asymmetric loss",
    "views": "draws balanced by view",
    "classes": "draws balanced by label",
    **{lite_arm(backbone): f"EfficientNet-{lite_arm(backbone).capitalize()}" for backbone in LITES},
    "large": f"{LARGE_PX} pixels",
    TWO_SEEDS: "the mean of both seeds",
    JOINT: "with children's pneumonia and tuberculosis as further outputs",
    SOURCES: "the same, draws balanced by source",
    GUESSED: "with unlabelled chests, whose labels the recipe's network guessed",
    DISTILLED: "taught by the mean of two seeds' networks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriesOptions:
    """What this study takes beside what every study does."""

    starts: Annotated[
        Path | None,
        Option(
            metavar="FOLDER",
            help="ImageNet weights of EfficientNet-Lite0, 1 and 2, each file's name beginning with its backbone, such "
            "as efficientnet-lite0-57934424.pth; a network without a file is left out.",
        ),
    ] = None


DEFAULTS = TriesOptions()


def tries(whole: Recipe, *, starts: Mapping[str, StartingWeights] = NO_STARTS) -> dict[str, Recipe]:
    """By arm, recipes that each differ from `whole`, the first, in one thing; `whole` is of one stage.

    `starts` are the starting weights of other backbones, each of which is an arm.
    """
    stage = whole.last
    found = {
        LOCAL: whole,
        SEED: replace(whole, seed=whole.seed + 1000),
        "smoothed": whole.with_last(replace(stage, loss=BinaryCrossEntropy(label_smoothing=SMOOTHING))),
        "focal": whole.with_last(replace(stage, loss=Focal(alpha=None))),
        "asymmetric": whole.with_last(replace(stage, loss=Asymmetric())),
        "views": whole.with_last(replace(stage, sampler=ViewBalanced(images_per_epoch=DRAWS))),
        "classes": whole.with_last(replace(stage, sampler=ClassBalanced(images_per_epoch=DRAWS))),
    }
    for backbone, start in starts.items():
        found[lite_arm(backbone)] = replace(whole.with_last(replace(stage, start=start)), backbone=backbone)
    larger = (f"preprocess.steps.0.{side}={LARGE_PX}" for side in ("height", "width"))
    return {**found, "large": with_settings(whole, pairs=larger)}


def tries_study(arms: Collection[str]) -> Study:
    """The arms of these names, each beside the recipe as it is."""
    others = [name for name in arms if name != LOCAL]
    return Study(
        name=NAME,
        title="Findings in adult chests: other ways to train the network of the whole picture",
        arms=tuple(Arm(name=name, title=_TITLES[name]) for name in arms),
        pairs=tuple((name, LOCAL) for name in others),
    )


def study_tries(
    make: Callable[[StartingWeights], AdultRecipe],
    *,
    request: StudyRequest,
    own: TriesOptions = DEFAULTS,
    progress: Progress = SILENT,
) -> None:
    """Train every arm that is not trained yet, fold by fold, and write tables and page of the folds that are done.

    Raises `UsageError` where the folder holds another study, and as `read_releases` and training do.
    """
    made = make(request.start)
    whole = tries(made.whole, starts=_starts(own.starts))
    arms = {name: small(one) if request.smoke else one for name, one in whole.items()}
    judged, others = _releases(request)
    prepared = prepare_adults(made, request=judged, progress=progress)
    more = _more_images(others, progress=progress)
    makers = [
        *(classifier_arm(name, recipe=one) for name, one in arms.items()),
        *more_arms(arms, more=more),
    ]
    run_adults(
        prepared,
        folds=prepared.folds,
        recipes=arms,
        makers=makers,
        more=more.every,
        settings=ArmSettings(
            name=NAME, seed=prepared.recipe.seed, folds=prepared.recipe.folds, arms=settings_of(makers)
        ),
        request=request,
        own=own,
        progress=progress,
    )
    study = tries_study([arm for maker in makers for arm in maker.arms])
    publish_study(study, content=read_study(study, folder=request.out), folder=request.out, progress=progress)


def _starts(folder: Path | None) -> dict[str, StartingWeights]:
    """By backbone, the files of the folder; none without one. Raises `DataError` as `starts_of` does."""
    found = {} if folder is None else starts_of(LITES, folder=folder)
    return {backbone: start for backbone, start in found.items() if isinstance(start, WeightsFile)}


def _releases(request: StudyRequest) -> tuple[StudyRequest, StudyRequest]:
    """The request with the release that is judged, and with the others."""
    others = tuple(pair for pair in request.data if pair[0] in OTHERS)
    judged = tuple(pair for pair in request.data if pair not in others)
    return replace(request, data=judged), replace(request, data=others)


def _more_images(request: StudyRequest, *, progress: Progress) -> MoreImages:
    if not request.data:
        return MoreImages()
    records = read_releases(
        request.data, allowed=OTHERS, memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    return more_images(few_of_each(records, each=SMOKE_IMAGES) if request.smoke else records)
