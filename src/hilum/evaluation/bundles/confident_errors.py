"""The most confident errors, drawn as the package draws every reading: the radiograph, and its heatmap over it.

They are patients' pictures: they are written beside the report, on this machine, and nowhere else.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.bundles.predict import image_names
from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.predictions.predictions import Predictions, canonical_labels
from hilum.evaluation.report.subject import DrawnError
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, Findings
from hilum.report.overlay import overlay_png
from hilum.report.windowing import LONGEST_SIDE, encode_png, thumbnail_png
from hilum.stated import Stated

ALARM, MISS = "false alarm", "miss"
PICTURES = 24
MOST_OF_A_KIND = 6
SIDE_PX = 300


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error: the row of the image, the label's column, and what the model said."""

    row: int
    label: str
    kind: str
    probability: float
    threshold: float


def confident_errors(
    predictions: Predictions, *, judgement: Judgement, pictures: int = PICTURES
) -> tuple[Mistake, ...]:
    """Of each label with an operating point, the false alarms of highest and the misses of lowest probability.

    About `pictures` in all, at least one of a kind and label where there is one. Ties go by the image's name.
    """
    decided = {one.label: one.decisions.threshold for one in judgement.whole.labels if one.decisions is not None}
    return errors_at(predictions, thresholds=decided, pictures=pictures)


def errors_at(
    predictions: Predictions, *, thresholds: Mapping[str, float], pictures: int = PICTURES
) -> tuple[Mistake, ...]:
    """The same at the `thresholds` of labels, each at and above which it is called positive."""
    most = min(MOST_OF_A_KIND, max(1, pictures // max(1, 2 * len(thresholds))))
    order = np.argsort(np.asarray(predictions.image), kind="stable")
    found: list[Mistake] = []
    for label, threshold in thresholds.items():
        column = predictions.labels.index(label)
        truth, scores = predictions.truth[order, column], predictions.scores[order, column]
        alarms = np.flatnonzero((truth == 0.0) & (scores >= threshold))
        misses = np.flatnonzero((truth == 1.0) & (scores < threshold))
        for kind, rows in (
            (ALARM, alarms[np.argsort(-scores[alarms], kind="stable")][:most]),
            (MISS, misses[np.argsort(scores[misses], kind="stable")][:most]),
        ):
            found += [Mistake(int(order[row]), label, kind, float(scores[row]), threshold) for row in rows]
    return tuple(found)


def draw_errors(
    mistakes: Sequence[Mistake],
    *,
    predictions: Predictions,
    part: AskedPart,
    bundle: Bundle,
    lungs: Bundle | None = None,
) -> tuple[DrawnError, ...]:
    """Each mistake with its pictures; an image that cannot be read any more is left out.

    `lungs` draws the lungs for a model that reads crops. No gate is asked: that an image is one of the model's is what
    judging it took for granted.
    """
    records = _records(part)
    reader = Reader(models=[bundle] if lungs is None else [bundle, lungs], settings=ReaderSettings(heatmaps="all"))
    wanted = list(dict.fromkeys(predictions.image[mistake.row] for mistake in mistakes))
    sources = (records[name].path for name in wanted)
    outcomes = zip(wanted, reader.examine_many(sources, stated=Stated(assume_scope=True)), strict=True)
    drawn: dict[tuple[str, str], DrawnError] = {}
    for name, outcome in outcomes:
        for mistake in mistakes:
            if predictions.image[mistake.row] == name and isinstance(outcome, Examination):
                drawn[name, mistake.label] = _draw(outcome, mistake=mistake, image=name)
    keys = ((predictions.image[mistake.row], mistake.label) for mistake in mistakes)
    return tuple(drawn[key] for key in keys if key in drawn)


def _records(part: AskedPart) -> Mapping[str, Record]:
    """By name; where a name comes twice it is the first image's, as in the predictions."""
    pairs = list(zip(image_names(part.records), part.records, strict=True))
    return dict(reversed(pairs))


def _draw(examination: Examination, *, mistake: Mistake, image: str) -> DrawnError:
    """The reading reduced to the one label, so that the picture shows what moved this score."""
    reading = examination.reading
    names = canonical_labels([finding.name for finding in reading.findings])
    own = {finding.name for finding, name in zip(reading.findings, names, strict=True) if name == mistake.label}
    one = replace(
        examination,
        reading=replace(
            reading,
            source=replace(reading.source, name=image),
            findings=Findings(finding for finding in reading.findings if finding.name in own),
        ),
        heatmaps=tuple(heatmap for heatmap in examination.heatmaps if heatmap.finding in own),
    )
    whole = overlay_png(one, every_heatmap=True)
    plain = thumbnail_png(examination.radiograph.pixels, longest_side=SIDE_PX)
    return DrawnError(
        image=image,
        label=mistake.label,
        kind=mistake.kind,
        probability=mistake.probability,
        threshold=mistake.threshold,
        plain=plain,
        overlay=_cut(whole, like=plain, shape=examination.radiograph.pixels.shape),
        whole=whole,
    )


def _cut(whole: bytes, *, like: bytes, shape: tuple[int, ...]) -> bytes:
    """The overlay without its legend, at the size of the thumbnail."""
    picture, size = Image.open(io.BytesIO(whole)), Image.open(io.BytesIO(like)).size
    ratio = min(1.0, LONGEST_SIDE / max(shape))
    cut = picture.crop((0, 0, round(shape[1] * ratio), round(shape[0] * ratio)))
    return encode_png(np.asarray(cut.resize(size, Image.Resampling.HAMMING)))
