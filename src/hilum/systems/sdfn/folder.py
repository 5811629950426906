"""What lies in the folder of an SDFN study: one folder a fold, and in it what its networks said of images unseen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hilum.errors import DataError
from hilum.systems.sdfn.heatmaps import TwoMaps
from hilum.systems.sdfn.maps import load_maps
from hilum.systems.sdfn.predictions import SdfnPredictions, has_sdfn_predictions, pooled, read_sdfn_predictions
from hilum.systems.sdfn.shown import best_of_folds
from hilum.systems.sdfn.study import LungCounts, StudyRun

MAPS, BOXED_MAPS, FACTS = "maps.npz", "boxed-maps.npz", "fold.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFolder:
    """The folds that are done, as one: their predictions, the maps to draw, and the calibrations that could not be."""

    predictions: SdfnPredictions
    maps: tuple[TwoMaps, ...]
    boxed: tuple[TwoMaps, ...]
    folds_done: int
    calibrations: int
    not_calibrated: int


def fold_folder(name: str, *, folder: Path) -> Path:
    """Where the fold called `name` is kept."""
    return folder / name.replace(" ", "-")


def read_study_folder(folder: Path, *, folds: Sequence[str]) -> StudyFolder:
    """What the folds that are done left in `folder`. Raises `DataError` where none is done, or a file is malformed."""
    done = [place for name in folds if has_sdfn_predictions(place := fold_folder(name, folder=folder))]
    if not done:
        raise DataError(f"expected predictions of a fold in {folder}, came none; run the study without --tables-only")
    facts = [_facts(place) for place in done]
    boxed = [place / BOXED_MAPS for place in done if (place / BOXED_MAPS).is_file()]
    return StudyFolder(
        predictions=pooled([read_sdfn_predictions(place) for place in done]),
        maps=best_of_folds([one for place in done for one in load_maps(place / MAPS)]),
        boxed=tuple(one for path in boxed for one in load_maps(path)),
        folds_done=len(done),
        calibrations=sum(calibrations for calibrations, _ in facts),
        not_calibrated=sum(failed for _, failed in facts),
    )


def study_run(run: dict[str, Any], *, content: StudyFolder, folds: int, lungs: LungCounts | None) -> StudyRun:
    """How the networks came about, from the object of `run.json`."""
    return StudyRun(
        recipe=str(run["recipe"]),
        folds_done=content.folds_done,
        folds=folds,
        split_sha256=str(run["split_sha256"]),
        command=str(run["command"]),
        commit=run["commit"],
        environment=run["environment"],
        settings=run["settings"],
        calibrations=content.calibrations,
        not_calibrated=content.not_calibrated,
        lungs=lungs,
    )


def _facts(place: Path) -> tuple[int, int]:
    """How many calibrations a fold fitted, and how many of them could not be."""
    try:
        found = json.loads((place / FACTS).read_text(encoding="utf-8"))
        return int(found["calibrations"]), int(found["not_calibrated"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected the facts of a fold in {place / FACTS}, came {error}; remove {place}") from error
