"""The tables of the gate's study from the predictions of its networks: kinds, types, faults, and the gate's decisions.

Every row judged comes from a network that never saw the row's group, and for chests and bulk radiographs never saw
their source. Radiograph or not, type and faults are decided at the calibrated probability one half; what the gate's
thresholds do is shown apart. Those that judge one fold are chosen on the other folds, by the rule that chooses the
shipped ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

from hilum.bundle.card import GateSpec, ScoreName
from hilum.bundle.gate_outputs import CROPPED, INVERTED, TURNS, TURNS_DEG, TYPES
from hilum.datasets.typed.body_parts import BULK_SOURCES, MIXED_SOURCES
from hilum.findings import XRAY_TYPES
from hilum.reading.gate.rules import PictureVerdict
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.data.releases import CHEST_SOURCES, LATERAL_SOURCES
from hilum.systems.gate.study.predictions import FRAMED_VIEWS, WHOLE_VIEWS, GatePredictions, Text, joined
from hilum.systems.gate.study.shares import NOTHING, Bools, Share, ShareTable, balanced, mean_of, share, told
from hilum.systems.gate.study.thresholds import HALF, Decisions, choose_spec, cross_calibrated, decide

FEWEST_GROUPS = 20
"""A type with fewer independent groups is shown and left out of the mean that is quoted."""

CHEST = XRAY_TYPES.index("chest")


def folds_only(predictions: GatePredictions) -> GatePredictions:
    """The rows of the five folds' networks, training pictures left out."""
    fold = np.char.startswith(predictions.network, "fold ")
    return predictions.where(fold & (predictions.view != "learnt from"))


def networks_text(folds: GatePredictions) -> str:
    """How many of the five folds' networks the rows come from: a study that was not run to its end says so."""
    return f"networks of {len(set(folds.network.tolist()))} of 5 folds"


def called_type(rows: GatePredictions) -> Text:
    """The most probable type."""
    return np.asarray(np.array(XRAY_TYPES)[rows.logits[:, TYPES].argmax(axis=1)])


def xray_table(folds: GatePredictions) -> ShareTable:
    """Radiograph or not: balanced accuracy of each view and of all framed views; sources and kinds one by one."""
    return ShareTable(
        key="xray",
        title="X-ray or not",
        protocol=(
            f"{networks_text(folds)}; photographs held out by WordNet id, chests and bulk radiographs by whole source, "
            "the rest by group; grey; framed = three paddings (black, white, stretched) with random crops, sizes and "
            "JPEG qualities drawn alike for all; bulk sources = large data sets of one type each; renderings = "
            "pictures drawn by a program; probability one half, calibrated on the other folds' whole pictures as if "
            "both kinds were equally frequent"
        ),
        shares=told("balanced accuracy, framed", lambda: _xray_shares(folds)),
    )


def _xray_shares(folds: GatePredictions) -> dict[str, Share]:
    right = (cross_calibrated(folds) >= HALF) == folds.is_xray
    real = ~np.char.startswith(folds.source, "rendering: ")
    framed = real & np.isin(folds.view, FRAMED_VIEWS)

    def of_both(rows: Bools) -> Share:
        return balanced(right[rows], truth=folds.is_xray[rows], groups=folds.group[rows])

    def of(rows: Bools) -> Share:
        return share(right[rows], groups=folds.group[rows])

    photos = folds.source == "photos"
    shares = {
        "balanced accuracy, framed": of_both(framed),
        "balanced accuracy, framed, without bulk sources": of_both(framed & ~np.isin(folds.source, BULK_SOURCES)),
    }
    for view in (*WHOLE_VIEWS, "masked"):
        shares[f"balanced accuracy, {view}"] = of_both(real & (folds.view == view))
    for view in WHOLE_VIEWS:
        shares[f"grey photographs called no X-ray, {view}"] = of(photos & (folds.view == view))
    for source in sorted(set(folds.source[framed].tolist())):
        shares[f"right, {source}"] = of(framed & (folds.source == source))
    before, after = shares["balanced accuracy, black"], shares["balanced accuracy, masked"]
    shares["balanced accuracy lost to a 5% mask of the frame"] = _lost(before, after)
    return shares


