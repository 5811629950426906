"""`localisation.json`: figures alone, with no name of an image or a patient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.judge import Localisation, MeanFigures, MethodFigures
from hilum.evaluation.localisation.maps import Method
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.version import __version__

SCHEMA = "hilum.localisation/1"

Json = dict[str, Any]


def localisation_json(
    figures: Localisation,
    *,
    chosen: ChosenCases,
    methods: Mapping[str, Method],
    about: Json,
    replicates: int,
    seed: int,
) -> Json:
    """The object of the file; `about` are fields on model, data and look. Thresholds and IoU are keys as text."""
    return {
        "schema": SCHEMA,
        "hilum": __version__,
        **about,
        "thresholds": list(figures.thresholds),
        "bootstrap": {"by": "patient", "replicates": replicates, "level": LEVEL, "seed": seed},
        "methods": {key: {"title": one.title, "note": one.note} for key, one in methods.items()},
        "model_labels": dict(chosen.named),
        "left_out": {
            "images_without_boxes": chosen.without_boxes,
            "images_by_label_not_of_the_model": dict(chosen.not_of_model),
            "boxes_outside_the_picture": chosen.outside,
            "boxes_cut_to_the_picture": chosen.cut,
        },
        "labels": {
            label: {method: _method(one) for method, one in found.items()} for label, found in figures.labels.items()
        },
        "mean_over_labels": {method: _mean(one) for method, one in figures.mean.items()},
        "cross_fitted": {
            label: {
                method: {"thresholds": list(one.thresholds), **_one("iou", one.iou), **_one("gain", one.gain)}
                for method, one in found.items()
            }
            for label, found in figures.cross_fitted.items()
        },
    }


def json_bytes(content: Json) -> bytes:
    """The object as a file; nothing in it is NaN."""
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _method(one: MethodFigures) -> Json:
    return {
        "images": one.images,
        "patients": one.patients,
        "maps_without_a_box": one.pointless,
        **_one("pointing", one.pointing),
        **_one("mass", one.mass),
        **({} if one.mass_gain is None else _one("mass_gain", one.mass_gain)),
        "at": {
            f"{threshold:g}": {
                **_one("iou", at.iou),
                **({} if at.gain is None else _one("iou_gain", at.gain)),
                **_one("iobb", at.iobb),
                "hits": {f"{least:g}": _one("share", share) for least, share in at.hits.items()},
            }
            for threshold, at in one.at.items()
        },
    }


def _mean(one: MeanFigures) -> Json:
    return {
        "labels": one.labels,
        **_one("pointing", one.pointing),
        **_one("mass", one.mass),
        "at": {
            f"{at:g}": {
                **_one("iou", one.iou[at]),
                **({} if at not in one.gain else _one("iou_gain", one.gain[at])),
                **_one("iobb", one.iobb[at]),
            }
            for at in one.iou
        },
    }


def _one(name: str, estimate: Estimate | None) -> Json:
    return estimate_json(name, estimate)
