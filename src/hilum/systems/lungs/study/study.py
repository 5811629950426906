"""The lung study as one object: figures by release, the rule of trust, and which drawings were worst."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from hilum.bundle.lung_spec import LungFigure, QualityRule
from hilum.errors import DataError
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.patient_bootstrap import estimate, mean_statistic, patient_bootstrap, patient_rows
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import defined
from hilum.systems.lungs.study.judge import JudgedLungs
from hilum.systems.lungs.study.trust import TrustFigures, cross_fitted_trust, fit_trust
from hilum.whole_files import write_whole

WORST = 5
ENOUGH_CONTAINED = 0.98
_SEED, _REPLICATES = 20, 2000

_Value = Callable[[JudgedLungs], float | None]

MEASURES: dict[str, _Value] = {
    "Dice": lambda each: each.dice,
    "IoU": lambda each: each.iou,
    "Dice, right lung": lambda each: each.dice_right,
    "Dice, left lung": lambda each: each.dice_left,
    "average surface distance, % of the diagonal": lambda each: each.average_distance,
    "95% Hausdorff distance, % of the diagonal": lambda each: each.hausdorff_95,
    "boxes that hold 98% of the lungs": lambda each: (
        None if each.contained is None else float(each.contained >= ENOUGH_CONTAINED)
    ),
}
"""What is averaged over the pictures of a release; a picture without the annotation that it needs is left out."""


@dataclass(frozen=True, slots=True)
class LungStudy:
    """`worst` are the pictures of lowest Dice in each release, by name: they stay on this machine.

    A `smoke` study proves the path alone: no bundle that is meant to be used is made with it.
    """

    figures: tuple[LungFigure, ...]
    quality: QualityRule
    trust: TrustFigures
    split_sha256: str
    protocol: str
    worst: dict[str, tuple[str, ...]]
    smoke: bool = False


def make_lung_study(
    judged: Sequence[JudgedLungs], *, split_sha256: str, protocol: str, smoke: bool = False
) -> LungStudy:
    """All figures from the judged pictures of all folds."""
    sources = sorted({each.source for each in judged})
    figures = [
        _figure(name, value, [each for each in judged if each.source == source], source=source)
        for source in sources
        for name, value in MEASURES.items()
    ]
    return LungStudy(
        figures=tuple(figure for figure in figures if figure is not None),
        quality=fit_trust(judged),
        trust=cross_fitted_trust(judged),
        split_sha256=split_sha256,
        protocol=protocol,
        worst={source: _worst([each for each in judged if each.source == source]) for source in sources},
        smoke=smoke,
    )


def write_lung_study(study: LungStudy, *, folder: Path) -> Path:
    """`study.json`; no name of a picture goes in."""
    fields = {
        "figures": [figure.model_dump(mode="json") for figure in study.figures],
        "quality": study.quality.model_dump(mode="json"),
        "trust": asdict(study.trust),
        "split_sha256": study.split_sha256,
        "protocol": study.protocol,
        "smoke": study.smoke,
    }
    path = folder / STUDY_NAME
    write_whole(path, json.dumps(fields, indent=1, allow_nan=False).encode() + b"\n")
    return path


def read_lung_study(folder: Path) -> LungStudy:
    """What `write_lung_study` left in `folder`, without names. Raises `DataError` where there is none."""
    path = folder / STUDY_NAME
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        # studies from before the field began their protocol so
        smoke = bool(fields.get("smoke", str(fields["protocol"]).startswith(SMOKE)))
        return LungStudy(
            figures=tuple(LungFigure.model_validate(figure) for figure in fields["figures"]),
            quality=QualityRule.model_validate(fields["quality"]),
            trust=TrustFigures(**fields["trust"]),
            split_sha256=str(fields["split_sha256"]),
            protocol=str(fields["protocol"]),
            worst={},
            smoke=smoke,
        )
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise DataError(f"expected the lung study in {path}, came {error}; run `hilum study lungs` first") from error


def _figure(name: str, value: _Value, rows: Sequence[JudgedLungs], *, source: str) -> LungFigure | None:
    found = [(number, each.patient) for each in rows if (number := value(each)) is not None]
    if not found:
        return None
    numbers, patients = np.array([number for number, _ in found]), patient_rows([patient for _, patient in found])
    mean = Estimate(float(numbers.mean()), None)
    if set(numbers) <= {0.0, 1.0}:
        mean = defined(share_of_rows(numbers, groups=patients.index)) or mean
    elif patients.count > 1:
        statistic = mean_statistic(numbers, rows=np.arange(numbers.size), patients=patients)
        drawn = patient_bootstrap([statistic], patients=patients, replicates=_REPLICATES, seed=_SEED)
        mean = estimate(mean.value, draws=drawn[0][0])
    return LungFigure(
        name=name, source=source, value=mean.value, interval=mean.interval, n=len(numbers), groups=patients.count
    )


def _worst(rows: Sequence[JudgedLungs]) -> tuple[str, ...]:
    known = sorted((each.dice, each.image) for each in rows if each.dice is not None)
    return tuple(image for _, image in known[:WORST])