def type_table(folds: GatePredictions) -> ShareTable:
    """The type on the mixed sources as read: accuracy, recall of each type, and their mean where groups suffice."""
    rows = folds.where((folds.view == "as read") & np.isin(folds.source, MIXED_SOURCES) & (folds.xray_type != ""))
    right = called_type(rows) == rows.xray_type
    recalls = {
        f"recall, {name}": share(right[rows.xray_type == name], groups=rows.group[rows.xray_type == name])
        for name in XRAY_TYPES
    }
    enough = [one for one in recalls.values() if isinstance(one, Estimate) and (one.groups or 0) >= FEWEST_GROUPS]
    return ShareTable(
        key="type",
        title="Type, on the sources that hold many types",
        protocol=(
            f"{' + '.join(MIXED_SOURCES)}, {networks_text(folds)}, by group, as read; the most probable of "
            "fourteen types"
        ),
        shares={
            "accuracy": share(right, groups=rows.group),
            f"mean recall of the types with at least {FEWEST_GROUPS} groups": mean_of(enough),
            **recalls,
        },
    )


def chest_table(folds: GatePredictions) -> ShareTable:
    """Chest against every other radiograph, as read, and other sources' recall of their one type."""
    rows = folds.where((folds.view == "as read") & folds.is_xray)
    chest, said = rows.xray_type == "chest", called_type(rows) == "chest"
    usual = ~np.isin(rows.source, BULK_SOURCES)
    right = said == chest
    shares = {
        "chest against all others": balanced(right, truth=chest, groups=rows.group),
        "accuracy, chest or not": share(right, groups=rows.group),
        "accuracy, chest or not, without bulk sources": share(right[usual], groups=rows.group[usual]),
    }
    for source in sorted(set(rows.source.tolist()) - set(MIXED_SOURCES)):
        of = (rows.source == source) & (rows.xray_type != "")
        right = called_type(rows)[of] == rows.xray_type[of]
        shares[f"type right, {source}"] = share(right, groups=rows.group[of])
    return ShareTable(
        key="chest",
        title="Chest against all other radiographs",
        protocol="all radiographs as read; whole sources of chests and of bulk radiographs left out in turn",
        shares=shares,
    )


def fault_table(folds: GatePredictions) -> ShareTable:
    """Faults of a chest, at probability one half: found where put in, and not found where the chest is as it was."""
    frontal = ~np.isin(folds.source, (*MIXED_SOURCES, *LATERAL_SOURCES))
    chests = folds.where(folds.is_xray & (folds.xray_type == "chest") & frontal)
    shares = {}
    whole = chests.where(chests.view == "as read")
    for degrees in TURNS_DEG[1:]:
        rows = chests.where(chests.view == f"turned {degrees}")
        shares[f"found, turned {degrees}"] = share(_turn(rows) == degrees, groups=rows.group)
    shares["false, turned"] = share(_turn(whole) != 0, groups=whole.group)
    for name, column in (("inverted", INVERTED), ("cropped", CROPPED)):
        rows = chests.where(chests.view == name)
        shares[f"found, {name}"] = share(rows.logits[:, column] > 0, groups=rows.group)
        shares[f"false, {name}"] = share(whole.logits[:, column] > 0, groups=whole.group)
    return ShareTable(
        key="faults",
        title="A chest that is turned, inverted or strongly cropped",
        protocol="faults put into held-out frontal chests whose source the network never saw; probability one half",
        shares=shares,
    )


def confusion_matrix(folds: GatePredictions) -> tuple[tuple[int, ...], ...]:
    """Counts by true type (rows) and most probable type (columns) on the mixed sources, as read."""
    rows = folds.where((folds.view == "as read") & np.isin(folds.source, MIXED_SOURCES) & (folds.xray_type != ""))
    said = called_type(rows)
    return tuple(
        tuple(int(np.count_nonzero((rows.xray_type == true) & (said == called))) for called in XRAY_TYPES)
        for true in XRAY_TYPES
    )


def _lost(before: Share, after: Share) -> Share:
    """How much accuracy a change of the same pictures takes away."""
    if isinstance(before, UndefinedMetric) or isinstance(after, UndefinedMetric):
        return NOTHING
    note = "the same pictures with and without the mask"
    return Estimate(before.value - after.value, None, note=note, n=after.n, groups=after.groups)


def _turn(rows: GatePredictions) -> npt.NDArray[np.int64]:
    return np.asarray(np.array(TURNS_DEG)[rows.logits[:, TURNS].argmax(axis=1)])


