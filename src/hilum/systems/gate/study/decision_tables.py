"""What the gate's thresholds do on pictures that had no part in choosing them.

The thresholds that judge one fold are chosen on the other folds, by the rule that chooses the shipped ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from hilum.bundle.card import GateSpec, ScoreName
from hilum.datasets.releases.body_parts import MIXED_SOURCES
from hilum.findings import XRAY_TYPES
from hilum.reading.gate.rules import PictureVerdict
from hilum.systems.gate.releases import CHEST_SOURCES
from hilum.systems.gate.study.predictions import FRAMED_VIEWS, GatePredictions, Text, joined
from hilum.systems.gate.study.shares import Bools, Figure, Table, mean_of, share
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


def decision_table(rows: GatePredictions, decisions: Decisions) -> Table:
    """Chests lost, other pictures refused, known types kept, as read."""
    as_read = rows.view == "as read"
    lost, refused = decisions.status("refused", "unsure"), decisions.status("refused")
    chest = as_read & (rows.xray_type == "chest")
    per_source = tuple(
        share(f"chests refused or unsure, {source}", **_of(lost, rows, chest & (rows.source == source)))
        for source in CHEST_SOURCES
    )
    figures: list[Figure] = [mean_of("chests refused or unsure, mean over sources", per_source), *per_source]
    figures += [
        share(f"refused, {source}", **_of(refused, rows, as_read & (rows.source == source))) for source in MODALITIES
    ]
    modalities = as_read & np.isin(rows.source, MODALITIES)
    figures.append(share("refused, CT, MR and ultrasound", **_of(refused, rows, modalities)))
    figures.append(share("accepted, CT, MR and ultrasound", **_of(decisions.status("accepted"), rows, modalities)))
    figures.append(share("refused, photographs as read", **_of(refused, rows, as_read & (rows.source == "photos"))))
    for view in FRAMED_VIEWS:
        photos = (rows.view == view) & (rows.source == "photos")
        figures.append(share(f"refused, photographs, {view}", **_of(refused, rows, photos)))
    rendered = as_read & np.char.startswith(rows.source, "rendering: ")
    figures.append(share("refused, renderings", **_of(refused, rows, rendered)))
    figures += [
        share(f"refused, {family}", **_of(refused, rows, rendered & (rows.source == family)))
        for family in sorted(set(rows.source[rendered].tolist()))
    ]
    mixed = as_read & np.isin(rows.source, MIXED_SOURCES)
    known = mixed & (rows.xray_type != "")
    accepted = decisions.status("accepted")
    figures.append(share("known types refused or unsure", **_of(lost, rows, known)))
    right = np.array([accepted[i] and _type(decisions, i) == rows.xray_type[i] for i in range(len(rows))])
    figures.append(share("known types right, of those accepted", **_of(right, rows, known & accepted)))
    none = mixed & (rows.xray_type == "")
    figures.append(share("none of the types, refused or unsure", **_of(lost, rows, none)))
    figures.append(share("not a chest, accepted as chest", **_of(decisions.accepted_as("chest"), rows, mixed & ~chest)))
    return Table(
        key="decisions",
        title="Decisions",
        protocol=(
            f"{networks_text(rows)}, as read unless a padding is named; each fold's thresholds are from the other folds"
        ),
        figures=tuple(figures),
    )


def left_out_table(left_out: Sequence[GatePredictions], *, spec: GateSpec) -> Table:
    """Types that a network never saw, judged by the shipped thresholds."""
    figures, rows, all_lost, chest_called = [], [], [], []
    for predictions in left_out:
        types = str(predictions.network[0]).removeprefix("without ").split(", ")
        unseen = predictions.where((predictions.view == "as read") & np.isin(predictions.xray_type, types))
        decisions = decide(unseen, spec=spec)
        lost = decisions.status("refused", "unsure")
        rows.append(unseen)
        all_lost.append(lost)
        chest_called.append(decisions.accepted_as("chest"))
        figures += [
            share(f"refused or unsure, {name}", **_of(lost, unseen, unseen.xray_type == name)) for name in types
        ]
    pooled, lost, called = joined(rows), np.concatenate(all_lost), np.concatenate(chest_called)
    others = pooled.xray_type != "chest"
    mixed = np.isin(pooled.source, MIXED_SOURCES)
    first = (
        share("left-out types refused or unsure, all sources", **_of(lost, pooled, np.ones(len(pooled), np.bool_))),
        share("left-out types refused or unsure, mixed sources", **_of(lost, pooled, mixed)),
        share("left-out pictures that are no chests, accepted as chest", **_of(called, pooled, others)),
        share("the same, mixed sources", **_of(called, pooled, others & mixed)),
    )
    ordered = sorted(figures, key=lambda figure: XRAY_TYPES.index(figure.label.rpartition(" ")[2]))
    return Table(
        key="left-out",
        title="Types left out of training",
        protocol=(
            "five networks, each trained from ImageNet weights without two or three types, a third as long; thresholds "
            "as shipped"
        ),
        figures=(*first, *ordered),
    )


class _Chosen(TypedDict):
    right: Bools
    groups: Text


def _of(right: Bools, rows: GatePredictions, chosen: Bools) -> _Chosen:
    return {"right": right[chosen], "groups": rows.group[chosen]}


def _type(decisions: Decisions, index: int) -> str:
    verdict = decisions.verdicts[index].verdict.type
    return "" if verdict is None else verdict.name
