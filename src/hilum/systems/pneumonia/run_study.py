"""The pneumonia study from Python: its networks by folds of the official train folder, and the page.

The official test folder is left alone, unless a look at it is asked for; then the ledger tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import numpy as np

from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.releases.kermany import PATIENTS, SOURCE
from hilum.datasets.splits.label_folds import FOLDS, label_folds
from hilum.datasets.splits.mixed import MixedReleases
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.ledger import ledger_path
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.folder import fold_folder, read_started_from
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.write import publish_study
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.statistics.outcomes import FloatArray
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm, trained_arm, uncalibrated_path
from hilum.systems.pneumonia.chosen_arms import Arms, SyntheticArms, chosen_arms
from hilum.systems.pneumonia.costs import costs_path, read_costs
from hilum.systems.pneumonia.curves import read_curves
from hilum.systems.pneumonia.dcgan_arms import DCGAN
from hilum.systems.pneumonia.errors import read_errors
from hilum.systems.pneumonia.groupings import OFFICIAL, Copies, MakeCopies, altered_copies
from hilum.systems.pneumonia.look_at_test import LOOKS, look_at_test, read_looks
from hilum.systems.pneumonia.network_arms import say_starts
from hilum.systems.pneumonia.paper import IMAGENET, RANDOM
from hilum.systems.pneumonia.sections import ArmRecord, PneumoniaRecord, pneumonia_sections
from hilum.systems.pneumonia.smote import check_smote
from hilum.systems.pneumonia.study import NAME, pneumonia_study
from hilum.training.data.images import load_images
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import make_record
from hilum.training.run_study import ArmSettings, Trained, run_study, settings_of
from hilum.training.study_fold import Fold, cross_validation

COPIES = "copies"
"""The folder of the altered copies of healthy pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PneumoniaOptions:
    """What the pneumonia study takes beside what every study does."""

    arms: Annotated[
        Arms,
        Option(
            help="The paper's two networks; further networks and balances too; or all, synthetic children among them."
        ),
    ] = "paper"
    starts: Annotated[
        Path | None,
        Option(
            metavar="FOLDER",
            help="Starting weights of the further networks, each file's name beginning with its backbone, such as "
            "efficientnet-lite0-57934424.pth; random where there is no file.",
        ),
    ] = None
    folds: Annotated[int, Option(least=2, help="Folds by patient.")] = FOLDS
    look_at_test: Annotated[
        bool,
        Option(
            flag="--look-at-test",
            help="Train the paper's two networks on 80% of the train folder by patient too, with the rest as "
            "validation, and evaluate them on the official test folder; the ledger records both evaluations.",
            decides=False,
        ),
    ] = False
    ledger: Annotated[
        Path | None,
        Option(
            metavar="FILE", help="The ledger of evaluations on test images, as for `hilum evaluate`.", decides=False
        ),
    ] = None


DEFAULTS = PneumoniaOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """The arms, the release, the folds of its official train folder, and what copies healthy pictures.

    `arms` are those that a recipe alone trains; `synthetic` is there where all are chosen.
    """

    arms: tuple[PneumoniaArm, ...]
    synthetic: SyntheticArms | None
    mixed: MixedReleases
    parts: Split
    folds: Mapping[str, Fold]
    copies: MakeCopies
    seed: int

    @property
    def makers(self) -> tuple[Trained[Fold, Predictions], ...]:
        """What trains each arm, in an order in which whatever needs another comes after it."""
        made = tuple(trained_arm(one, copies=self.copies) for one in self.arms)
        return made if self.synthetic is None else (*made, *self.synthetic.makers)

    @property
    def words(self) -> tuple[ArmWords, ...]:
        """What the page says of each arm, in the order of the makers."""
        own = tuple(one.words for one in self.arms)
        return own if self.synthetic is None else (*own, *self.synthetic.words)


def study_pneumonia(*, request: StudyRequest, own: PneumoniaOptions = DEFAULTS, progress: Progress = SILENT) -> None:
    """Train every network that is not trained yet, and write tables, figures and page.

    Raises `UsageError` where the folder holds another study, and where a smoke run is to look at the test.
    """
    if own.look_at_test and (request.smoke or request.tables_only):
        raise UsageError(
            "Leave out --look-at-test with --smoke and with --tables-only: it trains, and the ledger records it "
            "for good"
        )
    prepared = _prepare(request, own=own, progress=progress)
    study = pneumonia_study(prepared.words)
    _run(request, own=own, prepared=prepared, progress=progress)
    _write_tables(request, prepared=prepared, study=study, progress=progress)
    if own.look_at_test:
        _look(request, own=own, prepared=prepared, progress=progress)
        _write_tables(request, prepared=prepared, study=study, progress=progress)


def _prepare(request: StudyRequest, *, own: PneumoniaOptions, progress: Progress) -> _Prepared:
    arms, synthetic = chosen_arms(own.arms, start=request.start, starts=own.starts, smoke=request.smoke)
    if synthetic is not None and not request.tables_only:
        check_smote()
    seed, shares = arms[0].recipe.seed, arms[0].recipe.last.split.shares
    mixed = read_releases(request.data, allowed=(SOURCE,), memory=request.cache, jobs=request.jobs, progress=progress)
    pool = [record for record in mixed.records if record.official == OFFICIAL]
    if request.smoke:
        pool = list(smoke_records(pool, labels=arms[0].recipe.last.labels))
    # held-out images give their hashes alone: a copy of one is left out of the folds
    parts = label_folds(
        [*pool, *(record for record in mixed.records if is_held_out(record))], folds=own.folds, seed=seed
    )
    protocol = (
        f"{f'{SMOKE} ' if request.smoke else ''}{parts.protocol}, of the official train folder of {SOURCE}; of each "
        f"fold's other images, by patient, {' and '.join(f'{share:.0%} {part}' for part, share in shares.items())}; "
        f"{PATIENTS}; every image predicted by networks that never saw its patient"
    )
    parts = replace(parts, protocol=protocol)
    return _Prepared(
        arms=arms,
        synthetic=synthetic,
        mixed=mixed,
        parts=parts,
        folds=cross_validation(parts, shares=shares, seed=seed, protocol=protocol, smoke=request.smoke),
        copies=cache(partial(_copies, request, arms=arms, parts=parts, progress=progress)),
        seed=seed,
    )


