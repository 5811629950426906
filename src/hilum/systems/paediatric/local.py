"""The five losses on images that can be had freely: findings of ChestX-ray14, on two CPU cores.

Command  `hilum study paediatric-losses-local --data nih=DIR --data nih=DIR_64
         --weights mobilenet_v2_imagenet.safetensors --out runs/paediatric-losses-local`
Hardware two CPU cores, bfloat16 autocast and channels-last: sixty trainings of some six minutes of one core each.

Labels are those with at least 40 positives among the images that are not held out, and No Finding, which never stands
beside another. All arms share folds, seed and everything but the loss; one more starts cross-entropy from random
weights. Then cross-entropy and the two other losses of the highest mean AUROC are trained with more seeds, each in a
folder of its own (`OUT/seed-2`): what two seeds of one loss differ by, two losses may differ by too without one being
better. The two were chosen by the figures of the first seed, which flatters that seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np

from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chestxray14 import LABELS, NO_FINDING
from hilum.errors import DataError
from hilum.evaluation.comparing.many_models import ModelAurocs, model_aurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import FoldFiles, fold_folder
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Arm, Study
from hilum.evaluation.study.training_time import training_time
from hilum.networks.starting_weights import RandomWeights, StartingWeights
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.paediatric.cross_validation import ArmRecipe, Judged, run_arms, write
from hilum.systems.paediatric.recipe import BALANCED, BCE, LOSSES, MODIFIED
from hilum.systems.paediatric.run_study import FoldOptions
from hilum.systems.paediatric.studies import LOSS_ARMS, RANDOM
from hilum.training.recipe.losses import LossSpec
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.request import StudyRequest

NAME = "paediatric-losses-local"
RELEASE = "nih"
LEAST_POSITIVES = 40
EPOCHS = 6
"""Half as many as `chest14-local` takes: sixty trainings are to end in an afternoon."""

LOCAL = Study(
    name=NAME,
    title="Five losses on ChestX-ray14's findings, few images",
    arms=(*LOSS_ARMS, Arm(name=RANDOM, title="cross-entropy from random weights")),
    pairs=(
        *((arm.name, BCE) for arm in LOSS_ARMS if arm.name != BCE),
        (MODIFIED, BALANCED),
        (BCE, RANDOM),
    ),
)

Make = Callable[[StartingWeights], Recipe]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesLocalOptions(FoldOptions):
    """What this study takes beside what all studies do."""

    seeds: Annotated[int, Option(least=1, help="Seeds for cross-entropy and the two losses that do best.")] = 3


DEFAULTS = LossesLocalOptions()


def study_losses_local(
    make: Make, *, request: StudyRequest, own: LossesLocalOptions = DEFAULTS, progress: Progress = SILENT
) -> None:
    """Train what is not trained yet by the recipe of `make` (one stage), and write the page.

    Raises `DataError` where no label has enough positives, and as `run_arms` does.
    """
    records = read_releases(
        request.data, allowed=(RELEASE,), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    images, labels = Judged(records=records), frequent_labels(records, least=LEAST_POSITIVES)
    base, anew = make(request.start), make(RandomWeights())
    run = partial(run_arms, images=images, request=request, own=own, folds=own.folds, seed=base.seed, progress=progress)
    arms = {name: ArmRecipe(recipe=with_loss(base, loss=loss, labels=labels)) for name, loss in LOSSES.items()}
    run(LOCAL, {**arms, RANDOM: ArmRecipe(recipe=with_loss(anew, loss=LOSSES[BCE], labels=labels))})
    content = read_study(LOCAL, folder=request.out)
    repeated = (BCE, *best_two(content.aurocs))
    for seed in range(2, own.seeds + 1):
        other = {name: replace(arms[name], recipe=with_seed(arms[name].recipe, seed=seed)) for name in repeated}
        run(seed_study(repeated, seed=seed), other, folder=seed_folder(request.out, seed=seed))
    content = with_time_of_seeds(content, seeds=own.seeds, folder=request.out)
    more = partial(seeds_section, repeated=repeated, seeds=own.seeds, folder=request.out)
    write(replace(LOCAL, sections=(ranking_section, more)), content=content, request=request, progress=progress)


def frequent_labels(records: Sequence[Record], *, least: int) -> tuple[str, ...]:
    """The findings with at least `least` positives among images that are not held out, and No Finding.

    Raises `DataError` where there is none.
    """
    pool = [record for record in records if not is_held_out(record)]
    found = tuple(label for label in LABELS if sum(one.labels.get(label) == 1.0 for one in pool) >= least)
    if not found:
        raise DataError(f"No finding has {least} positives among {len(pool)} images. Give more data")
    return (*found, NO_FINDING)


def with_loss(recipe: Recipe, *, loss: LossSpec, labels: tuple[str, ...]) -> Recipe:
    """The recipe of one stage with another loss, other labels and fewer epochs."""
    return replace(recipe, name=NAME, stages=(replace(recipe.last, loss=loss, labels=labels, epochs=EPOCHS),))


def with_seed(recipe: Recipe, *, seed: int) -> Recipe:
    """The recipe with the seed of this number, where the first is its own; the folds stay."""
    return replace(recipe, seed=recipe.seed + 1000 * (seed - 1))


def seed_folder(out: Path, *, seed: int) -> Path:
    """Where the trainings with another seed lie."""
    return out / f"seed-{seed}"


def with_time_of_seeds(content: StudyContent, *, seeds: int, folder: Path) -> StudyContent:
    """The content whose time is that of the trainings with other seeds too."""
    every = (folder, *(seed_folder(folder, seed=seed) for seed in range(2, seeds + 1)))
    places = (fold_folder(fold, folder=each) for each in every for fold in content.run.file.stage_splits)
    return replace(content, run=replace(content.run, time=training_time(places)))


def best_two(aurocs: ModelAurocs) -> tuple[str, str]:
    """The two losses beside cross-entropy with the highest mean AUROC."""
    others = sorted((name for name in LOSSES if name != BCE), key=lambda name: -aurocs.mean[name].value)
    return others[0], others[1]


def seed_study(repeated: Sequence[str], *, seed: int) -> Study:
    """The trainings with another seed, as a study of their own."""
    return Study(
        name=f"{NAME}-seed-{seed}",
        title=f"{LOCAL.title}: seed {seed}",
        arms=tuple(arm for arm in LOSS_ARMS if arm.name in repeated),
        pairs=(),
    )


def ranking_section(content: StudyContent) -> SectionContent:
    """The losses from the highest mean AUROC down, each with its difference to the first."""
    order = sorted(LOSSES, key=lambda name: -content.aurocs.mean[name].value)
    pairs: list[Pair] = [(order[0], name) for name in order[1:]]
    aurocs = _judged(content.predictions, pairs=pairs, content=content)
    rows: list[tuple[Cell, ...]] = [
        (rank, LOCAL.titles[name], aurocs.mean[name], aurocs.mean_difference[order[0], name] if rank > 1 else None)
        for rank, name in enumerate(order, start=1)
    ]
    return SectionContent(
        key="ranking",
        title="Ranking of the losses",
        tables=(
            ReportTable(
                key="ranking",
                title="Mean AUROC, highest first",
                columns=("rank", "loss", "mean AUROC", "what the first has more"),
                rows=tuple(rows),
                note="Intervals by patient, of these trainings: how another seed would rank them is not in them. The "
                "first was chosen because it is first, so its lead is flattered.",
            ),
        ),
        numbers={
            "order": list(order),
            "first_minus": {name: estimate_json("value", aurocs.mean_difference[order[0], name]) for name in order[1:]},
        },
    )


def seeds_section(content: StudyContent, *, repeated: Sequence[str], seeds: int, folder: Path) -> SectionContent:
    """What other seeds of the same loss give, beside the first; empty where not all of them are trained."""
    folds = tuple(content.run.file.stage_splits)
    others = [
        FoldFiles(folder=seed_folder(folder, seed=seed), arms=tuple(repeated), kept=CLASSIFIER)
        for seed in range(2, seeds + 1)
    ]
    if not others or not all(files.done(fold) for files in others for fold in folds):
        return SectionContent(key="seeds", title="Other seeds")
    found = {arm: [content.predictions.of(arm)] for arm in repeated}
    for files in others:
        for arm, predictions in files.read(folds).items():
            found[arm].append(predictions)
    named = {(arm, seed): one for arm, each in found.items() for seed, one in enumerate(each, start=1)}
    every = ManyPredictions(tuple(f"{arm}-seed-{seed}" for arm, seed in named), tuple(named.values()))
    mean = _judged(every, pairs=(), content=content).mean
    by_arm = {arm: [mean[f"{arm}-seed-{seed}"] for seed in range(1, seeds + 1)] for arm in repeated}
    spread = {arm: float(np.std([one.value for one in each], ddof=1)) for arm, each in by_arm.items()}
    pooled = float(np.sqrt(np.mean([one**2 for one in spread.values()])))
    return SectionContent(
        key="seeds",
        title="Other seeds",
        note=f"The standard deviation between seeds of one loss, over these losses, is {pooled:.4f}. A difference of "
        "two losses of that size is none.",
        tables=(
            ReportTable(
                key="seeds",
                title="Mean AUROC by seed",
                columns=("loss", *(f"seed {seed}" for seed in range(1, seeds + 1)), "mean", "deviation between seeds"),
                rows=tuple(
                    (LOCAL.titles[arm], *each, float(np.mean([one.value for one in each])), spread[arm])
                    for arm, each in by_arm.items()
                ),
                note="Same folds; another seed draws other weights of the linear layer, orders and augmentations. The "
                "losses beside cross-entropy are the two that were highest with seed 1.",
            ),
        ),
        numbers={
            "deviation": pooled,
            "by_loss": {
                arm: {"deviation": spread[arm], "mean_auroc": [estimate_json("value", one) for one in each]}
                for arm, each in by_arm.items()
            },
        },
    )


def _judged(predictions: ManyPredictions, *, pairs: Sequence[Pair], content: StudyContent) -> ModelAurocs:
    return model_aurocs(
        predictions, pairs=pairs, labels=content.aurocs.in_mean, replicates=content.replicates, seed=content.seed
    )
