"""A reading, or a failure to read, as the JSON object that other tools rely on (`hilum.reading/1`).

Every key is always present; what is unknown is null (or "unknown" where the vocabulary has that word). Additions keep
`/1`, and readers of the JSON ignore keys they do not know. The schema stands in `reading.schema.json`.
"""

from __future__ import annotations

import math
from typing import Any

from hilum.errors import EngineError
from hilum.geometry import Box
from hilum.radiograph import StoredGrid
from hilum.reading_result import (
    CardiothoracicRatio,
    FailedReading,
    Finding,
    GateVerdict,
    LungVerdict,
    MemberFinding,
    ModelRef,
    NotDecided,
    RatioWithheld,
    Reading,
    Width,
)
from hilum.report.schema import READING_SCHEMA
from hilum.stated import Stated

_DIGITS = 9  # what a float32 needs to survive the way through decimal text
_BOX_DECIMALS = 2


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """The reading as a dictionary of JSON types, keys in the order of the specification.

    Numbers keep nine significant digits, boxes a hundredth of a pixel, timings a microsecond. Raises `EngineError`
    where a number is not finite: such an object would be no JSON and no reading.
    """
    name = reading.source.name
    return {
        "schema": READING_SCHEMA,
        "hilum": {"version": reading.hilum_version, "settings_sha256": reading.settings_sha256},
        "source": _source(reading),
        "patient": {
            "age_years": None if reading.patient is None else _number(reading.patient.age_years, "patient", name),
            "sex": "unknown" if reading.patient is None else reading.patient.sex,
        },
        "stated": stated_to_json(reading.stated),
        "view": reading.view,
        "laterality": reading.laterality,
        "gate": _gate(reading.gate, name),
        "read_inverted": reading.read_inverted,
        "lungs": None if reading.lungs is None else _lungs(reading.lungs, name),
        "cardiothoracic_ratio": None
        if reading.cardiothoracic_ratio is None
        else _ratio(reading.cardiothoracic_ratio, name),
        "crops": [{"model": crop.model, "box": _box(crop.box, "crops", name)} for crop in reading.crops],
        "lung_averages": [
            {"model": one.model, "inside_lungs": one.inside, "reason": one.reason} for one in reading.lung_averages
        ],
        "findings": [_finding(finding, name) for finding in reading.findings],
        "stood_aside": [{"model": one.model, **_why_not(one.because)} for one in reading.stood_aside],
        "models": [_model(model) for model in reading.models],
        "trail": [{"step": step.step, "detail": step.detail} for step in reading.trail],
        "timings_ms": {
            stage: round(_finite(milliseconds, f"timings_ms.{stage}", name), 3)
            for stage, milliseconds in reading.timings_ms.items()
        },
        "warnings": list(reading.warnings),
    }


def failure_to_json(failed: FailedReading) -> dict[str, Any]:
    """A file that could not be read: `error` stands in place of gate and findings."""
    return {
        "schema": READING_SCHEMA,
        "hilum": {"version": failed.hilum_version, "settings_sha256": failed.settings_sha256},
        "source": {"name": failed.name, "sha256": failed.sha256, "frame": failed.frame},
        "error": {"kind": failed.kind, "message": failed.message},
    }


def _source(reading: Reading) -> dict[str, Any]:
    source = reading.source
    spacing = source.spacing_mm
    return {
        "name": source.name,
        "sha256": source.sha256,
        "format": source.format,
        "rows": source.rows,
        "columns": source.columns,
        "frame": source.frame,
        "spacing_mm": None if spacing is None else [_finite(mm, "spacing_mm", source.name) for mm in spacing],
        "study_uid": source.study_uid,
        "instance_uid": source.instance_uid,
        "stored": stored_to_json(source.stored),
    }


def stored_to_json(stored: StoredGrid | None) -> dict[str, int] | None:
    """How a file stores a picture that was turned or resampled, None where just as it is shown."""
    if stored is None:
        return None
    return {"rows": stored.rows, "columns": stored.columns, "orientation": stored.orientation}


def _gate(gate: GateVerdict, name: str) -> dict[str, Any]:
    kind = gate.type
    return {
        "status": gate.status,
        "accepted": gate.accepted,
        "reason": gate.reason,
        "is_xray": {"probability": _number(gate.is_xray_probability, "gate.is_xray", name)},
        "type": {
            "name": None if kind is None else kind.name,
            "probability": None if kind is None else _finite(kind.probability, "gate.type", name),
            "all": {} if kind is None else {key: _finite(value, "gate.type", name) for key, value in kind.all.items()},
        },
        "candidates": list(gate.candidates),
        "state": list(gate.state),
        "view": {
            "name": gate.view,
            "all": {key: _finite(value, "gate.view", name) for key, value in gate.view_probabilities.items()},
        },
    }


