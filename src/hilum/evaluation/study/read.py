"""A study's numbers, computed from the predictions of its arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hilum.bundle.shelf import RUN_NAME
from hilum.errors import DataError
from hilum.evaluation.bundles.run_folder import read_run_file
from hilum.evaluation.comparing.many_models import labels_with_positives, model_aurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.pair_tests import pair_tests
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES, SEED, SMOKE_REPLICATES
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.subgroups import subgroups
from hilum.evaluation.study.claims import Evidence
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import GroupAurocs, StudyContent, StudyRun
from hilum.evaluation.study.folder import FoldFiles, count_calibrations, fold_folder
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.training_time import training_time

LEAST_POSITIVES = 20
"""A class with fewer positives in a group is not judged there."""


def read_study(study: Study, *, folder: Path, replicates: int | None = None) -> StudyContent:
    """The numbers of the folds that are done in `folder`, which `run_study` filled.

    `replicates` are by default `REPLICATES`, and few for a smoke run. Raises `DataError` where none is done or a file
    is malformed, and `FileAccessError` without a `run.json`.
    """
    file = read_run_file(folder / RUN_NAME)
    folds, files = tuple(file.stage_splits), FoldFiles(folder=folder, arms=study.trained, kept=CLASSIFIER)
    predictions = files.read(folds)
    done = [fold for fold in folds if files.done(fold)]
    places = [fold_folder(fold, folder=folder) for fold in done]
    counted = [count_calibrations(place) for place in places]
    run = StudyRun(
        file=file,
        folds_done=len(done),
        calibrations=sum(fitted for fitted, _ in counted),
        not_calibrated=sum(failed for _, failed in counted),
        time=training_time(places),
    )
    if replicates is None:
        replicates = SMOKE_REPLICATES if file.smoke else REPLICATES
    return study_content(study, predictions=predictions, run=run, replicates=replicates)


def study_content(
    study: Study,
    *,
    predictions: Mapping[str, Predictions],
    run: StudyRun,
    replicates: int = REPLICATES,
) -> StudyContent:
    """Every number, from the pooled predictions of the trained arms by name.

    Classes stand in the order of the published table, others after them. Raises `DataError` where the arms' images,
    truths or protocols differ, or no class has both outcomes.
    """
    models = all_arms(study, predictions=predictions)
    printed = () if study.published is None else tuple(study.published.rows)
    in_mean = models.first.in_mean
    labels = (*(one for one in printed if one in in_mean), *(one for one in in_mean if one not in printed))
    aurocs = model_aurocs(models, pairs=study.pairs, labels=labels, replicates=replicates)
    tests = tuple(pair_tests(pair, predictions=models, aurocs=aurocs) for pair in study.pairs)
    evidence = Evidence(
        aurocs=aurocs,
        tests={one.pair: one for one in tests},
        titles=study.titles,
        published=study.published,
        t_level=study.t_level,
    )
    return StudyContent(
        predictions=models,
        aurocs=aurocs,
        groups={column: _groups(study, column=column, models=models, replicates=replicates) for column in study.groups},
        tests=tests,
        claims=tuple(claim.result(evidence) for claim in study.claims),
        run=run,
        replicates=replicates,
        seed=SEED,
    )


def all_arms(study: Study, *, predictions: Mapping[str, Predictions]) -> ManyPredictions:
    """The arms' predictions in the study's order, the means of others among them.

    Raises `DataError` where images, truths, labels, protocol, design or smoke differ between two.
    """
    found = {name: predictions[name] for name in study.trained}
    first_name, *others = found
    for name in others:
        for what in ("protocol", "design", "smoke"):
            if getattr(found[name], what) != getattr(found[first_name], what):
                raise DataError(
                    f"The predictions of {first_name} and {name} differ in {what}; they must come from one study"
                )
    models = ManyPredictions(tuple(found), tuple(found.values()))
    for mean in study.means:
        scores = np.mean([found[name].scores for name in mean.of], axis=0)
        found[mean.arm.name] = replace(models.first, scores=scores)
    names = tuple(arm.name for arm in study.shown)
    return ManyPredictions(names, tuple(found[name] for name in names))


def _groups(study: Study, *, column: str, models: ManyPredictions, replicates: int) -> tuple[GroupAurocs, ...]:
    """Every group of the column; images of which nothing is known form the group "unknown"."""
    names = tuple(study.close_titles)
    close = ManyPredictions(names, tuple(models.of(name) for name in names))
    found = []
    for name, rows in subgroups(models.first).get(column, {}).items():
        own = close.take(rows)
        labels = labels_with_positives(own, least=LEAST_POSITIVES)
        judged = model_aurocs(own, pairs=study.close_pairs, labels=labels, replicates=replicates) if labels else None
        too_few = tuple(label for label in own.first.in_mean if label not in labels)
        found.append(GroupAurocs(name, own.first.n, judged, too_few))
    return tuple(found)
