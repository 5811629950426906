"""The lung study as one object: by arm the figures of each release, the rule of trust, and the worst drawings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from hilum.bundle.lung_spec import LungFigure, QualityRule, RatioError
from hilum.errors import DataError
from hilum.evaluation.predictions.patient_bootstrap import estimate, mean_statistic, patient_bootstrap, patient_rows
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.reading.lungs.quality import is_trusted
from hilum.reading_result import LungDefinition
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import defined
from hilum.systems.lungs.study.judge import JudgedLungs
from hilum.systems.lungs.study.trust import TrustFigures, cross_fitted_trust, fit_trust
from hilum.systems.lungs.study.worsen import AS_IT_IS
from hilum.whole_files import write_whole

WORST = 5
ENOUGH_CONTAINED = 0.98
_SEED, _REPLICATES = 20, 2000

_Value = Callable[[JudgedLungs], float | None]

MEASURES: dict[str, _Value] = {
    "Dice, {both}": lambda each: each.dice,
    "IoU, {both}": lambda each: each.iou,
    "Dice, {right}": lambda each: each.dice_right,
    "Dice, {left}": lambda each: each.dice_left,
    "average surface distance, % of the diagonal": lambda each: each.average_distance,
    "95% Hausdorff distance, % of the diagonal": lambda each: each.hausdorff_95,
    "boxes that hold 98% of the {both}": lambda each: (
        None if each.contained is None else float(each.contained >= ENOUGH_CONTAINED)
    ),
    "Dice, heart": lambda each: each.dice_heart,
    "cardiothoracic ratio, mean absolute error": lambda each: each.ratio_error,
}
"""What is averaged over the pictures of a release; a picture without the annotation that it needs is left out."""

WORDS: Mapping[LungDefinition, Mapping[str, str]] = {
    "field": {"both": "fields", "right": "right field", "left": "left field"},
    "whole": {"both": "whole lungs", "right": "right lung", "left": "left lung"},
}
"""What the measures call what a release draws as a lung."""


@dataclass(frozen=True, slots=True)
class LungArm:
    """What one arm's networks came to; `worst` are the pictures of lowest Dice in each release, by name.

    Names stay on this machine. `ratio_error` is of the drawings that `quality` trusts; None where nobody drew hearts.
    """

    figures: tuple[LungFigure, ...]
    quality: QualityRule
    ratio_error: RatioError | None
    trust: tuple[TrustFigures, ...]
    worst: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class LungStudy:
    """All arms by name; `differences` are of each later arm's Dice less the first one's, picture by picture.

    A `smoke` study proves the path alone: no bundle that is meant to be used is made with it.
    """

    arms: Mapping[str, LungArm]
    differences: tuple[LungFigure, ...]
    split_sha256: str
    protocol: str
    smoke: bool = False

    def arm(self, name: str) -> LungArm:
        """Raises `DataError` where the study has no such arm."""
        if name not in self.arms:
            raise DataError(f"The lung study has no arm {name}. Available: {', '.join(self.arms)}. Run the study")
        return self.arms[name]


def make_lung_study(
    judged: Mapping[str, Sequence[JudgedLungs]], *, split_sha256: str, protocol: str, smoke: bool = False
) -> LungStudy:
    """All figures from the judged drawings of all folds, by arm."""
    first = next(iter(judged))
    return LungStudy(
        arms={name: _arm(rows) for name, rows in judged.items()},
        differences=tuple(
            figure
            for name, rows in judged.items()
            if name != first
            for figure in _differences(rows, than=judged[first], names=f"{name} less {first}")
        ),
        split_sha256=split_sha256,
        protocol=protocol,
        smoke=smoke,
    )


def write_lung_study(study: LungStudy, *, folder: Path) -> Path:
    """`study.json`; no name of a picture goes in."""
    fields = {
        "arms": {
            name: {
                "figures": [figure.model_dump(mode="json") for figure in arm.figures],
                "quality": arm.quality.model_dump(mode="json"),
                "ratio_error": None if arm.ratio_error is None else arm.ratio_error.model_dump(mode="json"),
                "trust": [asdict(each) for each in arm.trust],
            }
            for name, arm in study.arms.items()
        },
        "differences": [figure.model_dump(mode="json") for figure in study.differences],
        "split_sha256": study.split_sha256,
        "protocol": study.protocol,
        "smoke": study.smoke,
    }
    path = folder / STUDY_NAME
    write_whole(path, json.dumps(fields, indent=1, allow_nan=False).encode() + b"\n")
    return path


def read_lung_study(folder: Path) -> LungStudy:
    """What `write_lung_study` left in `folder`, without names. Raises `DataError` where there is none."""
    return lung_study_of(folder / STUDY_NAME)


def lung_study_of(path: Path) -> LungStudy:
    """The study in the file at `path`. Raises `DataError` where it holds none."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return LungStudy(
            arms={
                name: LungArm(
                    figures=tuple(LungFigure.model_validate(figure) for figure in arm["figures"]),
                    quality=QualityRule.model_validate(arm["quality"]),
                    ratio_error=None if arm["ratio_error"] is None else RatioError.model_validate(arm["ratio_error"]),
                    trust=tuple(TrustFigures(**each) for each in arm["trust"]),
                    worst={},
                )
                for name, arm in fields["arms"].items()
            },
            differences=tuple(LungFigure.model_validate(figure) for figure in fields["differences"]),
            split_sha256=str(fields["split_sha256"]),
            protocol=str(fields["protocol"]),
            smoke=bool(fields["smoke"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise DataError(f"{path} does not hold the lung study ({error}). Run `hilum study lungs` first") from error


def _arm(rows: Sequence[JudgedLungs]) -> LungArm:
    as_they_are = [each for each in rows if each.way == AS_IT_IS]
    rule = fit_trust(rows)
    return LungArm(
        figures=tuple(figure for group in _alike(as_they_are) for figure in _figures(group)),
        quality=rule,
        ratio_error=_ratio_error([each for each in as_they_are if is_trusted(each.facts, rule=rule, flags=each.flags)]),
        trust=cross_fitted_trust(rows),
        worst={group[0].source: _worst(group) for group in _alike(as_they_are, by_definition=False)},
    )


def _alike(rows: Sequence[JudgedLungs], *, by_definition: bool = True) -> list[list[JudgedLungs]]:
    """The drawings of each release, apart by what its masks show, since some hold masks of both definitions."""
    groups: dict[tuple[str, str], list[JudgedLungs]] = {}
    for each in rows:
        groups.setdefault((each.source, each.definition if by_definition else ""), []).append(each)
    return [groups[key] for key in sorted(groups)]


def _ratio_error(rows: Sequence[JudgedLungs]) -> RatioError | None:
    """Of the drawings of which a ratio was measured and annotated; of the first release that has any."""
    found = [each for each in rows if each.ratio is not None and each.ratio_error is not None]
    if not found:
        return None
    of_one = [each for each in found if each.source == found[0].source]
    errors = np.array([each.ratio_error for each in of_one], np.float64)
    return RatioError(
        source=found[0].source,
        mean=float(errors.mean()),
        nine_in_ten=float(np.percentile(errors, 90)),
        n=len(of_one),
        groups=len({each.patient for each in of_one}),
    )


def _figures(rows: Sequence[JudgedLungs]) -> Iterator[LungFigure]:
    """Of drawings of one release and definition."""
    words = WORDS[rows[0].definition]
    for name, value in MEASURES.items():
        found = [(number, each.patient) for each in rows if (number := value(each)) is not None]
        if found:
            yield _figure(name.format(**words), found, source=rows[0].source)


def _differences(rows: Sequence[JudgedLungs], *, than: Sequence[JudgedLungs], names: str) -> Iterator[LungFigure]:
    """By release and definition, of the pictures that both arms drew as they are."""
    before = {(each.source, each.image): each.dice for each in than if each.way == AS_IT_IS}
    for both in _alike([each for each in rows if each.way == AS_IT_IS]):
        pairs = [(each, before.get((each.source, each.image))) for each in both]
        found = [
            (each.dice - other, each.patient) for each, other in pairs if each.dice is not None and other is not None
        ]
        if found:
            what = "Dice, {both}".format(**WORDS[both[0].definition])
            yield _figure(f"{what}, {names}", found, source=both[0].source)


def _figure(name: str, found: Sequence[tuple[float, str]], *, source: str) -> LungFigure:
    """The mean of numbers that each have a patient or series."""
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
