"""What the gate's thresholds do on pictures that had no part in choosing them.

The thresholds that judge one fold are chosen on the other folds, by the rule that chooses the shipped ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.bundle.card import GateSpec, ScoreName
from hilum.datasets.releases.body_parts import MIXED_SOURCES
from hilum.findings import XRAY_TYPES
from hilum.reading.gate.rules import PictureVerdict
from hilum.systems.gate.data.releases import CHEST_SOURCES
from hilum.systems.gate.study.predictions import FRAMED_VIEWS, GatePredictions, joined
from hilum.systems.gate.study.shares import Bools, Share, ShareTable, mean_of, share
from hilum.systems.gate.study.tables import networks_text
from hilum.systems.gate.study.thresholds import Decisions, choose_spec, decide

MODALITIES = ("ct_chest", "mri_brain", "us_breast")


def cross_fitted(folds: GatePredictions, *, score: ScoreName) -> tuple[GatePredictions, Decisions]:
    """The rows, fold by fold, with decisions by thresholds from the other folds."""
    parts: list[GatePredictions] = []
    verdicts: list[PictureVerdict] = []
    for network in sorted(set(folds.network.tolist())):
        spec = choose_spec(folds.where(folds.network != network), score=score)
        part = folds.where(folds.network == network)
        parts.append(part)
        verdicts.extend(decide(part, spec=spec).verdicts)
    return joined(parts), Decisions(tuple(verdicts))


def decision_table(rows: GatePredictions, decisions: Decisions) -> ShareTable:
    """Chests lost, other pictures refused, known types kept, as read."""
    as_read = rows.view == "as read"
    lost, refused, accepted = (
        decisions.status(*names) for names in (("refused", "unsure"), ("refused",), ("accepted",))
    )
    chest, photos = as_read & (rows.xray_type == "chest"), rows.source == "photos"
    modalities = as_read & np.isin(rows.source, MODALITIES)
    rendered = as_read & np.char.startswith(rows.source, "rendering: ")
    mixed = as_read & np.isin(rows.source, MIXED_SOURCES)
    known, none = mixed & (rows.xray_type != ""), mixed & (rows.xray_type == "")
    right = np.array([accepted[i] and _type(decisions, i) == rows.xray_type[i] for i in range(len(rows))])

    def of(said: Bools, chosen: Bools) -> Share:
        return share(said[chosen], groups=rows.group[chosen])

    per_source = {
        f"chests refused or unsure, {source}": of(lost, chest & (rows.source == source)) for source in CHEST_SOURCES
    }
    shares = {"chests refused or unsure, mean over sources": mean_of(per_source.values()), **per_source}
    for source in MODALITIES:
        shares[f"refused, {source}"] = of(refused, as_read & (rows.source == source))
    shares["refused, CT, MR and ultrasound"] = of(refused, modalities)
    shares["accepted, CT, MR and ultrasound"] = of(accepted, modalities)
    shares["refused, photographs as read"] = of(refused, as_read & photos)
    for view in FRAMED_VIEWS:
        shares[f"refused, photographs, {view}"] = of(refused, (rows.view == view) & photos)
    shares["refused, renderings"] = of(refused, rendered)
    for family in sorted(set(rows.source[rendered].tolist())):
        shares[f"refused, {family}"] = of(refused, rendered & (rows.source == family))
    shares["known types refused or unsure"] = of(lost, known)
    shares["known types right, of those accepted"] = of(right, known & accepted)
    shares["none of the types, refused or unsure"] = of(lost, none)
    shares["not a chest, accepted as chest"] = of(decisions.accepted_as("chest"), mixed & ~chest)
    return ShareTable(
        key="decisions",
        title="Decisions",
        protocol=(
            f"{networks_text(rows)}, as read unless a padding is named; each fold's thresholds are from the other folds"
        ),
        shares=shares,
    )


def left_out_table(left_out: Sequence[GatePredictions], *, spec: GateSpec) -> ShareTable:
    """Types that a network never saw, judged by the shipped thresholds."""
    of_type: dict[str, Share] = {}
    rows, all_lost, chest_called = [], [], []
    for predictions in left_out:
        types = str(predictions.network[0]).removeprefix("without ").split(", ")
        unseen = predictions.where((predictions.view == "as read") & np.isin(predictions.xray_type, types))
        decisions = decide(unseen, spec=spec)
        lost = decisions.status("refused", "unsure")
        rows.append(unseen)
        all_lost.append(lost)
        chest_called.append(decisions.accepted_as("chest"))
        for name in types:
            own = unseen.xray_type == name
            of_type[name] = share(lost[own], groups=unseen.group[own])
    pooled, lost, called = joined(rows), np.concatenate(all_lost), np.concatenate(chest_called)
    others, mixed = pooled.xray_type != "chest", np.isin(pooled.source, MIXED_SOURCES)

    def of(said: Bools, chosen: Bools) -> Share:
        return share(said[chosen], groups=pooled.group[chosen])

    return ShareTable(
        key="left-out",
        title="Types left out of training",
        protocol=(
            "five networks, each trained from ImageNet weights without two or three types, a third as long; thresholds "
            "as shipped"
        ),
        shares={
            "left-out types refused or unsure, all sources": share(lost, groups=pooled.group),
            "left-out types refused or unsure, mixed sources": of(lost, mixed),
            "left-out pictures that are no chests, accepted as chest": of(called, others),
            "the same, mixed sources": of(called, others & mixed),
            **{f"refused or unsure, {name}": of_type[name] for name in sorted(of_type, key=XRAY_TYPES.index)},
        },
    )


def _type(decisions: Decisions, index: int) -> str:
    verdict = decisions.verdicts[index].verdict.type
    return "" if verdict is None else verdict.name
