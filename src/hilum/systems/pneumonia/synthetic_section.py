"""What synthetic healthy children change, and how good a DCGAN's are: the last part of the pneumonia study's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Gallery, Picture, SectionContent
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.paired_shares import paired_shares
from hilum.systems.pneumonia.dcgan_arms import DCGAN, GRID, PAIR, PAIRS, SMALL, Quality, read_quality
from hilum.systems.pneumonia.measures import right
from hilum.systems.pneumonia.smote import FEATURES, SMOTE

COMPARED = ((SMOTE, FEATURES), (DCGAN, SMALL))
"""With synthetic children, and without."""

_TRUTHS: Mapping[str, float | None] = {"accuracy": None, "sensitivity": 1.0, "specificity": 0.0}
"""By measure, the truth of the images that it is a share of."""


def synthetic_section(
    content: StudyContent, *, says: Mapping[str, Predictions], titles: Mapping[str, str], folders: Sequence[Path]
) -> SectionContent:
    """The changes of both ways, and the DCGAN's samples; `says` are uncalibrated, `folders` the DCGAN arm's by fold."""
    changes = {pair: changes_of(says[pair[0]], before=says[pair[1]]) for pair in COMPARED}
    aurocs = next(one for one in content.aurocs.labels if one.label == LABEL)
    found = [read_quality(folder) for folder in folders]
    rows: list[tuple[Cell, ...]] = [
        (
            f"{titles[pair[0]]} − {titles[pair[1]]}",
            *changes[pair].values(),
            aurocs.difference.get(pair) if aurocs.undefined is None else None,
        )
        for pair in COMPARED
    ]
    return SectionContent(
        key="synthetic",
        title="Synthetic healthy children",
        note="The paper proposes SMOTE and a DCGAN, and tries neither. Samples and their nearest training pictures "
        "are, or resemble, patients' pictures: a page that holds them stays on this machine.",
        tables=(
            ReportTable(
                key="synthetic_changes",
                title="What they change",
                columns=("with less without", *_TRUTHS, "AUROC"),
                rows=tuple(rows),
                note="On the same images; decisions at a probability of 0.5, as the network gives it. Intervals: 95%, "
                "by patient. An interval that holds 0 leaves open whether anything changes.",
            ),
            quality_table(found),
        ),
        galleries=(
            Gallery(title="Samples of the first fold", pictures=(_grid(folders[0]),), wide=True),
            Gallery(
                title="Samples beside the nearest training pictures",
                note="Left the sample, right the healthy training picture with the least squared difference to it.",
                pictures=tuple(_pair(folders[0], place) for place in range(PAIRS)),
            ),
        )
        if folders
        else (),
        numbers={
            "changes": {
                f"{pair[0]} - {pair[1]}": {
                    name: estimate_json("difference", one) for name, one in changes[pair].items()
                }
                for pair in COMPARED
            },
            "quality": [_quality_json(one) for one in found],
        },
    )


def changes_of(after: Predictions, *, before: Predictions) -> dict[str, Estimate | None]:
    """By measure, what it is with synthetic children less what it is without, on the same images."""
    found: dict[str, Estimate | None] = {}
    for name, truth in _TRUTHS.items():
        rows = np.flatnonzero((after.truth[:, 0] == truth) if truth is not None else np.isfinite(after.truth[:, 0]))
        one = paired_shares(
            right(after)[rows].astype(bool),
            second=right(before)[rows].astype(bool),
            patients=np.asarray(after.patient)[rows],
        )
        found[name] = None if isinstance(one, UndefinedMetric) else one.difference
    return found


def quality_table(found: Sequence[Quality]) -> ReportTable:
    """The Fréchet distances of each fold's DCGAN."""
    network = found[0].network if found else "none"
    return ReportTable(
        key="synthetic_quality",
        title="How far samples lie from the children that they were learnt from",
        columns=(
            "fold",
            "learnt from",
            "added",
            "compared",
            "Fréchet distance of the samples",
            "of healthy children not learnt from",
        ),
        rows=tuple(
            (f"fold {place}", one.learnt_from, one.made, one.compared, one.distance, one.of_children)
            for place, one in enumerate(found)
        ),
        note=f"Features: {network}, not Inception's, so that these are no FIDs of other papers. Few pictures lie "
        "further apart than many: both distances are of as many, the samples and the healthy children who are compared "
        "with those learnt from. The second says what children themselves come to.",
        decimals=1,
    )


def _grid(folder: Path) -> Picture:
    return Picture(images=(("_samples", (folder / GRID).read_bytes(), "a grid of samples of the DCGAN"),))


def _pair(folder: Path, place: int) -> Picture:
    png = (folder / PAIR.format(place)).read_bytes()
    return Picture(images=(("_nearest", png, "a sample, and the training picture nearest to it"),))


def _quality_json(one: Quality) -> dict[str, Any]:
    return {
        "learnt_from": one.learnt_from,
        "made": one.made,
        "compared": one.compared,
        "distance": one.distance,
        "of_children": one.of_children,
        "network": one.network,
    }
