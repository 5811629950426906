"""The study of two looks from Python: pairs of networks, cross-validated by patient beside the paper's tables.

Command  `hilum study attention --data nih=DIR --weights imagenet --out runs/attention-study`
Hardware not run on the whole release here. Twelve pairs in five folds are 60 trainings; `--pairs` and `--folds`
         take fewer.

Command  `hilum study attention-local --data nih=DIR --weights mobilenet_v2_imagenet.safetensors
         --out runs/attention-local-study`
Hardware two CPU cores, bfloat16 autocast: a MobileNetV2 pair in five folds of 1,535 images, about three hours of one
         core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import FOLDS
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.write import publish_study
from hilum.networks.starting_weights import RandomWeights, StartingWeights
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.attention.arms import attention_arms
from hilum.systems.attention.fit import check_start
from hilum.systems.attention.pairs import PAPER, NetworkPair, pairs_of
from hilum.systems.attention.recipe import AttentionRecipe, smoke
from hilum.systems.attention.study import attention_study
from hilum.systems.attention.study_sections import crops_section
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.study import cross_validate

RELEASE = "nih"
LOCAL_PAIR, CAPSULES = "mobilenet_v2", "capsnet"

Make = Callable[[StartingWeights], AttentionRecipe]

_PAIRS_HELP = (
    "Pairs of networks, with commas between them: NAME for twice the same, WHOLE+CROP for two; "
    f"{PAPER} for the twelve of the paper."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOptions:
    """What the study of two looks takes beside what every study does."""

    pairs: Annotated[str, Option(metavar="NAME,WHOLE+CROP", help=_PAIRS_HELP)] = PAPER
    folds: Annotated[int, Option(least=2, help="Folds by patient.")] = FOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPairOptions(PairOptions):
    """The same for few images, where one small pair is enough."""

    pairs: Annotated[str, Option(metavar="NAME,WHOLE+CROP", help=_PAIRS_HELP)] = LOCAL_PAIR


def study_attention(make: Make, *, request: StudyRequest, own: PairOptions, progress: Progress = SILENT) -> None:
    """Train every pair by the recipe of `make` where it is not trained yet, and write tables, figures and page.

    Raises `UsageError` for a pair that cannot be and where the folder holds another study, and what training raises.
    """
    pairs = pairs_of(own.pairs)
    study = attention_study(pairs, name=request.name)
    recipes = {pair: _recipe(make, pair=pair, request=request) for pair in pairs}
    labels = next(iter(recipes.values())).last.labels
    found = read_releases(
        request.data, allowed=(RELEASE,), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    records = tuple(record for record in found if not is_held_out(record)) if request.smoke else found
    _train(
        study,
        recipes,
        records=smoke_records(records, labels=labels) if request.smoke else records,
        request=request,
        own=own,
        progress=progress,
    )
    crops = partial(crops_section, pairs=pairs, folder=request.out)
    study = replace(study, sections=(*study.sections, crops))
    publish_study(study, content=read_study(study, folder=request.out), folder=request.out, progress=progress)


def _recipe(make: Make, *, pair: NetworkPair, request: StudyRequest) -> AttentionRecipe:
    made = replace(
        make(request.start),
        backbone=pair.whole,
        crop_backbone=pair.crop,
        crop_start=_start(pair.crop, request=request),
    )
    made = made.with_last(replace(made.last, start=_start(pair.whole, request=request)))
    return smoke(made) if request.smoke else made


def _start(backbone: str, *, request: StudyRequest) -> StartingWeights:
    """Capsules start from random weights, as the paper's do: nobody has published any."""
    return RandomWeights() if backbone == CAPSULES else request.start


def _train(
    study: Study,
    recipes: Mapping[NetworkPair, AttentionRecipe],
    *,
    records: Sequence[Record],
    request: StudyRequest,
    own: PairOptions,
    progress: Progress,
) -> None:
    if not request.tables_only:
        for pair, recipe in recipes.items():
            check_start(recipe, folder=request.out / "fold-0" / pair.name)
        _prepare(recipes.values(), records=records, request=request, progress=progress)
    first = next(iter(recipes.values()))
    (validation,) = first.last.split.validation
    cross_validate(
        study,
        [attention_arms(pair, recipe=recipe) for pair, recipe in recipes.items()],
        records=records,
        folder=request.out,
        seed=first.seed,
        folds=own.folds,
        # of a smoke run's few images more for validation, so that some label has both outcomes there
        shares={TRAIN: 0.7, validation: 0.3} if request.smoke else first.last.split.shares,
        smoke=request.smoke,
        also=f"pairs of networks (whole picture, crop): {', '.join(pair.title for pair in recipes)}",
        tables_only=request.tables_only,
        command=request.provenance(own).command,
        machine=request.machine,
        preparation=request.place.preparation,
    )


def _prepare(
    recipes: Iterable[AttentionRecipe], *, records: Sequence[Record], request: StudyRequest, progress: Progress
) -> None:
    """Decode once, into the cache, what every training reads."""
    learnt = [record for record in records if not is_held_out(record)]
    for spec in dict.fromkeys(recipe.preprocess for recipe in recipes):
        prepare_images(learnt, spec=spec, cache=request.place.preparation.cache, jobs=request.jobs, progress=progress)
