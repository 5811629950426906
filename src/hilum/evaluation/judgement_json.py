"""A judgement as JSON: plain dicts in which nothing is NaN; what has no value is null and says why."""

from __future__ import annotations

from typing import Any

from hilum.evaluation.decisions import Decisions
from hilum.evaluation.judgement import GroupJudgement, Judgement, LabelJudgement
from hilum.evaluation.patient_bootstrap import LEVEL, Estimate

SCHEMA = "hilum.judgement/1"

Json = dict[str, Any]


def judgement_json(judgement: Judgement) -> Json:
    """The object that `hilum judge --json` prints; intervals are `[low, high]`, and lie beside their value as `_ci`."""
    data: Json = {
        "schema": SCHEMA,
        **_group(judgement.whole),
        "protocol": judgement.protocol,
        "split_sha256": judgement.split_sha256,
        "bootstrap": {"by": "patient", "replicates": judgement.replicates, "level": LEVEL, "seed": judgement.seed},
        "subgroups": {
            column: {name: _group(group) for name, group in groups.items()}
            for column, groups in judgement.subgroups.items()
        },
    }
    if judgement.validation_protocol is not None:
        data["validation"] = {
            "protocol": judgement.validation_protocol,
            "split_sha256": judgement.validation_split_sha256,
        }
        data["stated_prevalence"] = judgement.prevalence
    return data


def estimate_json(name: str, estimate: Estimate | None) -> Json:
    """`{name: value, name_ci: [low, high]}`, both null where there is no value; replicates without one are counted."""
    if estimate is None:
        return {name: None, f"{name}_ci": None}
    interval = None if estimate.interval is None else list(estimate.interval)
    found: Json = {name: estimate.value, f"{name}_ci": interval}
    if estimate.undefined:
        found[f"{name}_undefined_replicates"] = estimate.undefined
    return found


def _group(group: GroupJudgement) -> Json:
    return {
        "n": group.n,
        "patients": group.patients,
        "labels": {label.label: _label(label) for label in group.labels},
        **estimate_json("mean_auroc", group.mean_auroc),
        "mean_labels": [name for name in group.in_mean if name not in group.left_out],
        "mean_left_out": list(group.left_out),
    }


def _label(label: LabelJudgement) -> Json:
    found: Json = {
        "n": label.n,
        "positives": label.positives,
        **estimate_json("auroc", label.auroc),
        **estimate_json("ap", label.average_precision),
        "brier": label.brier,
        "ece": label.ece,
    }
    if label.undefined is not None:
        found["undefined"] = label.undefined
    if label.decisions is not None:
        found["operating_point"] = _decisions(label.decisions)
    if label.decisions_undefined is not None:
        found["operating_point"] = None
        found["operating_point_undefined"] = label.decisions_undefined
    if label.validation is not None:
        found["validation"] = {"n": label.validation.n, "positives": label.validation.positives}
        found["prevalence_shift"] = label.validation.shift
    return found


def _decisions(decisions: Decisions) -> Json:
    found: Json = {"threshold": decisions.threshold, "rule": decisions.rule}
    for name, value in decisions.measures.items():
        found |= estimate_json(name, value)
    return found
