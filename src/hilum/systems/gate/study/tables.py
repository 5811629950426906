"""The tables of the gate's study from the predictions of its networks: radiograph or not, type, faults of a chest.

Every row judged comes from a network that never saw the row's group, and for chests and bulk radiographs never saw
their source. Radiograph or not is decided at the calibrated probability one half here; what the shipped thresholds do
stands in `gate_decision_tables.py`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

from hilum.bundle.gate_outputs import CROPPED, INVERTED, TURNS, TURNS_DEG, TYPES
from hilum.datasets.releases.body_parts import BULK_SOURCES, MIXED_SOURCES
from hilum.findings import XRAY_TYPES
from hilum.systems.gate.study.predictions import FRAMED_VIEWS, WHOLE_VIEWS, GatePredictions, Text
from hilum.systems.gate.study.shares import Bools, Figure, Table, balanced, mean_of, share
from hilum.systems.gate.study.thresholds import HALF, cross_calibrated

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


def xray_table(folds: GatePredictions) -> Table:
    """Radiograph or not: balanced accuracy of each view and of all framed views; sources and kinds one by one."""
    right = (cross_calibrated(folds) >= HALF) == folds.is_xray
    real = ~np.char.startswith(folds.source, "rendering: ")
    framed = real & np.isin(folds.view, FRAMED_VIEWS)

    def balanced_share(label: str, rows: Bools) -> Figure:
        return balanced(label, right[rows], truth=folds.is_xray[rows], groups=folds.group[rows])

    def right_share(label: str, rows: Bools) -> Figure:
        return share(label, right[rows], groups=folds.group[rows])

    photos = folds.source == "photos"
    figures = [
        balanced_share("balanced accuracy, framed", framed),
        balanced_share(
            "balanced accuracy, framed, without bulk sources", framed & ~np.isin(folds.source, BULK_SOURCES)
        ),
        *(
            balanced_share(f"balanced accuracy, {view}", real & (folds.view == view))
            for view in (*WHOLE_VIEWS, "masked")
        ),
        *(
            right_share(f"grey photographs called no X-ray, {view}", photos & (folds.view == view))
            for view in WHOLE_VIEWS
        ),
        *(
            right_share(f"right, {source}", framed & (folds.source == source))
            for source in sorted(set(folds.source[framed].tolist()))
        ),
    ]
    return Table(
        key="xray",
        title="X-ray or not",
        protocol=(
            f"{networks_text(folds)}; photographs held out by WordNet id, chests and bulk radiographs by whole source, "
            "the rest by group; grey; framed = three paddings (black, white, stretched) with random crops, sizes and "
            "JPEG qualities drawn alike for all; probability one half, calibrated on the other folds' whole pictures "
            "as if both kinds were equally frequent"
        ),
        figures=tuple(figures),
    )


def mask_cost(table: Table) -> Figure:
    """How much accuracy the 5% mask takes away: balanced accuracy with black padding less that of the masked view."""
    before, after = table.figure("balanced accuracy, black"), table.figure("balanced accuracy, masked")
    lost = None if before.value is None or after.value is None else before.value - after.value
    return Figure(
        label="balanced accuracy lost to a 5% mask of the frame",
        value=lost,
        low=None,
        high=None,
        n=after.n,
        groups=after.groups,
        note="the same pictures with and without the mask",
    )


def type_table(folds: GatePredictions) -> Table:
    """The type on the mixed sources as read: accuracy, recall of each type, and their mean where groups suffice."""
    rows = folds.where((folds.view == "as read") & np.isin(folds.source, MIXED_SOURCES) & (folds.xray_type != ""))
    right = called_type(rows) == rows.xray_type
    recalls = [
        share(f"recall, {name}", right[rows.xray_type == name], groups=rows.group[rows.xray_type == name])
        for name in XRAY_TYPES
    ]
    enough = tuple(figure for figure in recalls if figure.groups >= FEWEST_GROUPS)
    return Table(
        key="type",
        title="Type, on the sources that hold many types",
        protocol=(
            f"{' + '.join(MIXED_SOURCES)}, {networks_text(folds)}, by group, as read; the most probable of "
            "fourteen types"
        ),
        figures=(
            share("accuracy", right, groups=rows.group),
            mean_of(f"mean recall of the types with at least {FEWEST_GROUPS} groups", enough),
            *recalls,
        ),
    )


def chest_table(folds: GatePredictions) -> Table:
    """Chest against every other radiograph, as read, and other sources' recall of their one type."""
    rows = folds.where((folds.view == "as read") & folds.is_xray)
    chest, said = rows.xray_type == "chest", called_type(rows) == "chest"
    figures = [balanced("chest against all others", said == chest, truth=chest, groups=rows.group)]
    figures.append(share("accuracy, chest or not", said == chest, groups=rows.group))
    usual = ~np.isin(rows.source, BULK_SOURCES)
    figures.append(
        share("accuracy, chest or not, without bulk sources", (said == chest)[usual], groups=rows.group[usual])
    )
    for source in sorted(set(rows.source.tolist()) - set(MIXED_SOURCES)):
        of = (rows.source == source) & (rows.xray_type != "")
        right = called_type(rows)[of] == rows.xray_type[of]
        figures.append(share(f"type right, {source}", right, groups=rows.group[of]))
    return Table(
        key="chest",
        title="Chest against all other radiographs",
        protocol="all radiographs as read; whole sources of chests and of bulk radiographs left out in turn",
        figures=tuple(figures),
    )


