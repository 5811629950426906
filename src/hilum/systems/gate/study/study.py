"""The gate's study as one object: its tables, the thresholds that ship, and the pictures that were got wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from hilum.bundle.card import GateFigure, GateSpec
from hilum.errors import DataError
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.chest_views import view_table
from hilum.systems.gate.study.predictions import GatePredictions, joined
from hilum.systems.gate.study.scores import Curve, best_score, curve_table, curves
from hilum.systems.gate.study.shares import Share, ShareTable, or_undefined, share
from hilum.systems.gate.study.tables import (
    called_type,
    chest_table,
    confusion_matrix,
    decision_table,
    fault_table,
    folds_only,
    frame_only_table,
    left_out_table,
    type_table,
    xray_table,
)
from hilum.systems.gate.study.thresholds import HALF, choose_spec, cross_calibrated, is_xray_probability
from hilum.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture that a fold's network got wrong as read: what it is and what it was called."""

    source: str
    name: str
    true: str
    called: str


@dataclass(frozen=True, slots=True, eq=False)
class GateStudy:
    """Everything the study says; `confusion` counts true (rows) against called types (columns).

    Where nothing can be fitted to the networks' scores, `mistakes` and the thresholds `spec` say why.
    """

    tables: tuple[ShareTable, ...]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...] | UndefinedMetric
    curves: tuple[Curve, ...]
    spec: GateSpec | UndefinedMetric

    def table(self, key: str) -> ShareTable:
        """The table with this key; raises `KeyError` where it was not made."""
        return {table.key: table for table in self.tables}[key]


def make_study(every: Sequence[GatePredictions]) -> GateStudy:
    """All tables from the predictions of every network; tables of networks that were not run are left out.

    What cannot be fitted is undefined, with the reason. Raises `DataError` without a network of a fold.
    """
    of_folds = [each for each in every if str(each.network[0]).startswith("fold ")]
    if not of_folds:
        raise DataError("There are no predictions of the study's folds. Run the study without --tables-only")
    folds = folds_only(joined(of_folds))
    types = [each for each in every if _left_out(each) == "types"]
    sources = [each for each in every if _left_out(each) == "sources"]
    found = curves(types) if types else {}
    score = best_score(found)
    spec = or_undefined(lambda: choose_spec(folds, score=score))
    tables = [
        xray_table(folds),
        frame_only_table(folds),
        type_table(folds),
        chest_table(folds),
        decision_table(folds, score=score),
        fault_table(folds),
        view_table(folds),
    ]
    if types:
        tables += [curve_table(found), left_out_table(types, spec=spec)]
    if sources:
        tables.append(_sources_table(sources, spec=spec))
    if isinstance(spec, GateSpec):
        spec = spec.changed({"figures": tuple(figure for table in tables for figure in _card_figures(table))})
    drawn = tuple(one for one in found.values() if isinstance(one, Curve))
    return GateStudy(tuple(tables), confusion_matrix(folds), or_undefined(lambda: _mistakes(folds)), drawn, spec)


def write_study(study: GateStudy, *, folder: Path) -> Path:
    """`study.json`: tables, confusion matrix and thresholds, or why there are none; no name of a picture goes in."""
    spec = study.spec
    fields = {
        "tables": [table.as_json() for table in study.tables],
        "confusion": study.confusion,
        "spec": {"undefined": spec.reason} if isinstance(spec, UndefinedMetric) else spec.model_dump(mode="json"),
    }
    path = folder / STUDY_NAME
    write_whole(path, (json.dumps(fields, indent=1, allow_nan=False) + "\n").encode())
    return path


