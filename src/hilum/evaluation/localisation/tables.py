"""The figures of a localisation as tables of its page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.judge import HITS, Localisation
from hilum.evaluation.localisation.maps import Method, Unread
from hilum.evaluation.localisation.measure import AVERAGE, EVEN, Measured
from hilum.evaluation.report.table import Cell, ReportTable

TITLES = {AVERAGE: "the average box of other patients", EVEN: "an even map"}
"""What the methods that know no picture are called in tables."""
MEAN = "mean over labels"


def titles_of(methods: Mapping[str, Method]) -> dict[str, str]:
    """What each method is called in tables, those that know no picture last."""
    return {key: one.title for key, one in methods.items()} | TITLES


def overlap_table(figures: Localisation, *, at: float, titles: Mapping[str, str]) -> ReportTable:
    """IoU and IoBB at one threshold, by label and method."""
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            titles[method],
            one.images,
            one.patients,
            one.at[at].iou,
            one.at[at].gain,
            one.at[at].iobb,
            one.pointless,
        )
        for label, found in figures.labels.items()
        for method, one in found.items()
    ]
    if len(figures.labels) > 1:
        rows += [
            (MEAN, titles[method], None, None, one.iou[at], one.gain.get(at), one.iobb[at], None)
            for method, one in figures.mean.items()
        ]
    return ReportTable(
        key=f"overlap_{_percent(at)}",
        title=f"Overlap at threshold {at:g}",
        columns=(
            "label",
            "map",
            "images",
            "patients",
            "IoU",
            "IoU less the average box's",
            "IoBB",
            "maps without a box",
        ),
        rows=tuple(rows),
        note=f"The box of a map encloses the largest connected part at or above {at:g} of its positive maximum; the "
        "threshold was fixed beforehand. IoU: intersection over union with the drawn box that it meets best. IoBB: "
        "intersection over the map's own box. A map without a box counts as 0. Intervals: percentiles of a bootstrap "
        "by patient.",
    )


def hit_table(figures: Localisation, *, at: float, titles: Mapping[str, str]) -> ReportTable:
    """Shares of cases that are hit, by the IoU that a hit needs."""
    return ReportTable(
        key=f"hits_{_percent(at)}",
        title=f"Hit rate at threshold {at:g}",
        columns=("label", "map", "images", *(f"IoU ≥ {least:g}" for least in HITS)),
        rows=tuple(
            (label, titles[method], one.images, *(one.at[at].hits[least] for least in HITS))
            for label, found in figures.labels.items()
            for method, one in found.items()
        ),
        note="The share of images whose box of the map meets a drawn box with at least that IoU. Intervals: Wilson's, "
        "with the patient as the unit.",
    )


def pointing_table(figures: Localisation, *, titles: Mapping[str, str]) -> ReportTable:
    """Where maxima and masses lie: no threshold is needed for it."""
    rows: list[tuple[Cell, ...]] = [
        (label, titles[method], one.images, one.pointing, one.mass, one.mass_gain)
        for label, found in figures.labels.items()
        for method, one in found.items()
    ]
    if len(figures.labels) > 1:
        rows += [(MEAN, titles[method], None, one.pointing, one.mass, None) for method, one in figures.mean.items()]
    return ReportTable(
        key="pointing",
        title="Pointing game",
        columns=("label", "map", "images", "maximum in a box", "mass in the boxes", "mass less the average box's"),
        rows=tuple(rows),
        note="The pointing game asks whether the highest cell's centre lies in a box (no margin around it); mass is "
        "the share of the map's positive part that lies there. An even map has as much in them as they cover of "
        "the picture.",
    )


def cross_fit_table(figures: Localisation, *, titles: Mapping[str, str]) -> ReportTable:
    """What could be reached were the threshold chosen on such boxes: apart from the others, and so labelled."""
    return ReportTable(
        key="cross_fitted",
        title="Thresholds chosen on these boxes, cross-fitted",
        columns=("label", "map", "thresholds of the folds", "IoU", "IoU less the average box's"),
        rows=tuple(
            (label, titles[method], ", ".join(f"{at:g}" for at in one.thresholds) or None, one.iou, one.gain)
            for label, found in figures.cross_fitted.items()
            for method, one in found.items()
        ),
        note="Not to be set beside figures at thresholds that were fixed beforehand: here each fold of patients takes "
        "the threshold with the highest mean IoU on the other folds' boxes, and so does the average box.",
        folded=True,
    )


def left_out_table(chosen: ChosenCases, *, unread: Mapping[str, Unread]) -> ReportTable | None:
    """What was not judged, and why; None where all was."""
    reasons: dict[str, int] = {}
    for one in unread.values():
        reasons[one.reason] = reasons.get(one.reason, 0) + 1
    rows = [
        (f"images whose boxes are of {name}, which the model does not have", n)
        for name, n in chosen.not_of_model.items()
    ]
    rows += [
        (what, count)
        for what, count in (
            ("images without boxes: not read, and no evidence that nothing is there", chosen.without_boxes),
            ("images and labels whose boxes all lie outside the picture: left out", chosen.outside),
            ("images and labels with a box that reaches past the picture: cut to it", chosen.cut),
        )
        if count
    ]
    rows += [(f"images left out: {reason}", count) for reason, count in reasons.items()]
    if not rows:
        return None
    return ReportTable(key="left_out", title="Not judged as it is", columns=("what", "count"), rows=tuple(rows))


def cases_csv(measured: Sequence[Measured], *, thresholds: Sequence[float]) -> bytes:
    """Every case by every method, with the names of images: it stays with the images."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    overlaps = [f"{what} at {at:g}" for at in thresholds for what in ("IoU", "IoBB")]
    writer.writerow(["image", "label", "map", "maximum in a box", "mass in the boxes", *overlaps])
    for one in measured:
        numbers = [value for at in thresholds for value in (one.overlaps[at].iou, one.overlaps[at].iobb)]
        row = [one.case.record.image, one.case.label, one.by]
        writer.writerow([*row, *map(repr, (one.maximum, one.mass, *numbers))])
    return stream.getvalue().encode()


def _percent(at: float) -> str:
    """The threshold in a file's name: `70` for 0.7."""
    return f"{100 * at:g}".replace(".", "_")