def _copies(request: StudyRequest, *, arms: Sequence[PneumoniaArm], parts: Split, progress: Progress) -> Copies:
    progress.say(f"healthy training pictures are copied into {request.out / COPIES}; they are patients' pictures")
    grouped = next(one for one in arms if one.groupings)
    return altered_copies(
        [record for part in parts.parts.values() for record in part],
        groupings=grouped.groupings,
        spec=grouped.recipe.preprocess,
        folder=request.out / COPIES,
        jobs=request.jobs,
    )


def _run(request: StudyRequest, *, own: PneumoniaOptions, prepared: _Prepared, progress: Progress) -> None:
    place, parts = request.place, prepared.parts
    judged = [record for part in parts.parts.values() for record in part]

    def begin(name: str, fold: Fold) -> None:
        counts = {part: len(there) for part, there in fold.split.parts.items()}
        progress.say(f"{name}: {counts[TRAIN]:,} images to learn from, {counts[TEST]:,} to judge")

    if not request.tables_only:
        recipes = [one.recipe for one in prepared.arms]
        say_starts(recipes, progress=progress)
        say_unlike_greys(recipes, progress=progress)
        for one in prepared.arms:
            check_starts(one.recipe, folder=fold_folder(next(iter(parts.parts)), folder=request.out) / one.name)
        for spec in dict.fromkeys(recipe.preprocess for recipe in recipes):
            prepare_images(judged, spec=spec, cache=place.preparation.cache, jobs=request.jobs, progress=progress)
    makers = prepared.makers
    run_study(
        () if request.tables_only else makers,
        folds=prepared.folds,
        kept=CLASSIFIER,
        record=make_record(
            ArmSettings(name=NAME, seed=prepared.seed, folds=own.folds, arms=settings_of(makers)),
            records=judged,
            provenance=replace(request.provenance(own), folders=request.folders),
            protocol=parts.protocol,
            split_sha256=parts.sha256,
            stage_splits=dict.fromkeys(parts.parts, parts.sha256),
            smoke=request.smoke,
        ),
        split=parts,
        place=place,
        begin=begin,
    )


def _look(request: StudyRequest, *, own: PneumoniaOptions, prepared: _Prepared, progress: Progress) -> None:
    for one in prepared.arms:
        if one.name in (RANDOM, IMAGENET):
            look_at_test(
                one,
                mixed=prepared.mixed,
                copies=prepared.copies(),
                provenance=replace(request.provenance(own), folders=request.folders),
                place=replace(request.place, folder=request.out / LOOKS / one.name),
                ledger=ledger_path(own.ledger),
                progress=progress,
            )


def _write_tables(request: StudyRequest, *, prepared: _Prepared, study: Study, progress: Progress) -> None:
    content = read_study(study, folder=request.out)
    done = tuple(dict.fromkeys(content.predictions.first.split))
    folders = [fold_folder(name, folder=request.out) for name in done]
    places = {arm: maker.place for maker in prepared.makers for arm in maker.arms}
    record = PneumoniaRecord(
        arms={one.arm.name: _record(one, place=places[one.arm.name], folds=folders) for one in prepared.words},
        samples=() if prepared.synthetic is None else tuple(folder / DCGAN for folder in folders),
        sharpness=_sharpness(prepared, like=content.predictions.first, request=request),
        looks=read_looks(request.out, arms=(RANDOM, IMAGENET)),
    )
    study = replace(study, sections=pneumonia_sections(record))
    publish_study(study, content=content, folder=request.out, progress=progress)


def _record(words: ArmWords, *, place: str, folds: Sequence[Path]) -> ArmRecord:
    """`place` is the folder of the arm's training within a fold's."""
    name, own = words.arm.name, [fold / place for fold in folds]
    paths = [uncalibrated_path(name, folder=fold) for fold in folds]
    papers = name in (RANDOM, IMAGENET)
    return ArmRecord(
        title=words.arm.title,
        uncalibrated=CLASSIFIER.pooled([CLASSIFIER.load(path) for path in paths]),
        started_from=read_started_from(own[0]),
        balance=words.balance,
        costs=read_costs(costs_path(name, folder=folds[0])),
        curves=tuple(map(read_curves, own)) if papers else (),
        errors=tuple(map(read_errors, own)) if papers else (),
    )


def _sharpness(prepared: _Prepared, *, like: Predictions, request: StudyRequest) -> FloatArray:
    """The mean gradient of each judged image (n,) at the size of the first network's input."""
    by_name = {record.image: record for part in prepared.parts.parts.values() for record in part}
    absent = next((image for image in like.image if image not in by_name), None)
    if absent is not None:
        raise DataError(f"The data lack {absent}, which was judged. Give the same data set as before")
    spec = prepared.arms[0].recipe.preprocess
    records = [by_name[image] for image in like.image]
    grey = load_images(records, spec=spec, labels=(), preparation=request.place.preparation).grey
    return np.array([mean_gradient(grey[row]) for row in range(len(records))])
