"""The way back from a journal's record to the reading or failure that it came from (see `report.reading_json`)."""

from __future__ import annotations

from typing import Any

from hilum.geometry import Box
from hilum.output.journal import Record, is_failure
from hilum.radiograph import Patient, Source, StoredGrid, TrailStep
from hilum.reading_result import (
    CardiothoracicRatio,
    FailedReading,
    Finding,
    Findings,
    GateVerdict,
    LungAverage,
    LungCrop,
    LungVerdict,
    MemberFinding,
    ModelRef,
    NotDecided,
    RatioWithheld,
    Reading,
    StoodAside,
    Told,
    TypeVerdict,
    Width,
)
from hilum.stated import NOTHING_STATED, Stated


def result_of(record: Record) -> Reading | FailedReading:
    """The reading or failure of a record, to the digits that JSON keeps.

    Raises `KeyError` or `TypeError` where the record lacks what `hilum.reading/1` asks for.
    """
    hilum = record["hilum"]
    if is_failure(record):
        source, error = record["source"], record["error"]
        return FailedReading(
            name=source["name"],
            kind=error["kind"],
            message=error["message"],
            hilum_version=hilum["version"],
            settings_sha256=hilum["settings_sha256"],
            sha256=source["sha256"],
            frame=source.get("frame"),
        )
    return Reading(
        source=_source(record["source"]),
        patient=Patient(record["patient"]["age_years"], record["patient"]["sex"]),
        view=record["view"],
        laterality=record["laterality"],
        gate=_gate(record["gate"]),
        findings=Findings(map(_finding, record["findings"])),
        models=tuple(map(_model, record["models"])),
        trail=tuple(TrailStep(step["step"], step["detail"]) for step in record["trail"]),
        warnings=tuple(record["warnings"]),
        timings_ms=record["timings_ms"],
        hilum_version=hilum["version"],
        settings_sha256=hilum["settings_sha256"],
        lungs=_lungs(record["lungs"]) if record.get("lungs") else None,
        cardiothoracic_ratio=_ratio(record["cardiothoracic_ratio"]) if record.get("cardiothoracic_ratio") else None,
        crops=tuple(LungCrop(crop["model"], Box(*crop["box"])) for crop in record.get("crops", ())),
        lung_averages=tuple(
            LungAverage(one["model"], one["inside_lungs"], one["reason"]) for one in record.get("lung_averages", ())
        ),
        stated=_stated(record["stated"]) if record.get("stated") else NOTHING_STATED,
        stood_aside=tuple(StoodAside(one["model"], _why_not(one)) for one in record.get("stood_aside", ())),
        read_inverted=record.get("read_inverted", False),
    )


def _source(source: dict[str, Any]) -> Source:
    spacing = source["spacing_mm"]
    return Source(
        name=source["name"],
        sha256=source["sha256"],
        format=source["format"],
        rows=source["rows"],
        columns=source["columns"],
        frame=source["frame"],
        spacing_mm=None if spacing is None else (spacing[0], spacing[1]),
        study_uid=source["study_uid"],
        instance_uid=source["instance_uid"],
        stored=StoredGrid(**source["stored"]) if source.get("stored") else None,
    )


def _gate(gate: dict[str, Any]) -> GateVerdict:
    kind, view = gate["type"], gate.get("view", {"name": None, "all": {}})
    return GateVerdict(
        status=gate["status"],
        reason=gate["reason"],
        is_xray_probability=gate["is_xray"]["probability"],
        type=None if kind["name"] is None else TypeVerdict(kind["name"], kind["probability"], kind["all"]),
        candidates=tuple(gate.get("candidates", ())),
        state=tuple(gate.get("state", ())),
        view=view["name"],
        view_probabilities=view["all"],
    )


def _finding(finding: dict[str, Any]) -> Finding:
    return Finding(
        model=finding["model"],
        name=finding["name"],
        logit=finding["logit"],
        probability=finding["probability"],
        operating_point=finding["operating_point"],
        positive=finding["positive"],
        in_scope=finding["in_scope"],
        boxes=tuple(Box(*box) for box in finding["boxes"]),
        inside_lungs=finding.get("inside_lungs"),
        heatmap=finding.get("heatmap"),
        unknown=tuple(finding.get("unknown", ())),
        not_decided=_why_not(finding["not_decided"]) if finding.get("not_decided") else None,
        members=tuple(
            MemberFinding(one["name"], one["logit"], one["probability"], one["positive"])
            for one in finding.get("members", ())
        ),
        looks=tuple(
            MemberFinding(one["name"], one["logit"], one["probability"], one["positive"])
            for one in finding.get("looks", ())
        ),
        told=tuple(Told(one["name"], one["logit"]) for one in finding.get("told", ())),
    )


def _stated(stated: dict[str, Any]) -> Stated:
    return Stated(
        age_years=stated["age_years"],
        sex=stated["sex"],
        view=stated["view"],
        xray_type=stated["type"],
        assume_scope=stated["assume_scope"] or None,
    )


def _why_not(reason: dict[str, Any]) -> NotDecided:
    return NotDecided(reason["code"], reason["reason"])


def _lungs(lungs: dict[str, Any]) -> LungVerdict:
    return LungVerdict(
        box=Box(*lungs["box"]),
        trusted=lungs["trusted"],
        quality=lungs["quality"],
        area_share=_area_share(lungs["area_shares"]),
        right_share=lungs["area_shares"]["right"],
        left_share=lungs["area_shares"]["left"],
        flags=tuple(lungs["flags"]),
        reason=lungs["reason"],
        model=_model(lungs["model"]),
        definition=lungs.get("definition", "whole"),
        heart_share=lungs["area_shares"].get("heart"),
    )


def _ratio(ratio: dict[str, Any]) -> CardiothoracicRatio | RatioWithheld:
    if ratio["withheld"]:
        return RatioWithheld(ratio["withheld"]["code"], ratio["withheld"]["reason"])
    return CardiothoracicRatio(
        value=ratio["value"],
        heart=_width(ratio["heart"]),
        thorax=_width(ratio["thorax"]),
        mean_error=ratio["expected_error"]["mean"],
        error_of_nine_in_ten=ratio["expected_error"]["nine_in_ten"],
        cautions=tuple(ratio["cautions"]),
    )


def _width(width: dict[str, Any]) -> Width:
    x_from, y, x_to, _ = width["line"]
    return Width(x_from, x_to, y, width["mm"])


def _area_share(shares: dict[str, Any]) -> float:
    """Of both lungs; records of hilum 0.1 hold those of each, which never overlap."""
    return float(shares["both"] if "both" in shares else shares["right"] + shares["left"])


def _model(model: dict[str, Any]) -> ModelRef:
    return ModelRef(model["name"], model["version"], model["sha256"])
