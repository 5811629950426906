"""`hilum study sdfn`: whole image, lung crop and their fusion, cross-validated by patient beside the paper's table."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.options.cache import cache_folder
from hilum.cli.options.data import data_folders
from hilum.cli.segment import lung_bundle
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import FOLDS, label_folds
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.write import write_study
from hilum.networks.starting_weights import starting_weights
from hilum.systems.sdfn.folds import sdfn_arms
from hilum.systems.sdfn.lung_cases import survey_lungs
from hilum.systems.sdfn.pictures import heatmaps_of, lungs_of
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.systems.sdfn.shown import boxed_images
from hilum.systems.sdfn.study import SDFN
from hilum.training.data.images import Preparation
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.smoke import smoke_recipe, smoke_records
from hilum.training.records.provenance import data_fingerprints, environment
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import RunRecord
from hilum.training.run_study import run_study
from hilum.training.study_fold import Fold, cross_validation

SDFN_STUDY = "sdfn"
SDFN_RECIPES = {"sdfn-local": sdfn_local, "sdfn": sdfn}
RELEASE = "nih"
HELD_OUT = "ChestX-ray14's official test set"


@dataclass(frozen=True, slots=True, kw_only=True)
class SdfnRequest:
    """The options of one call, checked for their form alone."""

    data: tuple[str, ...]
    out: Path
    weights: str
    recipe: str = "sdfn-local"
    lungs: str | None = None
    folds: int = FOLDS
    smoke: bool = False
    tables_only: bool = False
    workers: int = 0
    jobs: int = 1
    cache: str | None = None

    def command(self) -> str:
        """The command as far as it decides the result; of files and folders the names alone."""
        pairs = [f"{name}={folder.name}" for name, folder in data_folders(self.data)]
        words = ["hilum", "study", SDFN_STUDY, *(word for pair in pairs for word in ("--data", pair))]
        words += ["--weights", Path(self.weights).name, "--recipe", self.recipe, "--folds", str(self.folds)]
        return shlex.join([*words, *(["--smoke"] if self.smoke else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """The recipe, the folds with their lung boxes and their protocol, what is only drawn, and who drew the lungs."""

    recipe: Recipe
    folds: Split
    protocol: str
    boxed: tuple[Record, ...]
    lungs: Bundle

    @property
    def records(self) -> tuple[Record, ...]:
        """Every image of every fold."""
        return tuple(record for part in self.folds.parts.values() for record in part)


def study_sdfn(request: SdfnRequest) -> None:
    """Train every network that is not trained yet, and write tables, figures and page.

    Raises `UsageError` for an unknown recipe and where the folder holds another study.
    """
    if request.recipe not in SDFN_RECIPES:
        raise UsageError(f"expected --recipe {' or '.join(SDFN_RECIPES)}, came {request.recipe!r}")
    cache = cache_folder(request.cache)
    prepared = _prepare(request, cache=cache)
    _run(request, prepared=prepared, cache=cache)
    _write_tables(request, prepared=prepared, cache=cache)


def _prepare(request: SdfnRequest, *, cache: Path | None) -> _Prepared:
    made = SDFN_RECIPES[request.recipe](starting_weights(request.weights))
    recipe = _small(made) if request.smoke else made
    records = read_releases(data_folders(request.data), allowed=(RELEASE,), memory=cache, progress=ON_TERMINAL).records
    lungs = lung_bundle(request.lungs)
    pool = [record for record in records if not is_held_out(record)]
    if request.smoke:
        pool = list(smoke_records(pool, labels=recipe.last.labels))
    boxed = tuple(dict.fromkeys(record.image for record, _ in boxed_images(records)))
    wanted = {*boxed, *(record.image for record in pool)}
    held_out = [record for record in records if is_held_out(record)]
    found = {
        record.image: record
        for record in with_lung_boxes(
            [record for record in records if record.image in wanted], bundle=lungs, memory=cache
        )
    }
    _say_untrusted([found[record.image] for record in pool], lungs=lungs)
    folds = label_folds([*pool, *held_out], folds=request.folds, seed=recipe.seed, held_out_set=HELD_OUT)
    folds = replace(
        folds, parts={name: tuple(found[record.image] for record in part) for name, part in folds.parts.items()}
    )
    return _Prepared(
        recipe=recipe,
        folds=folds,
        protocol=_protocol(folds, recipe=recipe, lungs=lungs, smoke=request.smoke),
        boxed=tuple(found[image] for image in boxed),
        lungs=lungs,
    )


def _small(recipe: Recipe) -> Recipe:
    """The smoke recipe with half of its few images for validation, so that some class has both outcomes there."""
    made = smoke_recipe(recipe)
    (validation,) = made.last.split.validation
    shares = {TRAIN: 0.5, validation: 0.5}
    stages = tuple(replace(stage, split=replace(stage.split, shares=shares)) for stage in made.stages)
    return replace(made, stages=stages)


def _say_untrusted(records: Sequence[Record], *, lungs: Bundle) -> None:
    """Before hours of training: where many crops are whole images, the study says little of crops."""
    count = sum(record.lung_box is None for record in records)
    share = count / len(records) if records else 0.0
    say(
        f"{count:,} of {len(records):,} images ({share:.0%}) have lungs that {lungs.card.name} {lungs.card.version} "
        "does not trust: their crop is the whole image"
    )


def _protocol(folds: Split, *, recipe: Recipe, lungs: Bundle, smoke: bool) -> str:
    shares = " and ".join(f"{share:.0%} {part}" for part, share in recipe.last.split.shares.items())
    return (
        f"{f'{SMOKE} ' if smoke else ''}{folds.protocol}; of each fold's other images, by patient, {shares}, where "
        f"epochs are chosen and calibrations fitted; {recipe.backbone} pair, lungs drawn by {lungs.card.name} "
        f"{lungs.card.version}; every image predicted by networks that never saw its patient"
    )


def _run(request: SdfnRequest, *, prepared: _Prepared, cache: Path | None) -> None:
    recipe, images = prepared.recipe, None if cache is None else cache / "images"
    folds = cross_validation(
        prepared.folds,
        shares=recipe.last.split.shares,
        seed=recipe.seed,
        protocol=prepared.protocol,
        smoke=request.smoke,
    )

    def begin(name: str, fold: Fold) -> None:
        judged = len(fold.split.parts[TEST])
        say(f"{name}: {len(prepared.records) - judged:,} images to learn from, {judged:,} to judge")

    if not request.tables_only:
        check_starts(recipe, folder=request.out / "fold-0")
        for spec in dict.fromkeys(recipe.preprocess_of(stage) for stage in recipe.stages):
            prepare_images(prepared.records, spec=spec, cache=images, jobs=request.jobs, progress=ON_TERMINAL)
    run_study(
        () if request.tables_only else (sdfn_arms(recipe, boxed={next(iter(folds)): prepared.boxed}),),
        folds=folds,
        kept=CLASSIFIER,
        record=_record(request, prepared=prepared),
        split=prepared.folds,
        place=RunPlace(
            folder=request.out,
            machine=Machine(workers=request.workers),
            preparation=Preparation(cache=images, jobs=request.jobs),
        ),
        begin=begin,
    )


def _write_tables(request: SdfnRequest, *, prepared: _Prepared, cache: Path | None) -> None:
    content = read_study(SDFN, folder=request.out)
    survey = survey_lungs(prepared.records, bundle=prepared.lungs, memory=cache, folder=request.out)
    records = (*prepared.records, *prepared.boxed)
    sections = (heatmaps_of(request.out, records=records), lungs_of(survey, records=records, bundle=prepared.lungs))
    page = write_study(replace(SDFN, sections=sections), content=content, folder=request.out)
    _say_result(content)
    say(f"wrote {request.out / 'study.json'} and {page}")


def _say_result(content: StudyContent) -> None:
    smoke = "SMOKE, no result: " if content.smoke else ""
    for arm, title in SDFN.titles.items():
        found = content.aurocs.mean[arm]
        low, high = found.interval or (float("nan"), float("nan"))
        say(f"{smoke}mean AUROC, {title}: {found.value:.3f} ({low:.3f} to {high:.3f})")


def _record(request: SdfnRequest, *, prepared: _Prepared) -> RunRecord:
    commit, dirty = commit_and_dirty(Path.cwd())
    recipe, folds = prepared.recipe, prepared.folds
    return RunRecord(
        command=request.command(),
        recipe=recipe.name,
        settings={**flat_values(recipe), "folds": request.folds, "lungs_sha256": prepared.lungs.sha256},
        smoke=request.smoke,
        seed=recipe.seed,
        commit=commit,
        dirty=dirty,
        environment=environment(),
        data=data_fingerprints(
            {RELEASE: prepared.records}, folders={RELEASE: [folder for _, folder in data_folders(request.data)]}
        ),
        split_sha256=folds.sha256,
        protocol=prepared.protocol,
        stage_splits={name: folds.sha256 for name in folds.parts},
    )