SIDE_PX = 192
FRAME_FOLDS = 5


def frame_only_table(folds: GatePredictions) -> ShareTable:
    """Balanced accuracy of gradient boosting on the frames of the judged pictures, cross-validated by group."""
    rows = folds.where(np.isin(folds.view, FRAMED_VIEWS) & ~np.char.startswith(folds.source, "rendering: "))
    return ShareTable(
        key="frame",
        title="The frame alone",
        protocol=(
            "gradient boosting on padding rule, width of the bars in pixels, share of the picture within them, size "
            "before the last resize and JPEG quality, five folds by group, classes balanced"
        ),
        shares={"balanced accuracy, frame alone": _frame_alone(rows)},
    )


def _frame_alone(rows: GatePredictions) -> Share:
    if np.unique(rows.group).size < FRAME_FOLDS:
        return UndefinedMetric(f"there are fewer than {FRAME_FOLDS} groups", len(rows), 0)
    features, called = visible(rows.frame), np.zeros(len(rows), np.bool_)
    for train, held_out in GroupKFold(FRAME_FOLDS).split(features, rows.is_xray, rows.group):
        if np.unique(rows.is_xray[train]).size < 2:
            return UndefinedMetric("a fold would learn from one kind only", len(rows), 0)
        model = HistGradientBoostingClassifier(class_weight="balanced", random_state=0)
        called[held_out] = model.fit(features[train], rows.is_xray[train]).predict(features[held_out])
    return balanced(called == rows.is_xray, truth=rows.is_xray, groups=rows.group)


def visible(frame: np.ndarray) -> np.ndarray:
    """Float64 (n, 5) of rule, bar widths to the sides and above in pixels, size and quality, from `frame` (n, 5)."""
    rule, quality, size_px, aspect, fill = frame.astype(np.float64).T
    side = np.round((1 - np.minimum(aspect, 1.0) * fill) * SIDE_PX / 2)
    above = np.round((1 - np.minimum(1 / aspect, 1.0) * fill) * SIDE_PX / 2)
    stretched = rule == 4
    return np.stack([rule, np.where(stretched, 0, side), np.where(stretched, 0, above), size_px, quality], axis=1)


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


def decision_table(rows: GatePredictions, *, score: ScoreName) -> ShareTable:
    """Chests lost, other pictures refused, known types kept, as read; each fold by thresholds from the others."""
    return ShareTable(
        key="decisions",
        title="Decisions",
        protocol=(
            f"{networks_text(rows)}, as read unless a padding is named; each fold's thresholds are from the other folds"
        ),
        shares=told(
            "chests refused or unsure, mean over sources", lambda: _decision_shares(*cross_fitted(rows, score=score))
        ),
    )


def _decision_shares(rows: GatePredictions, decisions: Decisions) -> dict[str, Share]:
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
    shares["lateral chests refused or unsure"] = of(lost, chest & np.isin(rows.source, LATERAL_SOURCES))
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
    return shares


def left_out_table(left_out: Sequence[GatePredictions], *, spec: GateSpec | UndefinedMetric) -> ShareTable:
    """Types that a network never saw, judged by the shipped thresholds."""
    return ShareTable(
        key="left-out",
        title="Types left out of training",
        protocol=(
            "five networks, each trained from ImageNet weights without two or three types, a third as long; thresholds "
            "as shipped"
        ),
        shares=_left_out_shares(left_out, spec=spec),
    )


def _left_out_shares(left_out: Sequence[GatePredictions], *, spec: GateSpec | UndefinedMetric) -> dict[str, Share]:
    if isinstance(spec, UndefinedMetric):
        return {"left-out types refused or unsure, all sources": spec}
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

    return {
        "left-out types refused or unsure, all sources": share(lost, groups=pooled.group),
        "left-out types refused or unsure, mixed sources": of(lost, mixed),
        "left-out pictures that are no chests, accepted as chest": of(called, others),
        "the same, mixed sources": of(called, others & mixed),
        **{f"refused or unsure, {name}": of_type[name] for name in sorted(of_type, key=XRAY_TYPES.index)},
    }


def _type(decisions: Decisions, index: int) -> str:
    verdict = decisions.verdicts[index].verdict.type
    return "" if verdict is None else verdict.name
