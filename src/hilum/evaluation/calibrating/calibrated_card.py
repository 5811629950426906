"""The card of a bundle whose labels were fitted on somebody's own images: what changes, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hilum.bundle.calibrated_on import (
    CHOSEN_ON,
    DECIDES_WHERE_EARNED,
    LOOKED_AT,
    MEAN_NOT_CALIBRATED,
    NO_POINT,
    NOT_CALIBRATED,
    NOT_TRIED_ELSEWHERE,
    CalibratedOn,
)
from hilum.bundle.card import Card
from hilum.bundle.label import Label
from hilum.evaluation.calibrating.fit_labels import FittedLabels
from hilum.evaluation.calibrating.label_images import POINT_FROM

SUFFIX = "-calibrated"
"""Ends the name of a calibrated bundle, so that it may stand on the shelf beside the one that it was made of."""

_VERSION = re.compile(r"(?P<before>.*)\+calibrated\.(?P<times>\d+)")
_CALIBRATED = re.compile(r"; calibrated anew on .*$")
_LIMIT = "Calibration and operating points of "
_NOT_TRIED_BEFORE = "before this fit tried on no other"
_DECIDED_BY_FIT = "Decided by the rule of a fit on somebody's own images: "
_OF_THE_OTHERS = f"{DECIDES_WHERE_EARNED[0].lower()}{DECIDES_WHERE_EARNED[1:]}"


def calibrated_name(name: str) -> str:
    """What the bundle made of the one called `name` is called."""
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def calibrated_version(version: str, *, replaced: str | None = None) -> str:
    """`1.0.0+calibrated.1` of `1.0.0`; one more than that of what is calibrated again, or is `replaced`."""
    parts = [_VERSION.fullmatch(each) for each in (version, replaced or "")]
    times = max(0 if part is None else int(part["times"]) for part in parts)
    before = version if parts[0] is None else parts[0]["before"]
    return f"{before}+calibrated.{times + 1}"


def calibrated_card(
    card: Card,
    *,
    fitted: FittedLabels,
    on: CalibratedOn,
    name: str,
    version: str,
    files: Mapping[str, str],
    called: str,
    cautions: Sequence[str] = (),
) -> Card:
    """`card` with the labels of `fitted`, called `name`; `called` says in words what they were fitted on."""
    labels = tuple(one.label for one in fitted.labels)
    limits = (*limits_after_fit(card.limits, labels=labels), limit_of_fit(on.labels, called=called), *cautions)
    said = f"; calibrated anew on {called}"
    changes: dict[str, object] = {
        "name": name,
        "version": version,
        "title": f"{_CALIBRATED.sub('', card.title)}{said}",
        "labels": labels,
        "protocol": f"{_CALIBRATED.sub('', card.protocol)}{said} (SHA-256 {on.data_sha256[:12]}…)",
        "limits": tuple(dict.fromkeys(limits)),
        "files": files,
        "calibrated_on": on,
        "quantised": None,
    }
    if card.fusion is not None:
        whole = tuple(one.label for one in fitted.whole_labels)
        changes["fusion"] = card.fusion.changed({"whole_labels": whole})
    return card.changed(changes)


def limits_after_fit(limits: Sequence[str], *, labels: Sequence[Label]) -> list[str]:
    """A card's limits without those that its `labels`, as fitted, lift; for some labels they are said of the others.

    What a limit tells of the calibration and the operating points of before says that it does.
    """
    raw = ", ".join(label.name for label in labels if label.calibration.method == "none")
    undecided = ", ".join(label.name for label in labels if label.operating_point is None)
    said = {
        NOT_CALIBRATED: f"Probabilities of {raw} are the network's own sigmoid, not calibrated." if raw else "",
        MEAN_NOT_CALIBRATED: f"Probabilities of {raw} are the mean of the members', not calibrated." if raw else "",
        NO_POINT: f"No operating point for {undecided}: never called positive or negative." if undecided else "",
    }
    kept = [said.get(limit, _after_fit(limit, labels=labels)) for limit in limits if not limit.startswith(_LIMIT)]
    return [limit for limit in kept if limit]


def _after_fit(limit: str, *, labels: Sequence[Label]) -> str:
    """The limit where the labels that have a `fit` go by that; the others by what it said."""
    if limit.startswith((CHOSEN_ON, LOOKED_AT)):
        return f"Before this fit: {limit[0].lower()}{limit[1:]}"
    if not limit.startswith(_DECIDED_BY_FIT) and limit != DECIDES_WHERE_EARNED:
        return limit.replace(NOT_TRIED_ELSEWHERE, _NOT_TRIED_BEFORE)
    fitted = ", ".join(label.name for label in labels if label.fit is not None)
    others = ", ".join(label.name for label in labels if label.fit is None)
    by_fit = (
        f"{_DECIDED_BY_FIT}{fitted}. It decides a finding that at least {POINT_FROM} patients have and {POINT_FROM} "
        "have not, and whose AUROC is shown to be above 0.5."
    )
    by_study = DECIDES_WHERE_EARNED in limit or limit.endswith(_OF_THE_OTHERS)
    return f"{by_fit} Of {others}, {_OF_THE_OTHERS}" if others and by_study else by_fit


def limit_of_fit(labels: Sequence[str], *, called: str) -> str:
    """What must be known of labels that were fitted on the images called `called`."""
    return (
        f"{_LIMIT}{', '.join(labels)} were fitted on {called}: they hold for patients and pictures of that place, and "
        "where the finding is about as common as there."
    )
