"""The studies on VinDr-PCXR from Python: five losses, three starts, three networks and their mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal

from hilum.datasets.read_releases import read_releases
from hilum.datasets.splits.label_folds import FOLDS
from hilum.evaluation.study.section import Section
from hilum.evaluation.study.study import Study
from hilum.networks.starting_weights import RandomWeights
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.paediatric import studies
from hilum.systems.paediatric.boxes import Networks
from hilum.systems.paediatric.boxes_section import boxes_section
from hilum.systems.paediatric.claims import f1_section, labels_section
from hilum.systems.paediatric.cross_validation import (
    NO_MEANS,
    ArmRecipe,
    Judged,
    Means,
    as_trained,
    run_arms,
    tabulate,
)
from hilum.systems.paediatric.recipe import (
    ADULT,
    LOSSES,
    MODIFIED,
    NETWORKS,
    after_adults,
    children_alone,
    paediatric_db,
)
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.request import StudyRequest

LossesStart = Literal["weights", "adults"]

RELEASE, ADULTS = "vindr_pcxr", "chexpert"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldOptions:
    """What every study of children's chests takes beside what all studies do."""

    folds: Annotated[int, Option(least=2, help="Folds by patient.")] = FOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions(FoldOptions):
    """What a study of one network takes."""

    backbone: Annotated[str, Option(metavar="NAME", help="The network; densenet121 is the paper's.")] = "densenet121"


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesOptions(NetworkOptions):
    """What the study of the losses takes."""

    start: Annotated[
        LossesStart,
        Option(
            help="What every loss starts from: the given weights, as the paper's table 6; or adults, whom one network "
            "learns from these weights first."
        ),
    ] = "weights"


DEFAULTS, LOSSES_DEFAULTS, FOLDS_ALONE = NetworkOptions(), LossesOptions(), FoldOptions()


def study_losses(*, request: StudyRequest, own: LossesOptions = LOSSES_DEFAULTS, progress: Progress = SILENT) -> None:
    """Five losses from the same start, and the page of it. Raises as `run_arms` does."""
    make = children_alone if own.start == "weights" else after_adults
    recipes = {name: make(request.start, loss=loss, backbone=own.backbone) for name, loss in LOSSES.items()}
    study = studies.LOSSES
    f1 = partial(f1_section, study=study, pairs=study.pairs, folder=request.out)
    run_recipes(study, recipes, before=ADULT, sections=(f1,), request=request, own=own, progress=progress)


def study_starts(*, request: StudyRequest, own: NetworkOptions = DEFAULTS, progress: Progress = SILENT) -> None:
    """From random weights, those of the request and adults', all with the paper's loss. Raises as `run_arms` does."""
    loss = LOSSES[MODIFIED]
    recipes = {
        studies.RANDOM: children_alone(RandomWeights(), loss=loss, backbone=own.backbone),
        studies.IMAGENET: children_alone(request.start, loss=loss, backbone=own.backbone),
        studies.CHEXPERT: paediatric_db(request.start, backbone=own.backbone),
    }
    run_recipes(studies.STARTS, recipes, request=request, own=own, progress=progress)


def study_ensemble(
    *,
    request: StudyRequest,
    own: FoldOptions = FOLDS_ALONE,
    progress: Progress = SILENT,
    networks: Mapping[str, str] = NETWORKS,
) -> None:
    """The paper's three networks, or others with their titles, each by both stages, and the mean of them.

    Raises as `run_arms` does.
    """
    recipes = {name: paediatric_db(request.start, backbone=name) for name in networks}
    study, means = studies.ensemble_study(networks), {studies.MEAN: tuple(networks)}
    labels = partial(labels_section, study=study, arm=studies.MEAN)
    run_recipes(study, recipes, means=means, sections=(labels,), request=request, own=own, progress=progress)


def run_recipes(
    study: Study,
    recipes: Mapping[str, Recipe],
    *,
    before: str = "",
    means: Means = NO_MEANS,
    sections: tuple[Section, ...] = (),
    request: StudyRequest,
    own: FoldOptions,
    progress: Progress,
) -> None:
    """Train the arm of each recipe on the children of the request, and write the page; `means` are as for `run_arms`.

    `before` names the stage of adults where it is one for all arms, which then is trained once.
    The page has `sections` behind the study's own. Raises as `run_arms` does.
    """
    policy = next((recipe.chexpert for recipe in recipes.values() if recipe.chexpert is not None), None)
    allowed = tuple(dict.fromkeys(name for recipe in recipes.values() for name in recipe.releases))
    records = read_releases(
        request.data, allowed=allowed, memory=request.cache, chexpert=policy, jobs=request.jobs, progress=progress
    ).records
    images = Judged(
        records=tuple(record for record in records if record.source == RELEASE),
        others=tuple(record for record in records if record.source == ADULTS),
    )
    arms = {name: ArmRecipe(recipe=recipe, before=before) for name, recipe in recipes.items()}
    run_arms(study, arms, means=means, images=images, request=request, own=own, folds=own.folds, progress=progress)
    trained = {name: arm.recipe for name, arm in as_trained(arms, smoke=request.smoke).items()}
    networks = Networks(recipes=trained, means=means, folder=request.out)
    boxes = partial(boxes_section, study=study, networks=networks, records=images.records)
    tabulate(replace(study, sections=(*study.sections, *sections, boxes)), request=request, progress=progress)