def _finding(finding: Finding, name: str) -> dict[str, Any]:
    where = f"findings.{finding.name}"
    return {
        "model": finding.model,
        "name": finding.name,
        "logit": _finite(finding.logit, where, name),
        "probability": _finite(finding.probability, where, name),
        "operating_point": _number(finding.operating_point, where, name),
        "positive": finding.positive,
        "boxes": [_box(box, where, name) for box in finding.boxes],
        "in_scope": finding.in_scope,
        "inside_lungs": _number(finding.inside_lungs, where, name),
        "heatmap": finding.heatmap,
        "unknown": list(finding.unknown),
        "not_decided": None if finding.not_decided is None else _why_not(finding.not_decided),
        "members": [_member(member, where, name) for member in finding.members],
        "members_disagree": finding.members_disagree,
        **_two_looks(finding, where, name),
    }


def _two_looks(finding: Finding, where: str, name: str) -> dict[str, Any]:
    """What each look says and what was known of the patient; there where a model looks twice."""
    if not finding.looks:
        return {}
    return {
        "looks": [_member(look, where, name) for look in finding.looks],
        "told": [{"name": one.name, "logit": _finite(one.logit, where, name)} for one in finding.told],
    }


def _member(member: MemberFinding, where: str, name: str) -> dict[str, Any]:
    return {
        "name": member.name,
        "logit": _finite(member.logit, where, name),
        "probability": _finite(member.probability, where, name),
        "positive": member.positive,
    }


def stated_to_json(stated: Stated) -> dict[str, Any]:
    """What the user says of one picture."""
    return {
        "age_years": _number(stated.age_years, "stated", "what the user says"),
        "sex": stated.sex,
        "view": stated.view,
        "type": stated.xray_type,
        "assume_scope": stated.assumes_scope,
    }


def _why_not(reason: NotDecided) -> dict[str, str]:
    return {"code": reason.code, "reason": reason.reason}


def _lungs(lungs: LungVerdict, name: str) -> dict[str, Any]:
    return {
        "model": _model(lungs.model),
        "box": _box(lungs.box, "lungs.box", name),
        "trusted": lungs.trusted,
        "quality": _finite(lungs.quality, "lungs.quality", name),
        "area_shares": {
            "right": _number(lungs.right_share, "lungs.area_shares", name),
            "left": _number(lungs.left_share, "lungs.area_shares", name),
            "both": _finite(lungs.area_share, "lungs.area_shares", name),
            "heart": _number(lungs.heart_share, "lungs.area_shares", name),
        },
        "definition": lungs.definition,
        "flags": list(lungs.flags),
        "reason": lungs.reason,
    }


def _ratio(ratio: CardiothoracicRatio | RatioWithheld, name: str) -> dict[str, Any]:
    if isinstance(ratio, RatioWithheld):
        return {
            "value": None,
            "heart": None,
            "thorax": None,
            "expected_error": None,
            "cautions": [],
            "withheld": {"code": ratio.code, "reason": ratio.reason},
        }
    where = "cardiothoracic_ratio"
    return {
        "value": _finite(ratio.value, where, name),
        "heart": _width(ratio.heart, where, name),
        "thorax": _width(ratio.thorax, where, name),
        "expected_error": {
            "mean": _number(ratio.mean_error, where, name),
            "nine_in_ten": _number(ratio.error_of_nine_in_ten, where, name),
        },
        "cautions": list(ratio.cautions),
        "withheld": None,
    }


def _width(width: Width, where: str, name: str) -> dict[str, Any]:
    line = (width.x_from, width.y, width.x_to, width.y)
    return {
        "px": _finite(width.px, where, name),
        "mm": _number(width.mm, where, name),
        "line": [_finite(place, where, name) for place in line],
    }


def _model(model: ModelRef) -> dict[str, str]:
    return {"name": model.name, "version": model.version, "sha256": model.sha256}


def _box(box: Box, where: str, name: str) -> list[float]:
    return [round(_finite(edge, where, name), _BOX_DECIMALS) for edge in box.as_list()]


def _number(value: float | None, where: str, name: str) -> float | None:
    return None if value is None else _finite(value, where, name)


def _finite(value: float, where: str, name: str) -> float:
    """Nine significant digits of `value`, as Python's float whatever numpy type came."""
    if not math.isfinite(value):
        raise EngineError(f"the reading of {name} holds {value} for {where}, which is not a finite number")
    return float(f"{value:.{_DIGITS}g}")
