"""A comparison as JSON: plain dicts in which nothing is NaN; what has no value is null."""

from __future__ import annotations

from typing import Any

from hilum.evaluation.compare import Comparison, LabelComparison
from hilum.evaluation.judgement_json import estimate_json
from hilum.evaluation.paired_t import PairedT
from hilum.statistics.estimate import LEVEL

SCHEMA = "hilum.comparison/1"

Json = dict[str, Any]


def comparison_json(comparison: Comparison) -> Json:
    """The object that `hilum compare --json` prints; a difference is the first file's AUROC minus the second's."""
    t = comparison.paired_t
    return {
        "schema": SCHEMA,
        "n": comparison.n,
        "patients": comparison.patients,
        "labels": {label.label: _label(label) for label in comparison.labels},
        **estimate_json("mean_difference", comparison.mean_difference),
        "mean_labels": [name for name in comparison.in_mean if name not in comparison.left_out],
        "mean_left_out": list(comparison.left_out),
        "paired_t": {"t": t.t, "p": t.p_value, "classes": t.n} if isinstance(t, PairedT) else {"undefined": t.reason},
        "not_compared": list(comparison.not_compared),
        "protocols": list(comparison.protocols),
        "split_sha256": comparison.split_sha256,
        "cross_validated": comparison.cross_validated,
        "bootstrap": {"by": "patient", "replicates": comparison.replicates, "level": LEVEL, "seed": comparison.seed},
        "notes": list(comparison.notes),
    }


def _label(label: LabelComparison) -> Json:
    found: Json = {"n": label.n, "positives": label.positives}
    if label.undefined is not None:
        return {**found, "undefined": label.undefined}
    return {
        **found,
        "auroc": [label.first, label.second],
        **estimate_json("difference", label.difference),
        "bootstrap_p": label.bootstrap_p,
        "bootstrap_p_holm": label.bootstrap_p_holm,
        "delong_p": label.delong_p,
        "delong_p_holm": label.delong_p_holm,
    }
