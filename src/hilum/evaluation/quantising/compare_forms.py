"""A network in 8 bits beside itself in float32, on the same validation images: what it costs, and whether it may be.

The rule, label by label: no label loses more than 0.002 AUROC; no rate of decisions (images flagged, sensitivity,
specificity) moves by more than one percentage point. A rate over fewer than 100 images cannot show a point, and may
move by one image. Of the heatmaps that float32 would draw, the median correlation of the cells is at least 0.95, and at
most one in ten has a box that overlaps the other by less than half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.label import Label
from hilum.bundle.quantised import QuantisedLabel, QuantisedMaps
from hilum.explain.boxes import box_from_map
from hilum.explain.overlap import overlap
from hilum.geometry import Box, Geometry
from hilum.reading.engines.engine import LOGITS
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import BoolArray, FloatArray

MOST_AUROC_LOSS = 0.002
MOST_RATE_MOVE = 0.01
LEAST_CORRELATION = 0.95
MOST_UNLIKE_BOXES = 0.1
_ALIKE_FROM_IOU = 0.5
_ROUNDING = 1e-9

Outputs = Mapping[str, npt.NDArray[np.float32]]
_WHOLE = Geometry(1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """How both forms did; `refused` says in one line each why the form in 8 bits may not be, and is empty if it may."""

    labels: tuple[QuantisedLabel, ...]
    maps: QuantisedMaps | None
    refused: tuple[str, ...]

    @property
    def worst_auroc_loss(self) -> float | None:
        """Of the label that lost most; negative where all gained, None where no label has both outcomes."""
        losses = [loss for one in self.labels if (loss := auroc_loss(one)) is not None]
        return max(losses) if losses else None


def auroc_loss(label: QuantisedLabel) -> float | None:
    """How much the label lost; None where only one outcome is there."""
    if label.auroc_before is None or label.auroc_after is None:
        return None
    return label.auroc_before - label.auroc_after


def compare_forms(
    labels: Sequence[Label],
    *,
    truth: FloatArray,
    before: Outputs,
    after: Outputs,
    maps: str | None,
    box_threshold: float,
) -> Forms:
    """Compare the outputs of both forms for N images whose `truth` (N, L) is 0, 1 or NaN.

    `maps` is what the graph calls its class maps, or None where it has none; `box_threshold` is that of the card.
    """
    rows = [
        _label(label, truth=truth[:, at], before=before[LOGITS][:, at], after=after[LOGITS][:, at])
        for at, label in enumerate(labels)
    ]
    refused = [reason for row in rows for reason in _reasons(row)]
    alike = None
    if maps is not None:
        shown = np.stack(
            [_shown(label, truth=truth[:, at], logits=before[LOGITS][:, at]) for at, label in enumerate(labels)], axis=1
        )
        alike = compare_maps(before[maps], after[maps], shown=shown, box_threshold=box_threshold)
        refused += _map_reasons(alike)
    return Forms(labels=tuple(rows), maps=alike, refused=tuple(refused))


def compare_maps(
    before: npt.NDArray[np.float32], after: npt.NDArray[np.float32], *, shown: BoolArray, box_threshold: float
) -> QuantisedMaps | None:
    """How alike the maps (N, L, h, w) are that `shown` (N, L) names; None where it names none."""
    pairs = [(before[n, at], after[n, at]) for n, at in np.argwhere(shown).tolist()]
    if not pairs:
        return None
    unlike = [
        not _alike(*(box_from_map(one, threshold=box_threshold, geometry=_WHOLE) for one in pair)) for pair in pairs
    ]
    return QuantisedMaps(
        maps=len(pairs),
        median_correlation=float(np.median([_correlation(*pair) for pair in pairs])),
        unlike_boxes=float(np.mean(unlike)),
    )


def _label(
    label: Label, *, truth: FloatArray, before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]
) -> QuantisedLabel:
    known = ~np.isnan(truth)
    ill = truth[known] == 1.0
    logits = (before[known].astype(np.float64), after[known].astype(np.float64))
    aurocs = [_or_none(auroc(ill.astype(np.float64), scores=scores)) for scores in logits]
    flagged = [_flagged(label, logits=scores) for scores in logits]
    first, second = flagged
    return QuantisedLabel(
        name=label.name,
        n=int(known.sum()),
        positives=int(ill.sum()),
        auroc_before=aurocs[0],
        auroc_after=aurocs[1],
        flagged_before=_share(first),
        flagged_after=_share(second),
        sensitivity_before=_share(first, among=ill),
        sensitivity_after=_share(second, among=ill),
        specificity_before=_share(None if first is None else ~first, among=~ill),
        specificity_after=_share(None if second is None else ~second, among=~ill),
        decided_otherwise=None if first is None or second is None else int((first != second).sum()),
    )


def _flagged(label: Label, *, logits: FloatArray) -> BoolArray | None:
    if label.operating_point is None:
        return None
    stated = label.calibration.probabilities(logits)
    return np.asarray(stated >= label.operating_point, np.bool_)


def _shown(label: Label, *, truth: FloatArray, logits: npt.NDArray[np.float32]) -> BoolArray:
    flagged = _flagged(label, logits=logits.astype(np.float64))
    return np.asarray(truth == 1.0, np.bool_) if flagged is None else flagged


def _share(decisions: BoolArray | None, *, among: BoolArray | None = None) -> float | None:
    if decisions is None:
        return None
    counted = decisions if among is None else decisions[among]
    return float(counted.mean()) if counted.size else None


def _or_none(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _reasons(row: QuantisedLabel) -> list[str]:
    said = []
    loss = auroc_loss(row)
    if loss is not None and loss > MOST_AUROC_LOSS + _ROUNDING:
        said.append(f"{row.name}: AUROC falls by {loss:.4f} (allowed {MOST_AUROC_LOSS:g})")
    for what, before, after, n in (
        ("share flagged", row.flagged_before, row.flagged_after, row.n),
        ("sensitivity", row.sensitivity_before, row.sensitivity_after, row.positives),
        ("specificity", row.specificity_before, row.specificity_after, row.n - row.positives),
    ):
        if before is None or after is None:
            continue
        allowed = max(MOST_RATE_MOVE, 1 / n)
        if abs(after - before) > allowed + _ROUNDING:
            said.append(
                f"{row.name}: {what} moves by {100 * (after - before):+.1f} percentage points over {n:,} images "
                f"(allowed {100 * allowed:.1f})"
            )
    return said


def _map_reasons(maps: QuantisedMaps | None) -> list[str]:
    if maps is None:
        return []
    said = []
    if maps.median_correlation < LEAST_CORRELATION:
        said.append(
            f"heatmaps: median correlation {maps.median_correlation:.3f} over {maps.maps:,} maps (at least "
            f"{LEAST_CORRELATION:g})"
        )
    if maps.unlike_boxes > MOST_UNLIKE_BOXES:
        said.append(
            f"heatmaps: {100 * maps.unlike_boxes:.1f}% of {maps.maps:,} boxes overlap by less than half (allowed "
            f"{100 * MOST_UNLIKE_BOXES:g}%)"
        )
    return said


def _correlation(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    """Pearson's; of maps that are even, 1 where both are and 0 where one is."""
    one, other = (values.astype(np.float64).ravel() - values.mean(dtype=np.float64) for values in (first, second))
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(lengths) == 0.0:
        return float(max(lengths) == 0.0)
    return float(np.clip(one @ other / (lengths[0] * lengths[1]), -1.0, 1.0))


def _alike(first: Box | None, second: Box | None) -> bool:
    if first is None or second is None:
        return first is second
    return overlap(first, drawn=[second]).iou >= _ALIKE_FROM_IOU