def fault_table(folds: GatePredictions) -> Table:
    """Faults of a chest, at probability one half: found where put in, and not found where the chest is as it was."""
    chests = folds.where(folds.is_xray & (folds.xray_type == "chest") & ~np.isin(folds.source, MIXED_SOURCES))
    figures = []
    whole = chests.where(chests.view == "as read")
    for degrees in TURNS_DEG[1:]:
        rows = chests.where(chests.view == f"turned {degrees}")
        figures.append(share(f"found, turned {degrees}", _turn(rows) == degrees, groups=rows.group))
    figures.append(share("false, turned", _turn(whole) != 0, groups=whole.group))
    for name, column in (("inverted", INVERTED), ("cropped", CROPPED)):
        rows = chests.where(chests.view == name)
        figures.append(share(f"found, {name}", rows.logits[:, column] > 0, groups=rows.group))
        figures.append(share(f"false, {name}", whole.logits[:, column] > 0, groups=whole.group))
    return Table(
        key="faults",
        title="A chest that is turned, inverted or strongly cropped",
        protocol="faults put into held-out chests whose source the network never saw; probability one half",
        figures=tuple(figures),
    )


def confusion_matrix(folds: GatePredictions) -> tuple[tuple[int, ...], ...]:
    """Counts by true type (rows) and most probable type (columns) on the mixed sources, as read."""
    rows = folds.where((folds.view == "as read") & np.isin(folds.source, MIXED_SOURCES) & (folds.xray_type != ""))
    said = called_type(rows)
    return tuple(
        tuple(int(np.count_nonzero((rows.xray_type == true) & (said == called))) for called in XRAY_TYPES)
        for true in XRAY_TYPES
    )


def _turn(rows: GatePredictions) -> npt.NDArray[np.int64]:
    return np.asarray(np.array(TURNS_DEG)[rows.logits[:, TURNS].argmax(axis=1)])


SIDE_PX = 192


def frame_only_table(folds: GatePredictions) -> Table:
    """Balanced accuracy of gradient boosting on the frames of the judged pictures, cross-validated by group."""
    rows = folds.where(np.isin(folds.view, FRAMED_VIEWS) & ~np.char.startswith(folds.source, "rendering: "))
    features = visible(rows.frame)
    called = np.zeros(len(rows), np.bool_)
    for train, held_out in GroupKFold(5).split(features, rows.is_xray, rows.group):
        model = HistGradientBoostingClassifier(class_weight="balanced", random_state=0)
        called[held_out] = model.fit(features[train], rows.is_xray[train]).predict(features[held_out])
    return Table(
        key="frame",
        title="The frame alone",
        protocol=(
            "gradient boosting on padding rule, width of the bars in pixels, share of the picture within them, size "
            "before the last resize and JPEG quality, five folds by group, classes balanced"
        ),
        figures=(
            balanced("balanced accuracy, frame alone", called == rows.is_xray, truth=rows.is_xray, groups=rows.group),
        ),
    )


def visible(frame: np.ndarray) -> np.ndarray:
    """Float64 (n, 5) of rule, bar widths to the sides and above in pixels, size and quality, from `frame` (n, 5)."""
    rule, quality, size_px, aspect, fill = frame.astype(np.float64).T
    side = np.round((1 - np.minimum(aspect, 1.0) * fill) * SIDE_PX / 2)
    above = np.round((1 - np.minimum(1 / aspect, 1.0) * fill) * SIDE_PX / 2)
    stretched = rule == 4
    return np.stack([rule, np.where(stretched, 0, side), np.where(stretched, 0, above), size_px, quality], axis=1)