def read_spec(folder: Path) -> GateSpec:
    """The thresholds and figures that `write_study` left in `folder`. Raises `DataError` where there are none."""
    path = folder / STUDY_NAME
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if why := fields["spec"].get("undefined"):
            raise DataError(f"Run `hilum study gate` on more data: {path} holds no thresholds of a gate: {why}")
        return GateSpec.model_validate(fields["spec"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ValidationError) as error:
        raise DataError(
            f"Run `hilum study gate` first: {path} holds no thresholds of a gate ({type(error).__name__})"
        ) from error


_HEADLINES: dict[str, tuple[str, ...]] = {
    "xray": (
        "balanced accuracy, framed",
        "balanced accuracy, framed, without bulk sources",
        "balanced accuracy, as read",
        "grey photographs called no X-ray, black",
        "grey photographs called no X-ray, white",
        "balanced accuracy lost to a 5% mask of the frame",
    ),
    "frame": ("balanced accuracy, frame alone",),
    "type": ("accuracy", "mean recall of the types with at least 20 groups"),
    "chest": ("accuracy, chest or not", "accuracy, chest or not, without bulk sources"),
    "decisions": (
        "chests refused or unsure, mean over sources",
        "lateral chests refused or unsure",
        "refused, renderings",
        "refused, CT, MR and ultrasound",
        "known types refused or unsure",
        "known types right, of those accepted",
        "not a chest, accepted as chest",
    ),
    "views": (
        "frontal chests kept, mean over sources",
        "lateral chests told",
        "AUROC, lateral against frontal",
        "AUROC, AP against PA, nih",
        "PA or AP told, nih",
        "right, of PA or AP told, nih",
        "wrong view told, kermany",
        "wrong view told, wingspan",
    ),
    "left-out": (
        "left-out types refused or unsure, mixed sources",
        "left-out pictures that are no chests, accepted as chest",
    ),
}


def _card_figures(table: ShareTable) -> Iterator[GateFigure]:
    """What the card quotes of a table."""
    wanted = _HEADLINES.get(table.key, ())
    for label, one in table.shares.items():
        if isinstance(one, Estimate) and (
            label in wanted or label.startswith(("recall, ", "chests refused or unsure, ", "frontal chests kept, "))
        ):
            yield GateFigure(
                name=f"{table.title}: {label}",
                value=min(1.0, max(0.0, one.value)),
                interval=one.interval,
                n=one.n or 0,
                groups=one.groups or 0,
                protocol=table.protocol,
            )


def _sources_table(sources: Sequence[GatePredictions], *, spec: GateSpec | UndefinedMetric) -> ShareTable:
    rows = joined(sources)
    rows = rows.where(rows.view == "as read")
    typed, shares = rows.xray_type != "", dict[str, Share]()
    for source in sorted(set(rows.source.tolist())):
        of = rows.source == source
        shares[f"called X-ray, {source}"] = (
            spec
            if isinstance(spec, UndefinedMetric)
            else share(is_xray_probability(rows, calibration=spec.is_xray)[of] >= HALF, groups=rows.group[of])
        )
        known = of & typed
        said = called_type(rows)[known] == rows.xray_type[known]
        shares[f"type right, {source}"] = share(said, groups=rows.group[known])
    return ShareTable(
        key="sources",
        title="Sources left out whole",
        protocol="networks trained a third as long without the source; dental is then a type never seen; as read",
        shares=shares,
    )


def _mistakes(folds: GatePredictions) -> tuple[Mistake, ...]:
    as_read = folds.view == "as read"
    rows, xray = folds.where(as_read), cross_calibrated(folds)[as_read] >= HALF
    types = called_type(rows)
    found = []
    for i in range(len(rows)):
        true = str(rows.xray_type[i]) or ("none of the types" if rows.is_xray[i] else "not an X-ray")
        called = str(types[i]) if xray[i] else "not an X-ray"
        if true not in (called, "none of the types") and not (true == "not an X-ray" and not xray[i]):
            found.append(Mistake(str(rows.source[i]), str(rows.name[i]), true, called))
    return tuple(found)


def _left_out(predictions: GatePredictions) -> str:
    name = str(predictions.network[0])
    if not name.startswith("without "):
        return ""
    first = name.removeprefix("without ").split(", ")[0]
    return "sources" if np.any(predictions.source[predictions.view != "learnt from"] == first) else "types"
