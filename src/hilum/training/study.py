"""The face for who declares a study: train its arms on folds by patient, in a folder that goes on after a stop.

`hilum.evaluation.study` declares a study and reads it; here its arms are trained. Nothing else of this room is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import FOLDS, label_folds
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.study import Study
from hilum.training.classifier_arm import SharedStages, classifier_arm
from hilum.training.data.images import IN_MEMORY, Preparation
from hilum.training.mean_arm import mean_arm
from hilum.training.recipe.machine import THIS_MACHINE, Machine
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import make_record
from hilum.training.run_study import ArmSettings, Trained, run_study, settings_of
from hilum.training.study_fold import Fold, cross_validation

__all__ = ["Fold", "RunPlace", "SharedStages", "Trained", "classifier_arm", "cross_validate", "mean_arm", "run_study"]

SHARES: Mapping[str, float] = MappingProxyType({"train": 0.8, "validation": 0.2})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings(ArmSettings):
    shares: Mapping[str, float]


def cross_validate(
    study: Study,
    makers: Sequence[Trained[Fold, Predictions]],
    *,
    records: Sequence[Record],
    folder: Path,
    seed: int,
    folds: int = FOLDS,
    shares: Mapping[str, float] = SHARES,
    smoke: bool = False,
    also: str = "",
    tables_only: bool = False,
    command: str = "",
    machine: Machine = THIS_MACHINE,
    preparation: Preparation = IN_MEMORY,
) -> None:
    """Train every arm of `study` on `folds` folds by patient and keep what it says of images that it never saw.

    Held-out test images among `records` take no part. Of a fold's other images `shares` are dealt by patient to the
    parts that the recipes name. After a stop the same call goes on. A `smoke` study's numbers count for nothing, and
    say so. `also` ends the protocol. With `tables_only` nothing is trained, and the folder is only checked. Raises
    `UsageError` where `makers` are not those of the study's trained arms or `folder` holds another study, `DataError`
    where a part would be empty, and what training raises.
    """
    made = [arm for maker in makers for arm in maker.arms]
    if sorted(made) != sorted(study.trained):
        raise UsageError(
            f"The study {study.name} needs trainings of {', '.join(study.trained)}; given: {', '.join(made)}"
        )
    parts = label_folds(records, folds=folds, seed=seed)
    protocol = (
        f"{f'{SMOKE} ' if smoke else ''}{parts.protocol}; of each fold's other images, by patient, {_said(shares)}"
        f"{also and f'; {also}'}"
    )
    commit, dirty = commit_and_dirty(Path.cwd())
    record = make_record(
        _Settings(name=study.name, seed=seed, folds=folds, shares=shares, arms=settings_of(makers)),
        records=[record for part in parts.parts.values() for record in part],
        provenance=Provenance(command=command, commit=commit, dirty=dirty),
        protocol=protocol,
        split_sha256=parts.sha256,
        stage_splits=dict.fromkeys(parts.parts, parts.sha256),
        smoke=smoke,
    )
    run_study(
        () if tables_only else makers,
        folds=cross_validation(parts, shares=shares, seed=seed, protocol=protocol, smoke=smoke),
        kept=CLASSIFIER,
        record=record,
        split=parts,
        place=RunPlace(folder=folder, machine=machine, preparation=preparation),
    )


def _said(shares: Mapping[str, float]) -> str:
    return " and ".join(f"{share:.0%} {part}" for part, share in shares.items())
